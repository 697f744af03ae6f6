import { Kvm, type KV } from '@nats-io/kv';
import type { Bus } from './bus.js';
import { orRefused } from './with-retry.js';

/** Opens a key-value bucket, and creates it where it is missing. Only the leader answers reads, since a replica may lag. */
export const openBucket = ({ js, room }: Pick<Bus, 'js' | 'room'>, name: string): Promise<KV> =>
  orRefused(`The bucket ${name} cannot be opened`, { kind: 'bucket', name }, () =>
    new Kvm(js).create(name, { history: 1, allow_direct: false, ...room.bucket }),
  );
