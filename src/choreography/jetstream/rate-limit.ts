/** The rate limit of a system, held over all processes: each attempt takes a turn, and turns keep their distance. */
import { setTimeout as pause } from 'node:timers/promises';
import { JetStreamApiError } from '@nats-io/jetstream';
import { attemptsPerSecond } from '../../services/protocols/pace.js';
import { openBucket } from './bucket.js';
import type { Bus } from './bus.js';
import { withRetry } from './with-retry.js';

/** Waits for one's turn. */
export type Turn = (signal: AbortSignal) => Promise<void>;

/** @returns the turns of a system */
export async function openTurns({ js }: Bus): Promise<(system: string, requestsPerSecond: number) => Turn> {
  const kv = await openBucket(js, 'exit-turns');

  /** @returns when it is one's turn, in milliseconds since the epoch; undefined where somebody else was faster */
  async function take(system: string, distanceMs: number): Promise<number | undefined> {
    const entry = await kv.get(system);
    const turn = Math.max(Date.now(), Number(entry?.string() ?? 0));
    try {
      await kv.put(system, String(turn + distanceMs), { previousSeq: entry?.revision ?? 0 });
      return turn;
    } catch (error) {
      if (error instanceof JetStreamApiError) return undefined;
      throw error;
    }
  }

  return (system, requestsPerSecond) => async (signal) => {
    const distanceMs = Math.ceil(1000 / attemptsPerSecond(requestsPerSecond));
    let turn: number | undefined;
    while (turn === undefined) turn = await withRetry(`no turn on ${system}`, () => take(system, distanceMs));
    await pause(Math.max(0, turn - Date.now()), undefined, { signal });
  };
}
