/** The answer of the query `status`, derived from an exit. */
import type { Decision } from './decision.js';
import type { RecordedEvent } from './events.js';
import type { ExitState } from './exit-state.js';
import type { Cost } from './hold-facts.js';
import { describeProposal, type Proposal } from './proposals.js';
import { isSettled, stepKey, type ExitStatus, type Step, isStuck } from './status.js';

export function statusOf(exit: ExitState): ExitStatus {
  const { decision, resignation } = exit;
  const { interview } = exit.interviewing;
  const steps = exit.steps.map((step) => ({ ...step }));
  return {
    exitId: exit.exitId,
    form: exit.form,
    employeeId: exit.employeeId,
    employeeName: exit.employeeName,
    phase: exit.phase,
    steps,
    needsAttention: exit.needsAttention,
    awaiting: awaitingOf(exit),
    decision: decision && {
      ...decisionOf(decision),
      decidedAt: decision.storedAt,
      ...proposerOf(exit),
    },
    proposals: exit.proposals.all.map((proposal) => ({ ...proposal })),
    effectiveAt: exit.effectiveAt,
    effectiveZone: exit.effectiveZone,
    rejectedDecisions: [...exit.rejectedDecisions],
    hrPartner: exit.hrPartner,
    decider: exit.phase === 'awaiting-decision' ? exit.presentDecider : undefined,
    amendments: [...exit.amendments],
    handOvers: [...exit.handOvers],
    drifts: [...exit.drifts],
    costs: [...exit.costs].map(([system, cost]) => ({
      system,
      ...cost,
      tokensUntil: tokensUntil(exit, system, cost),
    })),
    interview: interview && {
      start: interview.start,
      end: interview.end,
      timeZone: interview.timeZone,
      with: interview.hrPartner?.email ?? exit.hrPartner?.email,
    },
    reviewBy: exit.reviewBy,
    lastWorkingDay: resignation.lastWorkingDay,
    overrideBy: resignation.overrideBy,
    submittedBy: resignation.submittedBy,
    asker: resignation.asker,
    openedAt: exit.openedAt,
    blockedAt: blockedAtOf(steps),
    cancelRequestedAt: exit.cancelRequestedAt,
    closedAt: exit.closedAt,
  };
}

/** Only a block that was observed, or that a person has confirmed, lets them end. */
function tokensUntil(exit: ExitState, system: string, { tokensLiveMs }: Cost): string | undefined {
  const { finishedAt } = exit.step('block-access', system) ?? {};
  const isBlocked = exit.isBlocked(system) || exit.isConfirmed(system);
  if (!isBlocked || !finishedAt || !tokensLiveMs) return undefined;
  return new Date(Date.parse(finishedAt) + tokensLiveMs).toISOString();
}

function decisionOf({ data }: RecordedEvent<'exit.decision-finalised'>): Decision {
  const { outcome, decidedBy, note, effectiveOn, now, asker } = data;
  return { outcome, decidedBy, note, effectiveOn, now, asker };
}

function proposerOf({ proposals }: ExitState) {
  const proposal = proposals.all.find(({ state, decision }) => state === 'confirmed' && decision);
  return { proposedBy: proposal?.by, proposer: proposal?.asker };
}

/** The latest block, once each critical system was observed blocked or was settled by hand. */
function blockedAtOf(steps: readonly Step[]): string | undefined {
  const blocks = steps.filter(({ name }) => name === 'block-access');
  const isBlocked = blocks.every(({ state }) => state === 'done' || state === 'done-by-hand');
  const times = blocks.map(({ finishedAt }) => finishedAt!);
  return isBlocked ? times.toSorted().at(-1) : undefined;
}

/** One sentence: what happens next, and whom the exit waits for. */
function awaitingOf(exit: ExitState): string {
  const { phase, steps, presentDecider: decider, reviewBy, effectiveDay, effectiveAt, effectiveZone } = exit;
  const stuck = steps.filter(isStuck).map(stepKey);
  const operator = [
    ...(stuck.length > 0 ? [` An operator is to look at ${stuck.join(', ')}.`] : []),
    ...exit.proposals.open.flatMap((proposal) =>
      proposal.decision ? [] : ` ${secondAwaited(exit, proposal)}.`,
    ),
  ].join('');
  switch (phase) {
    case 'starting':
      return `Access is being blocked, the manager told and the interview arranged.${operator}`;
    case 'awaiting-decision':
      return `${decider?.name} (${decider?.email}) is to decide${reviewBy ? ` by ${reviewBy}` : ''}: retained or leaving.${operator}`;
    case 'awaiting-confirmation':
      return `${secondAwaited(exit, exit.proposals.decision!)}${reviewBy ? `, by ${reviewBy}` : ''}. Until then nothing is given back or revoked.${operator}`;
    case 'awaiting-effective-date':
      return `Access stays blocked and is revoked when ${effectiveDay} begins${effectiveZone ? ` in ${effectiveZone}` : ''}${effectiveAt ? `, at ${effectiveAt}` : ''}, unless the employee is retained before.${operator}`;
    case 'restoring':
      return `${endingOf(exit, 'restore-access', 'restored')}${operator}`;
    case 'revoking':
      return `${endingOf(exit, 'revoke-access', 'revoked')}${operator}`;
    case 'closed':
    case 'cancelled':
    case 'failed':
      return 'The exit is over.';
  }
}

function secondAwaited(exit: ExitState, proposal: Proposal): string {
  const { name, email } = exit.presentIn(exit.secondPersonsFor(proposal));
  return `${proposal.by} proposed ${describeProposal(proposal)} at ${proposal.at}: a second person, such as ${name} (${email}), is to confirm or reject it`;
}

function endingOf({ steps, ledger }: ExitState, name: string, verb: string): string {
  const isAccess = (step: Step): boolean => step.name === name;
  if (!steps.filter(isAccess).every(isSettled)) return `Access is being ${verb}.`;
  const open = steps.filter((step) => !isSettled(step) && ledger.rowOf(step.name)?.gates).map(stepKey);
  return `Access is ${verb}; still open: ${open.join(', ')}.`;
}
