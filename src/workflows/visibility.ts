/** How an exit shows in the Web UI: search attributes for the list, and the current details as Markdown. */
import {
  condition,
  inWorkflowContext,
  setCurrentDetails,
  upsertMemo,
  upsertSearchAttributes,
} from '@temporalio/workflow';
import { stepKey, type ExitStatus, type Step } from '../exit/status.js';
import { titleOf } from '../exit/people.js';
import type { Exit } from './exit.js';
import { searchAttributes } from './search-attributes.js';

/**
 * Keeps both in step with the exit. All that changes in one go is written in one go, since every write is an event.
 * @returns writes what is not yet written, for the end
 */
export function keepVisible(exit: Exit): () => void {
  let shown = { attributes: '', details: '', holds: '[]' };
  const render = () => ({
    attributes: JSON.stringify(attributesOf(exit)),
    details: describe(exit.status()),
    // Complete only once all that begins an exit is done; then nothing has to be written twice.
    holds: exit.phase.startsWith('awaiting-') ? JSON.stringify(exit.watchedHolds()) : shown.holds,
  });

  const show = () => {
    const next = render();
    if (next.attributes !== shown.attributes) upsertSearchAttributes(attributesOf(exit));
    if (next.holds !== shown.holds) upsertMemo({ holds: exit.watchedHolds() });
    setCurrentDetails(next.details);
    shown = next;
  };
  const hasChanged = () => {
    const next = render();
    return (
      next.attributes !== shown.attributes || next.details !== shown.details || next.holds !== shown.holds
    );
  };
  void (async () => {
    for (;;) {
      await condition(hasChanged);
      // A task that fails disposes of the workflow before this goes on; an error here would take the whole worker with it.
      if (!inWorkflowContext()) return;
      show();
    }
  })();
  return show;
}

function attributesOf(exit: Exit) {
  // Written with the phase that it leads to, which follows in the same task: one event instead of two.
  const isOpen = exit.phase === 'starting' || exit.phase === 'awaiting-decision';
  const outcome = isOpen ? undefined : exit.isCancelled ? 'cancelled' : exit.decision?.outcome;
  const { lastWorkingDay } = exit.resignation;
  // Not known at the very start, and not worth an event of its own.
  const reviewBy = exit.phase === 'starting' ? undefined : exit.reviewBy;
  return [
    { key: searchAttributes.EmployeeId, value: exit.employeeId },
    { key: searchAttributes.ExitPhase, value: exit.phase },
    { key: searchAttributes.NeedsAttention, value: exit.needsAttention },
    ...(outcome ? [{ key: searchAttributes.ExitOutcome, value: outcome }] : []),
    ...(reviewBy ? [{ key: searchAttributes.ReviewBy, value: new Date(reviewBy) }] : []),
    ...(lastWorkingDay ? [{ key: searchAttributes.LastWorkingDay, value: new Date(lastWorkingDay) }] : []),
  ];
}

function describe(status: ExitStatus): string {
  const { phase, awaiting, decision, interview, needsAttention, rejectedDecisions } = status;
  const lines = [
    `### Exit of ${escape(titleOf(status))}: ${phase}`,
    `${needsAttention ? '**Needs attention.** ' : ''}${escape(awaiting)}`,
    // A list, since the Web UI sets the columns of a table without a gap.
    status.steps.map((step) => `- ${stepKey(step)}: **${step.state}** ${escape(remarkOf(step))}`).join('\n'),
  ];
  if (interview) lines.push(`Interview: ${interview.start} (${interview.timeZone})`);
  if (decision)
    lines.push(
      `Decision: **${decision.outcome}**, by ${escape(decision.decidedBy)} at ${decision.decidedAt}`,
    );
  for (const { system, what, seenAt } of status.drifts)
    lines.push(`Drift on ${system}, seen at ${seenAt}: ${escape(what)}`);
  for (const { at, reason } of rejectedDecisions) lines.push(`Refused at ${at}: ${escape(reason)}`);
  return lines.join('\n\n');
}

const remarkOf = ({ error, by, evidence, note }: Step): string =>
  [error, by && `by ${by}`, evidence, note].filter(Boolean).join('; ');

/** Names and error texts come from elsewhere: they must not turn into links or table cells. */
const escape = (text: string): string => text.replace(/[\\`*_[\]<>|#!]/g, '\\$&').replace(/\s+/g, ' ');
