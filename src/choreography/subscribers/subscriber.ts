/**
 * A service as a durable consumer of the exits. At-least-once: act, publish the outcome under a deterministic id, then ack. A crash in
 * between redelivers; the id makes the second publish a no-op.
 */
import type { JsMsg } from '@nats-io/jetstream';
import { nanos } from '@nats-io/transport-node';
import { eventId, subjectsOfType, type StoredEvent } from '../../exit/events.js';
import { FinalFailure } from '../../exit/failures.js';
import type { Exit } from '../../exit/exit.js';
import type { Plan } from '../../exit/plan.js';
import { stepKey, isStuck } from '../../exit/status.js';
import type { Log } from '../../process/logger.js';
import { attempts as attemptsEnded, blockSeconds, driftsFound } from '../../process/metrics.js';
import { traced, type End } from '../../process/tracing.js';
import { deadlineIn, type Deadline } from '../../services/protocols/deadline.js';
import { RetryAfter } from '../../services/protocols/retry-after.js';
import type { Attempts } from '../jetstream/attempts.js';
import type { Bus } from '../jetstream/bus.js';
import { parseMessage } from '../jetstream/cloudevents.js';
import { deadLetter } from '../dead-letters/write.js';
import { ensureConsumer } from '../jetstream/consumers.js';
import { rawOf } from '../jetstream/log.js';
import { Busy, openRecords, readRecord } from '../jetstream/records.js';
import { originalOf, replayOf } from '../dead-letters/copies.js';
import { EXITS } from '../jetstream/streams.js';
import { isFull, withRetry } from '../jetstream/with-retry.js';
import { exitOfEvent } from './exit-of-event.js';
import { pullMessages } from './pull.js';
import { act, backoffCoefficients, keyOf, taskOf, type ExitLog, type Subscription } from './subscription.js';
import { promisesOf, RetryLater, type Outcome, type Task } from './tasks.js';

/** How many messages one process handles at a time. */
const CONCURRENCY = 16;
/** The redelivery delay where another process holds the lease. */
const BUSY_DELAY_MS = 250;
/** JetStream counts delays in 64-bit nanoseconds: one of more than 292 years overflows, and redelivers at once. */
const MAX_DELAY_MS = 100 * 365 * 24 * 60 * 60 * 1000;
/** Servers answer with whole pages. */
const LONGEST_REASON = 2_000;

interface SubscriberOptions {
  bus: Bus;
  attempts: Attempts;
  /** By the present configuration: the plan of a resignation without one, and the retry policy of the service. */
  plan: Plan;
  /** How long a lease lasts without a renewal. */
  leaseMs: number;
  /** JetStream redelivers a message that this long had neither an ack nor a sign of progress. */
  ackWaitMs: number;
  /** For failed attempts, and for what no exit shows, such as an outage of the broker. */
  log: Log;
}

export interface Subscriber {
  /** Aborts the work in progress, and releases its leases for other processes. */
  stop: () => Promise<void>;
}

