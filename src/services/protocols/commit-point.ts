/**
 * Guards requests that cannot be undone. A signal aborts by a timer, which is late after a busy event loop or a suspended machine. Right
 * before the commit point the clock decides instead.
 */
const deadlines = new WeakMap<AbortSignal, () => number>();

/** @param msLeft milliseconds until another process may take the work over */
export const setDeadline = (signal: AbortSignal, msLeft: () => number): void =>
  void deadlines.set(signal, msLeft);

/**
 * @param takesMs the longest time that the request takes
 * @throws where the attempt was aborted, or another process may take it over before the request ends
 */
export function assertTimeLeft(signal: AbortSignal, takesMs: number): void {
  signal.throwIfAborted();
  const msLeft = deadlines.get(signal)?.() ?? Infinity;
  if (msLeft < takesMs)
    throw new Error('not sent: another process may take the step over before the request ends');
}
