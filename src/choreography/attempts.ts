/** What is being tried again, for whoever asks how an exit stands: written on a failure only, in a bucket that all services share. */
import type { StepName } from '../exit/status.js';
import { openBucket } from './bucket.js';
import type { Bus } from './bus.js';

interface Place {
  employeeId: string;
  exitId: string;
  step: StepName;
  system?: string | undefined;
}

export interface Attempt {
  /** From 1: the one that failed last. */
  attempt: number;
  error: string;
  nextAttemptAt: string;
}

export type Attempts = Awaited<ReturnType<typeof openAttempts>>;

export async function openAttempts({ js }: Bus) {
  const kv = await openBucket(js, 'exit-attempts');
  const find = async (place: Place): Promise<Attempt | undefined> => (await kv.get(keyOf(place)))?.json();
  return {
    find,
    count: async (place: Place): Promise<number> => (await find(place))?.attempt ?? 0,
    note: async (place: Place, attempt: Attempt): Promise<void> =>
      void (await kv.put(keyOf(place), JSON.stringify(attempt))),
  };
}

const keyOf = ({ employeeId, exitId, step, system }: Place): string =>
  [employeeId, exitId, step, ...(system === undefined ? [] : [system])].join('.');
