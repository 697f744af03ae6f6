import type { JetStreamClient } from '@nats-io/jetstream';
import { Kvm, type KV } from '@nats-io/kv';
import { withRetry } from './with-retry.js';

/** Opens a key-value bucket, and creates it where it is missing. Only the leader answers reads, since a replica may lag. */
export const openBucket = (js: JetStreamClient, name: string): Promise<KV> =>
  withRetry(`The bucket ${name} cannot be opened`, () =>
    new Kvm(js).create(name, { history: 1, allow_direct: false }),
  );
