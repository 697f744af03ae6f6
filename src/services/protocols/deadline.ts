/** The end of the time for an answer. Unlike `AbortSignal.timeout`, it leaves no timer behind once the answer is there. */
export interface Deadline {
  signal: AbortSignal;
  /** Once the work is done. */
  clear: () => void;
}

export function deadlineIn(ms: number): Deadline {
  const over = new AbortController();
  const timer = setTimeout(
    () => over.abort(new DOMException('The operation was aborted due to timeout', 'TimeoutError')),
    ms,
  );
  return { signal: over.signal, clear: () => clearTimeout(timer) };
}
