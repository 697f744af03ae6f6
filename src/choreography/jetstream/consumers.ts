import { AckPolicy, DeliverPolicy, type ConsumerConfig, type ConsumerInfo } from '@nats-io/jetstream';
import type { Bus } from './bus.js';
import { EXITS } from './streams.js';
import { ifThere, withRetry } from './with-retry.js';

export const findConsumer = ({ jsm }: Bus, name: string): Promise<ConsumerInfo | undefined> =>
  ifThere(`the consumer ${name} cannot be read`, () => jsm.consumers.info(EXITS, name));

/** The durable consumer of a service: made, or brought to what this release and this configuration say. */
export async function ensureConsumer(
  bus: Bus,
  name: string,
  settings: Partial<ConsumerConfig>,
): Promise<void> {
  const { consumers } = bus.jsm;
  const fixed = { durable_name: name, ack_policy: AckPolicy.Explicit, deliver_policy: DeliverPolicy.All };
  if (await findConsumer(bus, name))
    await withRetry(`the consumer ${name} is not updated`, () => consumers.update(EXITS, name, settings));
  else
    await withRetry(`the consumer ${name} is not made`, () =>
      consumers.add(EXITS, { ...fixed, ...settings }),
    );
}
