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

/** The list of exits. */
export const exitsCsv = (rows: readonly ExitRow[]): string =>
  csvOf(
    [...columns, 'due', 'dueAt'],
    rows.map((row) => [...columns.map((column) => row[column]), row.due?.what, row.due?.at]),
  );
