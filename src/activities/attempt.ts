/**
 * One attempt of an activity: tells Temporal that it is alive, ends when told to, and turns what a service throws into a
 * failure that is retried or one that is final.
 */
import { ApplicationFailure, CancelledFailure, Context } from '@temporalio/activity';
import { ActivityCancelledError } from '@temporalio/client';
import { FinalFailure, type Reported } from '../exit/failures.js';
import { RetryAfter } from '../services/protocols/retry-after.js';

/** How often a living attempt says so; a cancellation reaches it at the next one. */
const HEARTBEAT_EVERY_MS = 1_000;

export interface Attempt<P> {
  /** Aborts on cancellation, on shutdown, and before Temporal would give the attempt up: no request outlives its attempt. */
  signal: AbortSignal;
  /** What earlier attempts had reported; undefined when they had reported nothing. */
  progress: P | undefined;
  /**
   * Records how far this attempt is, for the next one and for the workflow (in the failure's `details`). Durable when it resolves,
   * also against kill -9, so that an effect which must be known of is reported before it is begun.
   */
  report: (progress: P) => Promise<void>;
}

export async function attempt<T, P = never>(run: (attempt: Attempt<P>) => Promise<T>): Promise<T> {
  const context = Context.current();
  const deadline = AbortSignal.timeout(timeLeftMs(context.info));
  let progress = (context.info.heartbeatDetails ?? undefined) as P | undefined;
  const beat = () => context.heartbeat(progress);
  const report = async (reached: P): Promise<void> => {
    // A copy: the service goes on changing its own.
    progress = structuredClone(reached);
    beat();
    // The SDK sends heartbeats when it sees fit; this one is answered by the server.
    await context.client.activity.heartbeat(context.info.taskToken, progress);
  };
  const heartbeats = setInterval(beat, HEARTBEAT_EVERY_MS);
  try {
    const signal = AbortSignal.any([context.cancellationSignal, deadline]);
    return await run({ signal, progress, report });
  } catch (error) {
    const details: [Reported] = [{ reported: progress ?? null }];
    const isCancelled =
      context.cancellationDetails?.cancelRequested || error instanceof ActivityCancelledError;
    if (isCancelled && !(error instanceof FinalFailure)) {
      throw new CancelledFailure('given up on request', details, error as Error);
    }
    const { message, name, stack = '', cause } = error as Error;
    const isFinal = error instanceof FinalFailure;
    // Temporal shows no failure of a pending activity that is over 4 KB, so nothing is said twice.
    const failure = ApplicationFailure.create({
      message: deadline.aborted ? `no result within the attempt's time: ${message}` : message,
      type: isFinal ? error.type : name,
      nonRetryable: isFinal,
      ...(error instanceof RetryAfter && { nextRetryDelay: error.afterMs }),
      details,
      ...(cause instanceof Error && { cause }),
    });
    failure.stack = stack;
    throw failure;
  } finally {
    clearInterval(heartbeats);
  }
}

/** A tenth is kept back, so that the attempt ends by itself before Temporal starts another one beside it. */
function timeLeftMs(info: Context['info']): number {
  const limits = [info.startToCloseTimeoutMs];
  if (info.scheduleToCloseTimeoutMs > 0) {
    limits.push(info.scheduledTimestampMs + info.scheduleToCloseTimeoutMs - Date.now());
  }
  return Math.max(1, Math.round(0.9 * Math.min(...limits.filter((ms) => ms !== 0))));
}
