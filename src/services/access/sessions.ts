/** Ends the sessions of an account by a configured HTTP request, since SCIM has no operation for it. */
import { parseTemplate } from 'url-template';
import { FailureType, FinalFailure } from '../../exit/failures.js';
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
    const what = `ending the sessions of ${userName} on ${name}`;
    let response: Response;
    try {
      response = await fetch(template.expand({ id, userName }), {
        method,
        headers: { authorization: `Bearer ${token}` },
        redirect: 'error',
        signal: AbortSignal.any([signal, AbortSignal.timeout(requestTimeoutMs)]),
      });
    } catch (error) {
      throw new Error(`${what}: no answer (${(error as Error).message})`, { cause: error });
    }
    await response.body?.cancel();
    if (response.ok) return;
    const sentence = `${what} was answered with ${response.status}`;
    const isTransient = response.status >= 500 || response.status === 408 || response.status === 429;
    throw isTransient
      ? new Error(sentence)
      : new FinalFailure(FailureType.Refused, `${sentence}: end them by hand, or fix the request and retry`);
  };
}
