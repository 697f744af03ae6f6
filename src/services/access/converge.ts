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
  /** What is to change. The rest of what is seen may change at each read, for any reason. */
  valueOf: (seen: T) => unknown;
  /**
   * @param way `other` after a write that was not understood, or was answered with success and changed nothing
   * @param isUnversioned after conflicts that changed nothing: the system may show a version that it does not take
   */
  write: (seen: T, way: Way, isUnversioned: boolean) => Promise<Outcome>;
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
  { port, what, read, first, isWanted, valueOf, write, settleMs }: Value<T>,
  signal: AbortSignal,
): Promise<{ seen: T; writes: number }> {
  let writes = 0;
  let futile = 0;
  let answer: Outcome = { kind: 'written' };
  let refusal: FinalFailure | undefined;
  /** The first way was not understood. */
  let form: FinalFailure | undefined;
  let conflicts = 0;
  let isUndone = false;
  let way: Way = 'usual';
  const isSame = (one: T, other: T): boolean => isDeepStrictEqual(valueOf(one), valueOf(other));
  let seen = first ?? (await read());
  for (
    let round = 0;
    round < MOST_WRITES && futile < MOST_FUTILE_WRITES && !refusal && !isWanted(seen);
    round++
  ) {
    const before = seen;
    // It writes one value, so that it harms no write of another administrator.
    const isUnversioned = conflicts === MOST_WRITES - 1;
    const outcome = await write(seen, way, isUnversioned).catch((error: unknown): Outcome => {
      if (!isFinalFailure(error, FailureType.Refused)) throw error;
      refusal = error;
      return { kind: 'conflict' };
    });
    answer = outcome;
    const isOtherForm = outcome.kind === 'refused' && outcome.why === 'form' && way === 'usual';
    if (isOtherForm) {
      form = outcome.because;
      way = 'other';
    } else if (outcome.kind === 'refused')
      refusal =
        outcome.why === 'form'
          ? outcome.because
          : new FinalFailure(FailureType.Refused, `${what} is refused (${outcome.why}): ${outcome.detail}`);
    const isAccepted = outcome.kind === 'written' || outcome.kind === 'unknown';
    // Without a version a repetition of the request may land late: as after two writes.
    if (isAccepted) writes += isUnversioned ? 2 : 1;
    seen = await read();
    const isAsBefore = (): boolean => isSame(seen, before);
    // After a conflict alone, a change of anything else is a write of another administrator: this one is written again at once.
    const isRaced = (): boolean =>
      outcome.kind === 'conflict' && !refusal && !isDeepStrictEqual(seen, before);
    const mayBeLate = (): boolean => isAsBefore() && !isOtherForm && !isRaced();
    for (let waitedMs = 0, ms = 50; waitedMs < settleMs && mayBeLate(); ms *= 2) {
      await pause(Math.min(ms, settleMs - waitedMs), undefined, { signal });
      waitedMs += ms;
      seen = await read();
    }
    if (isWanted(seen) || !isAsBefore() || isOtherForm) continue;
    if (isRaced()) {
      conflicts += 1;
      continue;
    }
    // Another administrator may have set it back, once.
    if (isAccepted && !isUndone && !isDeepStrictEqual(seen, before)) {
      isUndone = true;
      continue;
    }
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
  if (refusal && writes === 0) throw form ?? refusal;
  const isIgnored = writes > 0 && (refusal !== undefined || futile === MOST_FUTILE_WRITES);
  if (!isIgnored) {
    // Nothing has changed, so it was no race: the system's own reason says more.
    if (answer.kind === 'conflict' && answer.because) throw answer.because;
    throw new Error(
      `${what}: ${writes === 0 ? because[answer.kind] : futile > 0 ? because.written : UNDONE}`,
    );
  }
  const attempts = 1 + (earlier && isDeepStrictEqual(earlier.seen, valueOf(seen)) ? earlier.attempts : 0);
  const undone = isUndone ? `, or ${UNDONE}` : '';
  const other = undone + (refusal ? `; in another way: ${refusal.message}` : '');
  if (attempts >= MOST_IGNORED_ATTEMPTS)
    throw new FinalFailure(
      FailureType.Refused,
      `${what}: ${port.system} answers with success, and changes nothing${other}. Do it there by hand and settle the step, or have the system mended and retry`,
    );
  known.set(what, { seen: valueOf(seen), attempts });
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
