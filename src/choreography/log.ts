/** Reads the record as a whole, and waits for what is new in it. */
import { setTimeout as pause } from 'node:timers/promises';
import { DeliverPolicy } from '@nats-io/jetstream';
import { subjectsOf, type StoredEvent } from '../exit/events.js';
import type { Bus } from './bus.js';
import { parseMessage } from './cloudevents.js';
import { EXITS } from './streams.js';

/** @returns by employee id, in the order of the stream, everything that has been recorded until now */
export async function everyLog({ js, jsm }: Bus): Promise<Map<string, StoredEvent[]>> {
  const logs = new Map<string, StoredEvent[]>();
  const { state } = await jsm.streams.info(EXITS);
  if (state.messages === 0) return logs;
  const consumer = await js.consumers.get(EXITS, { filter_subjects: 'exit.>' });
  const messages = await consumer.consume();
  for await (const { subject, headers, data, seq, time } of messages) {
    const parsed = parseMessage({ subject, headers, data, seq, storedAt: time.toISOString() });
    if (parsed.ok) {
      const event = parsed.value;
      const log = logs.get(event.employeeId);
      if (log) log.push(event);
      else logs.set(event.employeeId, [event]);
    }
    if (seq >= state.last_seq) break;
  }
  await messages.close();
  return logs;
}

export interface Changes {
  /** Returns when something has been recorded since the last call, and after so many milliseconds all the same. */
  next: (withinMs: number) => Promise<void>;
  stop: () => Promise<void>;
}

export async function watch({ js }: Bus, employeeId: string): Promise<Changes> {
  const consumer = await js.consumers.get(EXITS, {
    filter_subjects: subjectsOf(employeeId),
    deliver_policy: DeliverPolicy.New,
  });
  let wake = (): void => undefined;
  let hasNews = false;
  const messages = await consumer.consume({
    callback: () => {
      hasNews = true;
      wake();
    },
  });
  return {
    async next(withinMs) {
      const timer = new AbortController();
      const news = new Promise<void>((resolve) => (wake = resolve));
      if (!hasNews) {
        const waited = pause(withinMs, undefined, { signal: timer.signal }).catch(() => undefined);
        await Promise.race([news, waited]);
        timer.abort();
      }
      hasNews = false;
    },
    stop: async () => void (await messages.close()),
  };
}
