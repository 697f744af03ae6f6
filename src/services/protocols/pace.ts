/**
 * A system's rate limit. Temporal holds the number of attempts per second over all workers (a queue per system); an attempt makes at
 * most REQUESTS_PER_ATTEMPT requests, and the requests of one process keep their distance.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { REQUESTS_PER_ATTEMPT } from '../../config/planning.js';

/** Waits for one's turn; a signal stands for its attempt. */
export type Pace = (signal: AbortSignal) => Promise<void>;

export function paceOf(name: string, requestsPerSecond: number): Pace {
  const distanceMs = 1000 / requestsPerSecond;
  let nextAt = 0;
  const made = new WeakMap<AbortSignal, number>();
  return async (signal) => {
    const count = (made.get(signal) ?? 0) + 1;
    made.set(signal, count);
    if (count > REQUESTS_PER_ATTEMPT) {
      throw new Error(
        `${name}: this attempt has made the ${REQUESTS_PER_ATTEMPT} requests that the rate limit leaves it; the next one goes on from here`,
      );
    }
    const turn = Math.max(Date.now(), nextAt);
    nextAt = turn + distanceMs;
    if (turn > Date.now()) await pause(turn - Date.now(), undefined, { signal });
  };
}

/** The attempts per second that keep to the limit even if each makes all the requests that it may. */
export const attemptsPerSecond = (requestsPerSecond: number): number =>
  requestsPerSecond / REQUESTS_PER_ATTEMPT;
