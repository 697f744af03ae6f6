import { setTimeout as pause } from 'node:timers/promises';
import {
  isGrpcCancelledError,
  isGrpcDeadlineError,
  QueryNotRegisteredError,
  type Client,
  type WorkflowHandle,
} from '@temporalio/client';
import { TOO_EARLY } from '../exit/too-early.js';

const QUERY_WITHIN_MS = 2_500;
/** A task is to come first. */
const PAUSE_MS = 500;

/**
 * Asks again while there is no answer: a query changes nothing. A worker drops those that it holds back while an exit ends, and fails
 * those that come before a task.
 * @param withinMs how long in all
 */
export async function queryRun<T, A extends unknown[] = []>(
  client: Client,
  handle: WorkflowHandle,
  withinMs: number,
  name: string,
  ...args: A
): Promise<T> {
  const ask = () => handle.query<T, A>(name, ...args);
  const deadline = Date.now() + withinMs;
  for (;;)
    try {
      return await client.withDeadline(Math.min(Date.now() + QUERY_WITHIN_MS, deadline), ask);
    } catch (error) {
      if (!isPastDeadline(error) || Date.now() >= deadline) throw error;
      if (isTooEarly(error)) await pause(PAUSE_MS);
    }
}

/** The server also knows the deadline, and may cancel the call before the client does. */
export const isPastDeadline = (error: unknown): error is Error =>
  isGrpcDeadlineError(error) || isGrpcCancelledError(error) || isTooEarly(error);

const isTooEarly = (error: unknown): error is Error =>
  error instanceof QueryNotRegisteredError && error.message.includes(TOO_EARLY);
