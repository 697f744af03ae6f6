/** What a group has of a member besides the id. An end is a limit: a membership without it gives more than was taken. */

const OF_END = /expir|until|^end|end(s|ed)?_?(at|on|date|time)?$|valid_?t/i;
const DATE = /^\d{4}-\d{2}-\d{2}/;

/** @returns the names and times, ISO 8601, of those that say when the membership ends */
export const endsOf = (entry: Record<string, unknown> = {}): [name: string, at: string][] =>
  Object.entries(entry).flatMap(([name, value]) =>
    OF_END.test(name) && typeof value === 'string' && DATE.test(value) ? [[name, value]] : [],
  );
