/**
 * What consumers have given up: the dead letters, and the messages of consumers that write none, of which only JetStream itself says
 * that they were terminated or delivered for the last time.
 */
import type { MsgRequest } from '@nats-io/jetstream';
import type { MsgHdrs } from '@nats-io/transport-node';
import { z } from 'zod';
import { parseSubject } from '../../exit/events.js';
import type { Bus } from '../jetstream/bus.js';
import { headersIn } from '../jetstream/cloudevents.js';
import { readAll } from '../jetstream/log.js';
import { originalHeaders, replayOf } from './copies.js';
import { ADVISORIES, DEAD_LETTERS, EXITS } from '../jetstream/streams.js';

export interface DeadLetter {
  /** `<consumer>.<sequence>` */
  id: string;
  consumer: string;
  /** The stream sequence of the message that was given up. */
  sequence: number;
  /** The same, or what it was a copy of. */
  original: number;
  subject: string;
  employeeId?: string | undefined;
  exitId?: string | undefined;
  /** What the subject says; nobody has checked the message. */
  event?: string | undefined;
  /** The step of ours that stands still because of it: `block-access:payroll`. */
  step?: string | undefined;
  /** What kind of failure it was. */
  type: string;
  reason: string;
  deliveries: number;
  /** By the broker's clock: ISO 8601, UTC. */
  at: string;
  /** When it was put before its consumer again. */
  replayedAt?: string | undefined;
  /** Of the original. */
  headers: MsgHdrs;
  /** Of the original, or as much of it as a letter holds. */
  data: Uint8Array;
  /** How many bytes it had, where that is more. */
  truncatedFrom?: number | undefined;
}

/** Said by the server, or by whoever may publish under its subjects. */
const Advisory = z.object({
  type: z.string(),
  consumer: z.string(),
  stream_seq: z.int().positive(),
  deliveries: z.int(),
  reason: z.string().optional(),
});
type Advisory = z.output<typeof Advisory>;

/** @returns in the order in which they were given up */
export async function everyDeadLetter(bus: Bus): Promise<DeadLetter[]> {
  const letters = new Map<string, DeadLetter>();
  for await (const message of readAll(bus, DEAD_LETTERS)) {
    const letter = letterIn(headersIn(message), message.data, message.time.toISOString());
    // A crash between the letter and the end of the message writes the letter twice.
    if (letter && !letters.has(letter.id)) letters.set(letter.id, letter);
  }
  for await (const message of readAll(bus, ADVISORIES)) {
    const advisory = advisoryIn(message.data);
    if (!advisory) continue;
    const id = `${advisory.consumer}.${advisory.stream_seq}`;
    if (letters.has(id)) continue;
    const letter = await letterOf(bus, advisory, message.time.toISOString());
    if (letter) letters.set(id, letter);
  }
  const found = [...letters.values()].toSorted((a, b) => a.at.localeCompare(b.at));
  return Promise.all(found.map(async (letter) => ({ ...letter, replayedAt: await replayedAt(bus, letter) })));
}

function advisoryIn(data: Uint8Array): Advisory | undefined {
  try {
    return Advisory.safeParse(JSON.parse(new TextDecoder().decode(data))).data;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function letterIn(found: MsgHdrs | undefined, data: Uint8Array, at: string): DeadLetter | undefined {
  const said = (name: string): string => found?.get(`dead-letter-${name}`) ?? '';
  const [consumer, subject, sequence] = [said('consumer'), said('subject'), Number(said('sequence'))];
  if (!consumer || !subject || !Number.isInteger(sequence)) return undefined;
  return {
    ...placeOf(consumer, sequence, subject, found),
    step: said('step') || undefined,
    type: said('type'),
    reason: said('reason'),
    deliveries: Number(said('deliveries')),
    truncatedFrom: Number(said('truncated-from')) || undefined,
    at,
    headers: originalHeaders(found),
    data,
  };
}

async function letterOf({ jsm }: Bus, advisory: Advisory, at: string): Promise<DeadLetter | undefined> {
  const { consumer, stream_seq: sequence, deliveries, reason, type } = advisory;
  const message = await jsm.streams.getMessage(EXITS, { seq: sequence });
  if (!message) return undefined;
  const headers = headersIn(message);
  const howItEnded = type.endsWith('max_deliver') ? 'delivered for the last time' : 'terminated';
  return {
    ...placeOf(consumer, sequence, message.subject, headers),
    type: 'GivenUp',
    reason: reason || `${howItEnded}, and ${consumer} does not say why`,
    deliveries,
    at,
    headers: originalHeaders(headers),
    data: message.data,
  };
}

function placeOf(consumer: string, sequence: number, subject: string, found: MsgHdrs | undefined) {
  const place = parseSubject(subject);
  const { employeeId, exitId, type: event } = place.ok ? place.value : {};
  const original = replayOf(found)?.sequence ?? sequence;
  return { id: `${consumer}.${sequence}`, consumer, sequence, original, subject, employeeId, exitId, event };
}

async function replayedAt({ jsm }: Bus, letter: DeadLetter): Promise<string | undefined> {
  let { sequence } = letter;
  for (;;) {
    const query = { seq: sequence + 1, next_by_subj: letter.subject } as MsgRequest;
    const message = await jsm.streams.getMessage(EXITS, query);
    if (!message) return undefined;
    const copied = replayOf(headersIn(message));
    if (copied?.consumer === letter.consumer && copied.sequence === letter.original)
      return message.time.toISOString();
    sequence = message.seq;
  }
}
