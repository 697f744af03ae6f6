/**
 * A service as a durable consumer of the exits. At-least-once: act, publish the outcome under a deterministic id, then ack. A crash in
 * between redelivers; the id makes the second publish a no-op.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { Consumer, JsMsg } from '@nats-io/jetstream';
import { nanos } from '@nats-io/transport-node';
import { eventId, subjectsOfType, type EventType, type StoredEvent } from '../../exit/events.js';
import { FinalFailure } from '../../exit/failures.js';
import { foldLog } from '../../exit/fold.js';
import type { Exit } from '../../exit/exit.js';
import type { Plan } from '../../exit/plan.js';
import { stepKey } from '../../exit/status.js';
import { TryLater } from '../../services/protocols/retry-after.js';
import type { Attempts } from '../jetstream/attempts.js';
import type { Bus } from '../jetstream/bus.js';
import { parseMessage } from '../jetstream/cloudevents.js';
import { deadLetter } from '../dead-letters/write.js';
import { ensureConsumer } from '../jetstream/consumers.js';
import { rawOf } from '../jetstream/log.js';
import { Busy, openRecords, type Leased, type Records } from '../jetstream/records.js';
import { originalOf, replayOf } from '../dead-letters/copies.js';
import { EXITS } from '../jetstream/streams.js';
import { append } from '../jetstream/append.js';
import { isSetOff, promisesOf, RetryLater, type Said, type Task } from './tasks.js';

/** How many messages one process works on at a time. */
const CONCURRENCY = 16;
/** An exit may wait for weeks, and a message that waits for its time counts as one that is not acknowledged. */
const MAX_WAITING = 100_000;
/** Pull requests are lost when the consumer's leader changes; renew them at least this often. */
const PULL_FOR_MS = 10_000;
/** When to ask again for a record that another process works on. */
const BUSY_FOR_MS = 250;
/** JetStream counts a delay in 64 bits of nanoseconds; a longer one than 292 years is none, and the message comes again at once. */
const LONGEST_WAIT_MS = 100 * 365 * 24 * 60 * 60 * 1000;
/**
 * By what the pause between two attempts grows. Mail servers greylist and throttle: they want minutes, and haste makes it worse. Every
 * moment until a block is one with access; the cap keeps the pause after a long outage short.
 */
const backoffCoefficients = { notification: 4, hr: 4, access: 2, steps: 2 };

export interface Subscription<T> {
  /** The durable name of the consumer. */
  consumer: string;
  description: string;
  /** Whose it is; the CloudEvents `source` of what it says is `/ems/` and this. */
  service: keyof typeof backoffCoefficients;
  events: readonly EventType[];
  /** What it promises to do, as the table of steps says. */
  tasks?: readonly Task<T>[];
  /** What it remembers of an exit, and `of` which system or step where several share a bucket. Without it: nothing. */
  memory?: { bucket: string; empty: T; of?: string };
  /** How long one attempt may take, where the plan's policy does not say it. */
  attemptTimeoutMs?: number | undefined;
  /** Waits until an attempt may begin, where attempts have to keep their distance; then they are made one at a time. */
  turn?: ((signal: AbortSignal) => Promise<void>) | undefined;
  /**
   * Where it is not the first of the tasks that the event sets off.
   * @returns undefined where nothing is left to be done because of the event
   */
  taskOf?: (event: StoredEvent, exit: Exit) => Task<T> | undefined;
  /**
   * Where an event sets off something again and again.
   * @param failure what it ended in for good this time
   * @returns the milliseconds after which it is to come again; undefined where all is done
   */
  redeliverAfter?: (event: StoredEvent, exit: Exit, failure?: FinalFailure) => number | undefined;
}

