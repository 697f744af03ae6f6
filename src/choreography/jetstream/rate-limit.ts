/** A system's rate limit across all processes: each attempt reserves the next free slot, and slots are evenly spaced. */
import { setTimeout as pause } from 'node:timers/promises';
import { attemptsPerSecond } from '../../services/protocols/pace.js';
import { openBucket } from './bucket.js';
import type { Bus } from './bus.js';
import { isConflict, orRefused } from './with-retry.js';

const BUCKET = { kind: 'bucket', name: 'exit-rate-limits' } as const;

/** Reserves a slot, and waits until it begins. */
export type AwaitSlot = (signal: AbortSignal) => Promise<void>;

/** @returns the rate limit of a system */
export async function openRateLimits(
  bus: Bus,
): Promise<(system: string, requestsPerSecond: number) => AwaitSlot> {
  const kv = await openBucket(bus, BUCKET.name);

  /** @returns when the slot begins, in milliseconds since the epoch; undefined where another process has reserved it */
  async function reserve(system: string, intervalMs: number): Promise<number | undefined> {
    const entry = await kv.get(system);
    const slot = Math.max(Date.now(), Number(entry?.string() ?? 0));
    try {
      await kv.put(system, String(slot + intervalMs), { previousSeq: entry?.revision ?? 0 });
      return slot;
    } catch (error) {
      if (isConflict(error)) return undefined;
      throw error;
    }
  }

  return (system, requestsPerSecond) => async (signal) => {
    const intervalMs = Math.ceil(1000 / attemptsPerSecond(requestsPerSecond));
    const what = `The rate limit of ${system} has no slot`;
    let slot: number | undefined;
    while (slot === undefined) slot = await orRefused(what, BUCKET, () => reserve(system, intervalMs));
    await pause(Math.max(0, slot - Date.now()), undefined, { signal });
  };
}
