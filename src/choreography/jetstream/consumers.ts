import {
  AckPolicy,
  DeliverPolicy,
  JetStreamApiError,
  type ConsumerConfig,
  type ConsumerInfo,
} from '@nats-io/jetstream';
import type { Bus } from './bus.js';
import { EXITS } from './streams.js';
import { ifExists, orRefused } from './with-retry.js';

export const findConsumer = ({ jsm }: Bus, name: string): Promise<ConsumerInfo | undefined> =>
  ifExists(`The consumer ${name} cannot be read`, () => jsm.consumers.info(EXITS, name));

/** Another process has created it meanwhile, with other settings. */
const ALREADY_EXISTS = 10_148;

/** Creates the durable consumer of a service, or updates it to these settings. It keeps its position. */
export async function ensureConsumer(
  bus: Bus,
  name: string,
  settings: Partial<ConsumerConfig>,
): Promise<void> {
  const { consumers } = bus.jsm;
  const fixed = { durable_name: name, ack_policy: AckPolicy.Explicit, deliver_policy: DeliverPolicy.All };
  const stream = { kind: 'stream', name: EXITS } as const;
  const update = () =>
    orRefused(`The consumer ${name} is not updated`, stream, () => consumers.update(EXITS, name, settings));
  if (await findConsumer(bus, name)) return void (await update());
  try {
    await orRefused(`The consumer ${name} is not created`, stream, () =>
      consumers.add(EXITS, { ...fixed, ...settings }),
    );
  } catch (error) {
    const { cause } = error as Error;
    if (!(cause instanceof JetStreamApiError && cause.code === ALREADY_EXISTS)) throw error;
    await update();
  }
}
