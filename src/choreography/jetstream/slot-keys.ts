/**
 * The locks of interview slots in a key-value bucket. Those of one HR partner and one day are one value, and a write names the revision
 * that it replaces: of several that take a slot at once, one gets it. An interview on one day costs one write.
 */
import type { SlotLocks } from '../../services/hr/slot-locks.js';
import { openBucket, putAfter } from './bucket.js';
import type { Bus } from './bus.js';
import { withRetry } from './with-retry.js';

const BUCKET = { kind: 'bucket', name: 'exit-interview-slots' } as const;

/** The holders, by slot. */
type Day = Record<string, string>;

export async function openSlotKeys(bus: Bus): Promise<SlotLocks> {
  const kv = await openBucket(bus, BUCKET.name);

  async function find(key: string): Promise<{ day: Day; revision: number }> {
    const entry = await withRetry(`The slots of ${key} cannot be read`, () => kv.get(key));
    return entry ? { day: entry.json<Day>(), revision: entry.revision } : { day: {}, revision: 0 };
  }

  /** @param changed returns undefined where the day stays as it is */
  async function change(key: string, changed: (day: Day) => Day | undefined): Promise<void> {
    for (;;) {
      const { day, revision } = await find(key);
      const next = changed(day);
      // Another process may be faster. Where the ack of this write is lost, nothing is left to change.
      const what = `The slots of ${key} are not written`;
      if (!next || (await putAfter(revision, { kv, place: BUCKET, what }, key, next))) return;
    }
  }

  async function release(slots: readonly string[], holder: string): Promise<void> {
    for (const [key, of] of byDay(slots))
      await change(key, (day) => {
        const kept = Object.entries(day).filter(([slot, by]) => by !== holder || !of.includes(slot));
        return kept.length < Object.keys(day).length ? Object.fromEntries(kept) : undefined;
      });
  }

  return {
    async take(slots, holder) {
      for (const [key, of] of byDay(slots)) {
        let foreign: string | undefined;
        let present: Day = {};
        await change(key, (day) => {
          present = day;
          foreign = of.find((slot) => (day[slot] ?? holder) !== holder);
          if (foreign !== undefined || of.every((slot) => day[slot] === holder)) return undefined;
          return { ...day, ...Object.fromEntries(of.map((slot) => [slot, holder])) };
        });
        if (foreign === undefined) continue;
        // An interview over midnight: the day before.
        await release(slots.slice(0, slots.indexOf(of[0]!)), holder);
        return { key: foreign, holder: present[foreign]! };
      }
      return undefined;
    },

    holderOf: async (slot) => (await find(dayOf(slot))).day[slot],

    release,
  };
}

/** A slot ends with its instant in the basic format of ISO 8601, in UTC. */
const dayOf = (slot: string): string => slot.slice(0, slot.lastIndexOf('T'));

const byDay = (slots: readonly string[]): [day: string, slots: string[]][] =>
  [...new Set(slots.map(dayOf))].map((day) => [day, slots.filter((slot) => dayOf(slot) === day)]);
