/** Tables as CSV (RFC 4180), for spreadsheets. */
import { FORMULA } from '../client/bulk.js';

type Cell = string | boolean | undefined;

export const csvOf = (rows: readonly (readonly Cell[])[]): string =>
  rows.map((cells) => `${cells.map(cellOf).join(',')}\r\n`).join('');

function cellOf(value: Cell): string {
  const text = `${value ?? ''}`;
  // A spreadsheet would run a name such as "=cmd()" as a formula.
  const safe = FORMULA.test(text) ? `'${text}` : text;
  return `"${safe.replaceAll('"', '""')}"`;
}
