/** Failed attempts of open steps, for the exit's status. All services share the bucket, and write it only on a failure. */
import { openBucket, valueIn } from './bucket.js';
import type { Bus } from './bus.js';
import { readAll } from './log.js';
import { orRefused, withRetry } from './with-retry.js';

const BUCKET = { kind: 'bucket', name: 'exit-attempts' } as const;

interface Place {
  employeeId: string;
  exitId: string;
  step: string;
  system?: string | undefined;
}

interface Attempt {
  /** The number of the last failed attempt, from 1. */
  attempt: number;
  error: string;
  /** ISO 8601, UTC. */
  failedAt: string;
  /** When the first of these attempts failed. */
  failingSince: string;
  nextAttemptAt: string;
}

export type Attempts = Awaited<ReturnType<typeof openAttempts>>;

export async function openAttempts(bus: Bus) {
  const kv = await openBucket(bus, BUCKET.name);
  return {
    /** @param since when the step last began, or what it tried last succeeded, ISO 8601; attempts from before are ignored */
    async find(place: Place, since: string | undefined): Promise<Attempt | undefined> {
      const what = 'The failed attempts cannot be read';
      const found = (await withRetry(what, () => kv.get(keyOf(place))))?.json<Attempt>();
      const isOld = found && since !== undefined && found.failedAt < since;
      return isOld ? undefined : found;
    },
    /** @throws FinalFailure Refused where the bucket is full */
    record: async (place: Place, attempt: Attempt): Promise<void> =>
      void (await orRefused('The attempt is not recorded', BUCKET, () =>
        kv.put(keyOf(place), JSON.stringify(attempt)),
      )),
  };
}

/** @returns the last failed attempt of each step, also of steps that are done since */
export async function readAttempts(bus: Bus): Promise<(Place & Attempt)[]> {
  const found: (Place & Attempt)[] = [];
  for await (const { subject, data } of readAll(bus, `KV_${BUCKET.name}`)) {
    const [employeeId = '', exitId = '', step = '', system] = subject
      .replace(`$KV.${BUCKET.name}.`, '')
      .split('.');
    if (data.length === 0) continue;
    const attempt = valueIn<Attempt>(bus, data);
    found.push({ employeeId, exitId, step, system, ...attempt });
  }
  return found;
}

const keyOf = ({ employeeId, exitId, step, system }: Place): string =>
  [employeeId, exitId, step, ...(system === undefined ? [] : [system])].join('.');
