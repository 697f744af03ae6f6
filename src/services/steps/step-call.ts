/** Calls the service of a custom step over HTTP, and interprets its response. */
import { FailureType, FinalFailure } from '../../exit/failures.js';
import { deadlineIn } from '../protocols/deadline.js';
import { unanswered } from '../protocols/fetch-failure.js';
import { oneLine } from '../protocols/mail-body.js';
import { waitAskedIn } from '../protocols/retry-after.js';
import type { StepEvent } from './step-event.js';

export interface Receiver {
  url: string;
  token?: string | undefined;
}

const DONE = new Set([200, 201, 204]);
const ACCEPTED = 202;
/** The 4xx statuses that a retry may clear. */
const TRANSIENT = new Set([408, 409, 425, 429]);
const MAX_QUOTED = 200;

/** @returns the notes @throws FinalFailure Refused */
export async function callReceiver(
  step: string,
  { url, token }: Receiver,
  event: StepEvent,
  requestTimeoutMs: number,
  signal: AbortSignal,
): Promise<string[]> {
  const answer = await post();
  const { status, text } = answer;
  if (DONE.has(status)) return noteOf(text).map(quoted);
  const sentence = `the service of ${step} answered ${status}${text.trim() && `: ${quoted(text)}`}`;
  if (status >= 300 && status < 400)
    // A redirect could send the token to another host.
    throw refused(`the service of ${step} answered ${status}, a redirect: configure its target instead`);
  const why = status === ACCEPTED ? `the service of ${step} has not finished yet` : sentence;
  const wait = waitAskedIn(answer, why);
  if (wait) throw wait;
  const isTransient = status < 300 || status >= 500 || TRANSIENT.has(status);
  if (!isTransient) throw refused(`${sentence}. Fix it and retry, or settle the step by hand`);
  throw new Error(why);

  async function post() {
    const deadline = deadlineIn(requestTimeoutMs);
    try {
      const response = await fetch(url, {
        method: 'POST',
        headers: { ...event.headers, ...(token && { authorization: `Bearer ${token}` }) },
        body: event.body,
        redirect: 'manual',
        signal: AbortSignal.any([signal, deadline.signal]),
      });
      return { status: response.status, headers: response.headers, text: await response.text() };
    } catch (error) {
      if (signal.aborted) throw error;
      // Only the host, since the query may contain a secret.
      const at = new URL(url).host;
      throw unanswered(error, {
        name: `the service of ${step}`,
        at,
        deadline,
        requestTimeoutMs,
        secret: token,
      });
    } finally {
      deadline.clear();
    }
  }

  /** A server may echo the token. */
  function quoted(text: string): string {
    return oneLine(token ? text.replaceAll(token, '(the token)') : text).slice(0, MAX_QUOTED);
  }
}

const refused = (message: string): FinalFailure => new FinalFailure(FailureType.Refused, message);

/** The optional `{"note": "…"}`; any other body counts as none. */
function noteOf(text: string): string[] {
  try {
    const { note } = JSON.parse(text) as { note?: unknown };
    return typeof note === 'string' && note.trim() ? [note] : [];
  } catch {
    return [];
  }
}
