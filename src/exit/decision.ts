import { z } from 'zod';
import { IsoDate, parse, type Parsed } from './input.js';
import { isSameIdentity, MailAddress } from './mail-address.js';

export const outcomes = ['retained', 'leaving'] as const;
export type Outcome = (typeof outcomes)[number];
/** How an exit ends: as decided, or cancelled before a decision. */
export type Ending = Outcome | 'cancelled';

/** The argument of `decisionFinalised` and `finaliseDecision`: how HR ends the exit. */
export type Decision = z.output<typeof DecisionFields>;

export const DecisionFields = z
  .object(
    {
      outcome: z.enum(outcomes, 'must be "retained" or "leaving"'),
      /** Mail address of the person who decided. Never the employee concerned. */
      decidedBy: MailAddress,
      note: z.string().max(2000, 'must be at most 2000 characters').optional(),
      /** Leaving only: access stays blocked until the start of this day, `YYYY-MM-DD`, which revokes it. */
      effectiveOn: IsoDate.optional(),
    },
    'must be an object such as {"outcome":"retained","decidedBy":"hr@acme.example"}',
  )
  .refine(({ outcome, effectiveOn }) => effectiveOn === undefined || outcome === 'leaving', {
    path: ['effectiveOn'],
    message: 'is allowed with the outcome "leaving" only',
  });

/** Notice periods are shorter. A mistyped year would keep the employee blocked, without a reminder, until then. */
const LONGEST_NOTICE_YEARS = 2;

/** The state of the exit that a decision is checked against. */
export interface DecisionContext {
  employeeId: string;
  /** Names and addresses of the employee from the directory and the critical systems. */
  employeeIdentities: readonly string[];
  /** The decision that stands. */
  standing?: Decision | undefined;
  /** Whether the standing decision is *leaving* and still waits for its date. */
  awaitingEffectiveDate: boolean;
  cancelled: boolean;
  /** The earliest date that is today at some place on Earth, `YYYY-MM-DD`. */
  today: string;
}

/**
 * Whether the exit accepts a decision. The first valid one stands. The one exception: *retained* replaces a *leaving* that still waits
 * for its date.
 */
export const parseDecision = (input: unknown, context: DecisionContext): Parsed<Decision> =>
  parse(DecisionFields, input, ({ outcome, decidedBy, effectiveOn }) => {
    const { employeeId, standing, today } = context;
    if (context.cancelled) return `the exit of ${employeeId} was cancelled, so it takes no decision`;
    if ([employeeId, ...context.employeeIdentities].some((known) => isSameIdentity(known, decidedBy)))
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
