import type { Amended } from './amendment.js';
import type { ActedBy, Asker } from './asker.js';
import type { Decision } from './decision.js';
import type { Drift } from './drift.js';
import type { Cost } from './hold-facts.js';
import type { HandedOver } from './hand-over.js';
import type { Contact } from './people.js';
import type { Proposal } from './proposals.js';

/** The answer of the query `status`, in both forms of the exit. Times are ISO 8601 in UTC. */
export interface ExitStatus {
  exitId: string;
  form: 'orchestrated' | 'choreographed';
  employeeId: string;
  employeeName?: string | undefined;
  phase: Phase;
  steps: Step[];
  needsAttention: boolean;
  /** One sentence: what happens next, and whom the exit waits for. */
  awaiting: string;
  /** `proposedBy`: the first of two people, and `proposer` who that was. */
  decision?:
    | (Decision & { decidedAt: string; proposedBy?: string | undefined; proposer?: Asker | undefined })
    | undefined;
  /** What waits, or waited, for a second person; the latest ones. */
  proposals: Proposal[];
  /** When the decision takes effect, or took effect. */
  effectiveAt?: string | undefined;
  /** The IANA time zone in whose day it does. */
  effectiveZone?: string | undefined;
  rejectedDecisions: RejectedDecision[];
  /** The HR partner who decides. */
  hrPartner?: Contact | undefined;
  /** Who is to decide, while the decision is awaited. */
  decider?: Contact | undefined;
  amendments: Amended[];
  handOvers: HandedOver[];
  /** Access that another administrator gave back during the hold; the latest ones. */
  drifts: Drift[];
  /** What the hold costs on each system that has an account. `tokensUntil`: when access by sessions and tokens from before the block ends. */
  costs: (Cost & { system: string; tokensUntil?: string | undefined })[];
  /** `with`: the mail address of the HR partner. */
  interview?: { start: string; end: string; timeZone: string; with?: string | undefined } | undefined;
  /** When the decision is overdue. */
  reviewBy?: string | undefined;
  lastWorkingDay?: string | undefined;
  /** Mail address of the person who allowed the hold to take the last active member of a protected group. */
  overrideBy?: string | undefined;
  /** Who submitted the resignation. */
  submittedBy?: string | undefined;
  asker?: Asker | undefined;
  openedAt: string;
  /** When the last critical system was observed blocked, or was settled by hand. */
  blockedAt?: string | undefined;
  /** When Temporal received the cancellation request. */
  cancelRequestedAt?: string | undefined;
  closedAt?: string | undefined;
}

export const phases = [
  'starting',
  'awaiting-decision',
  /** A person has proposed the decision, and a second one is to confirm it. */
  'awaiting-confirmation',
  'awaiting-effective-date',
  'restoring',
  'revoking',
  'closed',
  'cancelled',
  /** No directory and no critical system knows the employee. */
  'failed',
] as const;
export type Phase = (typeof phases)[number];

export type StepState =
  | 'pending'
  | 'running'
  | 'done'
  | 'needs-attention'
  /** It needs attention, since a system answers and its answer does not tell whether access is as wanted. */
  | 'cannot-tell'
  | 'done-by-hand'
  | 'skipped';

export interface Step {
  /** A name in the table of steps (steps.ts). */
  name: string;
  /** The critical system, for the access steps. */
  system?: string | undefined;
  state: StepState;
  /** Why the step needs attention, or the failure of its last attempt. */
  error?: string | undefined;
  /** For an auditor, of a settled step: "no account", "already suspended". */
  note?: string | undefined;
  startedAt?: string | undefined;
  finishedAt?: string | undefined;
  /** Mail address of the person who settled the step, for done-by-hand and skipped. */
  by?: string | undefined;
  asker?: Asker | undefined;
  evidence?: string | undefined;
  /** From Temporal's pending activities, added by the client: the current or next attempt, from 1. */
  attempt?: number | undefined;
  /** Added by the client: when the next attempt is due. */
  nextAttemptAt?: string | undefined;
}

/** What a person has confirmed, and EMS has not observed. */
export interface Confirmation extends ActedBy {
  at: string;
  evidence?: string | undefined;
}

export interface RejectedDecision {
  at: string;
  reason: string;
  /** The received JSON, shortened. */
  received: string;
}

/** The first 200 characters of a refused message. */
export const shortened = (received: unknown): string => (JSON.stringify(received) ?? 'nothing').slice(0, 200);

/** `block-access:payroll`: the argument of `ems resolve`, and the activity ID. */
export const stepKey = (step: { name: string; system?: string | undefined }): string =>
  step.system === undefined ? step.name : `${step.name}:${step.system}`;

/** The same key for an event or a resolution, which name the step `step`. */
export const keyOfStep = ({ step: name, system }: { step: string; system?: string | undefined }): string =>
  stepKey({ name, system });

/** Whether the step waits for a person. */
export const isStuck = ({ state }: Pick<Step, 'state'>): boolean =>
  state === 'needs-attention' || state === 'cannot-tell';

/** A note of the step says why the interview was not withdrawn: it had taken place, for instance. */
export const isInterviewWithdrawn = ({ steps }: Pick<ExitStatus, 'steps'>): boolean =>
  steps.some(
    ({ name, state, note }) =>
      name === 'cancel-hr-interview' && (state === 'done-by-hand' || (state === 'done' && !note)),
  );

export const isSettled = ({ state }: Pick<Step, 'state'>): boolean =>
  state === 'done' || state === 'done-by-hand' || state === 'skipped';
