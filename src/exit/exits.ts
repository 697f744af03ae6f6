/** What a form of exits can be asked: the port that both forms implement. */
import type { Decision } from './decision.js';
import type { Interview } from './interview.js';
import type { Rescheduling } from './rescheduling.js';
import type { Resignation } from './resignation.js';
import type { Resolution } from './resolution.js';
import type { ExitStatus, Phase, Step } from './status.js';

export interface Exits {
  /** The newest exit of the employee, open or closed. */
  newest: (employeeId: string) => Promise<NewestExit | undefined>;
  /** @throws Refusal when the employee has an open exit already */
  open: (resignation: Resignation) => Promise<{ exitId: string }>;
  status: (employeeId: string) => Promise<ExitStatus>;
  decide: (employeeId: string, decision: Decision) => Promise<Decision & { decidedAt: string }>;
  /** @returns why the decision would be refused now; undefined where it would be accepted */
  weigh: (employeeId: string, decision: Decision) => Promise<string | undefined>;
  resolve: (employeeId: string, resolution: Resolution) => Promise<Step>;
  /** Moves the interview, and answers when everybody is invited for the new time. */
  reschedule: (employeeId: string, wish: Rescheduling) => Promise<Interview>;
  list: (filter: ListFilter) => Promise<ListedExit[]>;
  /** The status, again each time that something has happened, until the exit is over. */
  follow: (employeeId: string, everyMs: number) => AsyncGenerator<ExitStatus>;
}

export interface ListFilter {
  open?: boolean | undefined;
  attention?: boolean | undefined;
  phase?: Phase | undefined;
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
  phase: string;
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

export interface NewestExit {
  isOpen: boolean;
  /** ISO 8601, UTC. */
  since: string;
  phase: string;
}
