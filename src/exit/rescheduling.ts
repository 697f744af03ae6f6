import { z } from 'zod';
import { AskedFields } from './asker.js';
import { parse, type Parsed } from './input.js';
import { MailAddress } from './mail-address.js';

/** The argument of the update `rescheduleInterview`: a time, or the next free slot. */
export type Rescheduling = z.output<typeof ReschedulingFields>;

export const ReschedulingFields = z
  .object(
    {
      /** The new start: ISO 8601 with an offset. */
      at: z.iso
        .datetime({ offset: true, error: 'must be a time such as 2026-12-01T14:00:00+01:00' })
        .optional(),
      next: z.boolean().optional(),
      /** Mail address of the person who asked, for the record. */
      by: MailAddress.optional(),
      ...AskedFields,
    },
    'must be an object such as {"at":"2026-12-01T14:00:00+01:00"} or {"next":true}',
  )
  .refine(({ at, next }) => (at === undefined) === (next === true), {
    message: 'must have either "at", a time, or "next": true, but not both',
  });

/** @param now ISO 8601, UTC */
export const parseRescheduling = (input: unknown, now: string): Parsed<Rescheduling> =>
  parse(ReschedulingFields, input, ({ at }) =>
    at !== undefined && Date.parse(at) <= Date.parse(now) ? `at: ${at} lies in the past` : undefined,
  );
