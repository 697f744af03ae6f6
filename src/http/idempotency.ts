/**
 * `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header): the repetition of a request is answered as the first one. The memory is
 * that of one process; behind it, an exit keeps the id of the request that opened it, and refuses what was done already.
 */
import { createHash } from 'node:crypto';
import { HttpProblem } from './http-problem.js';

const REMEMBERED_MS = 24 * 60 * 60 * 1000;
const REMEMBERED = 10_000;

interface Answer {
  status: number;
  body: unknown;
}

interface Remembered {
  fingerprint: string;
  answer: Promise<Answer>;
  until: number;
}

/** The `requestId` of a resignation: where the request came in, and the ids that are the same at each repetition. */
export const requestIdOf = (...parts: readonly string[]): string => parts.map(encodeURIComponent).join('/');

export function idempotently() {
  const known = new Map<string, Remembered>();

  /**
   * @param scope the caller and the operation, since keys of two callers may be the same
   * @throws HttpProblem 422 where the key came with another request
   */
  return async function once(
    key: string | undefined,
    scope: readonly string[],
    body: unknown,
    act: () => Promise<Answer>,
  ): Promise<Answer> {
    if (key === undefined) return act();
    const id = JSON.stringify([...scope, key]);
    const fingerprint = createHash('sha256')
      .update(JSON.stringify(body) ?? '')
      .digest('base64');
    const earlier = known.get(id);
    if (earlier && earlier.until > Date.now()) {
      if (earlier.fingerprint === fingerprint) return earlier.answer;
      throw new HttpProblem(
        422,
        'idempotency-key-reused',
        'This Idempotency-Key came with another request: take a new one for a new request',
      );
    }
    const answer = act();
    known.set(id, { fingerprint, answer, until: Date.now() + REMEMBERED_MS });
    if (known.size > REMEMBERED) known.delete(known.keys().next().value!);
    // What was refused or failed may be tried again under the same key.
    answer.catch(() => known.delete(id));
    return answer;
  };
}
