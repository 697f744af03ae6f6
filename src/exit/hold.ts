/**
 * The hold on one account in one critical system, as a pure state machine. `next` returns the next move, `observed` applies its answer. The
 * workflow performs the moves and remembers by replay. The access service performs them and saves a record before each write.
 */
import { FailureType, FinalFailure, isFinalFailure } from './failures.js';
import {
  type Blocked,
  type Capture,
  type CapturedAccount,
  everythingOf,
  type GroupRef,
  type HoldKind,
  isNothing,
  mergeAccounts,
  mergeRights,
  nothing,
  type Restored,
  type Revoked,
  type Right,
  type Taken,
  withoutHarms,
} from './hold-facts.js';

/** The state of one hold: plain JSON, which a record can keep. Times are ISO 8601 in UTC. */
export interface Held {
  /** Without an account: the system has none of the employee. */
  capture?:
    | (Pick<Capture, 'capturedAt' | 'notes' | 'cost' | 'unfound'> & { account?: CapturedAccount | undefined })
    | undefined;
  /** The id of the drift event that caused the latest capture. */
  capturedAfter?: string | undefined;
  /** Memberships appeared after the capture, so the next move captures again. */
  isToBeCaptured?: boolean | undefined;
  /** How many blocks in a row have found such memberships. */
  uncapturedRounds?: number | undefined;
  /** When to capture again: ISO 8601, UTC. */
  captureAgainAt?: string | undefined;
  /** What the hold has set out to take, or has taken. A restore gives back this and no more. */
  taken: Taken;
  /** The latest goal, and how often its step was begun. */
  begun?: string | undefined;
  /** Until when a write of the block may still take effect; `unknown` where no attempt reported its end. */
  mayLandUntil?: string | undefined;
  blocked?: Pick<Blocked, 'blockedAt' | 'version' | 'renamed' | 'notes'> | undefined;
  /** What all blocks cost besides. */
  rights?: Right[] | undefined;
  /** The id of the drift event that caused the latest block: the accounts of the employee are looked for again. */
  blockedAfter?: string | undefined;
  /** When to verify a restore: until then a late write of the block may take the access again. */
  lookAgainAt?: string | undefined;
  /** What stays true of the restore before it. */
  first?: (Pick<Restored, 'lasting' | 'memberships'> & { isAnew: boolean }) | undefined;
  /** The groups that a restore has set out to give back, with the other members. */
  giving?: GroupRef[] | undefined;
  restored?: Partial<Pick<Restored, 'givenBack' | 'active'>> & Pick<Restored, 'notes'>;
  /** When the revocation began. From then on a restore is refused. */
  revokingSince?: string | undefined;
  /** The memberships that attempts to revoke have set out to remove. */
  removing?: GroupRef[] | undefined;
  /** Whether an earlier run may have taken access. The capture returns what. */
  inherits?: boolean | undefined;
  revoked?: Partial<Pick<Revoked, 'removedGroups' | 'groups' | 'accounts'>> & Pick<Revoked, 'notes'>;
}

export const noHold: Held = { taken: nothing };

export type Goal =
  /** @property drift the id of the latest drift, which causes another block */
  | { to: 'block'; drift?: string | undefined }
  /** @property blockedByHand who blocked accounts of the system by hand, and when: ISO 8601, UTC */
  | { to: 'restore'; blockedByHand?: { by: string; at: string } | undefined }
  | { to: 'revoke' };

type Move =
  | { move: 'capture' }
  | { move: 'block'; account: CapturedAccount; tried: Taken }
  | {
      move: 'restore';
      account: CapturedAccount;
      taken: Taken;
      earlier: Earlier;
      giving: GroupRef[] | undefined;
    }
  | { move: 'revoke'; removing: GroupRef[] | undefined }
  /** `until`: ISO 8601, UTC. `why`: for people, after "Until". */
  | { move: 'wait'; until: string; why: string }
  | { move: 'done'; notes: string[] }
  | { move: 'refuse'; because: FinalFailure };

/** What earlier moves observed of the account: the last block, and the restore before this one. */
export type Earlier = Pick<Blocked, 'version' | 'renamed' | 'rights'> & Pick<Restored, 'memberships'>;

