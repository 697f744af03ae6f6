/** How exits are shown to people: short and aligned. */
import stringWidth from 'string-width';
import { fullCostOf } from '../exit/cost.js';
import type { Dates } from '../exit/amendment.js';
import type { Decision } from '../exit/decision.js';
import { describeProposal } from '../exit/proposals.js';
import { isStuck, stepKey, type ExitStatus, type Step, isInterviewWithdrawn } from '../exit/status.js';
import { titleOf } from '../exit/people.js';

/** The facts that are known, a line each. */
export const factTable = (facts: readonly (readonly [string, string | undefined])[]): string =>
  table(
    facts.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
    '  ',
  );

/** Columns as wide as their widest cell on a terminal; the last one is free. */
export function table(rows: readonly (readonly string[])[], indent = ''): string {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => stringWidth(row[column] ?? ''))),
  );
  const pad = (cell: string, column: number): string =>
    cell + ' '.repeat(widths[column]! - stringWidth(cell));
  return rows.map((row) => (indent + row.map(pad).join('  ')).trimEnd()).join('\n');
}

/** An instant in the reader's time zone. */
export function localTime(iso: string): string {
  return new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'medium' }).format(new Date(iso));
}

/** @param by what a command to type needs to name who acts */
export function statusPage(status: ExitStatus, by: string): string {
  const { openedAt, blockedAt, closedAt, cancelRequestedAt, decision, interview } = status;
  const blocks = status.steps.filter(({ name }) => name === 'block-access');
  const facts = factTable([
    ['phase', status.phase + (status.needsAttention ? ' (needs attention)' : '')],
    ['opened', localTime(openedAt)],
    ['last working day', status.lastWorkingDay],
    ['access blocked', [blockedAt && localTime(blockedAt), ofSystems(blocks)].filter(Boolean).join(', ')],
    ['interview', interview && slot(interview) + (isInterviewWithdrawn(status) ? ', withdrawn' : '')],
    ['HR partner', status.hrPartner?.email],
    ['decision', decision ? describeDecision(decision) : due(status)],
    ['takes effect', decision?.outcome === 'leaving' ? effectOf(status) : undefined],
    ['override', status.overrideBy && `protected groups, by ${status.overrideBy}`],
    ['cancelled', cancelRequestedAt && `asked for ${localTime(cancelRequestedAt)}`],
    ['closed', closedAt && localTime(closedAt)],
    ['awaiting', status.awaiting],
  ]);
  const sections = [
    `Exit of ${titleOf(status)}`,
    facts,
    '',
    table(status.steps.map(stepRow), '  '),
    ...costLines(status.costs),
    ...status.drifts.map(
      ({ system, what, seenAt }) => `\n  drift on ${system}, seen ${localTime(seenAt)}: ${what}`,
    ),
    ...status.amendments.map(
      ({ at, by, before, after, note }) =>
        `\n  amended ${localTime(at)} by ${by}: ${describeDates(before)} → ${describeDates(after)}${note ? `; ${note}` : ''}`,
    ),
    ...status.proposals.flatMap((proposal) => (proposal.state === 'open' ? [] : proposalLine(proposal))),
    ...status.handOvers.map(
      ({ at, by, from, to }) => `\n  handed over ${localTime(at)} by ${by}: ${from.email} → ${to.email}`,
    ),
    ...status.rejectedDecisions.map(({ at, reason }) => `\n  refused ${localTime(at)}: ${reason}`),
    ...advice(status, by),
  ];
  return sections.join('\n');
}

/** A line for each cost, with the systems that have it. */
function costLines(costs: ExitStatus['costs']): string[] {
  const systems = new Map<string, string[]>();
  for (const { system, tokensUntil, ...cost } of costs) {
    const what = [fullCostOf(cost), tokensUntil && `until ${localTime(tokensUntil)}`]
      .filter(Boolean)
      .join(', ');
    systems.set(what, [...(systems.get(what) ?? []), system]);
  }
  return [...systems].map(([what, names]) => `\n  the hold on ${names.join(', ')}: ${what}`);
}

function stepRow(step: Step): string[] {
  const at = step.finishedAt ? localTime(step.finishedAt) : '';
  return [marks[step.state], stepKey(step), step.state, at, remark(step)];
}

