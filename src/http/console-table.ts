/** Many exits from a table (CSV): a preview of each row, a typed confirmation, and the result of each row. Pages are sent row by row. */
import { tableColumns, textOf, type PreviewedRow } from '../client/bulk.js';
import type { OpenedRow } from '../client/opened-row.js';
import { forms } from '../client/forms.js';
import { printableCopy } from '../client/printable.js';
import { fieldsOf, formIn, Mistyped, nothingRefused } from './console-forms.js';
import type { ConsoleRoutes, Seen } from './console-routes.js';
import { csvOf } from './csv.js';
import { forbidden } from './http-problem.js';
import { languageOf, languages, type Part } from './pages.js';

export function routeConsoleTable({ page, form, render, stream }: ConsoleRoutes): void {
  page('/table', (seen) => showForm(seen));

  form('/table', {
    act: 'previewTable',
    perform: (seen) => seen.exits.previewTable({ csv: tableIn(seen), form: formIn(fieldsOf(seen.request)) }),
    done: (seen, { count, rows }) => stream('table-preview', seen, { count }, previewed(seen, rows)),
    refused: (seen, shown) => showForm(seen, shown),
  });

  form('/table/open', {
    act: 'openTable',
    perform({ exits, request }) {
      const { count = '', typedCount = '' } = fieldsOf(request);
      // The number that the person has seen and typed.
      if (typedCount !== count) throw new Mistyped(languages[languageOf(request)]!.table.wrongCount);
      return exits.openTable({ csv: tableOf(request), form: forms[0], confirm: Number(count) });
    },
    done: (seen, rows) =>
      stream('table-opened', seen, { count: fieldsOf(seen.request)['count'] }, opened(rows)),
    refused: (seen, shown) => showForm(seen, shown, tableOf(seen.request)),
  });

  function showForm(seen: Seen, shown = nothingRefused, csv?: string): Promise<unknown> {
    if (!seen.exits.may('open')) throw forbidden('Your role opens no exits');
    const fields = fieldsOf(seen.request);
    const lines = (csv ?? fields['csv'] ?? '').split(/\r?\n/);
    const data = { ...shown, lines, forms, chosen: formIn(fields), columns: tableColumns.join(', ') };
    return render('table', { ...seen, status: shown.code }, data);
  }
}

/** The file, or what was pasted. @throws Refusal where it is no text */
function tableIn({ request }: Seen): string {
  const { file } = (request.body ?? {}) as { file?: unknown };
  return Buffer.isBuffer(file) && file.length > 0 ? textOf(file) : (fieldsOf(request)['csv'] ?? '');
}

/** As the preview has sent it. */
const tableOf = (request: Seen['request']): string =>
  Buffer.from(fieldsOf(request)['table'] ?? '', 'base64').toString();

/** The rows, and the form that opens those that are not refused. */
async function* previewed(seen: Seen, rows: AsyncIterable<PreviewedRow>): AsyncGenerator<Part> {
  const all: PreviewedRow[] = [];
  try {
    for await (const row of rows) {
      all.push(row);
      yield { name: 'table-preview-row', data: { row } };
    }
  } catch (error) {
    seen.request.log.error({ err: error }, 'the preview of a table failed');
    yield { name: 'table-preview-end', data: { count: 0, opensNow: 0, isCut: true, table: '' } };
    return;
  }
  const opening = all.filter(({ refusal }) => !refusal);
  // With only these, the person confirms what was shown, whatever a refused row has become meanwhile.
  const csv = csvOf([
    tableColumns,
    ...opening.map(({ form, resignation }) =>
      tableColumns.map((column) => (column === 'form' ? form : resignation[column])),
    ),
  ]);
  // A page shows every text as one printable line.
  const table = Buffer.from(csv).toString('base64');
  const count = opening.length;
  const opensNow = await seen.exits.room(count);
  yield { name: 'table-preview-end', data: { count, opensNow, isCut: false, table } };
}

/** The result of each row, and all of them as a file. */
async function* opened(rows: AsyncIterable<OpenedRow>): AsyncGenerator<Part> {
  const all: OpenedRow[] = [];
  for await (const row of rows) {
    all.push(row);
    yield { name: 'table-opened-row', data: { row } };
  }
  const columns = ['employeeId', 'name', 'form', 'state', 'exitId', 'message'] as const;
  const csv = csvOf([columns, ...printableCopy(all).map((row) => columns.map((column) => row[column]))]);
  const countOf = (wanted: OpenedRow['state']) => all.filter(({ state }) => state === wanted).length;
  const file = `data:text/csv;charset=utf-8;base64,${Buffer.from(csv).toString('base64')}`;
  yield { name: 'table-opened-end', data: { count: countOf('opened'), waiting: countOf('waiting'), file } };
}
