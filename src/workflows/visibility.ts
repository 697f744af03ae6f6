/** Shows an exit in the Web UI: search attributes, memo, and the current details as Markdown. */
import {
  condition,
  inWorkflowContext,
  setCurrentDetails,
  upsertMemo,
  upsertSearchAttributes,
} from '@temporalio/workflow';
import { describeProposal } from '../exit/proposals.js';
import { stepKey, type ExitStatus, type Step } from '../exit/status.js';
import { titleOf } from '../exit/people.js';
import type { Exit } from '../exit/exit.js';
import { searchAttributes } from './search-attributes.js';
import type { SystemHold } from './system-hold.js';

/**
 * Updates them after each change of the exit. Every upsert is an event, so the changes of one workflow task are one upsert.
 * @returns a function that writes what is not yet written, for the end of the workflow
 */
export function syncVisibility(
  exit: Exit,
  holds: readonly Pick<SystemHold, 'watched' | 'isBlocking'>[],
): () => void {
  let shownRevision = -1;
  let shown = { attributes: '', holds: '[]' };
  const show = () => {
    if (exit.revision === shownRevision) return;
    shownRevision = exit.revision;
    const attributes = attributesOf(exit);
    const watched = holds.flatMap((hold) => hold.watched ?? []);
    const next = {
      attributes: JSON.stringify(attributes),
      // Written once no system is being blocked, when the holds are complete: one event instead of one for each system.
      holds:
        exit.isHeld && !holds.some(({ isBlocking }) => isBlocking) ? JSON.stringify(watched) : shown.holds,
    };
    if (next.attributes !== shown.attributes) upsertSearchAttributes(attributes);
    if (next.holds !== shown.holds) upsertMemo({ holds: watched });
    setCurrentDetails(describe(exit.status()));
    shown = next;
  };
  void (async () => {
    for (;;) {
      await condition(() => exit.revision !== shownRevision);
      // A failed workflow task disposes of the context before this resumes; an error here would end the whole worker.
      if (!inWorkflowContext()) return;
      show();
    }
  })();
  return show;
}

function attributesOf(exit: Exit) {
  const { phase, ending, decision, reviewBy } = exit;
  // In the same upsert as the phase: one event instead of two.
  const outcome = ending ?? decision?.data.outcome;
  const { lastWorkingDay } = exit.resignation;
  return [
    { key: searchAttributes.EmployeeId, value: exit.employeeId },
    { key: searchAttributes.ExitPhase, value: phase },
    { key: searchAttributes.NeedsAttention, value: exit.needsAttention },
    ...(outcome ? [{ key: searchAttributes.ExitOutcome, value: outcome }] : []),
    // Not known before the plan, and not worth an event of its own.
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
    // A list, because the Web UI renders the columns of a table without a gap.
    status.steps.map((step) => `- ${stepKey(step)}: **${step.state}** ${escape(remarkOf(step))}`).join('\n'),
  ];
  if (interview) lines.push(`Interview: ${interview.start} (${interview.timeZone})`);
  if (decision)
    lines.push(
      `Decision: **${decision.outcome}**, by ${escape(decision.decidedBy)} at ${decision.decidedAt}`,
    );
  for (const proposal of status.proposals)
    lines.push(
      escape(
        `Proposed by ${proposal.by} at ${proposal.at}: ${describeProposal(proposal)}, ${proposal.state}`,
      ),
    );
  for (const { system, what, seenAt } of status.drifts)
    lines.push(`Drift on ${system}, seen at ${seenAt}: ${escape(what)}`);
  for (const { at, reason } of rejectedDecisions) lines.push(`Refused at ${at}: ${escape(reason)}`);
  return lines.join('\n\n');
}

const remarkOf = ({ error, by, evidence, note }: Step): string =>
  [error, by && `by ${by}`, evidence, note].filter(Boolean).join('; ');

/** Names and error texts come from other systems: they must not become Markdown. */
const escape = (text: string): string => text.replace(/[\\`*_[\]<>|#!]/g, '\\$&').replace(/\s+/g, ' ');
