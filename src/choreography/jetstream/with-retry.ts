/** A broker that is restarted is away for seconds: what it was asked meanwhile is asked again. */
import { setTimeout as pause } from 'node:timers/promises';
import { JetStreamApiCodes, JetStreamApiError } from '@nats-io/jetstream';

const PATIENCE_MS = 30_000;
const MISSING = new Set<number>([JetStreamApiCodes.ConsumerNotFound, JetStreamApiCodes.StreamNotFound]);

/**
 * Asks until there is an answer. A refusal is one.
 * @param ask may be called again although it was heard: only the answer may have been lost
 * @throws JetStreamApiError the refusal
 */
export async function withRetry<T>(what: string, ask: () => Promise<T>, withinMs = PATIENCE_MS): Promise<T> {
  const giveUpAt = Date.now() + Math.max(PATIENCE_MS, withinMs);
  for (let waitMs = 50; ; waitMs = Math.min(2 * waitMs, 1_000)) {
    try {
      return await ask();
    } catch (error) {
      // 503: the server is there, and JetStream is not yet.
      if (error instanceof JetStreamApiError && error.status !== 503) throw error;
      if (Date.now() > giveUpAt || isClosed(error as Error))
        throw new Error(`${what}: NATS has not answered: ${(error as Error).message}`, { cause: error });
      await pause(waitMs);
    }
  }
}

/** The same for what may not be there; then the answer is undefined. */
export const ifThere = <T>(what: string, ask: () => Promise<T>): Promise<T | undefined> =>
  withRetry(what, ask).catch((error: unknown) => {
    if (error instanceof JetStreamApiError && MISSING.has(error.code)) return undefined;
    throw error;
  });

const isClosed = ({ name }: Error): boolean =>
  name === 'ClosedConnectionError' || name === 'DrainingConnectionError';
