import { printableCopy } from '../client/printable.js';
import { csvOf } from './csv.js';
import type { ExitRow } from './exit-rows.js';

const columns = [
  'exitId',
  'employeeId',
  'name',
  'form',
  'phase',
  'outcome',
  'needsAttention',
  'awaited',
  'openedAt',
  'closedAt',
] as const satisfies (keyof ExitRow)[];

/** The list of exits: its names of columns with the first page, then page by page. */
export async function* exitsCsv(pages: AsyncIterable<readonly ExitRow[]>): AsyncGenerator<string> {
  let header: string[][] = [[...columns, 'due', 'dueAt']];
  for await (const page of pages) {
    const rows = printableCopy(page).map((row) => [
      ...columns.map((column) => row[column]),
      ...[row.due?.what, row.due?.at],
    ]);
    yield csvOf([...header, ...rows]);
    header = [];
  }
}