interface SubscriberOptions {
  bus: Bus;
  attempts: Attempts;
  /** By today's configuration: what an exit runs under whose resignation carries no plan, and how often all is tried. */
  plan: Plan;
  /** For how long a record belongs to whoever works on it and has not said so again. */
  leaseMs: number;
  /** After how long a process that says nothing any more is taken for dead. */
  ackWaitMs: number;
  /** Told what no exit shows: that messages cannot be had, for instance. */
  log: (line: string) => void;
}

export interface Subscriber {
  /** Ends what is under way, so that another process can take it over at once. */
  stop: () => Promise<void>;
}

export async function subscribe<T>(
  subscription: Subscription<T>,
  { bus, attempts, plan, leaseMs, ackWaitMs, log }: SubscriberOptions,
): Promise<Subscriber> {
  const { consumer: name, service, tasks = [], memory } = subscription;
  const { retryInitialMs, retryMaximumMs, attentionAfterMs } = plan.policy;
  const { attemptTimeoutMs = plan.policy.attemptTimeoutMs } = subscription;
  const source = `/ems/${service}`;
  const records = memory && (await openRecords(bus, { ...memory, leaseMs }));
  const settings = {
    description: subscription.description,
    filter_subjects: subscription.events.map(subjectsOfType),
    ack_wait: nanos(ackWaitMs),
    // Outages are retried without limit: it is the consumer that says when something is final.
    max_deliver: -1,
    max_ack_pending: MAX_WAITING,
    metadata: { promises: JSON.stringify(promisesOf(plan.steps, tasks, attentionAfterMs)) },
  };
  await ensureConsumer(bus, name, settings);
  const consumer = await bus.js.consumers.get(EXITS, name);
  const stopping = new AbortController();
  const active = new Set<Promise<void>>();

  async function exitOf(event: StoredEvent) {
    const read = async () => {
      const { events } = await bus.read(event.employeeId);
      return foldLog(events, new Date().toISOString());
    };
    let log = await read();
    const rejected = log.rejected.get(event.seq);
    const unplanned = log.exits.get(event.exitId);
    if (rejected === undefined && unplanned && !unplanned.plan) {
      await planExit(bus, unplanned, plan, source);
      log = await read();
      if (!log.exits.get(event.exitId)?.plan) throw new Error(`the exit ${event.exitId} cannot be planned`);
    }
    return { exit: log.exits.get(event.exitId), rejected };
  }

  const say = (
    said: Said,
    cause: StoredEvent,
    task: Pick<Task<T>, 'step' | 'system' | 'nth'>,
    suffix = '',
  ): Promise<unknown> =>
    bus.publish({
      ...said,
      id: eventId(cause.id, said.type, { name: task.step, system: task.system }, task.nth) + suffix,
      source,
      time: new Date().toISOString(),
      employeeId: cause.employeeId,
      exitId: cause.exitId,
      causationId: cause.id,
    });

  async function askForAttention(error: Error, cause: StoredEvent, task: Task<T>): Promise<void> {
    const { step, system } = task;
    const isFinal = error instanceof FinalFailure;
    const data = {
      step,
      system,
      error: error.message.slice(0, 2000),
      type: isFinal ? error.type : undefined,
    };
    const suffix = isFinal ? '/final' : '';
    await say({ type: 'step.needs-attention', data }, cause, task, suffix);
  }

  async function handle(message: JsMsg): Promise<void> {
    const raw = rawOf(message);
    const parsed = parseMessage(raw);
    if (!parsed.ok) return deadLetter(bus, message, { consumer: name, reason: parsed.problem });
    const copied = replayOf(raw.headers);
    const original = copied && (await originalOf(bus, parsed.value, copied));
    if (original && copied.consumer !== name) return message.ack();
    const event = original ?? parsed.value;
    const { exit, rejected } = await exitOf(event);
    if (rejected !== undefined || !exit)
      return deadLetter(bus, message, {
        consumer: name,
        reason: rejected ?? `there is no exit ${event.exitId}`,
      });
    if (exit.isDecisionPending(event.seq)) return message.nak(retryInitialMs);
    const waitMs = msUntilEffective(event, exit);
    if (waitMs > 0) return message.nak(waitMs);

    const task = taskOf(subscription, event, exit);
    if (task) await subscription.turn?.(stopping.signal);
    try {
      const within = AbortSignal.any([stopping.signal, AbortSignal.timeout(attemptTimeoutMs)]);
      const look = async () => (await exitOf(event)).exit;
      const done = await act(subscription, records, event, exit, look, within);
      for (const said of done?.said ?? []) await say(said, event, stepOf(said) ?? done!.task);
      const againMs = subscription.redeliverAfter?.(event, exit);
      if (againMs === undefined) message.ack();
      else message.nak(againMs);
    } catch (error) {
      if (!task) throw error;
      await failed(message, event, exit, task, error as Error);
    }
  }

  async function failed(message: JsMsg, event: StoredEvent, exit: Exit, task: Task<T>, error: Error) {
    if (error instanceof RetryLater) {
      if (error.cause !== undefined) log(`${name}: ${message.subject}: ${error.message}`);
      return message.nak(error.ms);
    }
    if (error instanceof Busy) return message.nak(BUSY_FOR_MS);
    if (stopping.signal.aborted) return message.nak();
    if (error instanceof FinalFailure) {
      await askForAttention(error, event, task);
      const againMs = subscription.redeliverAfter?.(event, exit, error);
      if (againMs !== undefined) return message.nak(againMs);
      const { message: reason, type } = error;
      return deadLetter(bus, message, {
        consumer: name,
        reason,
        type,
        step: stepKey({ ...task, name: task.step }),
      });
    }
    const { employeeId, exitId } = event;
    const place = { employeeId, exitId, step: task.step, system: task.system };
    const { state, startedAt: begunAt } = exit.step(task.step, task.system) ?? {};
    const startedAt = task.dueAt ?? begunAt!;
    const attempt = 1 + ((await attempts.find(place, startedAt))?.attempt ?? 0);
    const backoffMs = retryInitialMs * backoffCoefficients[service] ** (attempt - 1);
    const pauseMs = error instanceof TryLater ? error.afterMs : Math.min(retryMaximumMs, backoffMs);
    const nextAttemptAt = new Date(Date.now() + pauseMs).toISOString();
    await attempts.note(place, { attempt, error: error.message, nextAttemptAt });
    const patienceMs = exit.ledger.rowOf(task.step)?.attentionAfterMs ?? exit.plan!.policy.attentionAfterMs;
    const isOverdue = Date.now() - Date.parse(startedAt) >= patienceMs;
    if (isOverdue && state !== 'needs-attention') await askForAttention(error, event, task);
    return message.nak(pauseMs);
  }

  async function work(message: JsMsg): Promise<void> {
    const alive = setInterval(() => message.working(), ackWaitMs / 3);
    try {
      await handle(message);
    } catch (error) {
      // Not the servers of a step but the broker itself: it could take no word of this, and the message comes again.
      log(`${name}: ${message.subject} (${message.seq}) comes again: ${(error as Error).message}`);
      message.nak(retryInitialMs);
    } finally {
      clearInterval(alive);
    }
  }

  /** Since when there are no messages to be had, and when that was last seen. */
  let outage: { since: number; seenAt: number } | undefined;

  function outageSeen(error: Error): void {
    if (!outage) log(`${name}: no messages to be had: ${error.message}`);
    const now = Date.now();
    outage = { since: outage?.since ?? now, seenAt: now };
  }

  /** An answer to what was asked before the outage was last seen does not end it. */
  function answered(askedAt: number): void {
    if (!outage || askedAt <= outage.seenAt) return;
    const seconds = Math.round((Date.now() - outage.since) / 1000);
    log(`${name}: messages are to be had again, after ${seconds} s`);
    outage = undefined;
  }

  async function pull(from: Consumer): Promise<void> {
    while (!stopping.signal.aborted) {
      try {
        const askedAt = Date.now();
        const message = await from.next({ expires: PULL_FOR_MS });
        answered(askedAt);
        if (!message) continue;
        if (stopping.signal.aborted) return message.nak();
        const working = work(message);
        active.add(working);
        await working.finally(() => active.delete(working));
      } catch (error) {
        if (stopping.signal.aborted) return;
        outageSeen(error as Error);
        await pause(retryInitialMs);
      }
    }
  }

  for (let n = 0; n < (subscription.turn ? 1 : CONCURRENCY); n++) void pull(consumer);
  return {
    async stop() {
      stopping.abort(new Error('the service stops'));
      await Promise.allSettled(active);
    },
  };
}

