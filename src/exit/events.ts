/**
 * The events of the choreographed form, as CloudEvents 1.0: what each one says, under which subject, with which id. The contract
 * between services that know nothing of one another, and with other people's programs.
 */
import { z } from 'zod';
import { DecisionFields, type Decision } from './decision.js';
import { EmployeeId } from './ids.js';
import { parse, type Parsed } from './input.js';
import { ResignationFields, type Resignation } from './resignation.js';
import { ResolutionFields, type Resolution } from './resolution.js';
import { stepKey, type StepName } from './status.js';

const notes = z.array(z.string()).default([]);
const system = z.string('must name the critical system');
/** Every name and address that the employee was found under. */
const identities = z.array(z.string()).default([]);

export interface EventData {
  /** @property systems the critical systems of this exit; without it, those of the configuration */
  'employee.resigned': Resignation & { systems?: string[] | undefined };
  'manager.notified': {
    of: 'resignation' | 'outcome';
    to: string;
    employeeName?: string | undefined;
    identities: string[];
    notes: string[];
  };
  'interview.scheduled': {
    start: string;
    end: string;
    timeZone: string;
    employeeName?: string | undefined;
    identities: string[];
    notes: string[];
  };
  'interview.cancelled': { withdrawn: boolean; notes: string[] };
  /** Observed without access; also where there was no account to block. */
  'access.blocked': { system: string; identities: string[]; notes: string[] };
  /** @property effectiveAt with `effectiveOn`: the instant at which that day begins for the company, ISO 8601 in UTC */
  'exit.decision-finalised': Decision & { effectiveAt?: string | undefined };
  'access.restored': { system: string; notes: string[] };
  'access.revoked': { system: string; notes: string[] };
  'step.needs-attention': { step: string; system?: string | undefined; error: string };
  'step.resolved': Resolution;
}

export type EventType = keyof EventData;

export const schemas: { [T in EventType]: z.ZodType<EventData[T]> } = {
  'employee.resigned': ResignationFields.extend({ systems: z.array(z.string()).min(1).optional() }),
  'manager.notified': z.object({
    of: z.enum(['resignation', 'outcome']),
    to: z.string(),
    employeeName: z.string().optional(),
    identities,
    notes,
  }),
  'interview.scheduled': z.object({
    start: z.iso.datetime(),
    end: z.iso.datetime(),
    timeZone: z.string(),
    employeeName: z.string().optional(),
    identities,
    notes,
  }),
  'interview.cancelled': z.object({ withdrawn: z.boolean(), notes }),
  'access.blocked': z.object({ system, identities, notes }),
  'exit.decision-finalised': DecisionFields.extend({ effectiveAt: z.iso.datetime().optional() }).refine(
    ({ outcome, effectiveOn }) => effectiveOn === undefined || outcome === 'leaving',
    { path: ['effectiveOn'], message: 'goes with the outcome "leaving" only' },
  ),
  'access.restored': z.object({ system, notes }),
  'access.revoked': z.object({ system, notes }),
  'step.needs-attention': z.object({ step: z.string(), system: z.string().optional(), error: z.string() }),
  'step.resolved': ResolutionFields,
};

export const isEventType = (name: string): name is EventType => Object.hasOwn(schemas, name);

/** One event: the attributes of CloudEvents 1.0 and its correlation extension, and the data. */
export type ExitEvent<T extends EventType = EventType> = {
  [K in T]: {
    type: K;
    /** Unique, and the same however often the same thing is said again. */
    id: string;
    /** Who says it: `/ems/access`. */
    source: string;
    /** ISO 8601, UTC. */
    time: string;
    employeeId: string;
    /** The CloudEvents `subject`, and the `correlationid`. */
    exitId: string;
    /** The `id` of the event that this one follows from. */
    causationId?: string | undefined;
    data: EventData[K];
  };
}[T];

/** An event as the stream has it. */
export type StoredEvent<T extends EventType = EventType> = ExitEvent<T> & {
  /** The stream sequence. */
  seq: number;
  /** When the stream took it, by the broker's clock: ISO 8601, UTC. */
  storedAt: string;
};

export const parseEventData = <T extends EventType>(type: T, data: unknown): Parsed<EventData[T]> =>
  parse(schemas[type] as z.ZodType<EventData[T]>, data);

/** Safe as a token of a NATS subject. */
export const ExitId = z
  .string()
  .regex(/^[A-Za-z0-9_-]{1,64}$/, 'must be an exit id: 1 to 64 letters, digits, "-" or "_"');

/** `exit.<employeeId>.<exitId>.<event>` */
export const subjectOf = ({
  employeeId,
  exitId,
  type,
}: Pick<ExitEvent, 'employeeId' | 'exitId' | 'type'>): string => `exit.${employeeId}.${exitId}.${type}`;

/** Everything of one employee. */
export const subjectsOf = (employeeId: string): string => `exit.${employeeId}.>`;

/** Every event of a type, whoever it is about. */
export const subjectsOfType = (type: EventType): string => `exit.*.*.${type}`;

export function parseSubject(
  subject: string,
): Parsed<{ employeeId: string; exitId: string; type: EventType }> {
  const [root, employeeId, exitId, ...rest] = subject.split('.');
  const type = rest.join('.');
  const isWellFormed =
    root === 'exit' &&
    EmployeeId.safeParse(employeeId).success &&
    ExitId.safeParse(exitId).success &&
    isEventType(type);
  if (isWellFormed) return { ok: true, value: { employeeId: employeeId!, exitId: exitId!, type } };
  return { ok: false, problem: `the subject ${subject} is not exit.<employeeId>.<exitId>.<event>` };
}

/**
 * The id of what a service says of a step because of another event: the same each time it is said.
 * @param causeId the event that set the step off
 */
export const eventId = (
  causeId: string,
  type: EventType,
  step: { name: StepName; system?: string | undefined },
): string => `${causeId}/${stepKey(step)}/${type}`;
