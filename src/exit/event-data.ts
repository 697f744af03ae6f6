/** What each event says: the schemas that hold others to it, and the types that follow. Optional is what foreign events may lack. */
import { z } from 'zod';
import { DecisionFields } from './decision.js';
import { DriftFields } from './drift.js';
import { AccountFields, CaptureFields, GroupFields, HoldFields, TakenFields } from './hold-facts.js';
import { InterviewFields } from './interview.js';
import { ManagerFields, SentFields } from './people.js';
import { PlanFields } from './plan.js';
import { ReschedulingFields } from './rescheduling.js';
import { ResignationFields } from './resignation.js';
import { ResolutionFields } from './resolution.js';

const notes = z.array(z.string()).default([]);
const number = z.number().int().positive();
/** Every name and address that the employee was found under. */
const identities = z.array(z.string()).default([]);
const employee = { employeeName: z.string().optional(), identities };

const interviewArranged = InterviewFields.extend({ ...employee, notes });

/** What an auditor asks of a hold besides how it stands. Of the ends only where the block was never said. */
const held = z.object({
  system: CaptureFields.shape.system,
  hold: HoldFields.optional(),
  /** The account as it was before the first write. */
  capture: CaptureFields.optional(),
  /** What the hold has taken. */
  taken: TakenFields.optional(),
  notes,
});

export const schemas = {
  /** Without a plan, the first service that hears of the resignation appends `exit.planned`. */
  'employee.resigned': ResignationFields.extend({ plan: PlanFields.optional() }),
  'exit.planned': z.object({ plan: PlanFields }),
  'manager.notified': z.object({
    of: z.enum(['resignation', 'outcome']),
    to: z.string(),
    messageId: z.string().optional(),
    /** Who was told, and where it is not the manager, why. */
    manager: ManagerFields.optional(),
    ...employee,
    notes,
  }),
  /** What is blocked, why and until when. */
  'employee.notified': z.object({ sent: z.array(SentFields), ...employee, notes }),
  /** Counted from 1; `of` so many, before it is escalated. */
  'hr.reminded': z.object({ number, of: number, to: z.string(), messageId: z.string() }),
  'decision.escalated': z.object({ number, to: z.string(), messageId: z.string() }),
  /** The number is that of the latest notice; those before it are told with it. */
  'operator.notified': z.object({ number, steps: z.array(z.string()), sent: z.array(SentFields) }),
  'interview.scheduled': interviewArranged,
  /** HR answers with `interview.rescheduled`, or `interview.scheduled` where there was none yet. */
  'interview.reschedule-requested': ReschedulingFields,
  'interview.rescheduled': interviewArranged,
  /** The interview as it was; `sequence` is that of the withdrawal. */
  'interview.cancelled': z.object({
    withdrawn: z.boolean(),
    interview: InterviewFields.optional(),
    sequence: z.number().int().nonnegative().optional(),
    sent: z.array(SentFields).optional(),
    notes,
  }),
  /** Observed without access; also where there was no account to block. */
  'access.blocked': held.extend({ identities }),
  /** Access came back during the hold; the plan's policy says whether it is taken again at once, or waits for an operator. */
  'access.drifted': DriftFields,
  /** `effectiveAt` goes with `effectiveOn`: the instant at which that day begins for the company. */
  'exit.decision-finalised': DecisionFields.safeExtend({ effectiveAt: z.iso.datetime().optional() })
    // A day without its instant begins at midnight UTC.
    .transform(({ effectiveAt, ...decision }) => ({
      ...decision,
      ...(decision.effectiveOn && {
        effectiveAt: new Date(effectiveAt ?? decision.effectiveOn).toISOString(),
      }),
    })),
  /** Whether the account was active when it was last read. */
  'access.restored': held.extend({ givenBack: TakenFields.optional(), active: z.boolean().optional() }),
  /** The accounts were observed inactive and without memberships. */
  'access.revoked': held.extend({
    removedGroups: z.array(GroupFields).optional(),
    accounts: z.array(AccountFields).optional(),
  }),
  /** The type is that of a failure that no retry will mend: a FailureType. */
  'step.needs-attention': z.object({
    step: z.string(),
    system: z.string().optional(),
    error: z.string(),
    type: z.string().optional(),
  }),
  'step.resolved': ResolutionFields,
  /** A step from the configuration is done. */
  'step.completed': z.object({ step: z.string(), notes }),
  /** A person was asked to do a step from the configuration: counted from 1, later ones are reminders. */
  'task.requested': z.object({ step: z.string(), number, to: z.string(), messageId: z.string() }),
};

export type EventType = keyof typeof schemas;
export type EventData = { [T in EventType]: z.output<(typeof schemas)[T]> };
