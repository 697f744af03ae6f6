/**
 * The hold: one employee on one critical system, access taken away so that it can be given back. A pure machine: `next` says what is to be
 * done, `observed` takes in what came of it. The workflow performs it, and its memory is replay; the access service performs it, and its
 * memory is a record that is saved before each write.
 */
import { FailureType, FinalFailure } from './failures.js';
import {
  everythingOf,
  isNothing,
  mergeCaptures,
  nothing,
  type Blocked,
  type Capture,
  type CapturedAccount,
  type GroupRef,
  type HoldKind,
  type Restored,
  type Revoked,
  type Taken,
} from './hold-facts.js';

/** What is known of one hold; plain data, which a record can keep. */
export interface Held {
  capture?: Capture | undefined;
  /** Memberships appeared after the capture: the account is to be looked at again. */
  isToBeCaptured?: boolean | undefined;
  /** What the hold has set out to take, or has taken. Restore gives back this and no more. */
  taken: Taken;
  /** Until when a write of the block may still land, ISO 8601; `unknown` while its end was not seen. */
  mayLandUntil?: string | undefined;
  blocked?: Pick<Blocked, 'blockedAt' | 'version' | 'notes'> | undefined;
  /** The drift because of which it was blocked the last time: the id of its event. */
  blockedAfter?: string | undefined;
  /** Access was given back once; a late write may have taken it again, so it is looked at once more. */
  lookAgainAt?: string | undefined;
  restored?: Partial<Pick<Restored, 'givenBack' | 'active'>> & Pick<Restored, 'notes'>;
  /** From here on access cannot be given back as it was. */
  revokingSince?: string | undefined;
  /** The memberships that attempts of the revocation have set out to remove. */
  removing?: GroupRef[] | undefined;
  /** Whether an earlier run may have taken something. The capture tells. */
  inherits?: boolean | undefined;
  revoked?: Partial<Pick<Revoked, 'removedGroups' | 'accounts'>> & Pick<Revoked, 'notes'>;
}

export const noHold: Held = { taken: nothing };

export type Goal =
  /** @property drift the id of the latest drift: what came back is taken again because of it */
  | { to: 'block'; drift?: string | undefined }
  /** @property blockedByHandBy who blocked the system by hand, where a person did */
  | { to: 'restore'; blockedByHandBy?: string | undefined }
  | { to: 'revoke' };

type Move =
  | { move: 'capture' }
  | { move: 'block'; account: CapturedAccount; tried: Taken }
  | { move: 'restore'; account: CapturedAccount; taken: Taken; blockedVersion?: string | undefined }
  | { move: 'revoke'; account: CapturedAccount | undefined; removing: GroupRef[] | undefined }
  /** Until then a late write of the block may land. */
  | { move: 'wait'; until: string }
  | { move: 'done'; notes: string[] }
  | { move: 'refuse'; because: FinalFailure };

export type Answer =
  | { captured: Capture }
  /** A block is about to write: what it has now set out to take. */
  | { trying: Taken }
  | { blocked: Blocked }
  /** A block ended without an answer; `reported` is what it had set out to take, undefined where that is lost, null for nothing new. */
  | { gaveUp: { reported: Taken | null | undefined } }
  | { restored: Restored }
  /** A restore could not give everything back; what a late write takes again is judged by the second look. */
  | { notGivenBack: true }
  | { revoking: true }
  | { removing: GroupRef[] }
  | { revoked: Revoked };

export interface HoldOn {
  system: string;
  kind: HoldKind;
  /** How long after it was given up a request may still take effect on a server without ETags. */
  lateWriteMs: number;
  /** What the block was because of; for `observed`. */
  goal: Goal;
  /** Milliseconds since the epoch. */
  now: number;
}

const UNKNOWN = 'unknown';

function next(held: Held, { system, goal, now }: Pick<HoldOn, 'system' | 'goal' | 'now'>): Move {
  const { capture, taken, blocked, restored, revokingSince, revoked, lookAgainAt } = held;
  const account = capture?.account;
  switch (goal.to) {
    case 'block':
      if (blocked && held.blockedAfter === goal.drift && !held.isToBeCaptured)
        return { move: 'done', notes: blocked.notes };
      if (!capture || held.isToBeCaptured) return { move: 'capture' };
      if (!account) return { move: 'done', notes: ['no account'] };
      return { move: 'block', account, tried: taken };
    case 'restore': {
      if (!restored && revokingSince !== undefined)
        return { move: 'refuse', because: revokingAlready(system, revokingSince) };
      if (!restored && account && !isNothing(taken)) {
        if (lookAgainAt !== undefined && Date.parse(lookAgainAt) > now)
          return { move: 'wait', until: lookAgainAt };
        return { move: 'restore', account, taken, blockedVersion: blocked?.version };
      }
      const { blockedByHandBy } = goal;
      if (blockedByHandBy !== undefined) return { move: 'refuse', because: byHand(system, blockedByHandBy) };
      if (restored) return { move: 'done', notes: restored.notes };
      if (!capture && held.inherits) return { move: 'capture' };
      if (!capture)
        return { move: 'done', notes: ['the account was never looked at, so nothing had been taken'] };
      return { move: 'done', notes: [account ? 'nothing had been taken' : 'no account'] };
    }
    case 'revoke':
      if (revoked) return { move: 'done', notes: revoked.notes };
      return { move: 'revoke', account, removing: held.removing };
  }
}

