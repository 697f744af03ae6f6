/** Ends the sessions of an account by a configured HTTP request, since SCIM has no operation for it. */
import { parseTemplate } from 'url-template';
import { FailureType, FinalFailure } from '../../exit/failures.js';
import { deadlineIn } from '../protocols/deadline.js';
import { unanswered } from '../protocols/fetch-failure.js';
import { isPage, type HttpAnswer } from '../protocols/http-answer.js';
import { failureOf } from '../protocols/http-failure.js';
import { reasonIn } from '../protocols/http-reason.js';
import type { Pace } from '../protocols/pace.js';
import { denies, deniesAny } from './denial.js';

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
    const target = template.expand({ id, userName });
    const deadline = deadlineIn(requestTimeoutMs);
    let answer: HttpAnswer;
    try {
      const response = await fetch(target, {
        method,
        headers: { authorization: `Bearer ${token}` },
        redirect: 'manual',
        signal: AbortSignal.any([signal, deadline.signal]),
      });
      answer = { status: response.status, headers: response.headers, text: await response.text() };
      if (response.ok && !isContradicted(answer)) return;
    } catch (error) {
      if (signal.aborted) throw error;
      // Only the host, since the query may contain a secret.
      const at = URL.canParse(target) ? new URL(target).host : 'its configured address';
      throw unanswered(error, { name, at, deadline, requestTimeoutMs, secret: token });
    } finally {
      deadline.clear();
    }
    if (saysNone(answer, token)) return;
    if (answer.status < 300 && !isPage(answer) && reasonIn(answer, token) === '')
      throw new Error(`${name} answered ${answer.status} to "${what}", and that it was not done`);
    const error = failureOf(answer, name, what, token);
    if (!(error instanceof FinalFailure)) throw error;
    throw new FinalFailure(
      FailureType.Refused,
      `${error.message}. End them by hand, or fix the request and retry`,
    );
  };
}

/** Whether the body of a success says otherwise: a page to sign in, or a failure in JSON. Without a body the status is believed. */
function isContradicted(answer: HttpAnswer): boolean {
  if (/^\s*<(!doctype html|html|head|body)\b/i.test(answer.text)) return true;
  try {
    const body: unknown = JSON.parse(answer.text);
    return answer.status === 207 ? deniesAny(body) : denies(body);
  } catch {
    return false;
  }
}

/** No session is open. */
const NONE_OPEN = /\bno (active |open |current )?(sessions?|logins?)\b|\bnot logged in\b/i;
/** Whether the server says that the account has no session to end. */
function saysNone(answer: HttpAnswer, secret: string): boolean {
  // A bare 404 may mean that the configured address is wrong.
  return (
    !isPage(answer) &&
    (answer.status < 300 || [404, 409, 410].includes(answer.status)) &&
    NONE_OPEN.test(reasonIn(answer, secret))
  );
}
