/**
 * A system's rate limit. Across all workers the engine limits the attempts per second; an attempt makes at most REQUESTS_PER_ATTEMPT
 * requests, and within a process requests are evenly spaced.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { REQUESTS_PER_ATTEMPT } from '../../config/planning.js';

/** Waits for the next slot. The signal identifies the attempt. */
export type Pace = (signal: AbortSignal) => Promise<void>;

export function paceOf(name: string, requestsPerSecond: number): Pace {
  const intervalMs = 1000 / requestsPerSecond;
  let nextAt = 0;
  const made = new WeakMap<AbortSignal, number>();
  return async (signal) => {
    const count = (made.get(signal) ?? 0) + 1;
    made.set(signal, count);
    if (count > REQUESTS_PER_ATTEMPT) {
      throw new Error(
        `${name}: this attempt has made the ${REQUESTS_PER_ATTEMPT} requests that the rate limit allows; the next attempt resumes here`,
      );
    }
    const slot = Math.max(Date.now(), nextAt);
    nextAt = slot + intervalMs;
    if (slot > Date.now()) await pause(slot - Date.now(), undefined, { signal });
  };
}

/** The attempts per second that keep the limit where each makes all its requests. */
export const attemptsPerSecond = (requestsPerSecond: number): number =>
  requestsPerSecond / REQUESTS_PER_ATTEMPT;
