/** Delivers events to programs outside EMS: CloudEvents in structured mode, signed by Standard Webhooks 1.0. */
import { createHash } from 'node:crypto';
import { Webhook } from 'standardwebhooks';
import { FailureType, FinalFailure } from '../../exit/failures.js';
import type { PublishedEvent } from '../../exit/published-events.js';
import { deadlineIn } from '../protocols/deadline.js';
import { unanswered } from '../protocols/fetch-failure.js';
import { waitAskedIn } from '../protocols/retry-after.js';

interface Subscriber {
  name: string;
  url: string;
  secrets: readonly string[];
}

/** A verdict on the event itself. Any other status may be that of a receiver which is being mended. */
const VERDICTS = new Set([400, 410, 413, 415, 422]);

export type SubscriberService = ReturnType<typeof createSubscriberService>;

export function createSubscriberService(subscribers: readonly Subscriber[], requestTimeoutMs: number) {
  return {
    /**
     * Resolves once the subscriber has answered with 2xx.
     * @throws FinalFailure Refused, UnknownSystem; RetryAfter or Error for what a retry may mend
     */
    async deliver(name: string, event: PublishedEvent, signal: AbortSignal): Promise<void> {
      const subscriber = subscribers.find((each) => each.name === name);
      if (!subscriber)
        throw new FinalFailure(
          FailureType.UnknownSystem,
          `The subscriber ${name} left the configuration, so it does not get ${event.type}`,
        );
      const answer = await post(subscriber, event, signal);
      const { status } = answer;
      if (status >= 200 && status < 300) return;
      const sentence = `The subscriber ${name} answered ${status} to ${event.type} of the exit ${event.subject}`;
      // Followed, a redirect would take the event to an address that is not configured.
      if (status >= 300 && status < 400)
        throw new Error(`${sentence}, a redirect: configure its target instead`);
      if (VERDICTS.has(status))
        throw new FinalFailure(FailureType.Refused, `${sentence}: it refuses the event`);
      throw waitAskedIn(answer, sentence) ?? new Error(sentence);
    },
  };

  async function post({ name, url, secrets }: Subscriber, event: PublishedEvent, signal: AbortSignal) {
    const body = JSON.stringify(event);
    const id = `evt_${createHash('sha256').update(event.id).digest('hex').slice(0, 32)}`;
    const now = new Date();
    const deadline = deadlineIn(requestTimeoutMs);
    try {
      const response = await fetch(url, {
        method: 'POST',
        headers: {
          'content-type': 'application/cloudevents+json; charset=utf-8',
          'webhook-id': id,
          'webhook-timestamp': String(Math.floor(now.getTime() / 1000)),
          'webhook-signature': secrets.map((secret) => new Webhook(secret).sign(id, now, body)).join(' '),
        },
        body,
        redirect: 'manual',
        signal: AbortSignal.any([signal, deadline.signal]),
      });
      return { status: response.status, headers: response.headers, text: await response.text() };
    } catch (error) {
      if (signal.aborted) throw error;
      const about = { name: `The subscriber ${name}`, at: new URL(url).host, deadline, requestTimeoutMs };
      // Also a certificate that does not verify is mended before the time to give up.
      throw new Error(unanswered(error, about).message, { cause: error });
    } finally {
      deadline.clear();
    }
  }
}
