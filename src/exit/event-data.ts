/** What each event says: the types, and the schemas that hold others to them. Optional is what older or foreign events may lack. */
import { z } from 'zod';
import { DecisionFields, type Decision } from './decision.js';
import { DriftFields, type Drift } from './drift.js';
import type { AccountRef, Capture, GroupRef, HoldKind, Taken } from './hold-facts.js';
import type { Interview } from './interview.js';
import type { Employee, Sent } from './people.js';
import { ContactFields, HoldFields, PlanFields, type Plan } from './plan.js';
import { ReschedulingFields, type Rescheduling } from './rescheduling.js';
import { ResignationFields, type Resignation } from './resignation.js';
import { ResolutionFields, type Resolution } from './resolution.js';

const notes = z.array(z.string()).default([]);
const system = z.string('must name the critical system');
/** Every name and address that the employee was found under. */
const identities = z.array(z.string()).default([]);
const mail: z.ZodType<Sent> = z.object({ to: z.string(), messageId: z.string() });
const number = z.number().int().positive();

/** What is known of an interview. Only the time has to be said; the rest is for whoever reminds, withdraws or proves. */
export type InterviewSaid = Pick<Interview, 'start' | 'end' | 'timeZone'> & {
  [K in keyof Interview]?: Interview[K] | undefined;
};
const interview = z.object({
  start: z.iso.datetime(),
  end: z.iso.datetime(),
  timeZone: z.string(),
  uid: z.string().optional(),
  sequence: z.number().int().nonnegative().optional(),
  attendees: z.array(ContactFields).optional(),
  hrPartner: ContactFields.optional(),
  calendarUrl: z.string().optional(),
  sent: z.array(mail).optional(),
}) satisfies z.ZodType<InterviewSaid>;

type InterviewArranged = InterviewSaid & {
  employeeName?: string | undefined;
  identities: string[];
  notes: string[];
};
const interviewArranged = interview.extend({ employeeName: z.string().optional(), identities, notes });

/** What an auditor asks of a hold besides how it stands. Of the ends only where the block was never said. */
interface HoldSaid {
  hold?: HoldKind | undefined;
  /** The account as it was before the first write. */
  capture?: Capture | undefined;
  /** What the hold has taken. */
  taken?: Taken | undefined;
}
const group: z.ZodType<GroupRef> = z.object({ id: z.string(), displayName: z.string() });
const account: z.ZodType<AccountRef> = z.object({ id: z.string(), userName: z.string() });
const taken: z.ZodType<Taken> = z.object({ suspended: z.boolean(), groups: z.array(group) });
const capture: z.ZodType<Capture> = z.object({
  system,
  capturedAt: z.iso.datetime(),
  account: z
    .object({
      id: z.string(),
      userName: z.string(),
      identities,
      active: z.boolean(),
      groups: z.array(group),
    })
    .optional(),
});
const holdSaid = z.object({
  hold: HoldFields.optional(),
  capture: capture.optional(),
  taken: taken.optional(),
}) satisfies z.ZodType<HoldSaid>;

