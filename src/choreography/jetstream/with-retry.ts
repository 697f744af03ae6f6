/** A broker that is restarted is away for seconds: what it was asked meanwhile is asked again. */
import { setTimeout as pause } from 'node:timers/promises';
import { JetStreamApiError } from '@nats-io/jetstream';

const PATIENCE_MS = 30_000;

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

const isClosed = ({ name }: Error): boolean =>
  name === 'ClosedConnectionError' || name === 'DrainingConnectionError';
