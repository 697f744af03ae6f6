/** Ends the sessions of an account by a configured HTTP request, since SCIM has no operation for it. */
import { parseTemplate } from 'url-template';
import { FailureType, FinalFailure } from '../../exit/failures.js';
import { reasonOf } from '../protocols/fetch-failure.js';
import { failureOf, type HttpAnswer } from '../protocols/http-failure.js';
import type { Pace } from '../protocols/pace.js';

interface SessionRevocation {
  name: string;
  method: string;
  /** A URI template (RFC 6570) with `{id}`, `{userName}`. */
  url: string;
  readonly token: string;
  requestTimeoutMs: number;
  pace?: Pace | undefined;
}

/** @throws FinalFailure Refused */
type EndSessions = (account: { id: string; userName: string }, signal: AbortSignal) => Promise<void>;

export function sessionRevoker({
  name,
  method,
  url,
  token,
  requestTimeoutMs,
  pace,
}: SessionRevocation): EndSessions {
  const template = parseTemplate(url);
  return async ({ id, userName }, signal) => {
    await pace?.(signal);
    const what = `end the sessions of ${userName}`;
    let answer: HttpAnswer;
    try {
      const response = await fetch(template.expand({ id, userName }), {
        method,
        headers: { authorization: `Bearer ${token}` },
        redirect: 'manual',
        signal: AbortSignal.any([signal, AbortSignal.timeout(requestTimeoutMs)]),
      });
      answer = { status: response.status, headers: response.headers, text: await response.text() };
      if (response.ok) return;
    } catch (error) {
      throw new Error(`${name} gave no answer to "${what}" (${reasonOf(error)})`, { cause: error });
    }
    const error = failureOf(answer, name, what, token);
    if (!(error instanceof FinalFailure)) throw error;
    throw new FinalFailure(
      FailureType.Refused,
      `${error.message}. End them by hand, or fix the request and retry`,
    );
  };
}
