/** The request of a step to the service that does it, and what its answer means. */
import { FailureType, FinalFailure } from '../../exit/failures.js';
import { reasonOf } from '../protocols/fetch-failure.js';
import { oneLine } from '../protocols/mail-body.js';
import { retryAfterOf, RetryAfter } from '../protocols/retry-after.js';
import type { StepEvent } from './step-event.js';

export interface Receiver {
  url: string;
  token?: string | undefined;
}

const DONE = new Set([200, 201, 204]);
const ACCEPTED = 202;
/** Of the answers from 400 to 499, those that may be others next time. */
const PASSING = new Set([408, 409, 425, 429]);
const LONGEST_SAID = 200;

/** @returns the notes @throws FinalFailure Refused */
export async function callReceiver(
  step: string,
  { url, token }: Receiver,
  event: StepEvent,
  requestTimeoutMs: number,
  signal: AbortSignal,
): Promise<string[]> {
  const { status, headers, text } = await post();
  if (DONE.has(status)) return noteOf(text).map(said);
  const sentence = `the service of ${step} answered ${status}${text.trim() && `: ${said(text)}`}`;
  if (status >= 300 && status < 400)
    // A redirect could carry the token to a stranger.
    throw refused(
      `the service of ${step} answered ${status}, a redirect: configure the address that it leads to`,
    );
  const afterMs = retryAfterOf(headers);
  const isPassing = status < 300 || status >= 500 || PASSING.has(status) || afterMs !== undefined;
  if (!isPassing) throw refused(`${sentence}. Mend it and retry, or settle the step by hand`);
  const why = status === ACCEPTED ? `the service of ${step} has not done it yet` : sentence;
  throw afterMs === undefined ? new Error(why) : new RetryAfter(why, afterMs);

  async function post() {
    const deadline = AbortSignal.timeout(requestTimeoutMs);
    try {
      const response = await fetch(url, {
        method: 'POST',
        headers: { ...event.headers, ...(token && { authorization: `Bearer ${token}` }) },
        body: event.body,
        redirect: 'manual',
        signal: AbortSignal.any([signal, deadline]),
      });
      return { status: response.status, headers: response.headers, text: await response.text() };
    } catch (error) {
      if (signal.aborted) throw error;
      const why = deadline.aborted ? `no answer within ${requestTimeoutMs} ms` : reasonOf(error);
      // The host alone: a query may have a secret in it.
      throw new Error(`the service of ${step} cannot be reached at ${new URL(url).host}: ${why}`, {
        cause: error,
      });
    }
  }

  /** A server may repeat what it was sent, and say more than a person reads. */
  function said(words: string): string {
    return oneLine(token ? words.replaceAll(token, '(the token)') : words).slice(0, LONGEST_SAID);
  }
}

const refused = (message: string): FinalFailure => new FinalFailure(FailureType.Refused, message);

/** `{"note": "…"}`; that it is done does not hang on it. */
function noteOf(text: string): string[] {
  try {
    const { note } = JSON.parse(text) as { note?: unknown };
    return typeof note === 'string' && note.trim() ? [note] : [];
  } catch {
    return [];
  }
}
