/**
 * Text of unknown origin on a terminal: a directory name could clear the screen, set the title of the window, turn the direction of a line,
 * or end it and forge the next one. Every value passes here once, before it is laid out.
 */
import { shortName } from '../exit/people.js';

/** Control and format characters, and the line ends of Unicode. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;
const names = new Set(['name', 'employeeName', 'displayName', 'userName', 'login']);

export const printable = (text: string): string =>
  text.replace(UNPRINTABLE, (char) => `\\u{${char.codePointAt(0)!.toString(16)}}`);

/** Of several lines, each by itself. */
export const printableLines = (text: string): string => text.split('\n').map(printable).join('\n');

/** A copy of a document whose every text is one printable line, and whose names are of sane length. */
export function printableCopy<T>(document: T): T {
  return copyOf(document) as T;
}

function copyOf(value: unknown, key = ''): unknown {
  if (typeof value === 'string') return printable(names.has(key) ? shortName(value) : value);
  if (Array.isArray(value)) return value.map((each) => copyOf(each, key));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, each]) => [printable(name), copyOf(each, name)]),
  );
}

/** Exact JSON: what a terminal would obey is escaped, which a parser reads as the same. */
export const jsonOf = (document: unknown, indent?: number): string | undefined =>
  JSON.stringify(document, null, indent)?.replace(/(?!\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (char) =>
    Array.from(
      { length: char.length },
      (_, i) => `\\u${char.charCodeAt(i).toString(16).padStart(4, '0')}`,
    ).join(''),
  );