export function observed(held: Held, answer: Answer, { kind, lateWriteMs, goal, now }: HoldOn): Held {
  const isoIn = (ms: number): string => new Date(now + ms).toISOString();
  if ('captured' in answer) {
    // What an earlier run of this exit, or an earlier exit, had taken is still taken.
    const { taken = held.taken, revokingSince } = held.capture ? held : answer.captured;
    const capture = mergeCaptures(held.capture, answer.captured);
    return { ...held, capture, taken, revokingSince, isToBeCaptured: false };
  }
  if ('trying' in answer) return { ...held, taken: answer.trying, mayLandUntil: UNKNOWN };
  if ('gaveUp' in answer) {
    const { reported } = answer.gaveUp;
    const { account } = held.capture ?? {};
    // For want of a word everything that the hold could take counts as taken.
    const taken = reported === undefined && account ? everythingOf(account, kind) : (reported ?? held.taken);
    return { ...held, taken, mayLandUntil: UNKNOWN };
  }
  if ('blocked' in answer) {
    const { blockedAt, version, notes, taken, isUnsettled, uncaptured } = answer.blocked;
    const mayLandUntil = isUnsettled ? isoIn(lateWriteMs) : undefined;
    if (uncaptured.length > 0) return { ...held, taken, mayLandUntil, isToBeCaptured: true };
    const drift = goal.to === 'block' ? goal.drift : undefined;
    return { ...held, taken, mayLandUntil, blocked: { blockedAt, version, notes }, blockedAfter: drift };
  }
  if ('revoking' in answer) return { ...held, revokingSince: held.revokingSince ?? isoIn(0) };
  if ('removing' in answer) return { ...held, removing: answer.removing };
  if ('revoked' in answer) {
    const { removedGroups, accounts, notes } = answer.revoked;
    return { ...held, revoked: { removedGroups, accounts, notes } };
  }
  const waitMs = held.lookAgainAt === undefined ? mayLandForMs(held, lateWriteMs, now) : 0;
  if (waitMs > 0) return { ...held, lookAgainAt: isoIn(waitMs) };
  if ('notGivenBack' in answer) return held;
  const { givenBack, active, notes } = answer.restored;
  return { ...held, restored: { givenBack, active, notes } };
}

/** How long a write of the block may still land. */
function mayLandForMs({ mayLandUntil }: Held, lateWriteMs: number, now: number): number {
  if (mayLandUntil === undefined) return 0;
  return mayLandUntil === UNKNOWN ? lateWriteMs : Math.min(lateWriteMs, Date.parse(mayLandUntil) - now);
}

const revokingAlready = (system: string, since: string) =>
  new FinalFailure(
    FailureType.NotGivenBack,
    `access to ${system} was being revoked already, at ${since}, when "retained" came: decide by hand what to give back`,
  );

const byHand = (system: string, by: string) =>
  new FinalFailure(
    FailureType.DoneByHand,
    `${system} was blocked by hand by ${by}: give the access back by hand and settle this step`,
  );

type MoveTo<M extends Move['move']> = Extract<Move, { move: M }>;

/** What performs the moves: activities, or the access service itself. Each may throw what the service throws. */
export interface Performer {
  /** What is remembered. Each answer is set here before what follows from it. */
  held: Held;
  /** Milliseconds since the epoch. */
  now: () => number;
  /** Makes what is remembered durable, where replay does not. */
  save: () => Promise<void>;
  capture: () => Promise<Capture>;
  block: (move: MoveTo<'block'>) => Promise<Blocked>;
  restore: (move: MoveTo<'restore'>) => Promise<Restored>;
  revoke: (move: MoveTo<'revoke'>) => Promise<Revoked>;
  /** @param until ISO 8601 */
  wait: (until: string) => Promise<void>;
}

/**
 * Carries a hold to its goal.
 * @returns what an auditor would ask about
 * @throws FinalFailure NotGivenBack, DoneByHand
 */
export async function perform(performer: Performer, on: Omit<HoldOn, 'now'>): Promise<string[]> {
  const learn = (answer: Answer): void => {
    performer.held = observed(performer.held, answer, { ...on, now: performer.now() });
  };
  for (;;) {
    const todo = next(performer.held, { ...on, now: performer.now() });
    switch (todo.move) {
      case 'capture':
        learn({ captured: await performer.capture() });
        break;
      case 'block':
        learn({ blocked: await performer.block(todo) });
        break;
      case 'restore':
        try {
          learn({ restored: await performer.restore(todo) });
        } catch (failure) {
          const before = performer.held;
          const isListed = failure instanceof FinalFailure && failure.type === FailureType.NotGivenBack;
          if (isListed) learn({ notGivenBack: true });
          if (performer.held === before) throw failure;
        }
        break;
      case 'revoke':
        if (performer.held.revokingSince === undefined) {
          learn({ revoking: true });
          await performer.save();
        }
        learn({ revoked: await performer.revoke(todo) });
        break;
      case 'wait':
        await performer.wait(todo.until);
        break;
      case 'refuse':
        throw todo.because;
      case 'done':
        return todo.notes;
    }
  }
}
