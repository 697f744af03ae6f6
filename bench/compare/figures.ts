/** Medians with their spread, and how tables show them. */

export interface Spread {
  median: number;
  min: number;
  max: number;
}

/** @param q between 0 and 1; the nearest rank */
export function quantile(numbers: readonly number[], q: number): number {
  if (numbers.length === 0) throw new Error('There is no quantile of no numbers');
  const sorted = numbers.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(q * sorted.length) - 1)]!;
}

export function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

export const spread = (numbers: readonly number[]): Spread => ({
  median: median(numbers),
  min: Math.min(...numbers),
  max: Math.max(...numbers),
});

/** `12 (10–15)`; a single number where all are the same. */
export function show({ median, min, max }: Spread, digits = 0): string {
  const [m, from, to] = [median, min, max].map((number) => number.toFixed(digits));
  return from === to ? m! : `${m} (${from}–${to})`;
}

export const seconds = ({ median, min, max }: Spread): Spread => ({
  ...{ median: median / 1000, min: min / 1000, max: max / 1000 },
});

/** A table; columns of figures stand to the right. */
export function markdown(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const isOfFigures = (column: number): boolean => rows.every((row) => /^([+\d]|$)/.test(row[column]!));
  const lines = [header, header.map((_, i) => (isOfFigures(i) ? '---:' : '---')), ...rows];
  return lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}