/**
 * Does what is left to be done because of an event.
 * @param look how the exit stands by now
 * @returns what was done, and what is to be said of it; undefined where nothing was left to be done
 */
export async function act<T>(
  subscription: Pick<Subscription<T>, 'tasks' | 'taskOf' | 'memory'>,
  records: Records<T> | undefined,
  event: StoredEvent,
  exit: Exit,
  look: () => Promise<Exit | undefined>,
  signal: AbortSignal,
): Promise<{ task: Task<T>; said: Said[] } | undefined> {
  // After a decision or a resolution, what is still being tried may not be wanted any more.
  const { tasks = [], memory } = subscription;
  const key = [memory?.of ?? [], exit.employeeId, exit.exitId].flat().join('.');
  if (isWordOn(tasks, event)) await records?.interrupt(key);
  if (!taskOf(subscription, event, exit)) return undefined;
  const work = async (record: Leased<T>) => {
    // What was appended while the record was waited for counts: a block must not follow a restore.
    const now = await look();
    const task = now && taskOf(subscription, event, now);
    if (!task) return undefined;
    const said = await task.run(record, now);
    return said && { task, said: [said].flat() };
  };
  return records
    ? records.lease(key, signal, work)
    : work({ value: undefined as T, save: () => Promise.resolve(), signal });
}

