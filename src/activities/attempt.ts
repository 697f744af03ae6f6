/**
 * One attempt of an activity. It sends heartbeats, ends on cancellation and before its timeout, and turns errors into retryable or
 * non-retryable ApplicationFailures.
 */
import { ApplicationFailure, CancelledFailure, Context } from '@temporalio/activity';
import { ActivityCancelledError } from '@temporalio/client';
import { FinalFailure, type Reported } from '../exit/failures.js';
import { RetryAfter } from '../services/protocols/retry-after.js';
import { deadlineIn } from '../services/protocols/deadline.js';
import { startHeartbeats } from './heartbeats.js';
import { turnOn, type Crowded } from './turns.js';

export interface Attempt<P> {
  /** Aborts on cancellation, on shutdown, and before the attempt's timeout: no request outlives its attempt. */
  signal: AbortSignal;
  /** The heartbeat details of earlier attempts; undefined without any. */
  progress: P | undefined;
  /**
   * Records the progress for the next attempt and for the workflow (in the failure's `details`). Durable when it resolves, also against
   * kill -9: report an effect before it begins, where a later attempt must know of it.
   */
  report: (progress: P) => Promise<void>;
}

/** @param crowded what `run` has a turn on; it waits for that for a third of its time, so that the rest is enough */
export async function attempt<T, P = never>(
  run: (attempt: Attempt<P>) => Promise<T>,
  crowded?: Crowded,
): Promise<T> {
  const context = Context.current();
  const leftMs = timeLeftMs(context.info);
  const deadline = deadlineIn(leftMs);
  const heartbeats = startHeartbeats<P>(context);
  try {
    const signal = AbortSignal.any([context.cancellationSignal, heartbeats.signal, deadline.signal]);
    const end = crowded && (await turnWithin(crowded, Math.ceil(leftMs / 3), signal));
    try {
      return await run({ signal, progress: heartbeats.details, report: heartbeats.report });
    } finally {
      end?.();
    }
  } catch (error) {
    const pauseMs = error instanceof RetryAfter ? error.afterMs : undefined;
    const retryAt = pauseMs === undefined ? {} : { retryAt: Date.now() + pauseMs };
    const details: [Reported] = [{ reported: heartbeats.details ?? null, ...retryAt }];
    const isCancelled = heartbeats.signal.reason instanceof ActivityCancelledError;
    if (isCancelled && !(error instanceof FinalFailure)) {
      throw new CancelledFailure('cancelled on request', details, error as Error);
    }
    const { message, name, stack = '', cause } = error as Error;
    const isFinal = error instanceof FinalFailure;
    // Temporal omits the failure of a pending activity over 4 KB: the error is not also its own cause, and stacks are cut.
    const failure = ApplicationFailure.create({
      message: deadline.signal.aborted ? `no result within the attempt's time: ${message}` : message,
      type: isFinal ? error.type : name,
      nonRetryable: isFinal,
      ...(pauseMs !== undefined && { nextRetryDelay: pauseMs }),
      details,
      ...(cause instanceof Error && { cause: briefly(cause) }),
    });
    failure.stack = head(stack);
    throw failure;
  } finally {
    deadline.clear();
    heartbeats.stop();
  }
}

async function turnWithin(crowded: Crowded, withinMs: number, signal: AbortSignal): Promise<() => void> {
  const soon = AbortSignal.timeout(withinMs);
  try {
    return await turnOn(crowded, AbortSignal.any([signal, soon]));
  } catch (error) {
    if (signal.aborted || !soon.aborted) throw error;
    throw new Error(`many other attempts are on ${crowded.server}: this one has waited for ${withinMs} ms`, {
      cause: error,
    });
  }
}

const STACK_LINES = 12;
const head = (stack: string, lines = STACK_LINES): string => stack.split('\n').slice(0, lines).join('\n');

/** Without the causes of the cause. */
function briefly({ name, message, stack = '' }: Error): Error {
  return Object.assign(new Error(message), { name, stack: head(stack, STACK_LINES / 3) });
}

/** 90 % of the time left: the attempt ends before its timeout, after which Temporal starts the next one. */
function timeLeftMs(info: Context['info']): number {
  const limits = [info.startToCloseTimeoutMs];
  if (info.scheduleToCloseTimeoutMs > 0) {
    limits.push(info.scheduledTimestampMs + info.scheduleToCloseTimeoutMs - Date.now());
  }
  return Math.max(1, Math.round(0.9 * Math.min(...limits.filter((ms) => ms !== 0))));
}
