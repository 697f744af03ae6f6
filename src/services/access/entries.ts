/** What a group has of a member besides the id. An end is a limit: a membership without it gives more than was taken. */

const OF_END = /expir|until|^end|end(s|ed)?_?(at|on|date|time)?$|valid_?t/i;
/** A number below is of seconds, and one above of milliseconds. */
const SECONDS_END = 1e11;

/** @returns the names and values of those that say when the membership ends */
export const endsOf = (entry: Record<string, unknown> = {}): [name: string, value: unknown][] =>
  Object.entries(entry).filter(([name, value]) => isEnd(name, value));

/** Also one within it, such as the `end` of a `validity`. */
function isEnd(name: string, value: unknown): boolean {
  if (typeof value === 'object' && value !== null)
    return Object.entries(value).some(([inner, each]) => isEnd(inner, each));
  return OF_END.test(name) && value !== null && value !== false && value !== '';
}

/** Whether it says a time that is over. */
export function isOver(value: unknown): boolean {
  if (typeof value === 'object' && value !== null)
    return Object.entries(value).some(([name, each]) => isEnd(name, each) && isOver(each));
  const at =
    typeof value === 'number'
      ? value < SECONDS_END
        ? value * 1000
        : value
      : Date.parse(typeof value === 'string' ? value : '');
  return at <= Date.now();
}
