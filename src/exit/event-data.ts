/** The data of each event: zod schemas, and the types derived from them. A field is optional where a foreign service may omit it. */
import { z } from 'zod';
import { AmendmentFields } from './amendment.js';
import { corrected, DecisionFields } from './decision.js';
import { DriftFields } from './drift.js';
import { HandOverFields } from './hand-over.js';
import {
  AccountFields,
  CaptureFields,
  CostFields,
  GroupFields,
  HoldFields,
  TakenFields,
} from './hold-facts.js';
import { InterviewFields } from './interview.js';
import { AlsoFields, ManagerFields, SentFields } from './people.js';
import { PlanFields } from './plan.js';
import { RejectionFields } from './proposals.js';
import { ReschedulingFields } from './rescheduling.js';
import { ResignationFields } from './resignation.js';
import { ResolutionFields } from './resolution.js';
import { SignatureField } from './signature.js';

const notes = z.array(z.string()).default([]);
const number = z.number().int().positive();
/** Names and addresses of the employee in the directory or in a system. */
const identities = z.array(z.string()).default([]);
const employee = { employeeName: z.string().optional(), identities };

/** The employee ids of the person who acts, by the directory, where the plan does not name the address. */
const actorIds = z.array(z.string()).optional();
/** The same of the person whose proposal the act confirms. */
const proposerIds = actorIds;
/** The addresses of deciders who have an open exit of their own, so that the next ones stand in. */
const leaving = z.array(z.string()).optional();
/** Of the API, over all else in the data. */
const signature = SignatureField;
/** When *leaving* takes effect: the instant, and the IANA time zone whose day it is. Default: midnight UTC. */
const effect = { effectiveAt: z.iso.datetime().optional(), effectiveZone: z.string().optional() };

const interviewArranged = InterviewFields.extend({ ...employee, notes });

/** What an auditor needs of a hold. `access.restored` and `access.revoked` carry it only where no `access.blocked` did. */
const held = z.object({
  system: CaptureFields.shape.system,
  hold: HoldFields.optional(),
  /** The account as it was before the first write. */
  capture: CaptureFields.optional(),
  /** What the hold has taken, by account id. */
  taken: z.record(z.string(), TakenFields).optional(),
  notes,
});

export const schemas = {
  /** Without a plan, the first service that receives it appends `exit.planned`. */
  'employee.resigned': ResignationFields.extend({ plan: PlanFields.optional() }),
  'exit.planned': z.object({ plan: PlanFields }),
  'manager.notified': z.object({
    of: z.enum(['resignation', 'outcome']),
    to: z.string(),
    messageId: z.string().optional(),
    /** The mails to HR, who hear of the resignation as well. */
    ...AlsoFields,
    /** The recipient; with the reason where it is not the manager. */
    manager: ManagerFields.optional(),
    ...employee,
    notes,
  }),
  /** The mail says what is blocked, why and until when. */
  'employee.notified': z.object({
    sent: z.array(SentFields),
    language: z.string().optional(),
    ...employee,
    notes,
  }),
  /** `number` counts from 1; `of` is the number of reminders before the escalation. */
  'hr.reminded': z.object({ number, of: number, ...SentFields.shape, ...AlsoFields }),
  'decision.escalated': z.object({ number, ...SentFields.shape, ...AlsoFields }),
  /** `number` is that of the latest notice; the mail contains the unsent ones before it. */
  'operator.notified': z.object({ number, steps: z.array(z.string()), sent: z.array(SentFields) }),
  'interview.scheduled': interviewArranged,
  /** HR answers with `interview.rescheduled`, or with `interview.scheduled` where there was no interview yet. */
  'interview.reschedule-requested': ReschedulingFields,
  'interview.rescheduled': interviewArranged,
  /** `interview` as it was; `sequence` is the SEQUENCE of the withdrawal. */
  'interview.cancelled': z.object({
    withdrawn: z.boolean(),
    interview: InterviewFields.optional(),
    sequence: z.number().int().nonnegative().optional(),
    sent: z.array(SentFields).optional(),
    notes,
  }),
  /** The account was observed without access, or the system has none. */
  'access.blocked': held.extend({ identities }),
  /** Access came back during the hold. The plan's `reassertsDrift` says whether it is taken again at once or waits for an operator. */
  'access.drifted': DriftFields,
  'exit.decision-finalised': DecisionFields.safeExtend({
    ...effect,
    ...{ actorIds, proposerIds, leaving, signature },
  }),
  /** Counts once a second person confirms it: a decision with `exit.decision-finalised`, a resolution with `step.resolved`. */
  'exit.proposed': z.object({
    decision: DecisionFields.optional(),
    /** One with `override`. */
    resolution: ResolutionFields.optional(),
    actorIds,
    leaving,
    signature,
  }),
  /** By the person who proposed it: withdrawn. */
  'exit.proposal-rejected': RejectionFields.extend({ actorIds, leaving, signature }),
  /** A mail asked a second person to confirm the proposals with these numbers. */
  'second-person.asked': z.object({ numbers: z.array(number), sent: z.array(SentFields) }),
  /** Other dates. `effectiveAt` where a decided *leaving* waits for its day. */
  'resignation.amended': AmendmentFields.safeExtend({ ...effect, actorIds, signature }),
  /** Another HR partner decides, and holds the interview. */
  'exit.handed-over': HandOverFields.extend({ actorIds, signature }),
  /** Each address that was told got a correction. */
  'correction.sent': z.object({ of: z.enum(corrected), sent: z.array(SentFields), notes }),
  /** By account id: what was given back, and whether the last read found the account active. */
  'access.restored': held.extend({
    givenBack: z.record(z.string(), TakenFields).optional(),
    active: z.record(z.string(), z.boolean()).optional(),
  }),
  /** The accounts were observed inactive, and in `groups` alone. Without it, the system did not show the groups of each of them. */
  'access.revoked': held.extend({
    removedGroups: z.array(GroupFields).optional(),
    groups: z.array(GroupFields).optional(),
    accounts: z.array(AccountFields).optional(),
  }),
  /** `type` is a FailureType where no retry would help. */
  'step.needs-attention': z.object({
    step: z.string(),
    system: z.string().optional(),
    error: z.string(),
    type: z.string().optional(),
    /** Of a block: what the hold costs, where an account was found. */
    cost: CostFields.optional(),
  }),
  'step.resolved': ResolutionFields.extend({ actorIds, proposerIds, signature }),
  /** A custom step is done. */
  'step.completed': z.object({ step: z.string(), notes }),
  /** A mail asked a person to do a step. `number` counts from 1; later ones are reminders. */
  'task.requested': z.object({
    step: z.string(),
    /** Of an access step, which the owner of a manual system is asked to do. */
    system: z.string().optional(),
    number,
    to: z.string(),
    messageId: z.string(),
  }),
};

export type EventType = keyof typeof schemas;
export type EventData = { [T in EventType]: z.output<(typeof schemas)[T]> };