/** What a capture tells of one account. */
interface Captured extends Pick<Capture, 'capturedAt' | 'notes' | 'cost' | 'revokingSince' | 'unfound'> {
  account: CapturedAccount | undefined;
  taken: Taken | undefined;
}

export type Answer =
  | { captured: Captured }
  /** A block is about to write: what it has set out to take. */
  | { trying: Taken }
  | { blocked: Blocked }
  /** A block ended without a result. `reported`: what it had set out to take; null for nothing new, undefined where the report is lost. */
  | { gaveUp: { reported: Taken | null | undefined } }
  | { giving: GroupRef[] }
  | { restored: Restored }
  /** An operator looks why memberships come back; a retry counts anew. */
  | { askedForHelp: true }
  /** The next attempt looks for the accounts again. */
  | { isIncomplete: true }
  /** A restore could not give everything back. A late write may be the reason, so a second restore decides. */
  | { notGivenBack: true }
  | { revoking: true }
  | { removing: GroupRef[] }
  | { revoked: Revoked }
  /** The step was begun, perhaps once more. */
  | { begun: string };

export interface HoldContext {
  system: string;
  kind: HoldKind;
  /** How long an abandoned request may still take effect on a server without ETags. */
  lateWriteMs: number;
  goal: Goal;
  /** How often the step was begun: a person's retry begins it again, and a redelivery or a new attempt does not. */
  starts: number;
  /** Milliseconds since the epoch. */
  now: number;
}

const UNKNOWN = 'unknown';

/** The pauses between blocks that find new memberships. The first is a coincidence; after the last, a rule adds them. */
const ROUND_PAUSES_MS = [0, 5_000, 20_000];

function next(held: Held, { system, goal, now }: Pick<HoldContext, 'system' | 'goal' | 'now'>): Move {
  const { capture, taken, blocked, restored, revokingSince, revoked, lookAgainAt } = held;
  const account = capture?.account;
  switch (goal.to) {
    case 'block':
      if (held.captureAgainAt !== undefined && Date.parse(held.captureAgainAt) > now)
        return { move: 'wait', until: held.captureAgainAt, why: `${system} may have settled` };
      if (!capture || held.isToBeCaptured || held.capturedAfter !== goal.drift) return { move: 'capture' };
      if (!account) return { move: 'done', notes: ['no account', ...capture.notes] };
      if (blocked && held.blockedAfter === goal.drift)
        return { move: 'done', notes: [...capture.notes, ...blocked.notes] };
      return { move: 'block', account, tried: taken };
    case 'restore': {
      if (!restored && revokingSince !== undefined)
        return { move: 'refuse', because: revokingAlready(system, revokingSince) };
      if (!restored && account && !isNothing(taken)) {
        if (lookAgainAt !== undefined && Date.parse(lookAgainAt) > now)
          return { move: 'wait', until: lookAgainAt, why: `no late write can block ${system} again` };
        const { version, renamed } = blocked ?? {};
        const earlier = { version, renamed, rights: held.rights, memberships: held.first?.memberships };
        return { move: 'restore', account, taken, earlier, giving: held.giving };
      }
      const { blockedByHand } = goal;
      // What EMS itself has blocked since, it has given back as well.
      const isOurs = restored && blocked && blocked.blockedAt > (blockedByHand?.at ?? '');
      if (blockedByHand && !isOurs) return { move: 'refuse', because: byHand(system, blockedByHand.by) };
      if (restored) return { move: 'done', notes: restored.notes };
      if (!capture && held.inherits) return { move: 'capture' };
      if (!capture)
        return { move: 'done', notes: ['the account was never looked at, so nothing had been taken'] };
      return { move: 'done', notes: [account ? 'nothing had been taken' : 'no account'] };
    }
    case 'revoke':
      if (revoked) return { move: 'done', notes: revoked.notes };
      return { move: 'revoke', removing: held.removing };
  }
}

