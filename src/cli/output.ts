/** How exits are shown to people: short and aligned. */
import type { Decision } from '../exit/decision.js';
import { isSettled, stepKey, type ExitStatus, type Step } from '../exit/status.js';
import { titleOf } from '../exit/people.js';

export function printJson(value: unknown): void {
  console.log(JSON.stringify(value, null, 2));
}

/** With --json the value as one document, otherwise the text for people. */
export function show(json: boolean | undefined, value: unknown, text: () => string): void {
  if (json) printJson(value);
  else console.log(text());
}

/** The facts that are known, a line each. */
export const factTable = (facts: readonly (readonly [string, string | undefined])[]): string =>
  table(
    facts.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
    '  ',
  );

/** Columns as wide as their widest cell; the last one is free. */
export function table(rows: readonly (readonly string[])[], indent = ''): string {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => (row[column] ?? '').length)),
  );
  return rows
    .map((row) =>
      (
        indent + row.map((cell, i) => (i < row.length - 1 ? cell.padEnd(widths[i]!) : cell)).join('  ')
      ).trimEnd(),
    )
    .join('\n');
}

/** Text of unknown origin, without what would steer the reader's terminal. */
export const printable = (text: string): string =>
  text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (char) => `\\u{${char.codePointAt(0)!.toString(16)}}`);

/** `0.4 s`, `3 min 5 s`, `2 d 4 h`. */
export function duration(ms: number): string {
  if (ms < 60_000) return `${(ms / 1000).toFixed(ms < 10_000 ? 2 : 0)} s`;
  const minutes = Math.floor(ms / 60_000);
  if (minutes < 60) return `${minutes} min ${Math.floor((ms % 60_000) / 1000)} s`;
  const hours = Math.floor(minutes / 60);
  return hours < 24 ? `${hours} h ${minutes % 60} min` : `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/** An instant in the reader's time zone. */
export function localTime(iso: string): string {
  return new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'medium' }).format(new Date(iso));
}

export function statusPage(status: ExitStatus): string {
  const { openedAt, blockedAt, closedAt, cancelRequestedAt, decision, interview } = status;
  const blocks = status.steps.filter(({ name }) => name === 'block-access');
  // Where it was not, because it had taken place for instance, the step has a note of it.
  const isWithdrawn = status.steps.some(
    ({ name, state, note }) =>
      name === 'cancel-hr-interview' && (state === 'done-by-hand' || (state === 'done' && !note)),
  );
  const facts = factTable([
    ['phase', status.phase + (status.needsAttention ? ' (needs attention)' : '')],
    ['opened', localTime(openedAt)],
    ['last working day', status.lastWorkingDay],
    ['access blocked', [blockedAt && localTime(blockedAt), ofSystems(blocks)].filter(Boolean).join(', ')],
    ['interview', interview && slot(interview) + (isWithdrawn ? ', withdrawn' : '')],
    ['decision', decision ? describeDecision(decision) : due(status)],
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
    ...status.drifts.map(
      ({ system, what, seenAt }) => `\n  drift on ${system}, seen ${localTime(seenAt)}: ${what}`,
    ),
    ...status.rejectedDecisions.map(({ at, reason }) => `\n  refused ${localTime(at)}: ${reason}`),
    ...advice(status),
  ];
  return sections.join('\n');
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
  'done-by-hand': '✔',
  skipped: '-',
};

export function remark(step: Step): string {
  const { state, error, note, by, evidence, attempt, nextAttemptAt, startedAt } = step;
  const isTrying = state === 'running' || state === 'needs-attention';
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
  if (!reviewBy || (phase !== 'starting' && phase !== 'awaiting-decision')) return undefined;
  return `due ${localTime(reviewBy)}${Date.parse(reviewBy) < Date.now() ? ' (overdue)' : ''}`;
}

function ofSystems(blocks: readonly Step[]): string {
  const count = (state: Step['state']) => blocks.filter((step) => step.state === state).length;
  const byHand = count('done-by-hand');
  const blocked = `blocked ${count('done') + byHand} of ${blocks.length}`;
  // What somebody says to have done is not what was observed.
  return byHand > 0 ? `${blocked}, ${byHand} of them by hand and not observed` : blocked;
}

export function slot({ start, end, timeZone, with: partner }: NonNullable<ExitStatus['interview']>): string {
  const format = new Intl.DateTimeFormat('en-GB', { dateStyle: 'full', timeStyle: 'short', timeZone });
  const who = partner ? `, with ${partner}` : '';
  return `${format.formatRange(new Date(start), new Date(end))} (${timeZone})${who}`;
}

export const describeDecision = ({ outcome, decidedBy, effectiveOn, note }: Decision): string =>
  [`${outcome}, by ${decidedBy}`, effectiveOn && `effective on ${effectiveOn}`, note]
    .filter(Boolean)
    .join('; ');

function advice({ employeeId, phase, steps }: ExitStatus): string[] {
  const stuck = steps.filter((step) => step.state === 'needs-attention' && !isSettled(step));
  const commands = stuck.map((step) => [
    'to mend:',
    `ems resolve ${employeeId} ${stepKey(step)} retry|done-by-hand|skip --by <your mail address>`,
  ]);
  if (phase === 'starting' || phase === 'awaiting-decision') {
    commands.push(['to decide:', `ems decide ${employeeId} retained|leaving --by <your mail address>`]);
  }
  return commands.length > 0 ? ['', table(commands, '  ')] : [];
}
