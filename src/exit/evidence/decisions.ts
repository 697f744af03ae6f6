/** The decisions of an exit: each message that was sent as one, and whether the exit accepted it. */
import { askerIn } from '../asker.js';
import type { DecisionRecord } from './evidence.js';
import { isStaying, outcomes, type Decision } from '../decision.js';
import type { FactOf } from './facts.js';
import { isSameDecision } from '../proposals.js';
import { shortened, type ExitStatus } from '../status.js';

/**
 * The history has the result of an update. The result of a signal is in the exit's status alone, which keeps refusals with their reasons.
 * @param status undefined where the exit did not answer: the results of signals are then unknown
 */
export function decisionsOf(
  facts: readonly FactOf<'decision-received'>[],
  status: ExitStatus | undefined,
): DecisionRecord[] {
  const refused = [...(status?.rejectedDecisions ?? [])];
  // The latest first: of two equal decisions the first one stands and the second was refused.
  const records = facts.toReversed().map(({ at, received, earlierRun }): DecisionRecord => {
    const { content, via, name, identity, result } = received;
    const decision = readable(content);
    const as = (result: DecisionRecord['result'], reason?: string): DecisionRecord => ({
      ...{ at, via, name, identity, ...decision, result, reason },
      ...(result !== 'accepted' && { received: shortened(content) }),
      earlierRun,
    });
    if (result) return 'ok' in result ? as(result.ok) : as('refused', result.refused);
    const index = refused.findLastIndex((each) => each.at >= at && each.received === shortened(content));
    if (index >= 0) return as('refused', refused.splice(index, 1)[0]!.reason);
    if (wasProposed(decision, at, status)) return as('proposed');
    return as(wasAccepted(decision, status) ? 'accepted' : 'unknown');
  });
  const ordered = records.toReversed();
  // Where the status has no decision, a reset has undone it.
  const isUndone = status !== undefined && !status.decision;
  const standing = isUndone ? undefined : ordered.findLast(({ result }) => result === 'accepted');
  return ordered.map((each) =>
    each.result === 'accepted' && each !== standing ? { ...each, result: 'superseded' } : each,
  );
}

const wasProposed = (decision: Partial<Decision>, at: string, status: ExitStatus | undefined): boolean =>
  status?.proposals.some(
    (proposal) =>
      proposal.at >= at &&
      proposal.by === decision.decidedBy &&
      proposal.decision !== undefined &&
      isSameDecision(proposal.decision, decision as Decision),
  ) ?? false;

/** Whether it is the decision that stands, or the *leaving* for a later day that *retained* replaced. */
function wasAccepted(decision: Partial<Decision>, status: ExitStatus | undefined): boolean {
  const standing = status?.decision;
  if (!standing) return false;
  const isStanding = (['outcome', 'decidedBy', 'note', 'effectiveOn', 'now'] as const).every(
    (key) => standing[key] === decision[key],
  );
  return isStanding || (isStaying(standing.outcome) && decision.outcome === 'leaving');
}

/** The valid fields of a decision. A signal can carry any JSON. */
function readable(content: unknown): Partial<Decision> {
  if (typeof content !== 'object' || content === null) return {};
  const { outcome, decidedBy, note, effectiveOn, now, asker } = content as Record<string, unknown>;
  const known = askerIn(asker);
  return {
    ...(outcomes.some((each) => each === outcome) && { outcome: outcome as Decision['outcome'] }),
    ...(typeof decidedBy === 'string' && { decidedBy }),
    ...(typeof note === 'string' && { note }),
    ...(typeof effectiveOn === 'string' && { effectiveOn }),
    ...(typeof now === 'boolean' && { now }),
    ...(known && { asker: known }),
  };
}
