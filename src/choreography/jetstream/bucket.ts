import type { JetStreamClient } from '@nats-io/jetstream';
import { Kvm, type KV } from '@nats-io/kv';
import { withRetry } from './with-retry.js';

/** A key-value bucket; whoever comes first makes it. Read from the leader only: a replica may lag behind. */
export const openBucket = (js: JetStreamClient, name: string): Promise<KV> =>
  withRetry(`the bucket ${name} cannot be opened`, () =>
    new Kvm(js).create(name, { history: 1, allow_direct: false }),
  );
