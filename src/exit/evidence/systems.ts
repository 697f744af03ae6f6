/** The record of each critical system: the account before, what was taken, drifts, the restore or revoke, and what was observed. */
import type { Ending } from '../decision.js';
import type { EndRecord, SystemRecord } from './evidence.js';
import type { Fact, FactOf, When } from './facts.js';
import { FailureType, isUntold } from '../failures.js';
import { isNothing, mergeCaptures, mergeTaken, type AccountRef, type Capture } from '../hold-facts.js';
import { keyOfStep, type Confirmation, type Phase } from '../status.js';

/** @param stuck the steps that the exit itself says need attention */
export function systemsOf(
  facts: readonly Fact[],
  outcome: Ending | undefined,
  stuck: readonly string[],
): SystemRecord[] {
  const planned = facts.findLast((fact) => fact.kind === 'planned')?.systems ?? [];
  return planned.map(({ name, hold, isManual }) => ({
    ...systemOf(name, facts, outcome, stuck),
    hold,
    isManual,
  }));
}

function systemOf(
  system: string,
  facts: readonly Fact[],
  outcome: Ending | undefined,
  stuck: readonly string[],
): Omit<SystemRecord, 'hold' | 'isManual'> {
  const of = <K extends 'captured' | 'blocked' | 'drifted' | 'restored' | 'revoked' | 'revoking'>(kind: K) =>
    facts.filter((fact): fact is FactOf<K> => fact.kind === kind && fact.system === system);
  const captured = of('captured');
  const capture = together(captured);
  const blocks = of('blocked');
  const hasNoAccount = capture?.accounts.length === 0;
  const accounts = distinct([
    ...(capture?.accounts ?? []),
    ...blocks.flatMap(({ accounts = [] }) => accounts),
  ]);
  // A block that found uncaptured memberships is repeated, so it is not complete.
  const whole = blocks.filter(({ blocked }) => blocked.uncaptured.length === 0);
  const drifts = of('drifted').filter(isCounted).map(driftRecord);
  const blockedAt = whenEach(accounts, whole);
  const inherited = Object.entries(capture?.taken ?? {}).filter(([id]) => !blocks.some(isOf(id)));
  const allTaken = [...blocks.map(({ blocked }) => blocked.taken), ...inherited.map(([, taken]) => taken)];
  const taken = mergeTaken(allTaken);
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
      ...(blockedAt !== undefined && !capture?.unfound && stands()
        ? { how: 'observed', at: blockedAt }
        : howOtherwise(`block-access:${system}`, facts, capture, outcome, drifts)),
      taken: allTaken.length > 0 ? taken : undefined,
    },
    blocks: blocks.map(({ at, blocked: { taken, notes } }) => ({ at, taken, notes })),
    drifts,
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

  /** The exit ignores what was seen before the block was over, and what arrives after the decision. */
  function isCounted({ at, seenAt }: FactOf<'drifted'>): boolean {
    const block = whole.findLast((each) => each.at <= at);
    const isOver = facts.some((fact) => fact.kind === 'phase' && isEnding(fact.phase) && fact.at <= at);
    return !isOver && (!block || seenAt >= block.at);
  }

  function driftRecord({ at, what, seenAt }: FactOf<'drifted'>, i: number, all: readonly When[]) {
    const next = all[i + 1];
    const known = together(captured.filter((each) => !next || each.at <= next.at));
    const again = whole.filter((block) => block.at > at);
    return { seenAt, what, blockedAgainAt: whenEach(known?.accounts ?? [], again) };
  }

  /** Whether what was observed still stands: no access came back since, and no person has spoken for it. */
  function stands(): boolean {
    const by = settled(`block-access:${system}`, facts);
    const isLatest = !by || whole.some(({ at }) => at > by.at);
    return isLatest && drifts.every(({ blockedAgainAt }, i) => i < drifts.length - 1 || blockedAgainAt);
  }

  function restoration(): EndRecord {
    const step = `restore-access:${system}`;
    const restored = of('restored').filter(({ earlierRun }) => !earlierRun);
    const last = restored.at(-1);
    const by = settledBy(step, facts);
    const givenBack = last && mergeTaken(restored.map((each) => each.restored.givenBack));
    if (by) return { what: 'restored', ...by, at: last?.at, givenBack };
    const isStuck =
      stuck.includes(step) ||
      facts.some((fact) => fact.kind === 'attention' && fact.step === step && fact.at > (last?.at ?? ''));
    const isWhole = isOver(facts) || (!isStuck && idsOf(accounts).every(isBack));
    // Where the hold took nothing, no activity restores it.
    if (!last || !givenBack)
      return {
        what: 'restored',
        how: isWhole && isNothing(taken) ? 'nothing-to-do' : pending(step, facts),
      };
    if (!isWhole) return { what: 'restored', how: pending(step, facts), givenBack };
    const { active } = last.restored;
    const latest = idsOf(accounts).flatMap((id) => restored.findLast(isOf(id)) ?? []);
    return {
      what: 'restored',
      how: 'observed',
      at: last.at,
      givenBack,
      after: {
        // One that was given back may have expired by itself.
        active: givenBack.suspended ? latest.some((each) => each.restored.active !== false) : active,
        groups: givenBack.groups,
      },
    };

    /** No second look is due. Without a complete block, what the hold took of the account is not known. */
    function isBack(id: string | undefined): boolean {
      // While a late write of the block could undo a restore, a second one follows. The last one counts.
      const latest = restored.findLast(isOf(id));
      if (latest) return latest.restored.isUnsettled !== true;
      const hadNothing = blocks.filter(isOf(id)).every(({ blocked }) => isNothing(blocked.taken));
      return whole.some(isOf(id)) && hadNothing;
    }
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
    const { accounts, groups } = last.revoked;
    if (accounts?.length === 0) return { what: 'revoked', how: 'nothing-to-do', at: last.at };
    const after = { active: false, groups };
    return { what: 'revoked', how: 'observed', at: last.at, removedGroups, accounts, after };
  }
}

