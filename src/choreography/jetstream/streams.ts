/** The streams of the choreographed form. Whoever comes first makes them; what an operator has changed since then stays. */
import {
  DiscardPolicy,
  RetentionPolicy,
  StorageType,
  type JetStreamManager,
  type StreamConfig,
} from '@nats-io/jetstream';
import { nanos } from '@nats-io/transport-node';
import { ifThere, withRetry } from './with-retry.js';

/** Every event of every exit, for ever: the record. */
export const EXITS = 'EXITS';
/** Messages that a consumer gave up on, with the original and the reason. */
export const DEAD_LETTERS = 'EXITS_DEAD_LETTERS';
/** What JetStream itself says of messages given up. It says it once, and to whoever listens. */
export const ADVISORIES = 'EXITS_ADVISORIES';

const common = {
  storage: StorageType.File,
  retention: RetentionPolicy.Limits,
  // A full stream refuses what is new: nothing that was recorded is dropped for it.
  discard: DiscardPolicy.New,
} satisfies Partial<StreamConfig>;

const streams: (Partial<StreamConfig> & { name: string })[] = [
  {
    ...common,
    name: EXITS,
    description: 'Exits: exit.<employeeId>.<exitId>.<event>, CloudEvents 1.0 in binary mode',
    subjects: ['exit.>'],
    duplicate_window: nanos(2 * 60 * 1000),
    deny_delete: true,
    deny_purge: true,
    // A replica that lags behind would answer a direct read with what was; the leader does not.
    allow_direct: false,
  },
  {
    ...common,
    name: DEAD_LETTERS,
    description: 'What no retry will mend: dead-letter.<consumer>.<the original subject>',
    subjects: ['dead-letter.>'],
  },
  {
    ...common,
    name: ADVISORIES,
    description: 'Messages that consumers of EXITS terminated, or delivered for the last time',
    subjects: [
      `$JS.EVENT.ADVISORY.CONSUMER.MAX_DELIVERIES.${EXITS}.*`,
      `$JS.EVENT.ADVISORY.CONSUMER.MSG_TERMINATED.${EXITS}.*`,
    ],
  },
];

export async function ensureStreams({ streams: api }: JetStreamManager): Promise<void> {
  for (const config of streams) {
    const { name } = config;
    if (!(await ifThere(`the stream ${name} cannot be read`, () => api.info(name))))
      await withRetry(`the stream ${name} is not made`, () => api.add(config));
  }
}
