import { z } from 'zod';
import { MailAddress, parse, type Parsed } from './input.js';

/** The argument of the update `rescheduleInterview`: a given time, or the next free slot. */
export interface Rescheduling {
  /** ISO 8601 with an offset: when the interview is to begin. */
  at?: string | undefined;
  next?: boolean | undefined;
  /** The mail address of who asked for it, for the record. */
  by?: string | undefined;
}

export const ReschedulingFields: z.ZodType<Rescheduling> = z
  .object(
    {
      at: z.iso
        .datetime({ offset: true, error: 'must be a time such as 2026-12-01T14:00:00+01:00' })
        .optional(),
      next: z.boolean().optional(),
      by: MailAddress.optional(),
    },
    'must be an object such as {"at":"2026-12-01T14:00:00+01:00"} or {"next":true}',
  )
  .refine(({ at, next }) => (at === undefined) === (next === true), {
    message: 'must have either "at", a time, or "next": true, but not both',
  });

/** @param now ISO 8601 */
export function parseRescheduling(input: unknown, now: string): Parsed<Rescheduling> {
  const parsed = parse(ReschedulingFields, input);
  if (!parsed.ok) return parsed;
  const { at } = parsed.value;
  if (at !== undefined && Date.parse(at) <= Date.parse(now))
    return { ok: false, problem: `at: ${at} lies in the past` };
  return parsed;
}
