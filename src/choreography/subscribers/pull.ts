/** Pulls messages from a consumer, a fixed number at a time, and logs when an outage begins and ends. */
import { setTimeout as pause } from 'node:timers/promises';
import type { Consumer, JsMsg } from '@nats-io/jetstream';

/** Pull requests are lost when the consumer's leader changes; renew them at least this often. */
const PULL_FOR_MS = 10_000;

interface PullOptions {
  /** The consumer's name, for the log. */
  name: string;
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
  log: (line: string) => void;
}

/** @returns the messages in progress */
export function pullMessages(consumer: Consumer, options: PullOptions): ReadonlySet<Promise<void>> {
  const { name, concurrency, ackWaitMs, retryAfterMs, retryAtMostMs, signal, handle, log } = options;
  const inProgress = new Set<Promise<void>>();

  async function handleInTime(message: JsMsg): Promise<void> {
    const progress = setInterval(() => message.working(), ackWaitMs / 3);
    try {
      await handle(message);
    } catch (error) {
      // The broker itself failed, so that no event can record this.
      log(`${name}: ${message.subject} (${message.seq}) is redelivered: ${(error as Error).message}`);
      message.nak(Math.min(retryAtMostMs, retryAfterMs * 2 ** (message.info.deliveryCount - 1)));
    } finally {
      clearInterval(progress);
    }
  }

  let outage: { since: number; seenAt: number } | undefined;

  function failed(error: Error): void {
    if (!outage) log(`${name}: messages cannot be pulled: ${error.message}`);
    const now = Date.now();
    outage = { since: outage?.since ?? now, seenAt: now };
  }

  /** An answer to a request from before the last failure does not end the outage. */
  function answered(requestedAt: number): void {
    if (!outage || requestedAt <= outage.seenAt) return;
    const seconds = Math.round((Date.now() - outage.since) / 1000);
    log(`${name}: messages can be pulled again, after ${seconds} s`);
    outage = undefined;
  }

  async function pull(): Promise<void> {
    while (!signal.aborted) {
      try {
        const requestedAt = Date.now();
        const message = await consumer.next({ expires: PULL_FOR_MS });
        answered(requestedAt);
        if (!message) continue;
        if (signal.aborted) return message.nak();
        const handling = handleInTime(message);
        inProgress.add(handling);
        await handling.finally(() => inProgress.delete(handling));
      } catch (error) {
        if (signal.aborted) return;
        failed(error as Error);
        await pause(retryAfterMs);
      }
    }
  }

  for (let n = 0; n < concurrency; n++) void pull();
  return inProgress;
}
