/** Reads a whole stream, and waits for new messages in it. */
import { setTimeout as pause } from 'node:timers/promises';
import { DeliverPolicy, type JsMsg, type MsgRequest, type OrderedConsumerOptions } from '@nats-io/jetstream';
import type { StoredEvent } from '../../exit/events.js';
import { FailureType, FinalFailure } from '../../exit/failures.js';
import type { Bus } from './bus.js';
import { headersIn, parseMessage, type RawMessage } from './cloudevents.js';
import { EXITS } from './streams.js';
import { withRetry } from './with-retry.js';

/** The server closes a connection with more than 64 MiB pending (`max_pending`), and two readers may share one. */
const UNREAD_BYTES = 16 * 1024 * 1024;

/** The server keeps an ordered consumer until it is not pulled for so long. Its default of five minutes meets the limit of consumers. */
const READER_INACTIVE_MS = 5_000;

interface Reading {
  /** A subject, perhaps with wildcards; default: all. */
  filter?: string;
  /** The first stream sequence to read. */
  from?: number;
}

const openReader = (js: Bus['js'], stream: string, options: Partial<OrderedConsumerOptions>) =>
  withRetry(`The stream ${stream} cannot be read`, () =>
    js.consumers.get(stream, { ...options, inactive_threshold: READER_INACTIVE_MS }),
  );

/** Yields every message that the stream has now, in stream order. @throws FinalFailure Refused where the server limits such requests */
export async function* readAll(
  { js, find, connection }: Bus,
  stream: string,
  { filter = '>', from = 1 }: Reading = {},
): AsyncGenerator<JsMsg> {
  const first = { seq: from, next_by_subj: filter } as MsgRequest;
  // On an empty result `consume` would wait for the first message.
  if (!(await find(stream, first))) return;
  const consumer = await openReader(js, stream, {
    filter_subjects: filter,
    deliver_policy: DeliverPolicy.StartSequence,
    opt_start_seq: from,
  });
  const largest = connection.info?.max_payload ?? UNREAD_BYTES;
  const messages = await consumer.consume({
    max_messages: Math.min(100, Math.max(1, Math.floor(UNREAD_BYTES / largest))),
  });
  let refusal: FinalFailure | undefined;
  // Such a request is repeated in vain, without an error.
  void (async () => {
    for await (const status of messages.status()) {
      if (status.type !== 'exceeded_limits') continue;
      const why = `The stream ${stream} cannot be read: ${status.description}: raise that limit of the NATS server`;
      refusal = new FinalFailure(FailureType.Refused, why);
      messages.stop();
    }
  })();
  try {
    for await (const message of messages) {
      yield message;
      if (message.info.pending === 0) return;
    }
    if (refusal) throw refusal;
  } finally {
    await messages.close();
  }
}

export function rawOf(message: JsMsg): RawMessage {
  const { subject, data, seq, time } = message;
  return { subject, headers: headersIn(message), data, seq, storedAt: time.toISOString() };
}

/** @returns every valid event, by employee id, in stream order */
export async function readLogs(bus: Bus): Promise<Map<string, StoredEvent[]>> {
  const logs = new Map<string, StoredEvent[]>();
  for await (const message of readAll(bus, EXITS)) {
    const parsed = parseMessage(rawOf(message), bus.dataKeys);
    if (!parsed.ok) continue;
    const event = parsed.value;
    const log = logs.get(event.employeeId);
    if (log) log.push(event);
    else logs.set(event.employeeId, [event]);
  }
  return logs;
}

interface Changes {
  /** Resolves on a message since the last call, or after `withinMs` at the latest. */
  next: (withinMs: number) => Promise<void>;
  stop: () => Promise<void>;
}

/** @param filter a subject, perhaps with wildcards */
export async function watch({ js }: Bus, filter: string): Promise<Changes> {
  const consumer = await openReader(js, EXITS, {
    filter_subjects: filter,
    deliver_policy: DeliverPolicy.New,
    headers_only: true,
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
