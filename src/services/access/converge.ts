/** Brings one value of a critical system to its wanted state. */
import { setTimeout as pause } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { FailureType, FinalFailure } from '../../exit/failures.js';
import type { Outcome } from './access-port.js';

/** Other administrators may write meanwhile; after so many races the attempt is retried. */
const MOST_WRITES = 4;
/** What two writes did not change, a third one does not either. */
const MOST_FUTILE_WRITES = 2;

interface Value<T> {
  /** For errors: "suspending the account dana on payroll". */
  what: string;
  read: () => Promise<T>;
  isWanted: (seen: T) => boolean;
  write: (seen: T) => Promise<Outcome>;
  /** How long a read may show the value from before a write. */
  settleMs: number;
}

/**
 * Reads, and where the value is not as wanted, writes and reads back. Only an observation counts: a server that answers 200 without an
 * effect ends in an error.
 * @returns the last value seen, and how many of our writes may have caused it
 * @throws FinalFailure Refused; the failure of a conflict that was none; Error where the value is not as wanted in the end
 */
export async function converge<T>(
  { what, read, isWanted, write, settleMs }: Value<T>,
  signal: AbortSignal,
): Promise<{ seen: T; writes: number }> {
  let writes = 0;
  let futile = 0;
  let answer: Outcome = { kind: 'written' };
  let seen = await read();
  for (let round = 0; round < MOST_WRITES && futile < MOST_FUTILE_WRITES && !isWanted(seen); round++) {
    const before = seen;
    const outcome = await write(seen);
    answer = outcome;
    if (outcome.kind === 'refused')
      throw new FinalFailure(FailureType.Refused, `${what} is refused (${outcome.why}): ${outcome.detail}`);
    if (outcome.kind === 'written' || outcome.kind === 'unknown') writes += 1;
    seen = await read();
    // A value that another administrator changed meanwhile is written again at once. One that is unchanged may only be shown late.
    for (let waitedMs = 0, ms = 50; waitedMs < settleMs && isDeepStrictEqual(seen, before); ms *= 2) {
      await pause(Math.min(ms, settleMs - waitedMs), undefined, { signal });
      waitedMs += ms;
      seen = await read();
    }
    if (isDeepStrictEqual(seen, before)) futile += 1;
    if (futile > 0 && answer.kind === 'conflict' && answer.because instanceof FinalFailure) break;
  }
  if (isWanted(seen)) return { seen, writes };
  // Nothing has changed, so it was no race: the system's own reason says more.
  if (futile > 0 && answer.kind === 'conflict' && answer.because) throw answer.because;
  throw new Error(`${what}: ${writes === 0 ? because[answer.kind] : futile > 0 ? because.written : UNDONE}`);
}

const UNDONE = 'another administrator undoes it each time';
const because: Partial<Record<Outcome['kind'], string>> = {
  written: 'the server accepts the change but does not show it',
  unknown: 'the server accepts the change but does not show it',
  unchanged: 'the system says that it is so already, and shows another value',
  conflict: 'the system reports a conflict, and nothing has changed',
  gone: 'the system answers that it does not exist, and shows it',
};
