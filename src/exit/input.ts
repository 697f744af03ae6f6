import { z } from 'zod';

const kinds: Readonly<Record<string, string>> = {
  ...{ string: 'a text', array: 'a list', object: 'a section', record: 'a section' },
  ...{ number: 'a number', int: 'a whole number', boolean: 'true or false' },
};

z.config({
  // The workflow sandbox has no `eval`, which zod would use to compile its parsers.
  jitless: true,
  /** Where a schema says nothing itself. */
  customError(issue) {
    if (issue.code !== 'invalid_type') return undefined;
    const { [String(issue['expected'])]: kind = `of the type ${String(issue['expected'])}` } = kinds;
    return issue.input === undefined ? `is missing, and must be ${kind}` : `must be ${kind}`;
  },
});

export type Parsed<T> = { ok: true; value: T } | { ok: false; problem: string };

/**
 * Checks `input` against a schema.
 * @param problemWith checks a well-formed value against rules that the schema cannot express
 * @returns the value, or one sentence that names every problem, field by field
 */
export function parse<T>(
  schema: z.ZodType<T>,
  input: unknown,
  problemWith: (value: T) => string | undefined = () => undefined,
): Parsed<T> {
  const { data: value, error } = schema.safeParse(input);
  const problem = error ? describeIssues(error) : problemWith(value);
  return problem === undefined ? { ok: true, value: value! } : { ok: false, problem };
}

/** `systems[0].name: must be …; policy.retry: must be …` */
export function describeIssues(error: z.ZodError): string {
  return error.issues
    .map(({ path, message }) => (path.length === 0 ? message : `${fieldName(path)}: ${message}`))
    .join('; ');
}

function fieldName(path: readonly PropertyKey[]): string {
  return path
    .map((part, i) => (typeof part === 'number' ? `[${part}]` : `${i ? '.' : ''}${String(part)}`))
    .join('');
}

/** A calendar date, `YYYY-MM-DD` (ISO 8601). */
export const IsoDate = z.iso.date('must be a date such as 2026-12-31 (YYYY-MM-DD)');

/** The earliest date that is today at some place on Earth (UTC−12): workflow code has no time zone data. `YYYY-MM-DD`. */
export const earliestToday = (now: string): string =>
  new Date(Date.parse(now) - 12 * 60 * 60 * 1000).toISOString().slice(0, 10);

/** The day after a date, `YYYY-MM-DD`. */
export const dayAfter = (date: string): string =>
  new Date(Date.parse(date) + 24 * 60 * 60 * 1000).toISOString().slice(0, 10);

/** Notice periods are shorter. A mistyped year would keep the employee blocked, without a reminder, until then. */
const LONGEST_NOTICE_YEARS = 2;

/** @returns the problem with a date of a decision that is too far ahead */
export const yearsAhead = (field: string, date: string, today: string): string | undefined =>
  Number(date.slice(0, 4)) > Number(today.slice(0, 4)) + LONGEST_NOTICE_YEARS
    ? `${field}: ${date} lies more than ${LONGEST_NOTICE_YEARS} years ahead: check the year`
    : undefined;

/** A BCP 47 language tag. */
export const LanguageTag = z
  .string()
  .refine(isLanguageTag, 'must be a language tag, for example "de" or "pt-BR"');

function isLanguageTag(tag: string): boolean {
  try {
    return Intl.getCanonicalLocales(tag).length === 1;
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}
