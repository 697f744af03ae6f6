/**
 * The part of the configuration that one exit runs under. Its history or its stream keeps it, so a later configuration changes no open
 * exit. Durations are in milliseconds.
 */
import { z } from 'zod';
import { HoldFields } from './hold-facts.js';
import { ContactFields, deciderRoles } from './people.js';
import { confirmable } from './proposals.js';
import { ReviewFields } from './review.js';
import { KeyFields } from './signature.js';
import { StepRowFields } from './steps.js';

const ms = z.number().nonnegative();

const PlannedSystem = z.object({
  name: z.string(),
  hold: HoldFields,
  /**
   * Present where no program reaches the system: its access steps are tasks of its owner, which need attention after `withinMs`. A confirmed
   * block is asked for anew after `lookAgainEveryMs`.
   */
  manual: z.object({ withinMs: ms, lookAgainEveryMs: ms.optional() }).optional(),
  /** The task queue of its access activities; a system with a rate limit has its own. */
  queue: z.string(),
  /** The longest attempt on it; longer where a rate limit slows it down. */
  attemptTimeoutMs: ms,
});
export type PlannedSystem = z.output<typeof PlannedSystem>;

const Policy = z.object({
  /** How long a step is retried before it needs attention. */
  attentionAfterMs: ms,
  /** The first retry interval; it grows up to `retryMaximumMs`. */
  retryInitialMs: ms,
  retryMaximumMs: ms,
  /** The longest attempt of a step. */
  attemptTimeoutMs: ms,
  /** Whether a drift is blocked again at once; otherwise it waits for an operator. */
  reassertsDrift: z.boolean(),
  /** How long an abandoned request may still take effect on a server without ETags. */
  lateWriteMs: ms,
});
export type Policy = z.output<typeof Policy>;

/** An array of objects with distinct names: the names of its row and its system identify a step. */
const distinct = <T extends z.ZodType<{ name: string }>>(fields: T, what: string) =>
  z
    .array(fields)
    .min(1, `must name at least one ${what}`)
    .refine(
      (all) => new Set(all.map(({ name }) => name)).size === all.length,
      `must name every ${what} once`,
    );

const PlannedSubscriber = z.object({
  name: z.string(),
  events: z.array(z.string()),
  /** The task queue of the deliveries. */
  queue: z.string(),
  giveUpAfterMs: ms,
});
export type PlannedSubscriber = z.output<typeof PlannedSubscriber>;

export const PlanFields = z.object({
  systems: distinct(PlannedSystem, 'critical system'),
  steps: distinct(StepRowFields, 'step'),
  policy: Policy,
  /** In order of preference. The first one decides, until another one holds the interview or takes the exit over. */
  hrPartners: z.array(ContactFields).min(1),
  /** Receives a mail about each step that needs attention. */
  operator: ContactFields,
  review: ReviewFields,
  /** Who may decide; default: each contact of the plan, and each person of the directory except the employee. */
  deciders: z
    .array(z.union([z.enum(deciderRoles), ContactFields]))
    .min(1)
    .optional(),
  /** What counts only once a second person confirms it; default: nothing. */
  secondPerson: z.array(z.enum(confirmable)).optional(),
  /** Orchestrated: programs outside EMS that hear of the exit. */
  subscribers: z.array(PlannedSubscriber).min(1).optional(),
  /** The keys of the API, where acts count with its signature alone; default: each act counts. */
  signed: z.array(KeyFields).optional(),
  /** Orchestrated: run IDs of the employee's earlier exits that were terminated or timed out. This exit gives back what they took. */
  adopts: z.array(z.string()).optional(),
});
export type Plan = z.output<typeof PlanFields>;
