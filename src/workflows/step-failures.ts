/** What a failure inside a step means: whether it is final, and its reason for people. */
import { ActivityFailure, ApplicationFailure, isCancellation, TimeoutFailure } from '@temporalio/workflow';
import { FinalFailure } from '../exit/failures.js';

/** The failure inside an ActivityFailure. */
export const causeOf = (failure: Error): Error =>
  failure instanceof ActivityFailure ? (failure.cause ?? failure) : failure;

/** A timeout says that time is up; what its last attempt died of is the reason. The SDK's TimeoutFailure leaves its cause out. */
export function reasonOf(cause: Error): string {
  let failure = cause instanceof TimeoutFailure ? cause.failure : undefined;
  while (failure?.timeoutFailureInfo && failure.cause) failure = failure.cause;
  return failure?.message ?? cause.message;
}

export function typeOf(cause: Error): string | undefined {
  if (cause instanceof FinalFailure) return cause.type;
  return cause instanceof ApplicationFailure ? (cause.type ?? undefined) : undefined;
}

/** Anything else is a mistake in this code: it fails the workflow task, which is tried again once the code is mended. */
export const isFailureOfStep = (error: unknown): error is Error =>
  error instanceof ActivityFailure || error instanceof FinalFailure || isCancellation(error);

/** A cancellation that the exit did not ask for would come straight back, so it waits for a person as well. */
export function isFinal(failure: Error): boolean {
  const cause = causeOf(failure);
  const isNonRetryable = cause instanceof ApplicationFailure && cause.nonRetryable === true;
  return isNonRetryable || cause instanceof FinalFailure || isCancellation(failure);
}
