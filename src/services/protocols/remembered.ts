/**
 * A question whose answer serves for some time. Those who ask meanwhile wait for the same answer; a failure serves none that comes later.
 * @param forMs milliseconds
 */
export function remembered<T>(ask: (signal: AbortSignal) => Promise<T>, forMs: number) {
  let last: { answer: Promise<T>; atMs: number } | undefined;
  const forget = (): void => void (last = undefined);
  return {
    async get(signal: AbortSignal): Promise<T> {
      if (!last || Date.now() - last.atMs > forMs) last = { answer: ask(signal), atMs: Date.now() };
      const asked = last;
      try {
        return await asked.answer;
      } catch (error) {
        if (last === asked) forget();
        throw error;
      }
    },

    /** It may have changed. */
    forget,
  };
}