const together = (captured: readonly FactOf<'captured'>[]): Capture | undefined =>
  captured.reduce<Capture | undefined>((first, { capture }) => mergeCaptures(first, capture), undefined);

interface Observation extends When {
  accounts?: readonly AccountRef[] | undefined;
}

/** Without an id: of any account. */
const isOf =
  (id: string | undefined) =>
  ({ accounts }: Observation): boolean =>
    id === undefined || !accounts || accounts.some((account) => account.id === id);

/** An observation of a system without a capture is of each account that it has. */
const idsOf = (accounts: readonly AccountRef[]): (string | undefined)[] =>
  accounts.length > 0 ? accounts.map(({ id }) => id) : [undefined];

/** @returns when the last of the accounts was first observed; undefined where one was not */
function whenEach(accounts: readonly AccountRef[], observed: readonly Observation[]): string | undefined {
  const firsts = idsOf(accounts).flatMap((id) => observed.find(isOf(id)) ?? []);
  if (firsts.length < Math.max(1, accounts.length)) return undefined;
  return firsts
    .map(({ at }) => at)
    .toSorted()
    .at(-1);
}

function howOtherwise(
  step: string,
  facts: readonly Fact[],
  capture: Capture | undefined,
  outcome: Ending | undefined,
  drifts: SystemRecord['drifts'],
): Pick<SystemRecord['block'], 'how' | 'confirmed'> {
  const by = settledBy(step, facts);
  const last = drifts.at(-1);
  // What was seen after a person's word contradicts it.
  const isRefuted = last && !last.blockedAgainAt && last.seenAt > (settled(step, facts)?.at ?? '');
  if (by && !isRefuted) return by;
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
  const resolved = settled(step, facts);
  if (!resolved) return undefined;
  const { at, resolution } = resolved;
  const { action, by, asker, evidence } = resolution;
  return action === 'skip'
    ? { how: 'skipped' }
    : { how: 'confirmed', confirmed: { by, at, evidence, ...(asker && { asker }) } };
}

const settled = (step: string, facts: readonly Fact[]): FactOf<'step-resolved'> | undefined =>
  facts.findLast(
    (fact): fact is FactOf<'step-resolved'> =>
      fact.kind === 'step-resolved' &&
      'ok' in fact.result &&
      fact.resolution.action !== 'retry' &&
      keyOfStep(fact.resolution) === step,
  );

const isEnding = (phase: Phase): boolean => phase === 'restoring' || phase === 'revoking';

/** The exit came to its own end: each of its steps is settled. */
const isOver = (facts: readonly Fact[]): boolean =>
  facts.some(
    (fact) => fact.kind === 'ended' && !fact.earlierRun && ['closed', 'cancelled'].includes(fact.how),
  );
const distinct = <T extends { id: string }>(all: readonly T[]): T[] => [
  ...new Map(all.map((each) => [each.id, each])).values(),
];
