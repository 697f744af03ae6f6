import { readFile } from 'node:fs/promises';
import { all, readTable, remarkOf, textOf, type PreviewedRow } from '../client/bulk.js';
import type { Form } from '../client/forms.js';
import { holdOf } from '../exit/hold-words.js';
import { Refusal } from '../exit/refusal.js';
import { table } from './output.js';
import type { Session } from './session.js';

const TOLD_EVERY = 50;

export interface TableOptions {
  /** How many exits to open; default: they are previewed. */
  confirm?: string;
  submittedBy?: string;
  /** Of the rows that name none. */
  form: Form;
}

/** Previews the exits of a table, or opens them. */
export async function resignTable(
  session: Session,
  file: string,
  { confirm, submittedBy, form }: TableOptions,
): Promise<void> {
  const signal = session.endless();
  const csv = textOf(await bytesOf(file));
  const { length: count } = readTable(csv, form);
  const application = await session.application();
  const told = <T>(of: AsyncIterable<T>) => progress(of, count, (line) => session.warn(line));
  if (confirm === undefined) {
    const { rows, opensNow: opensOf } = application.previewTable({ csv, form }, { submittedBy });
    const shown = await all(told(rows), signal);
    if (shown.length < count)
      throw new Error(`The preview was stopped before the last ${count - shown.length} rows`);
    const opensNow = await opensOf(shown);
    return session.show(shown, (previewed) => previewPage(previewed, file, opensNow));
  }
  const confirmed = { csv, form, confirm: Number(confirm) };
  const opened = await all(told(application.openTable(confirmed, { submittedBy })), signal);
  session.show(opened, (results) =>
    table(results.map((row) => [row.employeeId, row.name ?? '', row.state, row.message ?? ''])),
  );
  const left = count - opened.length;
  if (left > 0)
    session.warn(`stopped before the last ${left} rows: the same command again goes on with them`);
  if (left > 0 || opened.some(({ state }) => ['waiting', 'refused', 'unknown'].includes(state)))
    session.exitCode = 1;
}

/** How many rows of a long table are done. */
async function* progress<T>(
  rows: AsyncIterable<T>,
  count: number,
  tell: (line: string) => void,
): AsyncGenerator<T> {
  let done = 0;
  for await (const row of rows) {
    yield row;
    done += 1;
    if (done % TOLD_EVERY === 0 && done < count) tell(`${done} of ${count} rows are done`);
  }
}

const bytesOf = (file: string): Promise<Uint8Array> =>
  readFile(file).catch((error: Error) => {
    throw new Refusal('invalid', `${file} cannot be read: ${error.message}`);
  });

function previewPage(rows: readonly PreviewedRow[], file: string, opensNow: number): string {
  const lines = rows.map(({ line, employeeId, name = '', holds, remarks, refusal }) => [
    String(line),
    employeeId,
    name,
    refusal
      ? `refused: ${refusal.message}`
      : [
          holds.map(({ system, hold }) => `${system}: ${holdOf(hold)}`).join(', ') || 'nothing to take',
          ...remarks.map(remarkOf),
        ].join('; '),
  ]);
  const opens = rows.filter(({ refusal }) => !refusal).length;
  return [
    `Nothing is done. ${opens} of ${rows.length} rows would open an exit:`,
    '',
    table(lines, '  '),
    '',
    ...(opensNow < opens
      ? [`  ${opens - opensNow} of them would wait for a second person: say who asks by --submitted-by`, '']
      : []),
    `  to open them:  ems resign --file ${file} --confirm ${rows.length}`,
  ].join('\n');
}
