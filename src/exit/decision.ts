import { z } from 'zod';
import { IsoDate, MailAddress, parse, type Parsed } from './input.js';

export const outcomes = ['retained', 'leaving'] as const;
export type Outcome = (typeof outcomes)[number];
/** How an exit ends: as decided, or called off before anybody decided. */
export type Ending = Outcome | 'cancelled';

/** HR's word on how the exit ends. */
export type Decision = z.output<typeof DecisionFields>;

export const DecisionFields = z
  .object(
    {
      outcome: z.enum(outcomes, 'must be "retained" or "leaving"'),
      /** The person who decided. Never the employee concerned. */
      decidedBy: MailAddress,
      note: z.string().max(2000, 'must be at most 2000 characters').optional(),
      /** The day whose start revokes; access stays blocked until then. */
      effectiveOn: IsoDate.optional(),
    },
    'must be an object such as {"outcome":"retained","decidedBy":"hr@acme.example"}',
  )
  .refine(({ outcome, effectiveOn }) => effectiveOn === undefined || outcome === 'leaving', {
    path: ['effectiveOn'],
    message: 'goes with the outcome "leaving" only',
  });

/** No notice is longer; a mistyped year would keep somebody blocked, and nobody reminded, for as long. */
const LONGEST_NOTICE_YEARS = 2;

/** What a decision is weighed against. */
export interface DecisionContext {
  employeeId: string;
  /** Addresses and names that the employee is known by so far, from the directory and from the critical systems. */
  employeeIdentities: readonly string[];
  /** The decision that stands, if one does. */
  standing?: Decision | undefined;
  /** Whether the standing decision is *leaving* and still waits for its date. */
  awaitingEffectiveDate: boolean;
  /** The employee or an operator has called the exit off. */
  cancelled: boolean;
  today: string;
}

/**
 * Whether a decision would be accepted now. The first valid one stands; the one exception is *retained* in place of a
 * *leaving* that still waits for its date.
 */
export const parseDecision = (input: unknown, context: DecisionContext): Parsed<Decision> =>
  parse(DecisionFields, input, ({ outcome, decidedBy, effectiveOn }) => {
    const { employeeId, standing, today } = context;
    if (context.cancelled) return `the exit of ${employeeId} was cancelled`;
    if ([employeeId, ...context.employeeIdentities].some((known) => sameText(known, decidedBy)))
      return `decidedBy: ${decidedBy} is the employee concerned, who cannot decide on their own exit`;
    if (effectiveOn !== undefined && effectiveOn < today)
      return `effectiveOn: ${effectiveOn} lies in the past`;
    if (effectiveOn !== undefined && yearOf(effectiveOn) > yearOf(today) + LONGEST_NOTICE_YEARS)
      return `effectiveOn: ${effectiveOn} lies more than ${LONGEST_NOTICE_YEARS} years ahead: check the year`;
    if (standing && !(context.awaitingEffectiveDate && outcome === 'retained'))
      return `${standing.decidedBy} has already decided "${standing.outcome}"; the first decision stands`;
    return undefined;
  });

const yearOf = (date: string): number => Number(date.slice(0, 4));
const sameText = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase();
