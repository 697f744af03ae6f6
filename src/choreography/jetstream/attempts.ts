/** What is being tried again, for whoever asks how an exit stands: written on a failure only, in a bucket that all services share. */
import { openBucket } from './bucket.js';
import type { Bus } from './bus.js';

interface Place {
  employeeId: string;
  exitId: string;
  step: string;
  system?: string | undefined;
}

interface Attempt {
  /** From 1: the one that failed last. */
  attempt: number;
  error: string;
  nextAttemptAt: string;
}

export type Attempts = Awaited<ReturnType<typeof openAttempts>>;

export async function openAttempts({ js }: Bus) {
  const kv = await openBucket(js, 'exit-attempts');
  return {
    /** @param startedAt when the step was begun, or begun again: what was tried before counts no more */
    async find(place: Place, startedAt: string | undefined): Promise<Attempt | undefined> {
      const found = (await kv.get(keyOf(place)))?.json<Attempt>();
      const isOld = found && startedAt !== undefined && found.nextAttemptAt < startedAt;
      return isOld ? undefined : found;
    },
    note: async (place: Place, attempt: Attempt): Promise<void> =>
      void (await kv.put(keyOf(place), JSON.stringify(attempt))),
  };
}

const keyOf = ({ employeeId, exitId, step, system }: Place): string =>
  [employeeId, exitId, step, ...(system === undefined ? [] : [system])].join('.');
