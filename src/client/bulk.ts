/**
 * Many exits of one table (CSV). Each row is judged, and opened, by itself. The same table a second time opens no exit, and one that was
 * opened half-way goes on where it stopped.
 */
import { Readable } from 'node:stream';
import { CsvError, parse as parseCsv } from 'csv-parse/sync';
import { everythingOf, mergeTaken, type HoldKind } from '../exit/hold-facts.js';
import { Refusal, type RefusalCode } from '../exit/refusal.js';
import { sharedLook } from '../services/protocols/asked-once.js';
import type { Resignation } from '../exit/resignation.js';
import type { Application } from './application.js';
import { forms, type Form } from './forms.js';
import { lastOfProtected } from './last-of-protected.js';
import { notOpened, type OpenedRow } from './opened-row.js';
import type { Preview, PreviewedSystem } from './preview.js';
import { PLACES } from './opening-pace.js';
import type { Turn } from './together.js';

/** Rows without the header. */
export const MOST_ROWS = 500;
/** Of a table, in UTF-8. */
export const MOST_BYTES = 200_000;
/** Rows of a preview. */
const AT_A_TIME = 10;

export const tableColumns = ['employeeId', 'lastWorkingDay', 'reason', 'form', 'login', 'email'] as const;
type Column = (typeof tableColumns)[number];

export interface TableRow {
  /** Of the table, from 1, where the row ends. */
  line: number;
  /** As it is written there. */
  employeeId: string;
  form: Form;
  resignation: Partial<Resignation>;
  /** Why the row is refused whatever the exit says. */
  problem?: string | undefined;
}

export interface PreviewedRow extends Pick<TableRow, 'line' | 'employeeId' | 'form' | 'resignation'> {
  /** Of the directory. */
  name?: string | undefined;
  manager?: string | undefined;
  /** What the hold takes. */
  holds: { system: string; hold: HoldKind }[];
  /** What could not be told; the exit opens all the same. */
  remarks: Remark[];
  /** Absent where the exit would be opened. */
  refusal?: { code: RefusalCode; message: string } | undefined;
}

export interface Remark {
  what: keyof typeof remarkWords;
  /** Absent where it is the directory. */
  system?: string | undefined;
  /** What the server said. */
  why?: string | undefined;
}

/** In English. The console has the same members in its language. */
export const remarkWords = {
  who: 'who this is cannot be told',
  unknown: 'the directory does not know the employee',
  untold: 'cannot tell',
};

export const remarkOf = ({ what, system, why }: Remark): string =>
  [system, remarkWords[what], why].filter(Boolean).join(': ');

/** Excel of many countries separates by semicolons. */
const DELIMITERS = [',', ';', '\t'];
/** Neither tab nor line end, and what turns the direction of a line. */
const CONTROL = /[^\P{Cc}\t\n\r]|[\u202a-\u202e\u2066-\u2069]/u;
/** A spreadsheet runs a cell that begins so. */
export const FORMULA = /^[=+\-@\t\r]/;

/** @throws Refusal `invalid` where it is none in UTF-8 */
export function textOf(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new Refusal('invalid', 'The file is no text in UTF-8: save it as "CSV UTF-8"');
  }
}

/** @param signal ends it after the rows under way */
export async function all<T>(rows: AsyncIterable<T>, signal?: AbortSignal): Promise<T[]> {
  const found: T[] = [];
  for await (const row of rows) {
    found.push(row);
    if (signal?.aborted) break;
  }
  return found;
}

/** "Employee ID", "employee_id" and "employeeId" are the same column. */
const plain = (name: string): string => name.toLowerCase().replaceAll(/[\s_-]/g, '');

/**
 * @param form of the rows that name none
 * @throws Refusal `invalid` where it is no such table
 */
export function readTable(csv: string, form: Form): TableRow[] {
  const invalid = (why: string) => new Refusal('invalid', `The table cannot be read: ${why}`);
  if (Buffer.byteLength(csv) > MOST_BYTES)
    throw invalid(`it has more than ${MOST_BYTES} bytes. Divide it into several`);
  const [header, ...records] = recordsOf(csv, invalid);
  if (!header || records.length === 0)
    throw invalid('it needs a line with the names of the columns, and a row for each exit');
  if (records.length > MOST_ROWS) throw invalid(`it has more than ${MOST_ROWS} rows. Divide it into several`);
  const columns = header.cells.map((name) => {
    const column = tableColumns.find((each) => plain(each) === plain(name));
    if (column) return column;
    throw invalid(`the column "${name}" is none of ${tableColumns.join(', ')}`);
  });
  if (new Set(columns).size < columns.length) throw invalid('a column is there twice');
  if (!columns.includes('employeeId')) throw invalid('it has no column employeeId');
  return withoutDoubles(records.map(({ cells, line }) => rowOf(columns, cells, line, form)));
}

