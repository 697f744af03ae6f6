/** Retries requests to the broker, since a restart or a leader election takes seconds. */
import { setTimeout as pause } from 'node:timers/promises';
import { JetStreamApiCodes, JetStreamApiError } from '@nats-io/jetstream';

const RETRY_FOR_MS = 30_000;
const MISSING = new Set<number>([JetStreamApiCodes.ConsumerNotFound, JetStreamApiCodes.StreamNotFound]);

const WRONG_LAST_SEQUENCE = new Set<number>([
  JetStreamApiCodes.StreamWrongLastSequence,
  JetStreamApiCodes.StreamWrongLastSequenceUnknown,
]);

/** Whether the server refused a write, since another message is newer than the write expects. */
export const isConflict = (error: unknown): boolean =>
  error instanceof JetStreamApiError && WRONG_LAST_SEQUENCE.has(error.code);

/**
 * Retries until the server answers; an error response is an answer.
 * @param what the sentence that begins the error message
 * @param ask must be idempotent: it is called again where only the answer was lost
 * @throws JetStreamApiError the server's error response
 */
export async function withRetry<T>(what: string, ask: () => Promise<T>, withinMs = RETRY_FOR_MS): Promise<T> {
  const deadline = Date.now() + Math.max(RETRY_FOR_MS, withinMs);
  for (let waitMs = 50; ; waitMs = Math.min(2 * waitMs, 1_000)) {
    try {
      return await ask();
    } catch (error) {
      // 503: the server is up, and JetStream is not ready yet.
      if (error instanceof JetStreamApiError && error.status !== 503) throw error;
      if (Date.now() > deadline || isClosed(error as Error))
        throw new Error(`${what}: NATS does not answer: ${(error as Error).message}`, { cause: error });
      await pause(waitMs);
    }
  }
}

/** As `withRetry`; undefined where the consumer or stream does not exist. */
export const ifExists = <T>(what: string, ask: () => Promise<T>): Promise<T | undefined> =>
  withRetry(what, ask).catch((error: unknown) => {
    if (error instanceof JetStreamApiError && MISSING.has(error.code)) return undefined;
    throw error;
  });

const isClosed = ({ name }: Error): boolean =>
  name === 'ClosedConnectionError' || name === 'DrainingConnectionError';
