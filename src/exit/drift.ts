/** Drift: during the hold, another administrator gave back access that the hold had taken. */
import { z } from 'zod';
import type { HoldKind } from './hold-facts.js';
import type { Person } from './matching.js';
import { parse, type Parsed } from './input.js';

export interface WatchedAccount {
  /** Immutable. */
  id: string;
  /** The ids of the groups that the hold has taken it out of. */
  groups: string[];
  /** The ids of those that did not tell at the block who is in them. */
  untold?: string[] | undefined;
  /** The employee id of another person that it was chosen with. */
  shows?: string | undefined;
}

/** What a sweep needs to check one hold. It is in the memo of the exit, so that a check adds no event to its history. */
export interface WatchedHold {
  system: string;
  hold: HoldKind;
  employee: Person;
  accounts: WatchedAccount[];
  /** The ids that an operator has named where several accounts match. */
  chosen?: readonly string[] | undefined;
  /** A person has confirmed the block of all that EMS has not blocked. */
  isConfirmed?: boolean | undefined;
  /** The task queue of the system. */
  queue: string;
}

/** A watched hold, and the exit that it belongs to. */
export interface ExitHold extends WatchedHold {
  workflowId: string;
  runId: string;
}

/** The holds of an exit that was terminated or timed out: no workflow is left that gives the access back. */
export interface OrphanedHold {
  exitId: string;
  employeeId: string;
  systems: string[];
  /** Temporal's execution status: TERMINATED, TIMED_OUT. */
  how: string;
  /** ISO 8601, UTC. */
  endedAt: string;
  /** The task queue of the notification service, which informs the operator. */
  queue: string;
}

/** Characters of what a drift says. */
export const MOST_SAID = 500;

/** The argument of the signal `holdDrifted`. `seenAt`: ISO 8601, UTC. */
export type Drift = z.output<typeof DriftFields>;

export const DriftFields = z.object(
  {
    system: z.string(),
    what: z.string().max(MOST_SAID),
    /** Whether access came back could not be told. */
    isUntold: z.boolean().optional(),
    seenAt: z.iso.datetime(),
  },
  'must be an object such as {"system":"payroll","what":"the account is active again","seenAt":"2026-11-23T09:00:00Z"}',
);

export const parseDrift = (input: unknown): Parsed<Drift> => parse(DriftFields, input);
