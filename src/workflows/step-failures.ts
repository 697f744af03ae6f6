/** Classifies the failure of a step: whether it is final, its type, and its reason for people. */
import {
  ActivityFailure,
  ApplicationFailure,
  CancelledFailure,
  isCancellation,
  TimeoutFailure,
} from '@temporalio/workflow';
import { FinalFailure, type Reported } from '../exit/failures.js';

/** The failure that an ActivityFailure wraps. */
export const causeOf = (failure: Error): Error =>
  failure instanceof ActivityFailure ? (failure.cause ?? failure) : failure;

/** The message of the last attempt's failure. Temporal nests it in the timeout; the SDK's TimeoutFailure does not expose it as `cause`. */
export function reasonOf(cause: Error): string {
  let failure = cause instanceof TimeoutFailure ? cause.failure : undefined;
  while (failure?.timeoutFailureInfo && failure.cause) failure = failure.cause;
  return failure?.message ?? cause.message;
}

export function typeOf(cause: Error): string | undefined {
  if (cause instanceof FinalFailure) return cause.type;
  return cause instanceof ApplicationFailure ? (cause.type ?? undefined) : undefined;
}

/** Any other error is a bug: it fails the workflow task, which Temporal retries until a worker has corrected code. */
export const isFailureOfStep = (error: unknown): error is Error =>
  error instanceof ActivityFailure || error instanceof FinalFailure || isCancellation(error);

/** Whether a retry is pointless. A cancellation that the exit did not request would recur, so it also waits for a person. */
export function isFinal(failure: Error): boolean {
  const cause = causeOf(failure);
  const isNonRetryable = cause instanceof ApplicationFailure && cause.nonRetryable === true;
  return isNonRetryable || cause instanceof FinalFailure || isCancellation(failure);
}

/** @returns undefined where the failure comes neither from activities/attempt.ts nor from a timeout, which has the last heartbeat */
export function detailsOf(failure: Error): Reported | undefined {
  if (failure instanceof TimeoutFailure) return { reported: failure.lastHeartbeatDetails };
  if (!(failure instanceof ApplicationFailure || failure instanceof CancelledFailure)) return undefined;
  const [detail] = failure.details ?? [];
  return typeof detail === 'object' && detail !== null && 'reported' in detail ? detail : undefined;
}

/**
 * Temporal ends an activity at once whose next attempt would come after its timeout, and the SDK drops the pause.
 * @returns how long the server wants no further attempt, in milliseconds; 0 where it does not ask
 */
export const pauseAfter = (cause: Error): number =>
  Math.max(0, (detailsOf(cause)?.retryAt ?? 0) - Date.now());
