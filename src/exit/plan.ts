/**
 * What one exit runs under, taken once from the configuration: in the history of an orchestrated exit, in the stream of a choreographed
 * one. A later configuration changes no open exit. Durations are in milliseconds.
 */
import { z } from 'zod';
import { HoldFields } from './hold-facts.js';
import { ContactFields } from './people.js';
import { ReviewFields } from './review.js';
import { StepRowFields } from './steps.js';

const ms = z.number().nonnegative();

const PlannedSystem = z.object({
  name: z.string(),
  hold: HoldFields,
  /** The task queue of its access activities: one of its own where it has a rate limit. */
  queue: z.string(),
  /** How long one attempt on it may take; more where it has to go slowly. */
  attemptTimeoutMs: ms,
});
export type PlannedSystem = z.output<typeof PlannedSystem>;

const Policy = z.object({
  /** How long a step may go on trying before the exit asks for attention. */
  attentionAfterMs: ms,
  /** First pause between two attempts; doubles up to `retryMaximumMs`. */
  retryInitialMs: ms,
  retryMaximumMs: ms,
  /** How long one attempt of a step may take. */
  attemptTimeoutMs: ms,
  /** Whether a hold that was undone is asserted again; otherwise it waits for an operator. */
  reassertsDrift: z.boolean(),
  /** How long after it was given up a request may still take effect on a server without ETags. */
  lateWriteMs: ms,
});
export type Policy = z.output<typeof Policy>;

/** Named things, of which no two have the same name: a step is known by the names of its row and its system. */
const distinct = <T extends z.ZodType<{ name: string }>>(fields: T, what: string) =>
  z
    .array(fields)
    .min(1, `must name at least one ${what}`)
    .refine(
      (all) => new Set(all.map(({ name }) => name)).size === all.length,
      `must name every ${what} once`,
    );

export const PlanFields = z.object({
  systems: distinct(PlannedSystem, 'critical system'),
  steps: distinct(StepRowFields, 'step'),
  policy: Policy,
  /** Who is asked for the decision, until the interview is in the calendar of another. */
  hrPartner: ContactFields,
  /** Hears of the steps that need attention. */
  operator: ContactFields,
  review: ReviewFields,
  /** Orchestrated: runs of earlier exits of the employee that ended from outside; what they took is given back by this one. */
  adopts: z.array(z.string()).optional(),
});
export type Plan = z.output<typeof PlanFields>;
