/** What a form of exits can be asked: the port that both forms implement. Without an exit id, the employee's newest exit is meant. */
import type { Decision } from './decision.js';
import type { Interview } from './interview.js';
import type { Rescheduling } from './rescheduling.js';
import type { Resignation } from './resignation.js';
import type { Resolution } from './resolution.js';
import { phases, type ExitStatus, type Step } from './status.js';
import type { StepAhead } from './steps.js';

export interface Exits {
  find: (employeeId: string, exitId?: string) => Promise<FoundExit | undefined>;
  /** @throws Refusal when the employee has an open exit already */
  open: (resignation: Resignation) => Promise<{ exitId: string; workflowId?: string }>;
  status: (employeeId: string, exitId?: string) => Promise<ExitStatus>;
  decide: (
    employeeId: string,
    decision: Decision,
    exitId?: string,
  ) => Promise<Decision & { decidedAt: string }>;
  /** What a decision would come to now. */
  weigh: (employeeId: string, decision: Decision, exitId?: string) => Promise<Weighed>;
  resolve: (employeeId: string, resolution: Resolution, exitId?: string) => Promise<Step>;
  /** Moves the interview, and answers when everybody is invited for the new time. */
  reschedule: (employeeId: string, request: Rescheduling, exitId?: string) => Promise<Interview>;
  list: (filter: ListFilter) => Promise<ListedExit[]>;
  /** The status, again each time that something has happened, until the exit is over. */
  follow: (employeeId: string, everyMs: number, exitId?: string) => AsyncGenerator<ExitStatus>;
}

/** What an accepted decision sets off, or why it is refused. */
export type Weighed = { setsOff: StepAhead[]; problem?: undefined } | { problem: string };

export const listedPhases = [
  ...phases,
  'terminated',
  'timed-out',
  /** Choreographed: every service gave the resignation up. */
  'dead-lettered',
] as const;
export type ListedPhase = (typeof listedPhases)[number];

/** Over, without having come to an end: while no newer exit follows, it needs attention. */
export const isCutShort = (phase: ListedPhase): boolean =>
  phase === 'failed' || phase === 'terminated' || phase === 'timed-out';

export interface ListFilter {
  employeeId?: string | undefined;
  open?: boolean | undefined;
  /** Open exits with a stuck step, and those that were cut short. */
  attention?: boolean | undefined;
  phase?: ListedPhase | undefined;
  /** Whose decision should have been made by now. */
  overdue?: boolean | undefined;
}

export interface ListedDeadLetter {
  id: string;
  event: string;
  /** The stuck step that it is about. */
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
  /** The steps that need attention, for the open exits that have any. */
  stuckSteps: Step[];
  /** Choreographed: messages about the exit that a consumer has given up. */
  deadLetters?: ListedDeadLetter[] | undefined;
  /** Why the steps are not known; the list goes on without them. */
  statusProblem?: string | undefined;
}

export interface FoundExit {
  exitId: string;
  isOpen: boolean;
  /** ISO 8601, UTC. */
  since: string;
  phase: ListedPhase;
}
