import type { HoldKind } from './hold.js';
import type { Contact } from './people.js';
import type { Review } from './review.js';

/**
 * What one exit runs under, from the configuration at its start. Recorded in the history, so that a later change of the
 * configuration cannot change an open exit.
 */
export interface Plan {
  systems: PlannedSystem[];
  policy: Policy;
  queues: Queues;
  /** Whom the decision is awaited from: the first one, until an interview is in the calendar of another. */
  hrPartner: Contact;
  /** Absent in the plans of exits that began before there was more to tell than the manager, and nobody was reminded. */
  telling?: Telling | undefined;
}

export interface PlannedSystem {
  name: string;
  hold: HoldKind;
  /** The task queue of its access activities: one of its own where it has a rate limit. */
  queue: string;
  /** How long one attempt on it may take; more where it has to go slowly. */
  attemptTimeoutMs: number;
}

export interface Telling {
  /** Hears of the steps that need attention. */
  operator: Contact;
  review: Review;
}

/** The task queue of each service; access has one per system. */
export interface Queues {
  directory: string;
  notification: string;
  hr: string;
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
  /** Whether a hold that somebody undid is asserted again; otherwise it waits for an operator. */
  reassertsDrift: boolean;
  /** How long after it was given up a request may still take effect on a server without ETags. */
  lateWriteMs: number;
}
