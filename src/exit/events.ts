/**
 * The events of the choreographed form as CloudEvents 1.0: attributes, subjects and ids. They are the contract between services that know
 * nothing of one another, and with programs outside EMS.
 */
import { z } from 'zod';
import { schemas, type EventData, type EventType } from './event-data.js';
import type { CapturedAccount, Cost } from './hold-facts.js';
import { EmployeeId } from './ids.js';
import { parse, type Parsed } from './input.js';
import type { Employee } from './people.js';
import { stepKey } from './status.js';

export { schemas } from './event-data.js';
export type { EventData, EventType } from './event-data.js';

export const isEventType = (name: string): name is EventType => Object.hasOwn(schemas, name);

/** One event: the attributes of CloudEvents 1.0 and its correlation extension, and the data. */
export type ExitEvent<T extends EventType = EventType> = {
  [K in T]: {
    type: K;
    /** Deterministic: a second publish of the same event has the same id. */
    id: string;
    /** The CloudEvents `source`, such as `/ems/access`. */
    source: string;
    /** ISO 8601, UTC. */
    time: string;
    employeeId: string;
    /** The CloudEvents `subject`, and the `correlationid`. */
    exitId: string;
    /** The `id` of the event that caused this one. */
    causationId?: string | undefined;
    data: EventData[K];
  };
}[T];

/** An event as the stream has it. */
export type StoredEvent<T extends EventType = EventType> = ExitEvent<T> & {
  /** The stream sequence. */
  seq: number;
  /** When the stream stored it, by the broker's clock: ISO 8601, UTC. */
  storedAt: string;
};

/** Events that only the workflow records, in memory; EMS never publishes them. */
interface InnerData {
  'employee.found': { employee: Employee; notes: string[] };
  'exit.cancelled': Record<string, never>;
  'access.captured': { system: string; accounts: CapturedAccount[]; cost?: Cost | undefined };
}
export type ExitEventType = EventType | keyof InnerData;

/** The outcome of a step, done or failed: an event before it is recorded. */
export type Outcome<T extends ExitEventType = ExitEventType> = {
  [K in T]: { type: K; data: (EventData & InnerData)[K] };
}[T];

/** An event that an exit evolves by: from the stream, or recorded in memory by the workflow, which adds nothing to its history. */
export type RecordedEvent<T extends ExitEventType = ExitEventType> = {
  [K in T]: Outcome<K> & Pick<StoredEvent, 'id' | 'seq' | 'storedAt'>;
}[T];

/** A stored event of any type: a service outside EMS may publish types of its own. */
export type AnyEvent = Omit<StoredEvent, 'type' | 'data'> & { type: string; data: unknown };

export const isOurs = (event: AnyEvent): event is StoredEvent => isEventType(event.type);

export const parseEventData = <T extends EventType>(type: T, data: unknown): Parsed<EventData[T]> =>
  parse(schemas[type] as z.ZodType as z.ZodType<EventData[T]>, data);

/** Safe as a token of a NATS subject. */
export const ExitId = z
  .string()
  .regex(/^[A-Za-z0-9_-]{1,64}$/, 'must be an exit id: 1 to 64 letters, digits, "-" or "_"');

/** Events that people and outside programs publish; every other event is caused by one of these. */
const beginnings: ReadonlySet<string> = new Set<EventType>([
  'employee.resigned',
  'exit.decision-finalised',
  'interview.reschedule-requested',
  'resignation.amended',
  'exit.handed-over',
  'exit.proposed',
  'exit.proposal-rejected',
  'step.resolved',
]);

/** The longest allowed id of an event. An id contains the id of its cause, and the headers carry it up to three times. */
export const longestId = (type: string): number => (beginnings.has(type) ? 256 : 4096);

/** `exit.<employeeId>.<exitId>.<event>` */
export const subjectOf = ({
  employeeId,
  exitId,
  type,
}: Pick<ExitEvent, 'employeeId' | 'exitId' | 'type'>): string => `exit.${employeeId}.${exitId}.${type}`;

/** The subject filter of one employee. */
export const subjectsOf = (employeeId: string): string => `exit.${employeeId}.>`;

/** The subject filter of one exit. */
export const subjectsOfExit = ({ employeeId, exitId }: Pick<ExitEvent, 'employeeId' | 'exitId'>): string =>
  `exit.${employeeId}.${exitId}.>`;

/** The subject filter of one event type. */
export const subjectsOfType = (type: EventType): string => `exit.*.*.${type}`;

/** The event type in a subject; a service outside EMS may add its own. */
const EventName = z.string().regex(/^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$/);

export function parseSubject(subject: string): Parsed<{ employeeId: string; exitId: string; type: string }> {
  const [root, employeeId, exitId, ...rest] = subject.split('.');
  const type = rest.join('.');
  const isWellFormed =
    root === 'exit' &&
    EmployeeId.safeParse(employeeId).success &&
    ExitId.safeParse(exitId).success &&
    EventName.safeParse(type).success;
  if (isWellFormed) return { ok: true, value: { employeeId: employeeId!, exitId: exitId!, type } };
  return { ok: false, problem: `the subject ${subject} does not match exit.<employeeId>.<exitId>.<event>` };
}

/**
 * The deterministic id of an event about a step, so that a second publish is a duplicate.
 * @param causeId the event that set the step off
 * @param nth tells several events of one cause apart
 */
export const eventId = (
  causeId: string,
  type: EventType,
  step: { name: string; system?: string | undefined },
  nth?: number,
): string => [causeId, stepKey(step), type, ...(nth === undefined ? [] : [nth])].join('/');