const marks: Record<Step['state'], string> = {
  pending: ' ',
  running: '…',
  done: '✔',
  'needs-attention': '!',
  'cannot-tell': '?',
  'done-by-hand': '✔',
  skipped: '-',
};

export function remark(step: Step): string {
  const { state, error, note, by, evidence, attempt, nextAttemptAt, startedAt } = step;
  const isTrying = state === 'running' || isStuck(step);
  const parts = [
    error,
    note,
    by && `by ${by}`,
    evidence,
    isTrying && startedAt && `since ${localTime(startedAt)}`,
    isTrying && attempt !== undefined && attempt > 1 && `attempt ${attempt}`,
    isTrying && nextAttemptAt && `next ${localTime(nextAttemptAt)}`,
  ];
  return parts.filter(Boolean).join('; ');
}

function due({ reviewBy, phase }: ExitStatus): string | undefined {
  if (!reviewBy || !['starting', 'awaiting-decision', 'awaiting-confirmation'].includes(phase))
    return undefined;
  return `due ${localTime(reviewBy)}${Date.parse(reviewBy) < Date.now() ? ' (overdue)' : ''}`;
}

function ofSystems(blocks: readonly Step[]): string {
  const count = (state: Step['state']) => blocks.filter((step) => step.state === state).length;
  const byHand = count('done-by-hand');
  const blocked = `blocked ${count('done') + byHand} of ${blocks.length}`;
  // A statement is not an observation.
  return byHand > 0 ? `${blocked}, ${byHand} of them confirmed by a person and not observed` : blocked;
}

export function slot({ start, end, timeZone, with: partner }: NonNullable<ExitStatus['interview']>): string {
  const format = new Intl.DateTimeFormat('en-GB', { dateStyle: 'full', timeStyle: 'short', timeZone });
  const who = partner ? `, with ${partner}` : '';
  return `${format.formatRange(new Date(start), new Date(end))} (${timeZone})${who}`;
}

export const describeDates = ({ lastWorkingDay, effectiveOn }: Dates): string =>
  [
    `last working day ${lastWorkingDay ?? 'not known'}`,
    effectiveOn && `takes effect when ${effectiveOn} begins`,
  ]
    .filter(Boolean)
    .join(', ');

/** In the reader's time zone and in that of the day. */
function effectOf({ effectiveAt, effectiveZone }: ExitStatus): string | undefined {
  if (effectiveAt === undefined) return undefined;
  const where = effectiveZone === undefined ? '' : `, the start of a day in ${effectiveZone}`;
  return `${localTime(effectiveAt)}${where} (${effectiveAt})`;
}

export const describeDecision = ({ outcome, decidedBy, effectiveOn, now, note }: Decision): string =>
  [`${outcome}, by ${decidedBy}`, effectiveOn && `effective on ${effectiveOn}`, now && 'at once', note]
    .filter(Boolean)
    .join('; ');

const proposalLine = (proposal: ExitStatus['proposals'][number]): string =>
  `\n  ${proposal.state}${proposal.endedAt ? ` ${localTime(proposal.endedAt)}` : ''}${proposal.endedBy ? ` by ${proposal.endedBy}` : ''}: ${describeProposal(proposal)}, proposed by ${proposal.by} ${localTime(proposal.at)}`;

function advice({ employeeId, phase, steps, proposals }: ExitStatus, by: string): string[] {
  const stuck = steps.filter(isStuck);
  const commands = stuck.map((step) => [
    'to mend:',
    `ems resolve ${employeeId} ${stepKey(step)} retry|done-by-hand|skip${by}`,
  ]);
  if (phase === 'starting' || phase === 'awaiting-decision') {
    commands.push(['to decide:', `ems decide ${employeeId} retained|leaving${by}`]);
  }
  for (const { state, decision, number } of proposals.toReversed()) {
    if (state !== 'open') continue;
    const which = decision ? '' : ` --proposal ${number}`;
    commands.push(['to confirm:', `ems decide ${employeeId} --confirm|--reject${which}${by}`]);
  }
  return commands.length > 0 ? ['', table(commands, '  ')] : [];
}
