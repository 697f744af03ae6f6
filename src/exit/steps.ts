/**
 * The table of steps: what an exit consists of. It is carried in the plan, so an open exit never changes under a new configuration.
 * Status, `awaiting`, summaries in the Web UI, promises, the report and the check of AsyncAPI read it.
 */
import { z } from 'zod';
import type { ExitStatus } from './status.js';

/** What a step begins on. */
export const beginnings = [
  'resigned',
  /** A rung of the review ladder is due, and the decision is open. */
  'waiting',
  /** A step needs attention. */
  'attention',
  /** A person asks for it. */
  'requested',
  'retained',
  'leaving',
  /** The decision takes effect, whichever it is. */
  'decided',
  /** Access is as decided on every system. */
  'access-settled',
] as const;
export type Beginning = (typeof beginnings)[number];

/** What a step of the configuration can begin on. */
export const customBeginnings = ['resigned', 'retained', 'leaving', 'decided', 'access-settled'] as const;

export const serviceNames = ['directory', 'notification', 'hr', 'access', 'steps'] as const;
export type StepService = (typeof serviceNames)[number];

export const StepRowFields = z.object({
  name: z.string(),
  service: z.enum(serviceNames),
  begins: z.enum(beginnings),
  /** Steps that have to be settled before. */
  after: z.array(z.string()).optional(),
  /** From when on an unfinished step is pointless: the decision, the moment it takes effect, or the employee's staying. */
  until: z.enum(['decided', 'effective', 'retained']).optional(),
  /** Whether the exit stays open until the step is settled. A step that does not gate is given up when the exit closes. */
  gates: z.boolean(),
  /** One step for each critical system. */
  perSystem: z.boolean().optional(),
  /** The Temporal task queue; a system with a rate limit has its own. */
  queue: z.string(),
  /** The event that says that the step is done. */
  event: z.string(),
  /** What the step does, for people. */
  summary: z.string(),
  /** Of a step from the configuration: a call over HTTP, or a task for a person. */
  custom: z.enum(['call', 'task']).optional(),
  /** After how long the step needs attention, in milliseconds; without it, the policy says. */
  attentionAfterMs: z.number().nonnegative().optional(),
});
export type StepRow = z.output<typeof StepRowFields>;

/** The task queue of each service. */
export type Queues = Record<StepService, string>;

/** @param custom the steps of the configuration */
export function tableOf(form: ExitStatus['form'], queues: Queues, custom: readonly StepRow[]): StepRow[] {
  const looksUp = form === 'orchestrated';
  // In the choreographed form each service asks the directory by itself.
  const aboutEmployee = { begins: 'resigned', until: 'retained', gates: true } as const;
  const onceKnown = { ...aboutEmployee, ...(looksUp && { after: ['look-up-employee'] }) };
  const access = { service: 'access', gates: true, perSystem: true } as const;
  const telling = { service: 'notification', gates: false } as const;
  const rows: Omit<StepRow, 'queue'>[] = [
    {
      name: 'block-access',
      ...access,
      begins: 'resigned',
      until: 'effective',
      event: 'access.blocked',
      summary: 'Block access to {system}',
    },
    ...(looksUp
      ? [
          {
            name: 'look-up-employee',
            service: 'directory',
            begins: 'resigned',
            gates: true,
            event: 'employee.found',
            summary: 'Find the employee and their manager',
          } as const,
        ]
      : []),
    {
      name: 'notify-manager',
      service: 'notification',
      ...onceKnown,
      event: 'manager.notified',
      summary: 'Tell the manager of the resignation',
    },
    {
      name: 'notify-employee',
      service: 'notification',
      ...onceKnown,
      event: 'employee.notified',
      summary: 'Tell the employee of the block',
    },
    {
      name: 'schedule-hr-interview',
      service: 'hr',
      ...onceKnown,
      event: 'interview.scheduled',
      summary: 'Schedule the exit interview',
    },
    {
      name: 'reschedule-hr-interview',
      service: 'hr',
      begins: 'requested',
      until: 'retained',
      gates: true,
      event: 'interview.rescheduled',
      summary: 'Move the exit interview',
    },
    {
      name: 'remind-hr-partner',
      ...telling,
      begins: 'waiting',
      until: 'decided',
      event: 'hr.reminded',
      summary: 'Remind HR of the decision',
    },
    {
      name: 'escalate-decision',
      ...telling,
      begins: 'waiting',
      until: 'decided',
      event: 'decision.escalated',
      summary: 'Escalate the decision',
    },
    {
      name: 'notify-operator',
      ...telling,
      begins: 'attention',
      event: 'operator.notified',
      summary: 'Tell the operator what needs attention',
    },
    {
      name: 'restore-access',
      ...access,
      begins: 'retained',
      event: 'access.restored',
      summary: 'Give back access to {system}',
    },
    {
      name: 'revoke-access',
      ...access,
      begins: 'leaving',
      event: 'access.revoked',
      summary: 'Revoke access to {system}',
    },
    {
      name: 'cancel-hr-interview',
      service: 'hr',
      begins: 'retained',
      gates: true,
      event: 'interview.cancelled',
      summary: 'Withdraw the interview invitation',
    },
    {
      name: 'notify-manager-of-outcome',
      service: 'notification',
      begins: 'access-settled',
      after: ['notify-manager'],
      gates: true,
      event: 'manager.notified',
      summary: 'Tell the manager of the outcome',
    },
  ];
  return [...rows.map((row) => ({ ...row, queue: queues[row.service] })), ...custom];
}

/** The names that a step of the configuration cannot have. */
export const builtInSteps = [...tableOf('orchestrated', {} as Queues, []).map(({ name }) => name)];

export const summaryOf = ({ summary }: StepRow, system = ''): string => summary.replace('{system}', system);
