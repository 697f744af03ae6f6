/** Parses one template file in the Liquid language (https://liquidjs.com). Unknown variables and filters are errors. */
import { readFileSync } from 'node:fs';
import { relative } from 'node:path';
import { filters, Liquid, LiquidError } from 'liquidjs';
import { oneLine } from '../protocols/mail-body.js';

export type Kind = 'txt' | 'html';
type Render = (data: object) => string;

/** The content of a layout, and the only value that is output without escaping. */
export class Body {
  constructor(readonly text: string) {}
}

/** Parses the templates of one language. Times are shown in the company's time zone. */
export function createParser(kind: Kind, language: string, timeZone: string) {
  const liquid = new Liquid({
    strictVariables: true,
    strictFilters: true,
    ownPropertyOnly: true,
    // No partials: a template must not read files.
    templates: {},
    outputEscape(this: unknown, value: unknown): string {
      if (value instanceof Body) return value.text;
      if (value === null) throw new Error('this may be empty: put {% if … %} around it');
      if (typeof value !== 'string' && typeof value !== 'number')
        throw new Error('this is not a text: name a part of it, or append "| list"');
      const text = oneLine(String(value));
      return kind === 'txt' ? text : (filters.escape as (value: string) => string).call(this, text);
    },
  });
  liquid.unregisterFilter('raw');
  for (const [name, format] of Object.entries(formatsOf(language, timeZone)))
    liquid.registerFilter(name, format);

  /** @throws Error with file and line, also when it is rendered */
  return (path: string): Render => {
    const file = relative('', path);
    const source = readFileSync(path, 'utf8')
      .replace(/^\uFEFF/, '')
      .replaceAll('\r\n', '\n');
    const template = located(file, () => liquid.parse(source, file));
    return (data) =>
      located(file, () => liquid.renderSync(template, data) as string)
        // An omitted paragraph leaves empty lines.
        .replace(/\n{3,}/g, '\n\n');
  };
}

/** Our additional filters. */
function formatsOf(language: string, timeZone: string) {
  // The default region of English puts the month before the day.
  const locale = language === 'en' ? 'en-GB' : language;
  const list = new Intl.ListFormat(locale, { type: 'conjunction' });
  /** By the options, since making one takes longer than rendering the mail. */
  const made = new Map<string, Intl.DateTimeFormat>();
  const format = (options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat => {
    const key = JSON.stringify(options);
    if (!made.has(key)) made.set(key, new Intl.DateTimeFormat(locale, options));
    return made.get(key)!;
  };
  const atLength = { dateStyle: 'full', timeStyle: 'short' } as const;
  return {
    /** `{{ systems | list }}` */
    list: (items: readonly string[]) => list.format(items),
    /** `{{ reviewBy | date }}`: the day of a time or of a calendar date. */
    date: (time: string) =>
      format({ dateStyle: 'long', timeZone: isCalendarDate(time) ? 'UTC' : timeZone }).format(timeOf(time)),
    /** `{{ reviewBy | date_time }}` */
    date_time: (time: string) => `${format({ ...atLength, timeZone }).format(timeOf(time))} (${timeZone})`,
    /** `{{ start | time_range: end, timeZone }}` */
    time_range: (start: string, end: string, timeZone: string) =>
      `${format({ ...atLength, timeZone }).formatRange(timeOf(start), timeOf(end))} (${timeZone})`,
  };
}

function timeOf(text: unknown): Date {
  if (typeof text !== 'string') throw new Error('this may be empty: put {% if … %} around it');
  return new Date(text);
}

const isCalendarDate = (time: string): boolean => /^\d{4}-\d\d-\d\d$/.test(time);

/** Adds file and line to an error. */
function located<T>(file: string, run: () => T): T {
  try {
    return run();
  } catch (error) {
    if (!LiquidError.is(error)) throw error;
    const [line] = error.token.getPosition();
    const [what] = (error.originalError ?? error).message.split(', file:');
    throw new Error(`${file}:${line}: ${what}`, { cause: error });
  }
}
