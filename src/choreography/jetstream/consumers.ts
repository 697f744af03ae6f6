import {
  AckPolicy,
  DeliverPolicy,
  JetStreamApiCodes,
  JetStreamApiError,
  type ConsumerConfig,
} from '@nats-io/jetstream';
import type { Bus } from './bus.js';
import { EXITS } from './streams.js';
import { withRetry } from './with-retry.js';

/** The durable consumer of a service: made, or brought to what this release and this configuration say. */
export async function ensureConsumer(
  { jsm }: Bus,
  name: string,
  settings: Partial<ConsumerConfig>,
): Promise<void> {
  try {
    await withRetry(`the consumer ${name} cannot be read`, () => jsm.consumers.info(EXITS, name));
  } catch (error) {
    const isMissing = error instanceof JetStreamApiError && error.code === JetStreamApiCodes.ConsumerNotFound;
    if (!isMissing) throw error;
    const fixed = {
      durable_name: name,
      ack_policy: AckPolicy.Explicit,
      deliver_policy: DeliverPolicy.All,
    };
    await withRetry(`the consumer ${name} is not made`, () =>
      jsm.consumers.add(EXITS, { ...fixed, ...settings }),
    );
    return;
  }
  await withRetry(`the consumer ${name} is not updated`, () => jsm.consumers.update(EXITS, name, settings));
}
