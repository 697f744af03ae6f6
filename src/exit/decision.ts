import { z } from 'zod';
import type { Acting } from './acting.js';
import { AskedFields } from './asker.js';
import { dayAfter, IsoDate, parse, yearsAhead, type Parsed } from './input.js';
import { MailAddress } from './mail-address.js';

/** `withdrawn`: the employee takes the resignation back. `wrong-person`: it was never this person's. */
export const outcomes = ['retained', 'leaving', 'withdrawn', 'wrong-person'] as const;
export type Outcome = (typeof outcomes)[number];
/** How an exit ends: as decided, or cancelled before a decision. */
export type Ending = Outcome | 'cancelled';

/** Whether the access is given back. */
export const isStaying = (ending: Ending | undefined): boolean =>
  ending !== undefined && ending !== 'leaving';

/** The outcomes after which each address that was told gets a correction. */
export const corrected = ['withdrawn', 'wrong-person'] as const satisfies Outcome[];
export type Corrected = (typeof corrected)[number];
/** Of these the manager alone is told. */
export type Uncorrected = Exclude<Ending, Corrected>;
export const isCorrected = (ending: Ending | undefined): ending is Corrected =>
  corrected.some((each) => each === ending);

/** The argument of `decisionFinalised` and `finaliseDecision`: how HR ends the exit. */
export type Decision = z.output<typeof DecisionFields>;

export const DecisionFields = z
  .object(
    {
      outcome: z.enum(outcomes, 'must be "retained", "leaving", "withdrawn" or "wrong-person"'),
      /** Mail address of the person who decided. Never the employee concerned. */
      decidedBy: MailAddress,
      note: z.string().max(2000, 'must be at most 2000 characters').optional(),
      /**
       * Leaving only: access stays blocked until the start of this day, `YYYY-MM-DD`, which revokes it. Default: until the last working
       * day is over.
       */
      effectiveOn: IsoDate.optional(),
      /** Leaving only: access is revoked at once. */
      now: z.boolean().optional(),
      ...AskedFields,
    },
    'must be an object such as {"outcome":"retained","decidedBy":"hr@acme.example"}',
  )
  .refine(({ outcome, effectiveOn }) => effectiveOn === undefined || outcome === 'leaving', {
    path: ['effectiveOn'],
    message: 'is allowed with the outcome "leaving" only',
  })
  .refine(({ outcome, effectiveOn, now }) => !now || (outcome === 'leaving' && effectiveOn === undefined), {
    path: ['now'],
    message: 'is allowed with the outcome "leaving" only, and without effectiveOn',
  });

/** The state of the exit that a decision is checked against. */
export interface DecisionContext {
  employeeId: string;
  /** Why the person may not decide, as acting.ts has it. */
  problemWith: Acting;
  /** The decision that stands. */
  standing?: Decision | undefined;
  /** Whether the standing decision is *leaving* and still waits for its date. */
  awaitingEffectiveDate: boolean;
  cancelled: boolean;
  /** The earliest date that is today at some place on Earth, `YYYY-MM-DD`. */
  today: string;
}

/**
 * Whether the exit accepts a decision. The first valid one stands. The one exception: one that gives access back replaces a *leaving*
 * that still waits for its date.
 */
export const parseDecision = (input: unknown, context: DecisionContext): Parsed<Decision> =>
  parse(DecisionFields, input, ({ outcome, decidedBy, effectiveOn }) => {
    const { employeeId, standing, today } = context;
    if (context.cancelled) return `the exit of ${employeeId} was cancelled, so it takes no decision`;
    const problem = context.problemWith('decidedBy', decidedBy) ?? problemWithEffect(effectiveOn, today);
    if (problem !== undefined) return problem;
    if (standing && !(context.awaitingEffectiveDate && isStaying(outcome)))
      return `${standing.decidedBy} has already decided "${standing.outcome}"; the first decision stands`;
    return undefined;
  });

/** @param today the earliest date that is today at some place on Earth */
export function problemWithEffect(effectiveOn: string | undefined, today: string): string | undefined {
  if (effectiveOn === undefined) return undefined;
  if (effectiveOn < today) return `effectiveOn: ${effectiveOn} lies in the past`;
  return yearsAhead('effectiveOn', effectiveOn, today);
}

/** @returns the day at whose start a decision takes effect, `YYYY-MM-DD`; undefined where it does at once */
export function effectiveDayOf(
  { outcome, effectiveOn, now }: Decision,
  { lastWorkingDay }: { lastWorkingDay?: string | undefined },
): string | undefined {
  if (outcome !== 'leaving' || now) return undefined;
  return effectiveOn ?? (lastWorkingDay && dayAfter(lastWorkingDay));
}
