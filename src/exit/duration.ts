const units = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
] as const;

/** Formats milliseconds for people: "0.184 s", "12.4 s", "4 min 12 s", "3 d 4 h". */
export function describeMs(ms: number): string {
  if (ms < 0) return `−${describeMs(-ms)}`;
  if (ms < 1000) return `${(ms / 1000).toFixed(3)} s`;
  if (ms < 59_950) return `${(ms / 1000).toFixed(1)} s`;
  const parts: string[] = [];
  let left = Math.round(ms / 1000) * 1000;
  for (const [unit, length] of units) {
    const count = Math.floor(left / length);
    left -= count * length;
    if (count > 0) parts.push(`${count} ${unit}`);
  }
  if (left > 0) parts.push(`${left / 1000} s`);
  // Two units are enough for a reader; the JSON has the milliseconds.
  return parts.slice(0, 2).join(' ');
}
