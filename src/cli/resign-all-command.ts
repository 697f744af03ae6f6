import { readFile } from 'node:fs/promises';
import {
  all,
  confirmRows,
  openRows,
  previewRows,
  readTable,
  tableColumns,
  textOf,
  type PreviewedRow,
} from '../client/bulk.js';
import type { Form } from '../client/forms.js';
import { Refusal } from '../exit/refusal.js';
import { formOption } from './exit-options.js';
import { table } from './output.js';
import type { Define } from './session.js';

const TOLD_EVERY = 50;

interface Options {
  confirm?: string;
  submittedBy?: string;
  form: Form;
}

const resignAll: Define = (command, session) =>
  command
    .argument('<file>', `a table in CSV (UTF-8) with the columns ${tableColumns.join(', ')}`)
    .option('--confirm <number>', 'open the exits: how many rows the table has')
    .option('--submitted-by <who>', 'who handed the resignations in, for the record')
    .addOption(formOption('of the rows that name none').default('orchestrated'))
    .addHelpText('after', '\nExample:\n  ems resign-all people.csv\n  ems resign-all people.csv --confirm 12')
    .action(async (file: string, { confirm, submittedBy, form }: Options) => {
      const signal = session.endless();
      const rows = readTable(textOf(await bytesOf(file)), form);
      const application = await session.application();
      const told = <T>(of: AsyncIterable<T>) => progress(of, rows.length, (line) => session.warn(line));
      if (confirm === undefined) {
        const shown = await all(told(previewRows(application, rows, submittedBy)), signal);
        const opensNow = await application.room(shown.filter(({ refusal }) => !refusal).length);
        return session.show(shown, (previewed) => previewPage(previewed, file, opensNow));
      }
      confirmRows(rows, Number(confirm));
      const opened = await all(told(openRows(application, rows, submittedBy)), signal);
      session.show(opened, (results) =>
        table(results.map((row) => [row.employeeId, row.name ?? '', row.state, row.message ?? ''])),
      );
      const left = rows.length - opened.length;
      if (left > 0)
        session.warn(`stopped before the last ${left} rows: the same command again goes on with them`);
      if (left > 0 || opened.some(({ state }) => ['waiting', 'refused', 'unknown'].includes(state)))
        session.exitCode = 1;
    });

export default resignAll;

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
      : [holds.join(', ') || 'no account: nothing to block', ...remarks].join('; '),
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
    `  to open them:  ems resign-all ${file} --confirm ${rows.length}`,
  ].join('\n');
}
