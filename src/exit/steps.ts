/**
 * The table of steps: what an exit consists of. The plan carries it, so a new configuration changes no open exit. The status, the summaries
 * in the Web UI, the tracker's promises, the report and the check of AsyncAPI read it.
 */
import { z } from 'zod';
import type { ExitStatus } from './status.js';

/** When a step begins. */
const beginnings = [
  'resigned',
  /** A rung of the review ladder is due, and the decision is open. */
  'waiting',
  /** A person proposes what a second one is to confirm. */
  'proposed',
  /** A step needs attention. */
  'attention',
  /** A person asks for it. */
  'requested',
  /** The employee stays. */
  'retained',
  'leaving',
  /** What people were told is not so. */
  'corrected',
  /** The decision takes effect, whichever it is. */
  'decided',
  /** The restore or revoke of every system is settled. */
  'access-settled',
] as const;
export type Beginning = (typeof beginnings)[number];

/** When a custom step can begin. */
export const customBeginnings = ['resigned', 'retained', 'leaving', 'decided', 'access-settled'] as const;

const serviceNames = ['directory', 'notification', 'hr', 'access', 'steps'] as const;
export type StepService = (typeof serviceNames)[number];

export const StepRowFields = z.object({
  name: z.string(),
  service: z.enum(serviceNames),
  begins: z.enum(beginnings),
  /** Names of the steps that must be settled first. */
  after: z.array(z.string()).optional(),
  /** When the exit skips the step if it is not settled: at the decision, when that takes effect, or when the employee stays. */
  until: z.enum(['decided', 'effective', 'retained']).optional(),
  /** Whether the exit stays open until the step is settled. A step that does not gate is skipped when the exit closes. */
  gates: z.boolean(),
  /** Whether there is one step for each critical system. */
  perSystem: z.boolean().optional(),
  /** The Temporal task queue; a system with a rate limit has its own. */
  queue: z.string(),
  /** The type of the event that settles the step. */
  event: z.string(),
  /** What the step does, for people. */
  summary: z.string(),
  /** A custom step: a call over HTTP, or a task for a person. */
  custom: z.enum(['call', 'task']).optional(),
  /** Replaces the policy's `attentionAfterMs` for this step. */
  attentionAfterMs: z.number().nonnegative().optional(),
});
export type StepRow = z.output<typeof StepRowFields>;

/** A step that a decision would begin. */
export interface StepAhead {
  name: string;
  system?: string | undefined;
  /** Whether a person does it. */
  isTask: boolean;
  summary: string;
}

/** The task queue of each service. */
export type Queues = Record<StepService, string>;

/** @param custom the rows of the custom steps */
export function tableOf(form: ExitStatus['form'], queues: Queues, custom: readonly StepRow[]): StepRow[] {
  const row = (
    service: StepService,
    begins: Beginning,
    name: string,
    event: string,
    summary: string,
    rest: Partial<StepRow> = {},
  ): StepRow => ({ name, service, begins, gates: true, ...rest, queue: queues[service], event, summary });
  // In the choreographed form each service queries the directory itself.
  const lookUp =
    form === 'orchestrated'
      ? [
          row(
            'directory',
            'resigned',
            'look-up-employee',
            'employee.found',
            'Find the employee and their manager',
          ),
        ]
      : [];
  const onceKnown = { until: 'retained', ...(lookUp[0] && { after: [lookUp[0].name] }) } as const;
  const waiting = { until: 'decided', gates: false } as const;
  const perSystem = { perSystem: true };
  return [
    row('access', 'resigned', 'block-access', 'access.blocked', 'Block access to {system}', {
      ...perSystem,
      until: 'effective',
    }),
    ...lookUp,
    row(
      'notification',
      'resigned',
      'notify-manager',
      'manager.notified',
      'Tell the manager of the resignation',
      onceKnown,
    ),
    row(
      'notification',
      'resigned',
      'notify-employee',
      'employee.notified',
      'Tell the employee of the block',
      onceKnown,
    ),
    row(
      'hr',
      'resigned',
      'schedule-hr-interview',
      'interview.scheduled',
      'Schedule the exit interview',
      onceKnown,
    ),
    row('hr', 'requested', 'reschedule-hr-interview', 'interview.rescheduled', 'Move the exit interview', {
      until: 'retained',
    }),
    row('notification', 'waiting', 'remind-hr-partner', 'hr.reminded', 'Remind HR of the decision', waiting),
    row(
      'notification',
      'waiting',
      'escalate-decision',
      'decision.escalated',
      'Escalate the decision',
      waiting,
    ),
    row(
      'notification',
      'proposed',
      'ask-second-person',
      'second-person.asked',
      'Ask a second person to confirm',
      { until: 'effective', gates: false },
    ),
    row(
      'notification',
      'attention',
      'notify-operator',
      'operator.notified',
      'Tell the operator what needs attention',
      { gates: false },
    ),
    row('access', 'retained', 'restore-access', 'access.restored', 'Give back access to {system}', perSystem),
    row('access', 'leaving', 'revoke-access', 'access.revoked', 'Revoke access to {system}', perSystem),
    row('hr', 'retained', 'cancel-hr-interview', 'interview.cancelled', 'Withdraw the interview invitation'),
    row(
      'notification',
      'corrected',
      'send-correction',
      'correction.sent',
      'Correct what each address was told',
    ),
    row(
      'notification',
      'access-settled',
      'notify-manager-of-outcome',
      'manager.notified',
      'Tell the manager of the outcome',
      { after: ['notify-manager'] },
    ),
    ...custom,
  ];
}

/** The names that a custom step cannot have. */
export const builtInSteps = tableOf('orchestrated', {} as Queues, []).map(({ name }) => name);

export const summaryOf = ({ summary }: StepRow, system = ''): string => summary.replace('{system}', system);
