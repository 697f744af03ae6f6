/** Pulls messages from a consumer, a fixed number at a time, through outages. */
import { setTimeout as pause } from 'node:timers/promises';
import type { Consumer, JsMsg } from '@nats-io/jetstream';
import { OutageLog } from '../jetstream/outage-log.js';
import type { Log } from '../../process/logger.js';

/** Pull requests are lost when the consumer's leader changes; renew them at least this often. */
const PULL_FOR_MS = 10_000;

interface PullOptions {
  concurrency: number;
  ackWaitMs: number;
  /** The pause after a failed pull, and the first redelivery delay after a failed `handle`. */
  retryAfterMs: number;
  /** The longest redelivery delay: a stream that is full stays so for hours. */
  retryAtMostMs: number;
  /** No pull begins after it aborts. */
  signal: AbortSignal;
  /** Acks, naks or terminates the message. */
  handle: (message: JsMsg) => Promise<void>;
  /** Of the consumer. */
  log: Log;
}

/** Doubles with each delivery. */
export const redeliveryMs = (
  { info }: JsMsg,
  { retryAfterMs, retryAtMostMs }: Pick<PullOptions, 'retryAfterMs' | 'retryAtMostMs'>,
): number => Math.min(retryAtMostMs, retryAfterMs * 2 ** (info.deliveryCount - 1));

/** @returns the messages in progress */
export function pullMessages(consumer: Consumer, options: PullOptions): ReadonlySet<Promise<void>> {
  const { concurrency, ackWaitMs, retryAfterMs, signal, handle, log } = options;
  const inProgress = new Set<Promise<void>>();

  async function handleInTime(message: JsMsg): Promise<void> {
    const progress = setInterval(() => message.working(), ackWaitMs / 3);
    try {
      await handle(message);
    } catch (error) {
      // The broker itself failed, so that no event can record this.
      const { subject, seq } = message;
      log.warn({ subject, seq }, `redelivered: ${(error as Error).message}`);
      message.nak(redeliveryMs(message, options));
    } finally {
      clearInterval(progress);
    }
  }

  const outage = new OutageLog(log, 'messages cannot be pulled');

  async function pull(): Promise<void> {
    while (!signal.aborted) {
      try {
        const requestedAt = Date.now();
        const message = await consumer.next({ expires: PULL_FOR_MS });
        outage.answered(requestedAt);
        if (!message) continue;
        if (signal.aborted) return message.nak();
        const handling = handleInTime(message);
        inProgress.add(handling);
        await handling.finally(() => inProgress.delete(handling));
      } catch (error) {
        if (signal.aborted) return;
        outage.failed(error as Error);
        await pause(retryAfterMs);
      }
    }
  }

  for (let n = 0; n < concurrency; n++) void pull();
  return inProgress;
}