export function observed(held: Held, answer: Answer, { kind, lateWriteMs, goal, now }: HoldContext): Held {
  const isoIn = (ms: number): string => new Date(now + ms).toISOString();
  if ('captured' in answer) {
    // What earlier runs or exits took is still taken, so it belongs to this hold.
    const { taken = held.taken, revokingSince } = held.capture ? held : answer.captured;
    const { account: seen, capturedAt, notes, cost, unfound } = answer.captured;
    const known = held.capture?.account;
    // The first capture saw the account before the first write.
    const capture = known
      ? { ...held.capture!, account: mergeAccounts(known, seen), notes, cost, unfound }
      : { capturedAt, account: seen, notes, cost, unfound };
    const capturedAfter = goal.to === 'block' ? goal.drift : undefined;
    const again = { isToBeCaptured: false, captureAgainAt: undefined };
    return { ...held, capture, capturedAfter, taken, revokingSince, ...again };
  }
  if ('trying' in answer) return { ...held, taken: answer.trying, mayLandUntil: UNKNOWN };
  if ('gaveUp' in answer) {
    const { reported } = answer.gaveUp;
    const { account } = held.capture ?? {};
    // Without a report, assume the most that the hold can have taken.
    const taken = reported === undefined && account ? everythingOf(account, kind) : (reported ?? held.taken);
    return { ...held, taken, mayLandUntil: UNKNOWN };
  }
  if ('blocked' in answer) {
    const { blockedAt, version, notes, taken, isUnsettled, uncaptured } = answer.blocked;
    // A repeated block finds the account renamed already.
    const renamed = answer.blocked.renamed ?? held.blocked?.renamed;
    const rights = answer.blocked.rights ? mergeRights(held.rights, answer.blocked.rights) : held.rights;
    const mayLandUntil = isUnsettled ? isoIn(lateWriteMs) : undefined;
    if (uncaptured.length > 0) {
      const { uncapturedRounds = 0 } = held;
      const pauseMs = ROUND_PAUSES_MS[uncapturedRounds] ?? 0;
      const captureAgainAt = pauseMs > 0 ? isoIn(pauseMs) : undefined;
      const again = { isToBeCaptured: true, uncapturedRounds: uncapturedRounds + 1, captureAgainAt };
      return { ...held, taken, rights, mayLandUntil, ...again };
    }
    const drift = goal.to === 'block' ? goal.drift : undefined;
    return {
      ...held,
      taken,
      rights,
      mayLandUntil,
      uncapturedRounds: undefined,
      blocked: { blockedAt, version, renamed, notes },
      blockedAfter: drift,
    };
  }
  if ('isIncomplete' in answer) return { ...held, isToBeCaptured: true };
  if ('askedForHelp' in answer) return { ...held, uncapturedRounds: undefined };
  if ('begun' in answer) {
    const taken = { ...held.taken, groups: withoutHarms(held.taken.groups) };
    const [giving, removing] = [held.giving, held.removing].map((groups) => groups && withoutHarms(groups));
    return { ...held, begun: answer.begun, taken, giving, removing };
  }
  if ('revoking' in answer) return { ...held, revokingSince: held.revokingSince ?? isoIn(0) };
  if ('giving' in answer) return { ...held, giving: answer.giving };
  if ('removing' in answer) return { ...held, removing: answer.removing };
  if ('revoked' in answer) {
    const { removedGroups, groups, accounts, notes } = answer.revoked;
    return { ...held, revoked: { removedGroups, groups, accounts, notes } };
  }
  const isUnsettled = 'restored' in answer && answer.restored.isUnsettled === true;
  const unsettledMs = isUnsettled ? lateWriteMs : mayLandForMs(held, lateWriteMs, now);
  const isLater = held.lookAgainAt !== undefined;
  // A later look that had to reactivate the account anew is followed by one more, and by no third.
  const isAnew =
    isLater && !held.first?.isAnew && 'restored' in answer && answer.restored.hasReactivated === true;
  const waitMs = !isLater || isAnew ? unsettledMs : 0;
  if (waitMs > 0) {
    const { lasting, memberships } = 'restored' in answer ? answer.restored : {};
    const first = { lasting: withEarlier(lasting), memberships, isAnew };
    return { ...held, giving: undefined, lookAgainAt: isoIn(waitMs), first };
  }
  if ('notGivenBack' in answer) return held;
  const { givenBack, active, notes } = answer.restored;
  return {
    ...held,
    restored: { givenBack, active, notes: withEarlier(notes) },
  };

  function withEarlier(notes: readonly string[] = []): string[] {
    return [...new Set([...(held.first?.lasting ?? []), ...notes])];
  }
}