export async function subscribe<T>(
  subscription: Subscription<T>,
  { bus, attempts, plan, leaseMs, ackWaitMs, log: logOfProcess }: SubscriberOptions,
): Promise<Subscriber> {
  const { consumer: name, service, tasks = [], memory, awaitSlot, concurrency = CONCURRENCY } = subscription;
  const { retryInitialMs, retryMaximumMs } = plan.policy;
  const { attemptTimeoutMs = plan.policy.attemptTimeoutMs } = subscription;
  const source = `/ems/${service}`;
  const log = logOfProcess.child({ consumer: name });
  const records = memory && (await openRecords(bus, { ...memory, leaseMs }));
  await ensureConsumer(bus, name, {
    description: subscription.description,
    filter_subjects: subscription.events.map(subjectsOfType),
    ack_wait: nanos(ackWaitMs),
    // Outages are retried without limit; the service itself dead-letters a final failure.
    max_deliver: -1,
    max_ack_pending: bus.room.maxAckPending,
    metadata: { promises: JSON.stringify(promisesOf(plan, tasks)) },
  });
  const stopping = new AbortController();

  async function publishOutcome(
    outcome: Outcome,
    cause: StoredEvent,
    task: Pick<Task<T>, 'step' | 'system' | 'nth'>,
    suffix = '',
  ): Promise<string> {
    const id = eventId(cause.id, outcome.type, { name: task.step, system: task.system }, task.nth) + suffix;
    await bus.publish({
      ...outcome,
      id,
      source,
      time: new Date().toISOString(),
      employeeId: cause.employeeId,
      exitId: cause.exitId,
      causationId: cause.id,
    });
    return id;
  }

  async function askForAttention(error: Error, cause: StoredEvent, task: Task<T>): Promise<void> {
    const { step, system } = task;
    const isFinal = error instanceof FinalFailure;
    const record =
      task.seen && memory && (await readRecord<T>(bus, memory.bucket, keyOf(subscription, cause)));
    const data = {
      step,
      system,
      ...(record && task.seen?.(record.value)),
      error: error.message.slice(0, LONGEST_REASON),
      type: isFinal ? error.type : undefined,
    };
    const suffix = isFinal ? '/final' : '';
    await publishOutcome({ type: 'step.needs-attention', data }, cause, task, suffix);
  }

  async function handle(message: JsMsg): Promise<void> {
    const raw = rawOf(message);
    const parsed = parseMessage(raw, bus.dataKeys);
    if (!parsed.ok) return deadLetter(bus, message, { consumer: name, reason: parsed.problem });
    const copied = replayOf(raw.headers);
    const original = copied && (await originalOf(bus, parsed.value, copied));
    if (original && copied.consumer !== name) return message.ack();
    const event = original ?? parsed.value;
    const { exit, rejected } = await exitOfEvent(bus, event, plan, source);
    if (rejected !== undefined || !exit)
      return deadLetter(bus, message, {
        consumer: name,
        reason: rejected ?? `there is no exit ${event.exitId} of ${event.employeeId}`,
      });
    if (exit.isDecisionPending(event.seq)) return message.nak(retryInitialMs);
    const waitMs = msUntilEffective(event, exit);
    if (waitMs > 0) return message.nak(waitMs);

    const task = taskOf(subscription, event, exit);
    let deadline: Deadline | undefined;
    try {
      if (task) await awaitSlot?.(stopping.signal);
      deadline = deadlineIn(attemptTimeoutMs);
      const signal = AbortSignal.any([stopping.signal, deadline.signal]);
      const acting = () => act(subscription, records, event, exit, logOf(event, exit), signal);
      const { exitId } = event;
      const done = task
        ? await traced({ exitId, form, step: task.step, system: task.system }, acting, endOf)
        : await acting();
      if (done) count(done, 'done');
      const delayMs = subscription.redeliverAfter?.(event, exit);
      if (delayMs === undefined) message.ack();
      else message.nak(delayMs);
    } catch (error) {
      if (!task) throw error;
      await handleFailure(message, event, exit, task, error as Error);
    } finally {
      deadline?.clear();
    }
  }

  const logOf = (event: StoredEvent, exit: Exit): ExitLog<T> => ({
    read: async () => (await exitOfEvent(bus, event, plan, source)).exit,
    async has(id) {
      const { events } = await bus.read(event.employeeId);
      return events.some((each) => each.id === id && each.exitId === event.exitId);
    },
    async publish(outcome, task) {
      const id = await publishOutcome(outcome, event, stepOf(outcome) ?? task).catch((error: Error) => {
        // No event can say so either: the step goes on once there is room.
        throw isFull(error) ? new RetryLater(retryMaximumMs, error.message, { cause: error }) : error;
      });
      countOutcome(outcome, exit);
      return id;
    },
  });

  async function handleFailure(
    message: JsMsg,
    event: StoredEvent,
    exit: Exit,
    task: Task<T>,
    error: Error,
  ): Promise<void> {
    const { employeeId, exitId } = event;
    const about = { exitId, step: task.step, system: task.system };
    if (error instanceof RetryLater) {
      if (error.cause !== undefined) log.warn(about, error.message);
      return message.nak(error.ms);
    }
    if (error instanceof Busy) return message.nak(BUSY_DELAY_MS);
    if (stopping.signal.aborted) return message.nak();
    if (error instanceof FinalFailure) {
      count(task, 'final');
      log.error({ ...about, type: error.type }, `needs attention: ${error.message}`);
      await askForAttention(error, event, task);
      const delayMs = subscription.redeliverAfter?.(event, exit, error);
      if (delayMs !== undefined) return message.nak(delayMs);
      const { message: reason, type } = error;
      const step = stepKey({ ...task, name: task.step });
      return deadLetter(bus, message, { consumer: name, reason, type, step });
    }
    count(task, 'failed');
    const place = { employeeId, ...about };
    const step = exit.step(task.step, task.system);
    const startedAt = task.dueAt ?? step!.startedAt!;
    const earlier = await attempts.find(place, startedAt);
    const attempt = 1 + (earlier?.attempt ?? 0);
    const backoffMs = retryInitialMs * backoffCoefficients[service] ** (attempt - 1);
    const pauseMs = error instanceof RetryAfter ? error.afterMs : Math.min(retryMaximumMs, backoffMs);
    const now = Date.now();
    const failedAt = new Date(now).toISOString();
    const nextAttemptAt = new Date(now + pauseMs).toISOString();
    const reason = error.message.slice(0, LONGEST_REASON);
    log.warn({ ...about, attempt }, `failed, tried again in ${pauseMs / 1000} s: ${reason}`);
    const { failingSince } = { failingSince: failedAt, ...earlier };
    await attempts.record(place, { attempt, error: reason, failedAt, failingSince, nextAttemptAt });
    const withinMs = exit.ledger.attentionAfterMs({ name: task.step, system: task.system });
    // As in Temporal: a step that cannot succeed in time needs attention now.
    const isOverdue = now + pauseMs - Date.parse(startedAt) >= withinMs;
    if (isOverdue && !(step && isStuck(step))) await askForAttention(error, event, task);
    return message.nak(pauseMs);
  }

  const consumer = await withRetry(`The consumer ${name} cannot be read`, () =>
    bus.js.consumers.get(EXITS, name),
  );
  const inProgress = pullMessages(consumer, {
    ...{ ackWaitMs, retryAfterMs: retryInitialMs, retryAtMostMs: retryMaximumMs, handle, log },
    concurrency: awaitSlot ? 1 : concurrency,
    signal: stopping.signal,
  });
  return {
    async stop() {
      stopping.abort(new Error('the service stops'));
      await Promise.allSettled(inProgress);
    },
  };
}

