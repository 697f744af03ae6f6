/** Tells one program outside EMS of the events of all exits, in the order of the stream: a durable consumer with one message at a time. */
import { DeliverPolicy, type JsMsg } from '@nats-io/jetstream';
import { nanos } from '@nats-io/transport-node';
import type { Config } from '../../config/config.js';
import { subjectsOfType } from '../../exit/events.js';
import { FinalFailure } from '../../exit/failures.js';
import { foldLog } from '../../exit/fold.js';
import { publishedForm } from '../../exit/published-events.js';
import type { Log } from '../../process/logger.js';
import { RetryAfter } from '../../services/protocols/retry-after.js';
import type { SubscriberService } from '../../services/subscribers/subscriber-service.js';
import { originalOf, replayOf } from '../dead-letters/copies.js';
import { deadLetter } from '../dead-letters/write.js';
import type { Bus } from '../jetstream/bus.js';
import { parseMessage } from '../jetstream/cloudevents.js';
import { ensureConsumer } from '../jetstream/consumers.js';
import { rawOf } from '../jetstream/log.js';
import { EXITS } from '../jetstream/streams.js';
import { withRetry } from '../jetstream/with-retry.js';
import { pullMessages, redeliveryMs } from './pull.js';
import type { Subscriber } from './subscriber.js';

interface Telling {
  bus: Bus;
  service: SubscriberService;
  retry: Config['policy']['retry'];
  ackWaitMs: number;
  log: Log;
}

export async function tellOutside(
  { name, events, giveUpAfter }: Config['subscribers'][number],
  { bus, service, retry, ackWaitMs, log: logOfProcess }: Telling,
): Promise<Subscriber> {
  const consumer = `told-${name}`;
  const log = logOfProcess.child({ consumer });
  const pauses = { retryAfterMs: retry.initialInterval, retryAtMostMs: retry.maximumInterval };
  await ensureConsumer(bus, consumer, {
    description: `Tells ${name} of exits`,
    filter_subjects: events.map(subjectsOfType),
    // A new subscriber does not hear of exits from before.
    deliver_policy: DeliverPolicy.New,
    ack_wait: nanos(ackWaitMs),
    max_deliver: -1,
    // The next message waits until this one is delivered: otherwise a retry would come after it.
    max_ack_pending: 1,
  });
  const stopping = new AbortController();

  async function handle(message: JsMsg): Promise<void> {
    const raw = rawOf(message);
    const parsed = parseMessage(raw, bus.dataKeys);
    // The services dead-letter it.
    if (!parsed.ok) return message.ack();
    const copied = replayOf(raw.headers);
    const original = copied && (await originalOf(bus, parsed.value, copied));
    if (original && copied.consumer !== consumer) return message.ack();
    const event = original ?? parsed.value;
    const { employeeId, exitId } = event;
    const { rejected } = foldLog((await bus.read(employeeId)).events, new Date().toISOString());
    const told = publishedForm(event, { employeeId, exitId, form: 'choreographed' });
    if (rejected.has(event.seq) || !told) return message.ack();
    try {
      await service.deliver(name, told, stopping.signal);
      message.ack();
    } catch (error) {
      if (stopping.signal.aborted) return message.nak();
      const { message: reason } = error as Error;
      const about = { exitId, event: event.type };
      if (error instanceof FinalFailure || Date.now() - Date.parse(raw.storedAt) >= giveUpAfter) {
        log.error(about, `given up: ${reason}`);
        return deadLetter(bus, message, { consumer, reason, type: 'Undelivered' });
      }
      const pauseMs = error instanceof RetryAfter ? error.afterMs : redeliveryMs(message, pauses);
      log.warn(about, `failed, tried again in ${pauseMs / 1000} s: ${reason}`);
      message.nak(pauseMs);
    }
  }

  const found = await withRetry(`The consumer ${consumer} cannot be read`, () =>
    bus.js.consumers.get(EXITS, consumer),
  );
  const inProgress = pullMessages(found, {
    ...{ ...pauses, ackWaitMs, handle, log },
    concurrency: 1,
    signal: stopping.signal,
  });
  return {
    async stop() {
      stopping.abort(new Error('the service stops'));
      await Promise.allSettled(inProgress);
    },
  };
}