export interface EventData {
  /** @property plan what the exit runs under; without it, the first service that hears of the resignation appends `exit.planned` */
  'employee.resigned': Resignation & { plan?: Plan | undefined };
  'exit.planned': { plan: Plan };
  'manager.notified': {
    of: 'resignation' | 'outcome';
    to: string;
    messageId?: string | undefined;
    /** Who was told, and where it is not the manager, why. */
    manager?: Employee['manager'] | undefined;
    employeeName?: string | undefined;
    identities: string[];
    notes: string[];
  };
  /** What is blocked, why and until when. */
  'employee.notified': {
    sent: Sent[];
    employeeName?: string | undefined;
    identities: string[];
    notes: string[];
  };
  /** @property number the reminders of an exit are counted from 1; `of` so many, before it is escalated */
  'hr.reminded': Sent & { number: number; of: number };
  'decision.escalated': Sent & { number: number };
  /**
   * The operator was told what needs attention.
   * @property number of the latest notice; those before it are told with it
   */
  'operator.notified': { number: number; steps: string[]; sent: Sent[] };
  'interview.scheduled': InterviewArranged;
  /** Another time is wished for; HR answers with `interview.rescheduled`, or `interview.scheduled` where there was none yet. */
  'interview.reschedule-requested': Rescheduling;
  'interview.rescheduled': InterviewArranged;
  /** @property interview as it was; `sequence` is that of the withdrawal */
  'interview.cancelled': {
    withdrawn: boolean;
    interview?: InterviewSaid | undefined;
    sequence?: number | undefined;
    sent?: Sent[] | undefined;
    notes: string[];
  };
  /** Observed without access; also where there was no account to block. */
  'access.blocked': HoldSaid & { system: string; identities: string[]; notes: string[] };
  /** Access came back during the hold; the plan's policy says whether it is taken again at once, or waits for an operator. */
  'access.drifted': Drift;
  /** @property effectiveAt with `effectiveOn`: the instant at which that day begins for the company, ISO 8601 in UTC */
  'exit.decision-finalised': Decision & { effectiveAt?: string | undefined };
  /** @property active whether the account was, when it was last read */
  'access.restored': HoldSaid & {
    system: string;
    givenBack?: Taken | undefined;
    active?: boolean | undefined;
    notes: string[];
  };
  'access.revoked': HoldSaid & {
    system: string;
    removedGroups?: GroupRef[] | undefined;
    /** Observed inactive and without memberships. */
    accounts?: AccountRef[] | undefined;
    notes: string[];
  };
  /** @property type the kind of a failure that no retry will mend: a FailureType */
  'step.needs-attention': {
    step: string;
    system?: string | undefined;
    error: string;
    type?: string | undefined;
  };
  'step.resolved': Resolution;
  /** A step from the configuration is done. */
  'step.completed': { step: string; notes: string[] };
  /** A person was asked to do a step from the configuration. @property number counted from 1; later ones are reminders */
  'task.requested': Sent & { step: string; number: number };
}

export type EventType = keyof EventData;

export const schemas: { [T in EventType]: z.ZodType<EventData[T]> } = {
  'employee.resigned': ResignationFields.extend({ plan: PlanFields.optional() }),
  'exit.planned': z.object({ plan: PlanFields }),
  'manager.notified': z.object({
    of: z.enum(['resignation', 'outcome']),
    to: z.string(),
    messageId: z.string().optional(),
    manager: z
      .object({
        name: z.string(),
        email: z.string(),
        language: z.string().optional(),
        insteadOfManager: z.string().optional(),
      })
      .optional(),
    employeeName: z.string().optional(),
    identities,
    notes,
  }),
  'employee.notified': z.object({
    sent: z.array(mail),
    employeeName: z.string().optional(),
    identities,
    notes,
  }),
  'hr.reminded': z.object({ number, of: number, to: z.string(), messageId: z.string() }),
  'decision.escalated': z.object({ number, to: z.string(), messageId: z.string() }),
  'operator.notified': z.object({ number, steps: z.array(z.string()), sent: z.array(mail) }),
  'interview.scheduled': interviewArranged,
  'interview.reschedule-requested': ReschedulingFields,
  'interview.rescheduled': interviewArranged,
  'interview.cancelled': z.object({
    withdrawn: z.boolean(),
    interview: interview.optional(),
    sequence: z.number().int().nonnegative().optional(),
    sent: z.array(mail).optional(),
    notes,
  }),
  'access.blocked': holdSaid.extend({ system, identities, notes }),
  'access.drifted': DriftFields,
  'exit.decision-finalised': DecisionFields.extend({ effectiveAt: z.iso.datetime().optional() })
    .refine(({ outcome, effectiveOn }) => effectiveOn === undefined || outcome === 'leaving', {
      path: ['effectiveOn'],
      message: 'goes with the outcome "leaving" only',
    })
    // A day without its instant begins at midnight UTC.
    .transform(({ effectiveAt, ...decision }) => ({
      ...decision,
      effectiveAt: decision.effectiveOn && new Date(effectiveAt ?? decision.effectiveOn).toISOString(),
    })),
  'access.restored': holdSaid.extend({
    system,
    givenBack: taken.optional(),
    active: z.boolean().optional(),
    notes,
  }),
  'access.revoked': holdSaid.extend({
    system,
    removedGroups: z.array(group).optional(),
    accounts: z.array(account).optional(),
    notes,
  }),
  'step.needs-attention': z.object({
    step: z.string(),
    system: z.string().optional(),
    error: z.string(),
    type: z.string().optional(),
  }),
  'step.resolved': ResolutionFields,
  'step.completed': z.object({ step: z.string(), notes }),
  'task.requested': z.object({ step: z.string(), number, to: z.string(), messageId: z.string() }),
};
