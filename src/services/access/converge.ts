/** Brings one value of a critical system to its wanted state. */
import { setTimeout as pause } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { FailureType, FinalFailure, isFinalFailure } from '../../exit/failures.js';
import type { AccessPort, Outcome, Way } from './access-port.js';

/** Other administrators may write meanwhile; after so many races the attempt is retried. */
const MOST_WRITES = 4;
/** What a write in each way did not change, a third one does not either. */
const MOST_FUTILE_WRITES = 2;
/** A system may show a write late, or lose one. After so many attempts that changed nothing, it ignores them. */
const MOST_IGNORED_ATTEMPTS = 3;

interface Value<T> {
  port: AccessPort;
  /** For errors: "suspending the account dana on payroll". */
  what: string;
  read: () => Promise<T>;
  /** What the caller has read just now. */
  first?: T | undefined;
  isWanted: (seen: T) => boolean;
  /** @param way `other` after a write that was answered with success and changed nothing */
  write: (seen: T, way: Way) => Promise<Outcome>;
  /** How long a read may show the value from before a write. */
  settleMs: number;
}

/** By what was written: the value that so many attempts in a row did not change. */
type Ignored = Map<string, { seen: unknown; attempts: number }>;
const ignored = new WeakMap<AccessPort, Ignored>();

/**
 * Reads, and where the value is not as wanted, writes and reads back. Only an observation counts: a server that answers 200 without an
 * effect ends in an error, and one that refuses what an earlier request has done is looked at again.
 * @returns the last value seen, and how many of our writes may have caused it
 * @throws FinalFailure Refused, also where the system ignores writes; the failure of a conflict that was none; Error where the value is
 * not as wanted in the end
 */
export async function converge<T>(
  { port, what, read, first, isWanted, write, settleMs }: Value<T>,
  signal: AbortSignal,
): Promise<{ seen: T; writes: number }> {
  let writes = 0;
  let futile = 0;
  let answer: Outcome = { kind: 'written' };
  let refusal: FinalFailure | undefined;
  let way: Way = 'usual';
  let seen = first ?? (await read());
  for (
    let round = 0;
    round < MOST_WRITES && futile < MOST_FUTILE_WRITES && !refusal && !isWanted(seen);
    round++
  ) {
    const before = seen;
    const outcome = await write(seen, way).catch((error: unknown): Outcome => {
      if (!isFinalFailure(error, FailureType.Refused)) throw error;
      refusal = error;
      return { kind: 'conflict' };
    });
    answer = outcome;
    if (outcome.kind === 'refused')
      refusal = new FinalFailure(
        FailureType.Refused,
        `${what} is refused (${outcome.why}): ${outcome.detail}`,
      );
    const isAccepted = outcome.kind === 'written' || outcome.kind === 'unknown';
    if (isAccepted) writes += 1;
    seen = await read();
    // A value that another administrator changed meanwhile is written again at once. One that is unchanged may only be shown late.
    for (let waitedMs = 0, ms = 50; waitedMs < settleMs && isDeepStrictEqual(seen, before); ms *= 2) {
      await pause(Math.min(ms, settleMs - waitedMs), undefined, { signal });
      waitedMs += ms;
      seen = await read();
    }
    if (!isDeepStrictEqual(seen, before)) continue;
    futile += 1;
    if (isAccepted) way = 'other';
    // It was no race.
    if (answer.kind === 'conflict' && answer.because instanceof FinalFailure) refusal = answer.because;
  }
  const known: Ignored = ignored.get(port) ?? new Map();
  ignored.set(port, known);
  const earlier = known.get(what);
  known.delete(what);
  if (isWanted(seen)) return { seen, writes };
  if (refusal && writes === 0) throw refusal;
  const isIgnored = writes > 0 && (refusal !== undefined || futile === MOST_FUTILE_WRITES);
  if (!isIgnored) {
    // Nothing has changed, so it was no race: the system's own reason says more.
    if (futile > 0 && answer.kind === 'conflict' && answer.because) throw answer.because;
    throw new Error(
      `${what}: ${writes === 0 ? because[answer.kind] : futile > 0 ? because.written : UNDONE}`,
    );
  }
  const isAsBefore = isDeepStrictEqual(earlier?.seen, seen);
  const attempts = 1 + (isAsBefore ? earlier!.attempts : 0);
  const other = refusal ? `; in another way: ${refusal.message}` : '';
  if (attempts >= MOST_IGNORED_ATTEMPTS)
    throw new FinalFailure(
      FailureType.Refused,
      `${what}: ${port.system} answers with success, and changes nothing${other}. Do it there by hand and settle the step, or have the system mended and retry`,
    );
  known.set(what, { seen, attempts });
  throw new Error(`${what}: ${because.written}${other}`);
}

const UNDONE = 'another administrator undoes it each time';
const because: Partial<Record<Outcome['kind'], string>> = {
  written: 'the server accepts the change but does not show it',
  unknown: 'the server accepts the change but does not show it',
  unchanged: 'the system says that it is so already, and shows another value',
  conflict: 'the system reports a conflict, and nothing has changed',
  gone: 'the system answers that it does not exist, and shows it',
};
