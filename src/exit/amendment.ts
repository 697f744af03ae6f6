import { z } from 'zod';
import type { Acting } from './acting.js';
import { AskedFields, type ActedBy } from './asker.js';
import { problemWithEffect } from './decision.js';
import { IsoDate, parse, yearsAhead, type Parsed } from './input.js';
import { MailAddress } from './mail-address.js';

/** The argument of the update `amendResignation`: other dates of an open exit. */
export type Amendment = z.output<typeof AmendmentFields>;

export const AmendmentFields = z
  .object(
    {
      lastWorkingDay: IsoDate.optional(),
      /** When a decided *leaving* takes effect: at the start of this day. */
      effectiveOn: IsoDate.optional(),
      /** Mail address of the person who amends. Never the employee concerned. */
      by: MailAddress,
      note: z.string().max(2000, 'must be at most 2000 characters').optional(),
      ...AskedFields,
    },
    'must be an object such as {"lastWorkingDay":"2027-01-29","by":"hr@acme.example"}',
  )
  .refine(({ lastWorkingDay, effectiveOn }) => lastWorkingDay !== undefined || effectiveOn !== undefined, {
    message: 'must have "lastWorkingDay" or "effectiveOn"',
  });

/** The dates of an exit as they stand. */
export interface Dates {
  lastWorkingDay?: string | undefined;
  effectiveOn?: string | undefined;
}

/** What an amendment changed, for the record. */
export interface Amended extends ActedBy {
  /** ISO 8601, UTC. */
  at: string;
  note?: string | undefined;
  before: Dates;
  after: Dates;
}

interface Context {
  problemWith: Acting;
  /** `effectiveOn` is undefined where no *leaving* waits for its day. */
  standing: Dates;
  /** The earliest date that is today at some place on Earth, `YYYY-MM-DD`. */
  today: string;
}

export const parseAmendment = (
  input: unknown,
  { problemWith, standing, today }: Context,
): Parsed<Amendment> =>
  parse(AmendmentFields, input, ({ lastWorkingDay, effectiveOn, by }) => {
    if (lastWorkingDay !== undefined && lastWorkingDay < today)
      return `lastWorkingDay: ${lastWorkingDay} lies in the past`;
    if (lastWorkingDay === standing.lastWorkingDay && effectiveOn === undefined)
      return `the last working day is ${lastWorkingDay} already`;
    if (effectiveOn !== undefined && standing.effectiveOn === undefined)
      return 'effectiveOn: no decision "leaving" waits for its day: decide with an effective date instead';
    if (effectiveOn !== undefined && effectiveOn === standing.effectiveOn && lastWorkingDay === undefined)
      return `the decision takes effect on ${effectiveOn} already`;
    return (
      problemWith('by', by) ??
      problemWithEffect(effectiveOn, today) ??
      (lastWorkingDay && yearsAhead('lastWorkingDay', lastWorkingDay, today))
    );
  });
