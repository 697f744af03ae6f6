/**
 * For what cannot be taken back. The signal of an attempt aborts by a timer, and timers are late where the event loop is busy or the
 * machine was suspended: right before the point of no return it is the clock that is asked.
 */
const clocks = new WeakMap<AbortSignal, () => number>();

/** @param msLeft for how long still nobody else may begin with the same */
export const setDeadline = (signal: AbortSignal, msLeft: () => number): void => void clocks.set(signal, msLeft);

/**
 * @param takesMs what follows takes at most so long
 * @throws where it was given up, or somebody else may begin before it has ended; then it must not be begun
 */
export function assertTimeLeft(signal: AbortSignal, takesMs: number): void {
  signal.throwIfAborted();
  const msLeft = clocks.get(signal)?.() ?? Infinity;
  if (msLeft < takesMs)
    throw new Error(`given up: not enough time is left before another process may take it over`);
}
