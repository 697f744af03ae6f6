/** Each `{}` of the text becomes the next value. */
export function fill(text: string, ...values: unknown[]): string {
  let next = 0;
  return text.replaceAll('{}', (gap) => (next < values.length ? String(values[next++]) : gap));
}
