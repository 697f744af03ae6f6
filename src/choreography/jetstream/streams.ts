/** The streams of the choreographed form. A missing one is created; the settings of an existing one belong to the operator. */
import {
  DiscardPolicy,
  RetentionPolicy,
  StorageType,
  type JetStreamManager,
  type StreamConfig,
} from '@nats-io/jetstream';
import type { Room } from './room.js';
import { ifExists, orRefused } from './with-retry.js';

/** The record: every event of every exit, without expiry. */
export const EXITS = 'EXITS';
/** Dead letters: the original message with its consumer and the reason. */
export const DEAD_LETTERS = 'EXITS_DEAD_LETTERS';
/** JetStream's own advisories on dead-lettered messages. The server publishes them once, so that only a stream keeps them. */
export const ADVISORIES = 'EXITS_ADVISORIES';

const common = {
  storage: StorageType.File,
  retention: RetentionPolicy.Limits,
  // A full stream rejects new messages instead of dropping old ones.
  discard: DiscardPolicy.New,
} satisfies Partial<StreamConfig>;

const streams: (Partial<StreamConfig> & { name: string })[] = [
  {
    ...common,
    name: EXITS,
    description: 'Exits: exit.<employeeId>.<exitId>.<event>, CloudEvents 1.0 in binary mode',
    subjects: ['exit.>'],
    deny_delete: true,
    deny_purge: true,
    // A direct get may be answered by a replica that lags behind.
    allow_direct: false,
  },
  {
    ...common,
    name: DEAD_LETTERS,
    description: 'Dead letters: dead-letter.<consumer>.<original subject>',
    subjects: ['dead-letter.>'],
  },
  {
    ...common,
    name: ADVISORIES,
    description: 'Advisories: consumers of EXITS terminated a message or reached max_deliver',
    subjects: [
      `$JS.EVENT.ADVISORY.CONSUMER.MAX_DELIVERIES.${EXITS}.*`,
      `$JS.EVENT.ADVISORY.CONSUMER.MSG_TERMINATED.${EXITS}.*`,
    ],
  },
];

export async function ensureStreams({ streams: api }: JetStreamManager, room: Room): Promise<void> {
  for (const config of streams) {
    const { name } = config;
    if (await ifExists(`The stream ${name} cannot be read`, () => api.info(name))) continue;
    await orRefused(`The stream ${name} is not created`, { kind: 'stream', name }, () =>
      api.add({ ...config, ...room.stream }),
    );
  }
}
