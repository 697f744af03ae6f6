/** The locks of interview slots in a key-value bucket: of several that create one key, one succeeds. */
import type { SlotLocks } from '../../services/hr/slot-locks.js';
import { openBucket } from './bucket.js';
import type { Bus } from './bus.js';
import { isConflict, orRefused, withRetry } from './with-retry.js';

const BUCKET = { kind: 'bucket', name: 'exit-interview-slots' } as const;

export async function openSlotKeys(bus: Bus): Promise<SlotLocks> {
  const kv = await openBucket(bus, BUCKET.name);

  async function find(key: string): Promise<{ holder: string; revision: number } | undefined> {
    const entry = await withRetry(`The slot ${key} cannot be read`, () => kv.get(key));
    return entry?.operation === 'PUT' ? { holder: entry.string(), revision: entry.revision } : undefined;
  }

  return {
    async take(key, holder) {
      for (;;) {
        try {
          await orRefused(`The slot ${key} is not taken`, BUCKET, () => kv.create(key, holder));
          return holder;
        } catch (error) {
          if (!isConflict(error)) throw error;
        }
        const present = await find(key);
        if (present) return present.holder;
      }
    },

    holderOf: async (key) => (await find(key))?.holder,

    async release(key, holder) {
      const present = await find(key);
      if (present?.holder !== holder) return;
      const previousSeq = present.revision;
      try {
        await orRefused(`The slot ${key} is not released`, BUCKET, () => kv.delete(key, { previousSeq }));
      } catch (error) {
        // Its ack was lost, or a repetition of this attempt was faster.
        if (!isConflict(error)) throw error;
      }
    },
  };
}