/** @returns what is left to be done because of an event */
export const taskOf = <T>(
  { tasks = [], taskOf }: Pick<Subscription<T>, 'tasks' | 'taskOf'>,
  event: StoredEvent,
  exit: Exit,
): Task<T> | undefined => (taskOf ? taskOf(event, exit) : tasks.find((task) => isSetOff(task, event, exit)));

const isWordOn = (tasks: readonly Task<never>[], { type, data }: StoredEvent): boolean =>
  type === 'exit.decision-finalised' ||
  type === 'interview.reschedule-requested' ||
  (type === 'step.resolved' &&
    tasks.some(({ step, system }) => step === data.step && system === data.system));

/** Where one event has several steps ask for attention, each has an id of its own. */
const stepOf = ({ type, data }: Said): Pick<Task<never>, 'step' | 'system'> | undefined =>
  type === 'step.needs-attention' ? data : undefined;

/** A resignation that carries no plan is planned once, durably, by the first service that hears of it: the append is the record. */
async function planExit(bus: Bus, { employeeId, exitId, resignationId }: Exit, plan: Plan, source: string) {
  // The same id for every service: the first one stands, and the others find it.
  const id = `${exitId}/exit.planned`;
  await append(bus, employeeId, id, () => ({
    ...{ type: 'exit.planned', id, source, time: new Date().toISOString(), employeeId, exitId },
    ...{ causationId: resignationId, data: { plan } },
  }));
}

/** How long a decision has still to wait for its day; 0 for everything else, and for one that no longer stands. */
function msUntilEffective(event: StoredEvent, exit: Exit): number {
  if (exit.decision?.seq !== event.seq || exit.ending) return 0;
  return Math.min(LONGEST_WAIT_MS, Math.max(1, Date.parse(exit.effectiveAt!) - Date.now()));
}
