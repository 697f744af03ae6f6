/**
 * When the broker handed an event to a consumer, and what the consumer answered. It only observes: a subscription to the inboxes of the
 * consumers would tell more, but also make requests of a process that has gone look alive.
 */
import type { Bus } from '../jetstream/bus.js';
import { EXITS } from '../jetstream/streams.js';

/** Times are ISO 8601, UTC. */
export interface Delivery {
  /** The last time that the consumer was given the event; absent where a later event was given before anyone looked. */
  takenAt?: string | undefined;
  /** Its last answer. */
  answer?: Answer | undefined;
}

interface Answer {
  how: 'acknowledged' | 'redelivered' | 'given-up';
  /** By this machine's clock. */
  at: string;
  /** How many times it had been given, from 1. */
  count: number;
  /** When a redelivery that it asked for is due. */
  dueAt?: string | undefined;
}

/** `$JS.ACK.<stream>.<consumer>.<deliveries>.<stream sequence>.<consumer sequence>.<stored at>.<pending>` */
const ACKS = `$JS.ACK.${EXITS}.`;
const REMEMBERED = 10_000;

export function watchDeliveries({ connection, jsm }: Bus) {
  /** By consumer: the last stream sequence that it was given. */
  const upTo = new Map<string, number>();
  const known = new Map<string, Delivery>();

  function remember(consumer: string, seq: number, delivery: Delivery): void {
    const key = `${consumer} ${seq}`;
    const before = known.get(key);
    known.delete(key);
    known.set(key, { ...before, ...delivery });
    if (known.size > REMEMBERED) known.delete(known.keys().next().value!);
  }

  const answers = connection.subscribe(`${ACKS}>`, {
    callback: (error, message) => {
      // A user with few rights, as in production, hears no answers, so that none is known.
      if (error) return;
      const answer = message.string();
      // A sign of progress.
      if (answer.startsWith('+WPI')) return;
      const [consumer = '', count, seq] = message.subject.slice(ACKS.length).split('.');
      const [, delay = '0'] = /^-NAK.*"delay":(\d+)/.exec(answer) ?? [];
      const how = answer.startsWith('-NAK')
        ? 'redelivered'
        : answer.startsWith('+TERM')
          ? 'given-up'
          : 'acknowledged';
      const dueAt = how === 'redelivered' ? later(Number(delay) / 1e6) : undefined;
      const at = new Date().toISOString();
      remember(consumer, Number(seq), { answer: { how, at, count: Number(count), dueAt } });
    },
  });

  return {
    /** Asks the broker what each consumer was given last. */
    async look(): Promise<void> {
      for await (const { name, delivered } of jsm.consumers.list(EXITS)) {
        const { stream_seq: seq, last_active: at } = delivered as typeof delivered & { last_active?: string };
        upTo.set(name, seq);
        if (at !== undefined) remember(name, seq, { takenAt: new Date(at).toISOString() });
      }
    },
    /** @param seq the event's stream sequence @returns undefined where the consumer has not been given it */
    of: (consumer: string, seq: number): Delivery | undefined =>
      known.get(`${consumer} ${seq}`) ?? ((upTo.get(consumer) ?? 0) >= seq ? {} : undefined),
    stop: (): void => answers.unsubscribe(),
  };
}

/** @returns undefined where no date can say it */
function later(ms: number): string | undefined {
  const at = new Date(Date.now() + ms);
  return Number.isNaN(at.getTime()) ? undefined : at.toISOString();
}
