/** What a service subscribes to, and how it acts on one event. */
import { eventId, type EventType, type StoredEvent } from '../../exit/events.js';
import type { Exit } from '../../exit/exit.js';
import type { FinalFailure } from '../../exit/failures.js';
import { isInterviewRequest } from '../../exit/interview-standing.js';
import type { AwaitSlot } from '../jetstream/rate-limit.js';
import type { Leased, Records } from '../jetstream/records.js';
import { isTriggered, type Outcome, type Task } from './tasks.js';

/**
 * By service: the factor between two pauses. Mail servers greylist and throttle for minutes. While a block is retried the account is
 * open; the policy's maximum keeps the pause after a long outage short.
 */
export const backoffCoefficients = { notification: 4, hr: 4, access: 2, steps: 2 };

export interface Subscription<T> {
  /** The durable name of the consumer. */
  consumer: string;
  description: string;
  /** The CloudEvents `source` of its events is `/ems/<service>`. */
  service: keyof typeof backoffCoefficients;
  events: readonly EventType[];
  /** The steps that it promises; the table of steps has the terms. */
  tasks?: readonly Task<T>[];
  /** Its bucket of records, one for each exit, and `of` the system or step where several share the bucket. Default: none. */
  memory?: { bucket: string; empty: T; of?: string };
  /** Default: that of the plan's policy. */
  attemptTimeoutMs?: number | undefined;
  /** How many messages at once; default: 16. */
  concurrency?: number;
  /** The system's rate limit. With one, attempts run one at a time. */
  awaitSlot?: AwaitSlot | undefined;
  /**
   * The task for an event; default: the first of `tasks` that the event triggers.
   * @returns undefined where nothing is left to do
   */
  taskOf?: (event: StoredEvent, exit: Exit) => Task<T> | undefined;
  /**
   * For recurring work on one event.
   * @param failure the final failure of this run, if any
   * @returns after how many milliseconds to redeliver; undefined to ack
   */
  redeliverAfter?: (event: StoredEvent, exit: Exit, failure?: FinalFailure) => number | undefined;
}

/** The log of the exit that an event belongs to. */
export interface ExitLog<T> {
  /** The exit as it is now. */
  read: () => Promise<Exit | undefined>;
  /** Whether the log has an event now, by its id. */
  has: (eventId: string) => Promise<boolean>;
  /** @returns the id of the event, once the stream has it */
  publish: (outcome: Outcome, task: Task<T>) => Promise<string>;
}

/**
 * Runs the task of an event under the lease of its record, and publishes the outcome, which ends the lease.
 * @param exit as it was when the event was received
 * @returns the task; undefined where nothing was left to do
 */
export async function act<T>(
  subscription: Pick<Subscription<T>, 'tasks' | 'taskOf' | 'memory'>,
  records: Records<T> | undefined,
  event: StoredEvent,
  exit: Exit,
  log: ExitLog<T>,
  signal: AbortSignal,
): Promise<Task<T> | undefined> {
  const { tasks = [] } = subscription;
  const key = keyOf(subscription, exit);
  if (supersedes(tasks, event)) await records?.interrupt(key, event.seq);
  if (!taskOf(subscription, event, exit)) return undefined;
  const work = async (record: Leased<T>) => {
    // The exit may have changed while this process waited for the lease: no block may follow a restore.
    const now = await log.read();
    const task = now && taskOf(subscription, event, now);
    if (!task) return undefined;
    const { step: name, system, nth } = task;
    // By the table: the event that settles the step.
    record.outcome = eventId(event.id, now.ledger.rowOf(name)!.event as EventType, { name, system }, nth);
    if (!task.savesFirst) await record.save();
    const outcomes = await task.run(record, now);
    if (!outcomes) return undefined;
    for (const outcome of [outcomes].flat())
      if ((await log.publish(outcome, task)) === record.outcome) record.isOutcomePublished = true;
    return task;
  };
  return records
    ? records.lease(key, signal, work, log.has, event.seq)
    : work({ value: undefined as T, save: () => Promise.resolve(), signal });
}

/** Of the record of an exit. */
export const keyOf = (
  { memory }: { memory?: { of?: string } },
  { employeeId, exitId }: Pick<StoredEvent, 'employeeId' | 'exitId'>,
): string => [memory?.of ?? [], employeeId, exitId].flat().join('.');

/** @returns what is left to do on an event */
export const taskOf = <T>(
  { tasks = [], taskOf }: Pick<Subscription<T>, 'tasks' | 'taskOf'>,
  event: StoredEvent,
  exit: Exit,
): Task<T> | undefined =>
  taskOf ? taskOf(event, exit) : tasks.find((task) => isTriggered(task, event, exit));

/** Whether a person's event may make a task in progress obsolete. */
const supersedes = (tasks: readonly Task<never>[], { type, data }: StoredEvent): boolean =>
  type === 'exit.decision-finalised' ||
  (isInterviewRequest({ type }) && tasks.some(({ step }) => step === 'schedule-hr-interview')) ||
  (type === 'step.resolved' &&
    tasks.some(({ step, system }) => step === data.step && system === data.system));
