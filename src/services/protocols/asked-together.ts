/** Equal questions at the same time share an answer. None gets one that was asked for before it. */

interface Asked {
  answer: Promise<unknown>;
  /** Of the one who asked. */
  signal: AbortSignal;
}

const underWay = new WeakMap<object, Map<string, Asked>>();

/**
 * Waits for an equal question that is under way, and shares the next one with all who wait.
 * @param server which is asked: an object of its own for each
 */
export async function askedTogether<T>(
  server: object,
  question: string,
  ask: () => Promise<T>,
  signal: AbortSignal,
): Promise<T> {
  const all = underWay.get(server) ?? new Map<string, Asked>();
  underWay.set(server, all);
  const earlier = all.get(question);
  if (earlier) await unlessAborted(earlier.answer, signal).catch(() => signal.throwIfAborted());
  for (;;) {
    const shared = all.get(question);
    if (!shared) break;
    try {
      return (await unlessAborted(shared.answer, signal)) as T;
    } catch (error) {
      signal.throwIfAborted();
      // Who asked has given up, which is no answer to the others.
      if (!shared.signal.aborted) throw error;
    }
  }
  const answer = ask().finally(() => all.delete(question));
  all.set(question, { answer, signal });
  return answer;
}

async function unlessAborted<T>(answer: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  let abort!: () => void;
  const aborted = new Promise<never>((_resolve, reject) => {
    abort = () => reject(signal.reason as Error);
  });
  signal.addEventListener('abort', abort);
  try {
    return await Promise.race([answer, aborted]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
