/** The port that both forms implement. Without an exit id, a call is about the employee's newest exit. */
import type { Looked } from './acting.js';
import type { Amended, Amendment } from './amendment.js';
import type { Decision } from './decision.js';
import type { HandedOver, HandOver } from './hand-over.js';
import type { Interview } from './interview.js';
import type { Openings } from './opening.js';
import type { Rescheduling } from './rescheduling.js';
import type { Resignation } from './resignation.js';
import type { Resolution } from './resolution.js';
import type { Rejection, Proposal } from './proposals.js';
import { phases, type ExitStatus, type Step } from './status.js';
import type { StepAhead } from './steps.js';

export interface Exits {
  find: (employeeId: string, exitId?: string) => Promise<FoundExit | undefined>;
  /** Whose exit has this id. Other publishers' exit ids may be unique per employee only. Temporal's index may be a moment behind. */
  employeesOf: (exitId: string) => Promise<string[]>;
  /** The exit of the employee, open or closed, that a request with this `requestId` opened. */
  openedBy: (employeeId: string, requestId: string) => Promise<string | undefined>;
  /** @throws Refusal when the employee has an open exit already */
  open: (resignation: Resignation) => Promise<{ exitId: string; workflowId?: string }>;
  openings: Openings;
  status: (employeeId: string, exitId?: string) => Promise<ExitStatus>;
  decide: (employeeId: string, decision: Decision, exitId?: string) => Promise<Decided>;
  /** Rejects what waits for a second person; the one who proposed it withdraws it. */
  reject: (employeeId: string, rejection: Rejection, exitId?: string) => Promise<Proposal>;
  /**
   * What a decision would begin now, or why the exit would refuse it.
   * @param looked of whom the decider's address is; the exit needs it where its plan does not name the address
   */
  weigh: (employeeId: string, decision: Decision, exitId?: string, looked?: Looked) => Promise<Weighed>;
  resolve: (employeeId: string, resolution: Resolution, exitId?: string) => Promise<Step>;
  /** Moves the interview. @returns once the new invitations are out */
  reschedule: (employeeId: string, request: Rescheduling, exitId?: string) => Promise<Interview>;
  /** Changes the dates of an open exit. */
  amend: (employeeId: string, amendment: Amendment, exitId?: string) => Promise<Amended>;
  /** Gives an open exit to another HR partner. The interview follows. */
  handOver: (employeeId: string, handOver: HandOver, exitId?: string) => Promise<HandedOver>;
  list: (filter: ListFilter) => Promise<ListedExit[]>;
  /** Yields the status now and after each change, until the exit is over. */
  follow: (employeeId: string, everyMs: number, exitId?: string) => AsyncGenerator<ExitStatus>;
}

/** A decision as the exit took it: it stands since `decidedAt`, or waits since `proposedAt` for a second person. */
export type Decided = Decision & { decidedAt?: string | undefined; proposedAt?: string | undefined };

/** The steps that a decision would begin, and on which day; or why the exit would refuse it. */
export type Weighed =
  | {
      setsOff: StepAhead[];
      /** It takes effect at the start of this day, `YYYY-MM-DD`; undefined: at once. */
      effectiveDay?: string | undefined;
      lastWorkingDay?: string | undefined;
      /** It counts only once a second person confirms it. */
      needsSecond?: boolean | undefined;
      problem?: undefined;
    }
  | { problem: string };

export const listedPhases = [
  ...phases,
  'terminated',
  'timed-out',
  /** Choreographed: every service has dead-lettered the resignation. */
  'dead-lettered',
] as const;
export type ListedPhase = (typeof listedPhases)[number];

/** The exit is over without an ending of its own. It needs attention until a newer exit follows. */
export const isCutShort = (phase: ListedPhase): boolean =>
  phase === 'failed' || phase === 'terminated' || phase === 'timed-out';

/** A part of a list, in its order. */
export interface Page {
  /** At least so many, where there are more; a form may give more, and the reader cuts. */
  limit: number;
  /** The position that the page comes after. */
  after?: readonly string[] | undefined;
}

export interface ListFilter {
  employeeId?: string | undefined;
  open?: boolean | undefined;
  closed?: boolean | undefined;
  /** Open exits with a step that needs attention, and exits that were cut short. */
  attention?: boolean | undefined;
  phase?: ListedPhase | undefined;
  /** Undecided exits past their `reviewBy`. */
  overdue?: boolean | undefined;
  /** Default: the whole list. */
  page?: Page | undefined;
}

export interface ListedDeadLetter {
  id: string;
  event: string;
  /** The step that needs attention because of it. */
  step?: string | undefined;
  reason: string;
}

export interface ListedExit {
  employeeId: string;
  exitId: string;
  phase: ListedPhase;
  outcome?: string | undefined;
  needsAttention: boolean;
  openedAt: string;
  closedAt?: string | undefined;
  lastWorkingDay?: string | undefined;
  /** When the decision is overdue; absent once there is one. */
  reviewBy?: string | undefined;
  /** The steps of an open exit that need attention. */
  stuckSteps: Step[];
  /** Choreographed: messages about the exit that a consumer has dead-lettered. */
  deadLetters?: ListedDeadLetter[] | undefined;
  /** Why the steps could not be read. */
  statusProblem?: string | undefined;
}

/** The position in a list: open exits first, then the newest. An exit keeps its own while others are opened. */
export const positionOf = ({
  closedAt = '9999',
  openedAt,
  exitId,
}: Pick<ListedExit, 'closedAt' | 'openedAt' | 'exitId'>): string[] => [closedAt, openedAt, exitId];

/** Descending, as Temporal's own list. */
export function comparePositions(a: readonly string[], b: readonly string[]): number {
  const at = a.findIndex((part, i) => part !== b[i]);
  return at < 0 ? 0 : a[at]! > b[at]! ? -1 : 1;
}

/** @returns the exits in the order of a list */
export const inOrder = <T extends ListedExit>(exits: readonly T[]): T[] =>
  exits
    .map((exit) => ({ exit, position: positionOf(exit) }))
    .toSorted((a, b) => comparePositions(a.position, b.position))
    .map(({ exit }) => exit);

export interface FoundExit {
  exitId: string;
  isOpen: boolean;
  /** When it was opened: ISO 8601, UTC. */
  since: string;
  phase: ListedPhase;
}