const form = 'choreographed';

function endOf(outcome: { result: unknown } | { error: unknown }): End {
  if ('result' in outcome) return outcome.result === undefined ? 'nothing-to-do' : 'done';
  const { error } = outcome;
  if (error instanceof RetryLater || error instanceof Busy) return 'later';
  return error instanceof FinalFailure ? 'final' : 'failed';
}

const count = (
  { step, system = '' }: Pick<Task<never>, 'step' | 'system'>,
  end: 'done' | 'failed' | 'final',
) => attemptsEnded.inc({ form, step, system, end });

/** @param exit as it was before the outcome */
function countOutcome({ type, data }: Outcome, exit: Exit): void {
  if (type === 'access.drifted') driftsFound.inc({ form, system: data.system });
  if (type === 'access.blocked' && !exit.blocks.has(data.system))
    blockSeconds.observe({ form, system: data.system }, (Date.now() - Date.parse(exit.openedAt)) / 1000);
}

/** Several steps may need attention on one event; each outcome then gets the id of its own step. */
const stepOf = ({ type, data }: Outcome): Pick<Task<never>, 'step' | 'system'> | undefined =>
  type === 'step.needs-attention' ? data : undefined;

/** Milliseconds until the decision takes effect; 0 for an event that did not give it its day. */
function msUntilEffective(event: StoredEvent, exit: Exit): number {
  if (!exit.decision || exit.effectiveSeq !== event.seq || exit.ending) return 0;
  return Math.min(MAX_DELAY_MS, Math.max(1, Date.parse(exit.effectiveAt!) - Date.now()));
}