function recordsOf(csv: string, invalid: (why: string) => Refusal): { cells: string[]; line: number }[] {
  const [first = ''] = csv.trimStart().split(/\r?\n/, 1);
  const counts = DELIMITERS.map((delimiter) => first.split(delimiter).length);
  const delimiter = DELIMITERS[counts.indexOf(Math.max(...counts))]!;
  try {
    const found = parseCsv(csv, {
      ...{ delimiter, bom: true, info: true, trim: true, to: MOST_ROWS + 2 },
      ...{ relax_column_count: true, skip_empty_lines: true },
    }) as unknown as { record: string[]; info: { lines: number } }[];
    return found
      .map(({ record, info }) => ({ cells: record, line: info.lines }))
      .filter(({ cells }) => cells.some((cell) => cell !== ''));
  } catch (error) {
    if (error instanceof CsvError) throw invalid(error.message);
    throw error;
  }
}

function rowOf(
  columns: readonly Column[],
  cells: readonly string[],
  line: number,
  byDefault: Form,
): TableRow {
  const fields: Partial<Record<Column, string>> = Object.fromEntries(
    columns.flatMap((column, i) => (cells[i] ? [[column, cells[i]]] : [])),
  );
  const { employeeId = '', form: named, ...rest } = fields;
  const form = forms.find((each) => each === named?.toLowerCase());
  return {
    ...{ line, employeeId, form: form ?? byDefault, resignation: { employeeId, ...rest } },
    problem:
      cells.length > columns.length
        ? `the row has ${cells.length} cells, and the table ${columns.length} columns: put a cell with a separator in quotes`
        : named !== undefined && !form
          ? `form: must be one of ${forms.join(', ')}`
          : problemIn(fields),
  };
}

function problemIn(fields: Partial<Record<Column, string>>): string | undefined {
  for (const [column, cell] of Object.entries(fields)) {
    if (CONTROL.test(cell)) return `${column}: has a control character: type the cell anew`;
    if (FORMULA.test(cell)) return `${column}: begins as a formula of a spreadsheet: write it as a text`;
  }
  return undefined;
}

/** Which of several rows is meant cannot be told, so none of them counts. */
function withoutDoubles(rows: TableRow[]): TableRow[] {
  return rows.map((row) => {
    const lines = rows.filter(({ employeeId }) => employeeId === row.employeeId).map(({ line }) => line);
    if (lines.length === 1 || row.employeeId === '') return row;
    return { ...row, problem: `${row.employeeId} is on the lines ${lines.join(', ')}: keep one of them` };
  });
}

/** @throws Refusal unless the person has confirmed as many exits as the table has rows */
function confirmRows(rows: readonly TableRow[], confirmed: number): void {
  if (rows.length === confirmed) return;
  throw new Refusal(
    'invalid',
    `confirm: the table has ${rows.length} rows, not ${confirmed}: nothing was done. Preview it, and confirm that number`,
  );
}

type Asked = Pick<Application, 'preview' | 'open' | 'newest' | 'turnsOf' | 'room'>;

export interface Table {
  csv: string;
  /** Of the rows that name none. */
  form: Form;
}

/** By whom resignations were handed in, for the record. */
type Submitted = Pick<Resignation, 'submittedBy' | 'asker'>;

/** What can be done with a table. */
export const tablesOf = (application: Asked) => ({
  previewTable({ csv, form }: Table, { submittedBy }: Submitted = {}) {
    const rows = readTable(csv, form);
    return {
      count: rows.length,
      rows: previewRows(application, rows, submittedBy),
      /** How many of the rows that are not refused would open now; the others wait for a second person. */
      opensNow: (shown: readonly PreviewedRow[]): Promise<number> =>
        application.room(shown.filter(({ refusal }) => !refusal).length),
    };
  },

  /** @param table.confirm how many rows the table has */
  openTable({ csv, form, confirm }: Table & { confirm: number }, submitted?: Submitted) {
    const rows = readTable(csv, form);
    confirmRows(rows, confirm);
    return openRows(application, rows, submitted);
  },
});

