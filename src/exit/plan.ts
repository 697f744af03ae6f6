/**
 * What one exit runs under, taken once from the configuration: in the history of an orchestrated exit, in the stream of a choreographed
 * one. A later configuration changes no open exit.
 */
import { z } from 'zod';
import type { HoldKind } from './hold-facts.js';
import type { Contact } from './people.js';
import type { Review } from './review.js';
import { beginnings, serviceNames, type StepRow } from './steps.js';

export interface Plan {
  systems: PlannedSystem[];
  steps: StepRow[];
  policy: Policy;
  /** Who is asked for the decision, until the interview is in the calendar of another. */
  hrPartner: Contact;
  /** Hears of the steps that need attention. */
  operator: Contact;
  review: Review;
  /** Orchestrated: runs of earlier exits of the employee that ended from outside; what they took is given back by this one. */
  adopts?: string[] | undefined;
}

export interface PlannedSystem {
  name: string;
  hold: HoldKind;
  /** The task queue of its access activities: one of its own where it has a rate limit. */
  queue: string;
  /** How long one attempt on it may take; more where it has to go slowly. */
  attemptTimeoutMs: number;
}

/** Durations of the process, in milliseconds. */
export interface Policy {
  /** How long a step may go on trying before the exit asks for attention. */
  attentionAfterMs: number;
  /** First pause between two attempts; doubles up to `retryMaximumMs`. */
  retryInitialMs: number;
  retryMaximumMs: number;
  /** How long one attempt of a step may take. */
  attemptTimeoutMs: number;
  /** Whether a hold that was undone is asserted again; otherwise it waits for an operator. */
  reassertsDrift: boolean;
  /** How long after it was given up a request may still take effect on a server without ETags. */
  lateWriteMs: number;
}

const ms = z.number().nonnegative();
export const ContactFields: z.ZodType<Contact> = z.object({
  name: z.string(),
  email: z.string(),
  language: z.string().optional(),
});
export const HoldFields: z.ZodType<HoldKind> = z.union([
  z.object({ kind: z.literal('suspend') }),
  z.object({ kind: z.literal('groups'), groups: z.array(z.string()) }),
]);
const Row: z.ZodType<StepRow> = z.object({
  name: z.string(),
  service: z.enum(serviceNames),
  begins: z.enum(beginnings),
  after: z.array(z.string()).optional(),
  until: z.enum(['decided', 'effective', 'retained']).optional(),
  gates: z.boolean(),
  perSystem: z.boolean().optional(),
  queue: z.string(),
  event: z.string() as unknown as z.ZodType<StepRow['event']>,
  summary: z.string(),
  custom: z.enum(['call', 'task']).optional(),
  attentionAfterMs: ms.optional(),
});

export const PlanFields: z.ZodType<Plan> = z.object({
  systems: z
    .array(z.object({ name: z.string(), hold: HoldFields, queue: z.string(), attemptTimeoutMs: ms }))
    .min(1, 'must name at least one critical system'),
  steps: z.array(Row).min(1, 'must name at least one step'),
  policy: z.object({
    attentionAfterMs: ms,
    retryInitialMs: ms,
    retryMaximumMs: ms,
    attemptTimeoutMs: ms,
    reassertsDrift: z.boolean(),
    lateWriteMs: ms,
  }),
  hrPartner: ContactFields,
  operator: ContactFields,
  review: z.object({
    remindAfterMs: z.array(ms),
    withinMs: ms,
    escalateEveryMs: z.number().positive(),
    escalateTo: ContactFields,
  }),
  adopts: z.array(z.string()).optional(),
});
