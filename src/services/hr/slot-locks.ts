/**
 * Keeps the interviews of different exits apart, whatever a calendar shows (docs/decisions/0011). An interview holds a lock for each half
 * hour of its HR partner that it touches. Each form implements the locks in its own engine.
 */
import { createHash } from 'node:crypto';
import { compact, periodOf, type Time } from './slots.js';

/** Durable, and safe under concurrency: of several holders that take one key, one gets it. Each call can be repeated. */
export interface SlotLocks {
  /** @param until the lock may end then: milliseconds since the epoch @returns the holder of the key from now on */
  take: (key: string, holder: string, until: number) => Promise<string>;
  holderOf: (key: string) => Promise<string | undefined>;
  /** Frees the key, unless another holder has it. */
  release: (key: string, holder: string) => Promise<void>;
}

const CELL_MS = 30 * 60_000;

export type SlotKeeper = ReturnType<typeof slotKeeper>;

/** The locks of one interview with one HR partner. @param uid the interview's */
export function slotKeeper(locks: SlotLocks, email: string, uid: string) {
  const partner = createHash('sha256').update(email.toLowerCase()).digest('hex').slice(0, 16);
  const tried: Time[] = [];

  /** In rising order, so that two interviews that overlap meet at one key. */
  function keysOf(time: Time): string[] {
    const { start, end } = periodOf(time);
    const first = Math.floor(start / CELL_MS);
    return Array.from(
      { length: Math.ceil(end / CELL_MS) - first },
      (_, i) => `${partner}.${compact((first + i) * CELL_MS)}`,
    );
  }

  async function release(times: readonly Time[], except: Time | undefined): Promise<void> {
    const kept = new Set(except && keysOf(except));
    const keys = new Set(times.flatMap(keysOf));
    for (const key of keys) if (!kept.has(key)) await locks.release(key, uid);
  }

  return {
    /** Takes all half hours of a time, or none. @returns whether it is this interview's now */
    async keep(time: Time): Promise<boolean> {
      tried.push(time);
      for (const key of keysOf(time)) {
        if ((await locks.take(key, uid, periodOf(time).end)) === uid) continue;
        await release([time], undefined);
        return false;
      }
      return true;
    },

    /** Takes what is free of a time that a person gave. */
    async keepWhatIsFree(time: Time): Promise<void> {
      for (const key of keysOf(time)) await locks.take(key, uid, periodOf(time).end);
    },

    async isKept(time: Time): Promise<boolean> {
      const [key] = keysOf(time);
      return (await locks.holderOf(key!)) === uid;
    },

    /** @param earlier times of earlier attempts and invitations */
    letGoAllBut: (time: Time | undefined, earlier: readonly (Time | undefined)[] = []): Promise<void> =>
      release([...tried, ...earlier.filter((each) => each !== undefined)], time),
  };
}
