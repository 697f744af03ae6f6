/** The room that the account gives to streams, buckets and consumers. Managed accounts limit each, and want sizes named. */
import type { JetStreamAccountStats } from '@nats-io/jetstream';
import type { NatsLimits } from '../../config/environment.js';

/** Every open exit may have messages that wait for weeks, and a delayed message counts as unacknowledged. */
const ENOUGH_ACK_PENDING = 100_000;
/** The shares of the account's storage for each stream and each bucket, where the account requires sizes: together three quarters. */
const SHARE = { stream: 1 / 8, bucket: 1 / 32 };
/** The storage that is assumed where the account requires sizes and has no limit. */
const UNLIMITED_BYTES = 8 * 1024 ** 3;

export interface Room {
  /** Of a new stream and of a new bucket; absent means without a limit. */
  stream: Limits;
  bucket: Limits;
  /** What the environment sets, also of existing ones. */
  set: { stream: Limits; bucket: Limits };
  maxAckPending: number;
  /** Sentences for the operator: what this account or this user does not allow. */
  notes: string[];
}

interface Limits {
  num_replicas?: number;
  max_bytes?: number;
}

export function roomOn(account: JetStreamAccountStats, settings: NatsLimits = {}): Room {
  const { replicas, streamMaxBytes, bucketMaxBytes, maxAckPending = ENOUGH_ACK_PENDING } = settings;
  // An account with tiers has its limits by the number of replicas.
  const tier = account.tiers?.[replicas === 3 ? 'R3' : 'R1'];
  const limits = (tier ?? account).limits;
  const storage = limits.max_storage > 0 ? limits.max_storage : UNLIMITED_BYTES;
  const largest = limits.storage_max_stream_bytes > 0 ? limits.storage_max_stream_bytes : Infinity;
  const fitting = (share: number): number | undefined =>
    limits.max_bytes_required
      ? Math.floor(Math.min(largest, (storage * share) / (tier ? 1 : (replicas ?? 1))))
      : undefined;
  const limitsOf = (maxBytes: number | undefined): Limits => ({
    ...(replicas && { num_replicas: replicas }),
    ...(maxBytes && { max_bytes: maxBytes }),
  });
  const allowed =
    limits.max_ack_pending > 0 ? Math.min(maxAckPending, limits.max_ack_pending) : maxAckPending;
  return {
    stream: limitsOf(streamMaxBytes ?? fitting(SHARE.stream)),
    bucket: limitsOf(bucketMaxBytes ?? fitting(SHARE.bucket)),
    set: { stream: limitsOf(streamMaxBytes), bucket: limitsOf(bucketMaxBytes) },
    maxAckPending: allowed,
    notes:
      allowed < ENOUGH_ACK_PENDING
        ? [
            `NATS allows ${allowed} unacknowledged messages a consumer: with more open exits than that, new ones wait. Raise max_ack_pending of the account before`,
          ]
        : [],
  };
}
