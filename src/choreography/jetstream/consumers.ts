import { AckPolicy, DeliverPolicy, type ConsumerConfig, type ConsumerInfo } from '@nats-io/jetstream';
import type { Bus } from './bus.js';
import { EXITS } from './streams.js';
import { ifExists, orRefused } from './with-retry.js';

export const findConsumer = ({ jsm }: Bus, name: string): Promise<ConsumerInfo | undefined> =>
  ifExists(`The consumer ${name} cannot be read`, () => jsm.consumers.info(EXITS, name));

/** Creates the durable consumer of a service, or updates it to these settings. */
export async function ensureConsumer(
  bus: Bus,
  name: string,
  settings: Partial<ConsumerConfig>,
): Promise<void> {
  const { consumers } = bus.jsm;
  const fixed = { durable_name: name, ack_policy: AckPolicy.Explicit, deliver_policy: DeliverPolicy.All };
  const stream = { kind: 'stream', name: EXITS } as const;
  if (await findConsumer(bus, name))
    await orRefused(`The consumer ${name} is not updated`, stream, () =>
      consumers.update(EXITS, name, settings),
    );
  else
    await orRefused(`The consumer ${name} is not created`, stream, () =>
      consumers.add(EXITS, { ...fixed, ...settings }),
    );
}
