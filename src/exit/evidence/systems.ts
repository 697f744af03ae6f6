/** The record of each critical system: the account before, what was taken, drifts, the restore or revoke, and what was observed. */
import type { Ending } from '../decision.js';
import type { EndRecord, SystemRecord } from './evidence.js';
import type { Fact, FactOf } from './facts.js';
import { FailureType, isUntold } from '../failures.js';
import { isNothing, mergeCaptures, mergeTaken, type Capture, type GroupRef } from '../hold-facts.js';
import { keyOfStep, type Confirmation } from '../status.js';

export function systemsOf(facts: readonly Fact[], outcome: Ending | undefined): SystemRecord[] {
  const planned = facts.findLast((fact) => fact.kind === 'planned')?.systems ?? [];
  return planned.map(({ name, hold, isManual }) => ({ ...systemOf(name, facts, outcome), hold, isManual }));
}

function systemOf(
  system: string,
  facts: readonly Fact[],
  outcome: Ending | undefined,
): Omit<SystemRecord, 'hold' | 'isManual'> {
  const of = <K extends 'captured' | 'blocked' | 'drifted' | 'restored' | 'revoked' | 'revoking'>(kind: K) =>
    facts.filter((fact): fact is FactOf<K> => fact.kind === kind && fact.system === system);
  const captured = of('captured');
  const capture = captured.reduce<Capture | undefined>(
    (first, { capture }) => mergeCaptures(first, capture),
    undefined,
  );
  const blocks = of('blocked');
  const accounts = capture?.accounts ?? [];
  const hasNoAccount = capture && accounts.length === 0;
  // A block that found uncaptured memberships is repeated, so it is not complete. Each account has an observation of its own, or the
  // record has one for all of them.
  const whole = blocks.filter(({ blocked }) => blocked.uncaptured.length === 0);
  const complete = whole[capture && blocks.some(({ account }) => account) ? accounts.length - 1 : 0];
  const taken =
    blocks.length > 0 ? blocks.map(({ blocked }) => blocked.taken) : Object.values(capture?.taken ?? {});
  const notes = [
    ...(capture?.notes ?? []),
    ...blocks.flatMap(({ blocked }) => blocked.notes),
    ...of('restored').flatMap(({ restored }) => restored.notes),
    ...of('revoked').flatMap(({ revoked }) => revoked.notes),
  ];

  return {
    system,
    accounts: accounts.map(({ id, userName }) => ({ id, userName })),
    before: capture && !hasNoAccount ? beforeOf(capture) : undefined,
    block: {
      // Others of the employee may be active: what was observed of the accounts that were found is not all.
      ...(complete && !capture?.unfound
        ? { how: 'observed' }
        : howOtherwise(`block-access:${system}`, facts, capture, outcome)),
      at: complete?.at,
      taken: taken.length > 0 ? mergeTaken(taken) : undefined,
    },
    blocks: blocks.map(({ at, blocked: { taken, notes } }) => ({ at, taken, notes })),
    drifts: of('drifted').map(({ at, what, seenAt }) => ({
      seenAt,
      what,
      blockedAgainAt: whole.find((block) => block.at > at)?.at,
    })),
    end: outcome && (outcome === 'leaving' ? revocation() : restoration()),
    notGivenBack: facts.flatMap((fact) =>
      fact.kind === 'attention' &&
      fact.type === FailureType.NotGivenBack &&
      fact.step === `restore-access:${system}`
        ? [fact.why]
        : [],
    ),
    notes: [...new Set(notes)],
  };

  function restoration(): EndRecord {
    // While a late write of the block could undo a restore, a second one follows. The last one counts.
    const restored = of('restored').filter(({ earlierRun }) => !earlierRun);
    const last = restored.at(-1);
    // Where the hold took nothing, no activity restores it.
    const hadNothing = isOver(facts) || (blocks.length > 0 && isNothing(mergeTaken(taken)));
    const by = settledBy(`restore-access:${system}`, facts);
    const givenBack = last && mergeTaken(restored.map((each) => each.restored.givenBack));
    if (by) return { what: 'restored', ...by, at: last?.at, givenBack };
    if (!last || !givenBack)
      return {
        what: 'restored',
        how: hadNothing ? 'nothing-to-do' : pending(`restore-access:${system}`, facts),
      };
    const { active } = last.restored;
    return {
      what: 'restored',
      how: isOver(facts) || isWhole(restored) ? 'observed' : pending(`restore-access:${system}`, facts),
      at: last.at,
      givenBack,
      after: { active: givenBack.suspended ? true : active, groups: givenBack.groups },
    };
  }

  /** Whether each account is given back, and no second look is due, and no person is to look. */
  function isWhole(restored: readonly FactOf<'restored'>[]): boolean {
    const last = restored.at(-1)!;
    const held = blocks.flatMap(({ account, blocked }) =>
      account && !isNothing(blocked.taken) ? account : [],
    );
    const isBack = (account: string): boolean => {
      const of = restored.findLast((each) => each.account === account);
      return of !== undefined && of.restored.isUnsettled !== true;
    };
    const isStuck = facts.some(
      (fact) => fact.kind === 'attention' && fact.step === `restore-access:${system}` && fact.at > last.at,
    );
    return !isStuck && last.restored.isUnsettled !== true && held.every(isBack);
  }

  function revocation(): EndRecord {
    const last = of('revoked').findLast(({ earlierRun }) => !earlierRun);
    const removed = [
      ...of('revoking').flatMap(({ groups }) => groups),
      ...of('revoked').flatMap(({ revoked }) => revoked.removedGroups),
    ];
    const removedGroups = distinct(removed);
    const by = settledBy(`revoke-access:${system}`, facts);
    if (by) return { what: 'revoked', ...by, ...(removedGroups.length > 0 && { removedGroups }) };
    if (!last)
      return {
        what: 'revoked',
        how: pending(`revoke-access:${system}`, facts),
        ...(removedGroups.length > 0 && { removedGroups }),
      };
    const { accounts } = last.revoked;
    if (accounts?.length === 0) return { what: 'revoked', how: 'nothing-to-do', at: last.at };
    const after = { active: false, groups: [] };
    return { what: 'revoked', how: 'observed', at: last.at, removedGroups, accounts, after };
  }
}

