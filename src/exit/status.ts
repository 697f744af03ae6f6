import type { Decision } from './decision.js';
import type { Drift } from './drift.js';

/** The answer of the query `status`, in both forms of the exit. Times are ISO 8601 in UTC. */
export interface ExitStatus {
  exitId: string;
  form: 'orchestrated' | 'choreographed';
  employeeId: string;
  employeeName?: string | undefined;
  phase: Phase;
  steps: Step[];
  needsAttention: boolean;
  /** One sentence: what happens next, and who is waited for. */
  awaiting: string;
  decision?: (Decision & { decidedAt: string }) | undefined;
  rejectedDecisions: RejectedDecision[];
  /** When somebody else gave back what the hold had taken; the latest ones. */
  drifts: Drift[];
  /** `with`: the mail address of the HR partner. */
  interview?: { start: string; end: string; timeZone: string; with?: string | undefined } | undefined;
  /** When the decision is overdue. */
  reviewBy?: string | undefined;
  lastWorkingDay?: string | undefined;
  /** Who decided that the hold may take the last active member from protected groups. */
  overrideBy?: string | undefined;
  openedAt: string;
  /** When every critical system had been observed blocked (or was settled by hand). */
  blockedAt?: string | undefined;
  /** When somebody asked Temporal to cancel the exit. */
  cancelRequestedAt?: string | undefined;
  closedAt?: string | undefined;
}

export const phases = [
  'starting',
  'awaiting-decision',
  'awaiting-effective-date',
  'restoring',
  'revoking',
  'closed',
  'cancelled',
  /** No system and no directory knows the employee. */
  'failed',
] as const;
export type Phase = (typeof phases)[number];

export type StepState = 'pending' | 'running' | 'done' | 'needs-attention' | 'done-by-hand' | 'skipped';

export interface Step {
  /** As the table of steps has it (steps.ts). */
  name: string;
  /** The critical system, for the access steps. */
  system?: string | undefined;
  state: StepState;
  /** Why the step needs attention, or what its last attempt died of. */
  error?: string | undefined;
  /** What an auditor would want to know of a finished step: "no account", "already suspended". */
  note?: string | undefined;
  startedAt?: string | undefined;
  finishedAt?: string | undefined;
  /** Who mended the step, for done-by-hand and skipped. */
  by?: string | undefined;
  evidence?: string | undefined;
  /** Merged in by the client from Temporal's pending activities: the attempt under way or awaited, from 1. */
  attempt?: number | undefined;
  /** Merged in by the client: when the next attempt is due. */
  nextAttemptAt?: string | undefined;
}

export interface RejectedDecision {
  at: string;
  reason: string;
  /** What was received, shortened. */
  received: string;
}

/** As much of what was refused as is kept. */
export const shortened = (received: unknown): string => (JSON.stringify(received) ?? 'nothing').slice(0, 200);

/** `block-access:payroll`, as `ems resolve` takes it and the activities are called. */
export const stepKey = (step: { name: string; system?: string | undefined }): string =>
  step.system === undefined ? step.name : `${step.name}:${step.system}`;

/** The key of the step that something is about. */
export const keyOfStep = ({ step: name, system }: { step: string; system?: string | undefined }): string =>
  stepKey({ name, system });

export const isSettled = ({ state }: Pick<Step, 'state'>): boolean =>
  state === 'done' || state === 'done-by-hand' || state === 'skipped';