/** How long a write of the block may still take effect. */
function mayLandForMs({ mayLandUntil }: Held, lateWriteMs: number, now: number): number {
  if (mayLandUntil === undefined) return 0;
  return mayLandUntil === UNKNOWN ? lateWriteMs : Math.min(lateWriteMs, Date.parse(mayLandUntil) - now);
}

const revokingAlready = (system: string, since: string) =>
  new FinalFailure(
    FailureType.NotGivenBack,
    `the revocation of access to ${system} had begun at ${since}, before "retained" arrived: decide by hand what to give back`,
  );

const byHand = (system: string, by: string) =>
  new FinalFailure(
    FailureType.DoneByHand,
    `${by} blocked ${system} by hand: give the access back by hand and settle this step`,
  );

const addedEachTime = (system: string, userName: string, groups: readonly GroupRef[], rounds: number) =>
  new FinalFailure(
    FailureType.Refused,
    `${userName} is in ${groups.map(({ displayName }) => displayName).join(', ')} on ${system} after each of ${rounds} removals: perhaps a rule adds it again each time. Look there, then retry the step`,
  );

type MoveTo<M extends Move['move']> = Extract<Move, { move: M }>;

/** Performs the moves: by activities, or in the access service itself. Each method may throw what the service throws. */
export interface Performer {
  /** The state after the latest answer. */
  held: Held;
  /** Milliseconds since the epoch. */
  now: () => number;
  /** Makes `held` durable, where replay does not. */
  save: () => Promise<void>;
  capture: () => Promise<Captured>;
  /** @param apply takes an answer that comes before the result */
  block: (move: MoveTo<'block'>, apply: (answer: Answer) => void) => Promise<Blocked>;
  restore: (move: MoveTo<'restore'>, apply: (answer: Answer) => void) => Promise<Restored>;
  /** Of every account of the employee. */
  revoke: (move: MoveTo<'revoke'>, apply: (answer: Answer) => void) => Promise<Revoked>;
  wait: (move: MoveTo<'wait'>) => Promise<void>;
}

/**
 * Performs moves until the hold reaches its goal.
 * @returns notes for an auditor
 * @throws FinalFailure NotGivenBack, DoneByHand, Refused; as `Unfound` says; and what a move throws
 */
export async function perform(performer: Performer, on: Omit<HoldContext, 'now'>): Promise<string[]> {
  const apply = (answer: Answer): void => {
    performer.held = observed(performer.held, answer, { ...on, now: performer.now() });
  };
  const begun = `${on.goal.to} ${on.starts}`;
  if (performer.held.begun !== begun) apply({ begun });
  for (;;) {
    const todo = next(performer.held, { ...on, now: performer.now() });
    switch (todo.move) {
      case 'capture':
        apply({ captured: await performer.capture() });
        break;
      case 'block': {
        const blocked = await performer.block(todo, apply);
        apply({ blocked });
        const { uncapturedRounds = 0 } = performer.held;
        if (uncapturedRounds <= ROUND_PAUSES_MS.length) break;
        apply({ askedForHelp: true });
        await performer.save();
        throw addedEachTime(on.system, todo.account.userName, blocked.uncaptured, uncapturedRounds);
      }
      case 'restore':
        try {
          apply({ restored: await performer.restore(todo, apply) });
        } catch (failure) {
          const before = performer.held;
          const isListed = isFinalFailure(failure, FailureType.NotGivenBack);
          if (isListed) apply({ notGivenBack: true });
          if (performer.held === before) throw failure;
        }
        break;
      case 'revoke':
        if (performer.held.revokingSince === undefined) {
          apply({ revoking: true });
          await performer.save();
        }
        apply({ revoked: await performer.revoke(todo, apply) });
        break;
      case 'wait':
        await performer.wait(todo);
        break;
      case 'refuse':
        throw todo.because;
      case 'done': {
        const { unfound } = performer.held.capture ?? {};
        if (on.goal.to !== 'block' || !unfound) return todo.notes;
        apply({ isIncomplete: true });
        await performer.save();
        throw new FinalFailure(
          unfound.isKeyUnknown ? FailureType.KeyUnknown : FailureType.CannotTell,
          unfound.error,
        );
      }
    }
  }
}
