/** What was decided: everything that was sent to be a decision, and what became of it. */
import type { DecisionRecord } from './evidence.js';
import { outcomes, type Decision } from '../decision.js';
import type { FactOf } from './facts.js';
import { shortened, type ExitStatus } from '../status.js';

/**
 * An update says itself what became of it. Of a signal only the exit knows, whose status keeps what it refused and why.
 * @param status undefined where nobody could be asked: what became of signals is then not known
 */
export function decisionsOf(
  facts: readonly FactOf<'decision-received'>[],
  status: ExitStatus | undefined,
): DecisionRecord[] {
  const refused = [...(status?.rejectedDecisions ?? [])];
  // The latest first: of two that read the same, the first one stood and the second was refused.
  const records = facts.toReversed().map(({ at, received, earlierRun }): DecisionRecord => {
    const { content, via, name, identity, result } = received;
    const decision = readable(content);
    const as = (result: DecisionRecord['result'], reason?: string): DecisionRecord => ({
      ...{ at, via, name, identity, ...decision, result, reason },
      ...(result !== 'accepted' && { received: shortened(content) }),
      earlierRun,
    });
    if (result) return 'ok' in result ? as('accepted') : as('refused', result.refused);
    const index = refused.findLastIndex((each) => each.at >= at && each.received === shortened(content));
    if (index >= 0) return as('refused', refused.splice(index, 1)[0]!.reason);
    return as(wasAccepted(decision, status) ? 'accepted' : 'unknown');
  });
  const ordered = records.toReversed();
  // An exit that knows of no decision was reset to before it.
  const isUndone = status !== undefined && !status.decision;
  const standing = isUndone ? undefined : ordered.findLast(({ result }) => result === 'accepted');
  return ordered.map((each) =>
    each.result === 'accepted' && each !== standing ? { ...each, result: 'superseded' } : each,
  );
}

/** It is the one that stands, or the one for a later day that was taken back before it. */
function wasAccepted(decision: Partial<Decision>, status: ExitStatus | undefined): boolean {
  const standing = status?.decision;
  if (!standing) return false;
  const isStanding = (['outcome', 'decidedBy', 'note', 'effectiveOn'] as const).every(
    (key) => standing[key] === decision[key],
  );
  return isStanding || (standing.outcome === 'retained' && decision.effectiveOn !== undefined);
}

/** What can be read of it as a decision; anybody can send anything. */
function readable(content: unknown): Partial<Decision> {
  if (typeof content !== 'object' || content === null) return {};
  const { outcome, decidedBy, note, effectiveOn } = content as Record<string, unknown>;
  return {
    ...(outcomes.some((each) => each === outcome) && { outcome: outcome as Decision['outcome'] }),
    ...(typeof decidedBy === 'string' && { decidedBy }),
    ...(typeof note === 'string' && { note }),
    ...(typeof effectiveOn === 'string' && { effectiveOn }),
  };
}
