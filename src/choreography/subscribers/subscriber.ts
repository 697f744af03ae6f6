/**
 * A service as a durable consumer of the exits. A message is acted on, what was done is said under an id that is always the same, and
 * only then is the message acknowledged: a crash in between repeats, and loses nothing.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { AckPolicy, DeliverPolicy, type Consumer, type JsMsg } from '@nats-io/jetstream';
import { nanos } from '@nats-io/transport-node';
import { eventId, subjectsOfType, type EventType, type StoredEvent } from '../../exit/events.js';
import { FinalFailure } from '../../exit/failures.js';
import { foldLog } from '../../exit/fold.js';
import type { FoldedExit } from '../../exit/folded-exit.js';
import { stepKey } from '../../exit/status.js';
import type { Attempts } from '../jetstream/attempts.js';
import type { Bus } from '../jetstream/bus.js';
import { parseMessage } from '../jetstream/cloudevents.js';
import { bury } from '../dead-letters/write.js';
import { Later } from './retry-later.js';
import { rawOf } from '../jetstream/log.js';
import { Busy, type Records } from '../jetstream/records.js';
import { originalOf, replayOf } from '../dead-letters/copies.js';
import { EXITS } from '../jetstream/streams.js';
import type { Promised, Said, Task } from './tasks.js';

/** How many messages one process works on at a time. */
const CONCURRENCY = 16;
/** An exit may wait for weeks, and a message that waits for its time counts as one that is not acknowledged. */
const MAX_WAITING = 100_000;
/** A cluster that elects a new leader forgets who waits for messages: so long is nobody heard at the worst. */
const PULL_FOR_MS = 10_000;
/** When to ask again for a record that another process works on. */
const BUSY_FOR_MS = 250;
/** JetStream counts a delay in 64 bits of nanoseconds; a longer one than 292 years is none, and the message comes again at once. */
const LONGEST_WAIT_MS = 100 * 365 * 24 * 60 * 60 * 1000;

export interface Subscription<T> {
  /** The durable name of the consumer. */
  consumer: string;
  description: string;
  /** The CloudEvents `source` of what it says. */
  source: string;
  events: readonly EventType[];
  promises: readonly Promised[];
  records: Records<T>;
  keyOf: (exit: FoldedExit) => string;
  /** How long one attempt may take. */
  attemptTimeoutMs: number;
  /** By what the pause between two attempts grows. */
  backoffCoefficient: number;
  /** Waits until an attempt may begin, where attempts have to keep their distance; then they are made one at a time. */
  turn?: ((signal: AbortSignal) => Promise<void>) | undefined;
  /** @returns undefined where nothing is left to be done because of the event */
  taskOf: (event: StoredEvent, exit: FoldedExit) => Task<T> | undefined;
  /**
   * Where an event sets off something again and again.
   * @returns the milliseconds after which it is to come again; undefined where all is done
   */
  comesAgainAfter?: (event: StoredEvent, exit: FoldedExit) => number | undefined;
}

export interface SubscriberOptions {
  bus: Bus;
  attempts: Attempts;
  /** The critical systems of an exit whose resignation names none. */
  systems: readonly string[];
  /** After how long a process that says nothing any more is taken for dead. */
  ackWaitMs: number;
  policy: { attentionAfter: number; retry: { initialInterval: number; maximumInterval: number } };
  /** Told what no exit shows: that messages cannot be had, for instance. */
  log: (line: string) => void;
}

export interface Subscriber {
  /** Ends what is under way, so that another process can take it over at once. */
  stop: () => Promise<void>;
}