/** In the order of the rows. A reader who stops ends it after the rows under way. */
const inOrder = <T>(
  rows: readonly TableRow[],
  concurrency: number,
  each: (row: TableRow) => Promise<T>,
): AsyncIterable<T> => Readable.from(rows).map(each, { concurrency });

/** @param submittedBy for the record */
export const previewRows = (
  application: Asked,
  rows: readonly TableRow[],
  submittedBy?: string,
): AsyncIterable<PreviewedRow> => {
  const look = sharedLook();
  return inOrder(rows, AT_A_TIME, async (row) => {
    const { line, employeeId, form, resignation } = row;
    const shown = { line, employeeId, form, resignation, holds: [], remarks: [] };
    try {
      await requireFirst(application, row);
      const found = await look(() => application.preview({ ...resignation, submittedBy }, form));
      const { code, message } = lastOfProtected(employeeId, found) ?? {};
      return { ...shown, ...whatIsIn(found), ...(code && { refusal: { code, message: message! } }) };
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      return { ...shown, refusal: { code: error.code, message: error.message } };
    }
  });
};

/**
 * @returns first the rows that are refused whatever the exit says, then those of one manager next to one another
 */
export async function* openRows(
  application: Asked,
  rows: readonly TableRow[],
  submitted: Submitted = {},
): AsyncIterable<OpenedRow> {
  const open = async (row: TableRow, turn?: Turn): Promise<OpenedRow> => {
    const { employeeId, form, resignation } = row;
    try {
      await requireFirst(application, row);
      const { opened, found } = await application.open({ ...resignation, ...submitted }, form, {
        ...{ isPatient: true, rows: rows.length, turn },
      });
      return {
        ...{ employeeId, form, state: 'opened', exitId: opened.exitId },
        ...{ name: found.employee?.displayName, message: found.directoryProblem },
      };
    } catch (error) {
      return { employeeId, form, ...notOpened(error as Error) };
    }
  };
  const isRefused = ({ problem }: TableRow): boolean => problem !== undefined;
  yield* inOrder(rows.filter(isRefused), PLACES, (row) => open(row));
  const turns = await application.turnsOf(rows.filter((row) => !isRefused(row)));
  yield* inOrder(turns.rows, PLACES, (row) => turns.inTurn(row, (turn) => open(row, turn)));
}

/**
 * A table may come again when its exits are long decided: an employee who had an exit gets none by a table.
 * @throws Refusal
 */
async function requireFirst(application: Asked, { employeeId, problem }: TableRow): Promise<void> {
  if (problem !== undefined) throw new Refusal('invalid', problem);
  if (employeeId === '') throw new Refusal('invalid', 'employeeId: must not be empty');
  const newest = await application.newest(employeeId);
  // An exit that failed took no access.
  if (!newest || newest.isOpen || newest.phase === 'failed') return;
  const { form, since, phase, exitId } = newest;
  throw new Refusal(
    'had-exit',
    `${employeeId} had an exit before, opened ${since} and now ${phase}: open a new one by itself, not by a table`,
    { employeeId, form, exitId, since, phase },
  );
}

/** What the hold would take of the accounts; undefined where that is nothing. */
function takenBy({ hold, owner, capture }: PreviewedSystem): HoldKind | undefined {
  if (owner) return hold;
  const { accounts = [] } = capture ?? {};
  const { suspended, groups } = mergeTaken(accounts.map((account) => everythingOf(account, hold)));
  if (hold.kind === 'suspend') return suspended ? hold : undefined;
  const names = new Set(groups.map(({ displayName }) => displayName));
  return names.size > 0 ? { kind: 'groups', groups: [...names] } : undefined;
}

function whatIsIn(found: Preview): Pick<PreviewedRow, 'name' | 'manager' | 'holds' | 'remarks'> {
  const { employee, directoryProblem, systems } = found;
  return {
    name: employee?.displayName,
    manager: employee && `${employee.manager.name} <${employee.manager.email}>`,
    holds: systems.flatMap((system) => {
      const hold = takenBy(system);
      return hold ? { system: system.name, hold } : [];
    }),
    remarks: [
      ...(directoryProblem === undefined ? [] : [{ what: 'who', why: directoryProblem } as const]),
      ...(employee || directoryProblem !== undefined ? [] : [{ what: 'unknown' } as const]),
      ...systems.flatMap(({ name: system, problem, untold }) =>
        [problem, untold].flatMap((why) =>
          why === undefined ? [] : [{ what: 'untold', system, why } as const],
        ),
      ),
    ],
  };
}
