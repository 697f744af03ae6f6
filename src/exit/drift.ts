/** Drift: what the hold took was given back by somebody else while the decision is open. */
import { z } from 'zod';
import type { HoldKind } from './hold-facts.js';
import { parse, type Parsed } from './input.js';

/** What has to be known of a hold to look whether it still holds. Kept in the exit's memo, so that looking costs the exit nothing. */
export interface WatchedHold {
  system: string;
  hold: HoldKind;
  /** The SCIM `id` of the account. */
  accountId: string;
  /** The task queue of the system. */
  queue: string;
}

/** A watched hold, and the exit that it belongs to. */
export interface ExitHold extends WatchedHold {
  workflowId: string;
  runId: string;
}

/** The holds of an exit that ended from outside: nothing gives them back by itself. */
export interface OrphanedHold {
  exitId: string;
  employeeId: string;
  systems: string[];
  /** As Temporal calls it: TERMINATED, TIMED_OUT. */
  how: string;
  /** ISO 8601, UTC. */
  endedAt: string;
  /** The task queue of who tells the operator. */
  queue: string;
}

/** A hold found drifted, as the signal `holdDrifted` says it. */
export type Drift = z.output<typeof DriftFields>;

export const DriftFields = z.object(
  { system: z.string(), what: z.string().max(500), seenAt: z.iso.datetime() },
  'must be an object such as {"system":"payroll","what":"the account is active again","seenAt":"2026-11-23T09:00:00Z"}',
);

export const parseDrift = (input: unknown): Parsed<Drift> => parse(DriftFields, input);
