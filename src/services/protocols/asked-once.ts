/** Of many rows that are looked at together, most questions are equal: each is asked once. */
import { AsyncLocalStorage } from 'node:async_hooks';

const answersOf = new AsyncLocalStorage<Map<string, Promise<unknown>>>();

/** @returns runs work that shares the answers of earlier such work: none is older than this call */
export function sharedLook(): <T>(work: () => Promise<T>) => Promise<T> {
  const answers = new Map<string, Promise<unknown>>();
  return (work) => answersOf.run(answers, work);
}

/**
 * @param question of a read, with whom it asks
 * @param isAnswer whether the answer may be given again; any other one, and a failure, is asked for anew
 */
export async function askedOnce<T>(
  question: string,
  ask: () => Promise<T>,
  isAnswer: (answer: T) => boolean,
): Promise<T> {
  const answers = answersOf.getStore() as Map<string, Promise<T>> | undefined;
  if (!answers) return ask();
  for (;;) {
    const asked = answers.get(question);
    if (!asked) break;
    const answer = await asked.catch(() => undefined);
    if (answer !== undefined && isAnswer(answer)) return answer;
    // Of those who waited for it, the first one asks anew.
    if (answers.get(question) === asked) answers.delete(question);
  }
  const now = ask();
  answers.set(question, now);
  return now;
}
