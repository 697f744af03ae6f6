/**
 * The streams of the choreographed form, and those of its buckets. A missing one is created. In an existing one, EMS changes what it
 * defines itself, and the limits that the environment sets; the rest belongs to the operator.
 */
import {
  DiscardPolicy,
  RetentionPolicy,
  StorageType,
  type JetStreamManager,
  type StreamConfig,
} from '@nats-io/jetstream';
import type { Room } from './room.js';
import { ifExists, isForbidden, orRefused, type Place } from './with-retry.js';

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
    const place = { kind: 'stream', name } as const;
    const { retention: _, storage: __, ...changeable } = config;
    const found = await updateStream(api, place, { ...changeable, ...room.set.stream }, room);
    if (!found)
      await orRefused(`The stream ${name} is not created`, place, () =>
        api.add({ ...config, ...room.stream }),
      );
  }
}

/**
 * Changes the settings of a stream, or of the stream of a bucket, to these. A user without that permission notes the difference instead.
 * @returns whether it exists
 * @throws FinalFailure Refused, with the server's reason and what to change
 */
export async function updateStream(
  api: JetStreamManager['streams'],
  place: Place,
  wanted: Partial<StreamConfig>,
  room: Room,
): Promise<boolean> {
  const name = place.kind === 'stream' ? place.name : `KV_${place.name}`;
  const where = `The ${place.kind} ${place.name}`;
  const found = await ifExists(`${where} cannot be read`, () => api.info(name));
  const entries = Object.entries(wanted) as [keyof StreamConfig, unknown][];
  const different = entries.filter(
    ([key, value]) => JSON.stringify(found?.config[key]) !== JSON.stringify(value),
  );
  if (!found || different.length === 0) return found !== undefined;
  try {
    await orRefused(`${where} is not updated`, place, () =>
      api.update(name, Object.fromEntries(different) as Partial<StreamConfig>),
    );
  } catch (error) {
    if (!isForbidden((error as Error).cause)) throw error;
    const settings = different.map(([key, value]) => `${key} ${JSON.stringify(value)}`).join(', ');
    room.notes.push(
      `${where} is not updated to ${settings}, which this user of NATS may not do: run "ems list" once as the user ems, with the same NATS_… settings`,
    );
  }
  return true;
}
