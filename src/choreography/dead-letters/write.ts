/** Dead-letters a message that no retry can fix, with its consumer and the reason. */
import type { JsMsg } from '@nats-io/jetstream';
import { headers, type MsgHdrs } from '@nats-io/transport-node';
import { deadLettered } from '../../process/metrics.js';
import type { Bus } from '../jetstream/bus.js';
import { INVALID } from './read.js';
import { headersIn } from '../jetstream/cloudevents.js';

/** The maximum size of a dead letter's headers. */
const ENVELOPE_BYTES = 32_768;

/** The `: ` and CRLF of each header. */
const HEADER_BYTES = 4;

/** Subject and reply subject share one protocol line of 4,096 bytes. A header keeps the full subject. */
const SUBJECT_BYTES = 1_000;

interface DeadLettering {
  consumer: string;
  reason: string;
  /** Default: `Invalid`. */
  type?: string;
  /** The step that the dead letter holds up. */
  step?: string | undefined;
}

export async function deadLetter(
  bus: Bus,
  message: JsMsg,
  { consumer, reason, type = INVALID, step }: DeadLettering,
): Promise<void> {
  const { subject, seq, info, data } = message;
  // An original of the maximum payload leaves no room for the additional headers.
  const room = (bus.connection.info?.max_payload ?? 2 * ENVELOPE_BYTES) - ENVELOPE_BYTES;
  const letter = originalHeaders(headersIn(message));
  // It may name an address.
  const why = bus.dataKeys.sealText(oneLine(reason));
  const about = {
    consumer,
    type,
    step,
    reason: why,
    subject,
    sequence: String(seq),
    deliveries: String(info.deliveryCount),
    at: new Date().toISOString(),
    ...(data.length > room && { 'truncated-from': String(data.length) }),
  };
  for (const [name, value] of Object.entries(about))
    if (value !== undefined) letter.set(`dead-letter-${name}`, value);
  await bus.send(letterSubject(consumer, subject), data.subarray(0, room), {
    id: `${consumer} ${seq}`,
    headers: letter,
  });
  message.term(why);
  deadLettered.inc({ consumer, type });
}

/** `dead-letter.<consumer>.<original subject>`, without wildcards and truncated. */
function letterSubject(consumer: string, subject: string): string {
  const plain = subject.replace(/[*>]/g, '_');
  if (Buffer.byteLength(plain) <= SUBJECT_BYTES) return `dead-letter.${consumer}.${plain}`;
  const cut = Buffer.from(plain).subarray(0, SUBJECT_BYTES).toString().replace(/\.+$/, '');
  return `dead-letter.${consumer}.${cut}`;
}

/** Without `Nats-` headers, which are instructions to JetStream, and only as many as fit. */
function originalHeaders(original: MsgHdrs | undefined): MsgHdrs {
  const copied = headers();
  let left = ENVELOPE_BYTES / 2;
  for (const [name, values] of original ?? []) {
    if (/^nats-/i.test(name)) continue;
    for (const value of values) {
      left -= Buffer.byteLength(name) + Buffer.byteLength(value) + HEADER_BYTES;
      if (left > 0) copied.append(name, value);
    }
  }
  return copied;
}

const oneLine = (text: string): string => text.replace(/\s+/g, ' ').slice(0, 500);
