/**
 * Keeps the interviews of different exits apart, whatever a calendar shows (docs/decisions/0011). An interview holds a lock for each half
 * hour of its HR partner that it touches. Each form implements the locks in its own engine.
 */
import { createHash } from 'node:crypto';
import { compact, periodOf, type Time } from './slots.js';

/** Durable, and safe under concurrency: of several holders that take one key, one gets it. Each call can be repeated. */
export interface SlotLocks {
  /**
   * Takes all keys, or none. A key is that of the HR partner, a dot, and the instant in the basic format of ISO 8601, in UTC.
   * @param until the locks may end then: milliseconds since the epoch
   * @returns the first key that another holder has; undefined where all keys belong to this holder from now on
   */
  take: (keys: readonly string[], holder: string, until: number) => Promise<Kept | undefined>;
  holderOf: (key: string) => Promise<string | undefined>;
  /** Frees the keys that the holder has. */
  release: (keys: readonly string[], holder: string) => Promise<void>;
}

interface Kept {
  key: string;
  holder: string;
}

const CELL_MS = 30 * 60_000;
/** How long a holder that was seen is not asked for again: slots fill from the first, and each exit would ask for all before its own. */
const SEEN_FOR_MS = 60_000;

export type SlotKeeper = ReturnType<ReturnType<typeof createSlotBook>>;

/** @returns the locks of one interview with one HR partner, by the partner's address and the interview's UID */
export function createSlotBook(locks: SlotLocks) {
  const seen = new Map<string, { holder: string; until: number }>();

  async function take(keys: readonly string[], uid: string, until: number): Promise<boolean> {
    const other = await locks.take(keys, uid, until);
    const see = (key: string, holder: string) => seen.set(key, { holder, until: Date.now() + SEEN_FOR_MS });
    if (other) see(other.key, other.holder);
    else for (const key of keys) see(key, uid);
    return other === undefined;
  }

  function isSeenTaken(key: string, uid: string): boolean {
    const last = seen.get(key);
    if (last && last.until < Date.now()) seen.delete(key);
    return last !== undefined && last.holder !== uid && last.until >= Date.now();
  }

  const turns = new Map<string, Promise<unknown>>();
  /** One after the other: the exits of one process would otherwise all ask for each slot. */
  function inTurn<T>(partner: string, run: () => Promise<T>): Promise<T> {
    const turn = (turns.get(partner) ?? Promise.resolve()).then(run, run);
    turns.set(partner, turn);
    return turn;
  }

  return (email: string, uid: string) => {
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
      const keys = [...new Set(times.flatMap(keysOf))].filter((key) => !kept.has(key));
      await locks.release(keys, uid);
      for (const key of keys) if (seen.get(key)?.holder === uid) seen.delete(key);
    }

    /** Takes all half hours of a time, or none. */
    async function keep(time: Time, anew: boolean): Promise<boolean> {
      const keys = keysOf(time);
      if (!anew && keys.some((key) => isSeenTaken(key, uid))) return false;
      tried.push(time);
      return take(keys, uid, periodOf(time).end);
    }

    return {
      /** Takes the first time of which no other interview holds a half hour. */
      keepFirst: <T extends Time>(times: readonly T[], signal: AbortSignal): Promise<T | undefined> =>
        inTurn(partner, async () => {
          signal.throwIfAborted();
          // What was taken a moment ago is asked for only where nothing else is left.
          for (const anew of [false, true]) for (const time of times) if (await keep(time, anew)) return time;
          return undefined;
        }),

      /** Takes what is free of a time that a person gave. */
      async keepWhatIsFree(time: Time): Promise<void> {
        const keys = keysOf(time);
        if (await take(keys, uid, periodOf(time).end)) return;
        for (const key of keys) await take([key], uid, periodOf(time).end);
      },

      async standing(time: Time): Promise<'ours' | 'taken' | 'free'> {
        const [key] = keysOf(time);
        const holder = await locks.holderOf(key!);
        return holder === undefined ? 'free' : holder === uid ? 'ours' : 'taken';
      },

      /** @param earlier times of earlier attempts and invitations */
      letGoAllBut: (time: Time | undefined, earlier: readonly (Time | undefined)[] = []): Promise<void> =>
        release([...tried, ...earlier.filter((each) => each !== undefined)], time),
    };
  };
}
