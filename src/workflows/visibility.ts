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
import type { Exit } from '../exit/exit.js';
import { searchAttributes } from './search-attributes.js';
import type { SystemHold } from './system-hold.js';

/**
 * Keeps both in step with the exit. All that changes in one go is written in one go, since every write is an event; what did not change
 * is neither rendered nor compared.
 * @returns writes what is not yet written, for the end
 */
export function syncVisibility(exit: Exit, holds: readonly SystemHold[]): () => void {
  let shownRevision = -1;
  let shown = { attributes: '', holds: '[]' };
  const show = () => {
    if (exit.revision === shownRevision) return;
    shownRevision = exit.revision;
    const attributes = attributesOf(exit);
    const watched = holds.flatMap((hold) => hold.watched ?? []);
    const next = {
      attributes: JSON.stringify(attributes),
      // Complete only once all that begins an exit is done; then nothing has to be written twice.
      holds: exit.isHeld ? JSON.stringify(watched) : shown.holds,
    };
    if (next.attributes !== shown.attributes) upsertSearchAttributes(attributes);
    if (next.holds !== shown.holds) upsertMemo({ holds: watched });
    setCurrentDetails(describe(exit.status()));
    shown = next;
  };
  void (async () => {
    for (;;) {
      await condition(() => exit.revision !== shownRevision);
      // A task that fails disposes of the workflow before this goes on; an error here would take the whole worker with it.
      if (!inWorkflowContext()) return;
      show();
    }
  })();
  return show;
}

function attributesOf(exit: Exit) {
  const { phase, ending, decision, reviewBy } = exit;
  // Written with the phase that it leads to: one event instead of two.
  const outcome = ending ?? decision?.data.outcome;
  const { lastWorkingDay } = exit.resignation;
  return [
    { key: searchAttributes.EmployeeId, value: exit.employeeId },
    { key: searchAttributes.ExitPhase, value: phase },
    { key: searchAttributes.NeedsAttention, value: exit.needsAttention },
    ...(outcome ? [{ key: searchAttributes.ExitOutcome, value: outcome }] : []),
    // Not known at the very start, and not worth an event of its own.
    ...(reviewBy && phase !== 'starting'
      ? [{ key: searchAttributes.ReviewBy, value: new Date(reviewBy) }]
      : []),
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
