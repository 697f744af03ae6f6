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
      if (confirm === undefined) {
        const shown = await all(previewRows(application, rows, submittedBy), signal);
        return session.show(shown, (previewed) => previewPage(previewed, file));
      }
      confirmRows(rows, Number(confirm));
      const opened = await all(openRows(application, rows, submittedBy), signal);
      session.show(opened, (results) =>
        table(results.map((row) => [row.employeeId, row.name ?? '', row.state, row.message ?? ''])),
      );
      const left = rows.length - opened.length;
      if (left > 0)
        session.warn(`stopped before the last ${left} rows: the same command again goes on with them`);
      if (left > 0 || opened.some(({ state }) => state === 'refused' || state === 'unknown'))
        session.exitCode = 1;
    });

export default resignAll;

const bytesOf = (file: string): Promise<Uint8Array> =>
  readFile(file).catch((error: Error) => {
    throw new Refusal('invalid', `${file} cannot be read: ${error.message}`);
  });

function previewPage(rows: readonly PreviewedRow[], file: string): string {
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
    `  to open them:  ems resign-all ${file} --confirm ${rows.length}`,
  ].join('\n');
}
