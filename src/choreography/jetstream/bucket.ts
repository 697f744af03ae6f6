import { Kvm, NoopKvCodecs, type KV } from '@nats-io/kv';
import type { Payload } from '@nats-io/transport-node';
import type { Bus } from './bus.js';
import { updateStream } from './streams.js';
import { isConflict, orRefused, type Place } from './with-retry.js';

/** Opens a key-value bucket, and creates it where it is missing. Only the leader answers reads, since a replica may lag. */
export async function openBucket(
  { js, jsm, room, dataKeys }: Pick<Bus, 'js' | 'jsm' | 'room' | 'dataKeys'>,
  name: string,
): Promise<KV> {
  const place = { kind: 'bucket', name } as const;
  await updateStream(jsm.streams, place, room.set.bucket, room);
  const codec = {
    key: NoopKvCodecs().key,
    value: {
      encode: (value: Payload) =>
        dataKeys.seal(typeof value === 'string' ? new TextEncoder().encode(value) : value),
      decode: dataKeys.open,
    },
  };
  const { num_replicas: replicas, ...size } = room.bucket;
  return orRefused(`The bucket ${name} cannot be opened`, place, () =>
    new Kvm(js).create(name, {
      history: 1,
      allow_direct: false,
      codec,
      ...(replicas && { replicas }),
      ...size,
    }),
  );
}

/**
 * Writes a key where nothing newer than the revision is there; 0: nothing at all.
 * @param what the sentence that begins the error message
 * @returns whether it was written; false also where the ack of this write was lost
 * @throws FinalFailure Refused
 */
export async function putAfter(
  revision: number,
  { kv, place, what }: { kv: KV; place: Place; what: string },
  key: string,
  value: unknown,
): Promise<boolean> {
  try {
    await orRefused(what, place, () => kv.put(key, JSON.stringify(value), { previousSeq: revision }));
    return true;
  } catch (error) {
    if (isConflict(error)) return false;
    throw error;
  }
}

/** A value that was read from the stream of a bucket, or the data of an event. @throws SyntaxError where it is no JSON; MissingDataKey */
export const valueIn = <T>({ dataKeys }: Pick<Bus, 'dataKeys'>, data: Uint8Array): T =>
  JSON.parse(new TextDecoder().decode(dataKeys.open(data))) as T;