export async function subscribe<T>(
  subscription: Subscription<T>,
  { bus, attempts, systems, ackWaitMs, policy, log }: SubscriberOptions,
): Promise<Subscriber> {
  const { consumer: name, source, promises } = subscription;
  await bus.jsm.consumers.add(EXITS, {
    durable_name: name,
    description: subscription.description,
    filter_subjects: subscription.events.map(subjectsOfType),
    ack_policy: AckPolicy.Explicit,
    deliver_policy: DeliverPolicy.All,
    ack_wait: nanos(ackWaitMs),
    // Outages are retried without limit: it is the consumer that says when something is final.
    max_deliver: -1,
    max_ack_pending: MAX_WAITING,
    metadata: { promises: JSON.stringify(promises) },
  });
  const consumer = await bus.js.consumers.get(EXITS, name);
  const stopping = new AbortController();
  const active = new Set<Promise<void>>();

  async function exitOf(
    event: StoredEvent,
  ): Promise<{ exit?: FoldedExit | undefined; rejected?: string | undefined }> {
    const { events } = await bus.read(event.employeeId);
    const log = foldLog(events, { systems, now: new Date().toISOString() });
    return { exit: log.exits.get(event.exitId), rejected: log.rejected.get(event.seq) };
  }

  const say = (said: Said, cause: StoredEvent, task: Task<T>, suffix = ''): Promise<unknown> =>
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
    if (!parsed.ok) return bury(bus, message, { consumer: name, reason: parsed.problem });
    const copied = replayOf(raw.headers);
    const original = copied && (await originalOf(bus, parsed.value, copied));
    if (original && copied.consumer !== name) return message.ack();
    const event = original ?? parsed.value;
    const { exit, rejected } = await exitOf(event);
    if (rejected !== undefined || !exit)
      return bury(bus, message, { consumer: name, reason: rejected ?? `there is no exit ${event.exitId}` });
    if (exit.isUnweighed(event.seq)) return message.nak(policy.retry.initialInterval);
    const waitMs = msUntilEffective(event, exit);
    if (waitMs > 0) return message.nak(waitMs);

    const task = subscription.taskOf(event, exit);
    if (task) await subscription.turn?.(stopping.signal);
    try {
      const within = AbortSignal.any([stopping.signal, AbortSignal.timeout(subscription.attemptTimeoutMs)]);
      const look = async () => (await exitOf(event)).exit;
      const done = await act(subscription, event, exit, look, within);
      if (done) await say(done.said, event, done.task);
      const againMs = subscription.comesAgainAfter?.(event, exit);
      if (againMs === undefined) message.ack();
      else message.nak(againMs);
    } catch (error) {
      if (!task) throw error;
      await failed(message, event, exit, task, error as Error);
    }
  }

  async function failed(message: JsMsg, event: StoredEvent, exit: FoldedExit, task: Task<T>, error: Error) {
    if (error instanceof Later) {
      if (error.cause !== undefined) log(`${name}: ${message.subject}: ${error.message}`);
      return message.nak(error.ms);
    }
    if (error instanceof Busy) return message.nak(BUSY_FOR_MS);
    if (stopping.signal.aborted) return message.nak();
    if (error instanceof FinalFailure) {
      await askForAttention(error, event, task);
      const againMs = subscription.comesAgainAfter?.(event, exit);
      if (againMs !== undefined) return message.nak(againMs);
      const { message: reason, type } = error;
      return bury(bus, message, {
        consumer: name,
        reason,
        type,
        step: stepKey({ ...task, name: task.step }),
      });
    }
    const { initialInterval, maximumInterval } = policy.retry;
    const { employeeId, exitId } = event;
    const place = { employeeId, exitId, step: task.step, system: task.system };
    const { state, startedAt: begunAt } = exit.step(task.step, task.system) ?? {};
    const startedAt = task.dueAt ?? begunAt!;
    const attempt = 1 + ((await attempts.find(place, startedAt))?.attempt ?? 0);
    const pauseMs = Math.min(
      maximumInterval,
      initialInterval * subscription.backoffCoefficient ** (attempt - 1),
    );
    const nextAttemptAt = new Date(Date.now() + pauseMs).toISOString();
    await attempts.note(place, { attempt, error: error.message, nextAttemptAt });
    const isOverdue = Date.now() - Date.parse(startedAt) >= policy.attentionAfter;
    if (isOverdue && state !== 'needs-attention') await askForAttention(error, event, task);
    return message.nak(pauseMs);
  }

  async function work(message: JsMsg): Promise<void> {
    const alive = setInterval(() => message.working(), ackWaitMs / 3);
    try {
      await handle(message);
    } catch (error) {
      // Not the servers of a step but the broker itself: nobody could be told, and the message comes again.
      log(`${name}: ${message.subject} (${message.seq}) comes again: ${(error as Error).message}`);
      message.nak(policy.retry.initialInterval);
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
        await pause(policy.retry.initialInterval);
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
  { taskOf, keyOf, records, promises }: Subscription<T>,
  event: StoredEvent,
  exit: FoldedExit,
  look: () => Promise<FoldedExit | undefined>,
  signal: AbortSignal,
): Promise<{ task: Task<T>; said: Said } | undefined> {
  // Somebody has decided or settled something: what is still being tried may not be wanted any more.
  if (isWordOn(promises, event)) await records.interrupt(keyOf(exit));
  if (!taskOf(event, exit)) return undefined;
  return records.lease(keyOf(exit), signal, async (record) => {
    // What was appended while the record was waited for counts: a block must not follow a restore.
    const now = await look();
    const task = now && taskOf(event, now);
    if (!task) return undefined;
    const said = await task.run(record, now);
    return said && { task, said };
  });
}

const isWordOn = (promises: readonly Promised[], { type, data }: StoredEvent): boolean =>
  type === 'exit.decision-finalised' ||
  type === 'interview.reschedule-requested' ||
  (type === 'step.resolved' &&
    promises.some(({ step, system }) => step === data.step && system === data.system));

/** How long a decision has still to wait for its day; 0 for everything else, and for one that no longer stands. */
function msUntilEffective(event: StoredEvent, exit: FoldedExit): number {
  if (exit.decision?.seq !== event.seq || exit.ending) return 0;
  return Math.min(LONGEST_WAIT_MS, Math.max(1, Date.parse(exit.effectiveAt!) - Date.now()));
}
