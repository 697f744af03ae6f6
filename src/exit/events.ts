/**
 * The events of the choreographed form, as CloudEvents 1.0: what each one says, under which subject, with which id. The contract
 * between services that know nothing of one another, and with other people's programs.
 */
import { z } from 'zod';
import { schemas, type EventData, type EventType } from './event-data.js';
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

/** What only the orchestrated form records, in memory: it is never published. */
interface InnerData {
  'employee.found': { employee: Employee; notes: string[] };
  'exit.cancelled': Record<string, never>;
  'access.captured': { system: string; identities: string[] };
}
export type ExitEventType = EventType | keyof InnerData;

/** What a step has to say when it is done, or stuck. */
export type Outcome<T extends ExitEventType = ExitEventType> = {
  [K in T]: { type: K; data: (EventData & InnerData)[K] };
}[T];

/** What an exit is told: an event of the stream, or what the workflow records in memory, which costs no history. */
export type RecordedEvent<T extends ExitEventType = ExitEventType> = {
  [K in T]: Outcome<K> & Pick<StoredEvent, 'id' | 'seq' | 'storedAt'>;
}[T];

/** An event as the stream has it, of a type that need not be one of ours. */
export type AnyEvent = Omit<StoredEvent, 'type' | 'data'> & { type: string; data: unknown };

export const isOurs = (event: AnyEvent): event is StoredEvent => isEventType(event.type);

export const parseEventData = <T extends EventType>(type: T, data: unknown): Parsed<EventData[T]> =>
  parse(schemas[type] as z.ZodType as z.ZodType<EventData[T]>, data);

/** Safe as a token of a NATS subject. */
const ExitId = z
  .string()
  .regex(/^[A-Za-z0-9_-]{1,64}$/, 'must be an exit id: 1 to 64 letters, digits, "-" or "_"');

/** What people and other programs say; all else follows from one of these. */
const beginnings: ReadonlySet<string> = new Set<EventType>([
  'employee.resigned',
  'exit.decision-finalised',
  'interview.reschedule-requested',
  'step.resolved',
]);

/** The id of what follows is made of the id of its cause, and has to fit into the headers three times. */
export const longestId = (type: string): number => (beginnings.has(type) ? 256 : 4096);

/** `exit.<employeeId>.<exitId>.<event>` */
export const subjectOf = ({
  employeeId,
  exitId,
  type,
}: Pick<ExitEvent, 'employeeId' | 'exitId' | 'type'>): string => `exit.${employeeId}.${exitId}.${type}`;

/** Everything of one employee. */
export const subjectsOf = (employeeId: string): string => `exit.${employeeId}.>`;

/** Everything of one exit. */
export const subjectsOfExit = ({ employeeId, exitId }: Pick<ExitEvent, 'employeeId' | 'exitId'>): string =>
  `exit.${employeeId}.${exitId}.>`;

/** Every event of a type, whoever it is about. */
export const subjectsOfType = (type: EventType): string => `exit.*.*.${type}`;

/** Any event under the subjects of exits, also one that a service of other people's has added. */
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
  return { ok: false, problem: `the subject ${subject} is not exit.<employeeId>.<exitId>.<event>` };
}

/**
 * The id of what a service says of a step because of another event: the same each time it is said.
 * @param causeId the event that set the step off
 * @param nth where it does so several times
 */
export const eventId = (
  causeId: string,
  type: EventType,
  step: { name: string; system?: string | undefined },
  nth?: number,
): string => [causeId, stepKey(step), type, ...(nth === undefined ? [] : [nth])].join('/');
