/** The list of exits as CSV (RFC 4180). */
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

export const csvOf = (rows: readonly ExitRow[]): string =>
  [
    [...columns, 'due', 'dueAt'],
    ...rows.map((row) => [...columns.map((column) => row[column]), row.due?.what, row.due?.at]),
  ]
    .map((cells) => `${cells.map(cellOf).join(',')}\r\n`)
    .join('');

function cellOf(value: string | boolean | undefined): string {
  const text = `${value ?? ''}`;
  // A spreadsheet would run a name such as "=cmd()" as a formula.
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return `"${safe.replaceAll('"', '""')}"`;
}