function howOtherwise(
  step: string,
  facts: readonly Fact[],
  capture: Capture | undefined,
  outcome: Ending | undefined,
): Pick<SystemRecord['block'], 'how' | 'confirmed'> {
  const by = settledBy(step, facts);
  if (by) return by;
  if (capture?.unfound) return { how: 'cannot-tell' };
  const how = capture?.accounts.length === 0 ? 'nothing-to-do' : pending(step, facts);
  return { how: how === 'pending' && outcome ? 'given-up' : how };
}

/** The step is not settled: its last answer may not have told. */
function pending(step: string, facts: readonly Fact[]): 'cannot-tell' | 'pending' {
  const last = facts.findLast((fact) => fact.kind === 'attention' && fact.step === step);
  return last?.kind === 'attention' && isUntold(last.type) ? 'cannot-tell' : 'pending';
}

/** The accounts together. */
function beforeOf({ capturedAt, accounts }: Capture): NonNullable<SystemRecord['before']> {
  const isInactive = accounts.every(({ active }) => active === false);
  return {
    at: capturedAt,
    active: accounts.some(({ active }) => active) || (isInactive ? false : undefined),
    groups: distinct(accounts.flatMap(({ groups }) => groups)),
  };
}

/** How a person settled the step, and what they confirmed; undefined where EMS did it. */
function settledBy(
  step: string,
  facts: readonly Fact[],
): { how: 'confirmed'; confirmed: Confirmation } | { how: 'skipped' } | undefined {
  const resolved = facts.findLast(
    (fact) =>
      fact.kind === 'step-resolved' &&
      'ok' in fact.result &&
      fact.resolution.action !== 'retry' &&
      keyOfStep(fact.resolution) === step,
  );
  if (resolved?.kind !== 'step-resolved') return undefined;
  const { at, resolution } = resolved;
  const { action, by, evidence } = resolution;
  return action === 'skip' ? { how: 'skipped' } : { how: 'confirmed', confirmed: { by, at, evidence } };
}

const isOver = (facts: readonly Fact[]): boolean =>
  facts.some((fact) => fact.kind === 'ended' && !fact.earlierRun && fact.how !== 'terminated');
const distinct = (groups: readonly GroupRef[]): GroupRef[] => [
  ...new Map(groups.map((group) => [group.id, group])).values(),
];
