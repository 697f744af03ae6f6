import {
  isGrpcCancelledError,
  isGrpcDeadlineError,
  type Client,
  type WorkflowHandle,
} from '@temporalio/client';

/** How long a workflow task stays on the sticky queue of a worker that may be dead. */
export const STICKY_FOR_MS = 3_000;
/**
 * After that time Temporal hands a query to any worker, with events that no workflow task has had yet. The SDK keeps what the workflow made of
 * them. Where an update comes with the next task, its commands follow those, and a replay would have them first: the history no
 * longer replays, and the exit stands still. So no query waits as long.
 */
const QUERY_WITHIN_MS = STICKY_FOR_MS - 500;

/**
 * Asks again while there is no answer: a query changes nothing, and a worker drops those that it holds back while an exit ends.
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
    }
}

/** The server also knows the deadline, and may cancel the call before the client does. */
export const isPastDeadline = (error: unknown): error is Error =>
  isGrpcDeadlineError(error) || isGrpcCancelledError(error);
