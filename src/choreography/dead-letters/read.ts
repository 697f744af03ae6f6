/** Reads dead letters: those that consumers wrote, and JetStream's advisories for consumers that write none. */
import type { MsgRequest } from '@nats-io/jetstream';
import type { MsgHdrs } from '@nats-io/transport-node';
import { z } from 'zod';
import { parseSubject } from '../../exit/events.js';
import type { Bus } from '../jetstream/bus.js';
import { headersIn } from '../jetstream/cloudevents.js';
import { readAll } from '../jetstream/log.js';
import { originalHeaders, replayOf } from './copies.js';
import { ADVISORIES, DEAD_LETTERS, EXITS } from '../jetstream/streams.js';

/** The type of a dead letter whose message itself is invalid. */
export const INVALID = 'Invalid';

export interface DeadLetter {
  /** `<consumer>.<sequence>` */
  id: string;
  consumer: string;
  /** The stream sequence of the dead-lettered message. */
  sequence: number;
  /** The same; of a replayed copy, the original's stream sequence. */
  original: number;
  subject: string;
  employeeId?: string | undefined;
  exitId?: string | undefined;
  /** The event type at the end of the subject; the message may be invalid. */
  event?: string | undefined;
  /** The EMS step that it holds up: `block-access:payroll`. */
  step?: string | undefined;
  /** `Invalid`, the type of the final failure, or `Unacknowledged` where only JetStream reports it. */
  type: string;
  reason: string;
  deliveries: number;
  /** By the broker's clock: ISO 8601, UTC. */
  at: string;
  /** When it was replayed, ISO 8601. */
  replayedAt?: string | undefined;
  /** Of the original. */
  headers: MsgHdrs;
  /** Of the original; truncated where it exceeds the payload limit. */
  data: Uint8Array;
  /** The original's size in bytes, where it is truncated. */
  truncatedFrom?: number | undefined;
}

/** Validated, since other clients may have permission to publish under the advisory subjects. */
const Advisory = z.object({
  type: z.string(),
  consumer: z.string(),
  stream_seq: z.int().positive(),
  deliveries: z.int(),
  reason: z.string().optional(),
});
type Advisory = z.output<typeof Advisory>;

/** @returns the oldest first */
export async function readDeadLetters(bus: Bus): Promise<DeadLetter[]> {
  const letters = new Map<string, DeadLetter>();
  for await (const message of readAll(bus, DEAD_LETTERS)) {
    const letter = letterIn(bus, headersIn(message), message.data, message.time.toISOString());
    // A crash between the publish of a dead letter and the term of its message repeats the publish.
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

function letterIn(
  { dataKeys }: Bus,
  found: MsgHdrs | undefined,
  data: Uint8Array,
  at: string,
): DeadLetter | undefined {
  const header = (name: string): string => found?.get(`dead-letter-${name}`) ?? '';
  const [consumer, subject, sequence] = [header('consumer'), header('subject'), Number(header('sequence'))];
  if (!consumer || !subject || !Number.isInteger(sequence)) return undefined;
  return {
    ...placeOf(consumer, sequence, subject, found),
    step: header('step') || undefined,
    type: header('type'),
    reason: dataKeys.openText(header('reason')),
    deliveries: Number(header('deliveries')),
    truncatedFrom: Number(header('truncated-from')) || undefined,
    at,
    headers: originalHeaders(found),
    data,
  };
}

async function letterOf(
  { find, dataKeys }: Bus,
  advisory: Advisory,
  at: string,
): Promise<DeadLetter | undefined> {
  const { consumer, stream_seq: sequence, deliveries, reason, type } = advisory;
  const message = await find(EXITS, { seq: sequence });
  if (!message) return undefined;
  const headers = headersIn(message);
  const howItEnded = type.endsWith('max_deliver') ? 'reached max_deliver' : 'terminated the message';
  return {
    ...placeOf(consumer, sequence, message.subject, headers),
    type: 'Unacknowledged',
    reason: (reason && dataKeys.openText(reason)) || `${consumer} ${howItEnded} without a reason`,
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

async function replayedAt({ find }: Bus, letter: DeadLetter): Promise<string | undefined> {
  let { sequence } = letter;
  for (;;) {
    const query = { seq: sequence + 1, next_by_subj: letter.subject } as MsgRequest;
    const message = await find(EXITS, query);
    if (!message) return undefined;
    const copied = replayOf(headersIn(message));
    if (copied?.consumer === letter.consumer && copied.sequence === letter.original)
      return message.time.toISOString();
    sequence = message.seq;
  }
}
