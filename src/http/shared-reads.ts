/**
 * Calls with equal arguments that come while such a read runs share the next one. It begins after each of them, so that none gets an
 * answer from before its question.
 */
export function sharedReads<A, T>(read: (about: A) => Promise<T>): (about: A) => Promise<T> {
  const running = new Map<string, Promise<unknown>>();
  const next = new Map<string, Promise<T>>();

  return function share(about: A): Promise<T> {
    const key = JSON.stringify(about);
    const waiting = next.get(key);
    if (waiting) return waiting;
    const begin = (): Promise<T> => {
      next.delete(key);
      const now = read(about);
      const ended = now
        .catch(() => undefined)
        .finally(() => {
          if (running.get(key) === ended) running.delete(key);
        });
      running.set(key, ended);
      return now;
    };
    const before = running.get(key);
    if (!before) return begin();
    const after = before.then(begin);
    next.set(key, after);
    return after;
  };
}
