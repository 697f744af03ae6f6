/** Messages that no retry will mend: kept with the original, who gave it up, and why. */
import type { JsMsg } from '@nats-io/jetstream';
import { headers, type MsgHdrs } from '@nats-io/transport-node';
import type { Bus } from '../jetstream/bus.js';
import { headersIn } from '../jetstream/cloudevents.js';

/** What a letter has besides the data of the original, at most: our own headers and those of the original. */
const ENVELOPE_BYTES = 32_768;

/** A header takes more than its name and its value: `: ` and the end of the line. */
const HEADER_BYTES = 4;

/** A subject has to fit into a line of the protocol (4,096 bytes) with that of the answer; the letter says it in full as well. */
const SUBJECT_BYTES = 1_000;

/** The type of a dead letter where the message itself is what is wrong. */
export const RUBBISH = 'Rubbish';

interface DeadLettering {
  consumer: string;
  reason: string;
  /** What kind of failure it was. */
  type?: string;
  /** The step that the message set off, and that now stands still. */
  step?: string | undefined;
}

export async function deadLetter(
  bus: Bus,
  message: JsMsg,
  { consumer, reason, type = RUBBISH, step }: DeadLettering,
): Promise<void> {
  const { subject, seq, info, data } = message;
  // An original of the largest size would not fit into a letter that says more.
  const room = (bus.connection.info?.max_payload ?? 2 * ENVELOPE_BYTES) - ENVELOPE_BYTES;
  const letter = originalHeaders(headersIn(message));
  const about = {
    consumer,
    type,
    step,
    reason: oneLine(reason),
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
  message.term(oneLine(reason));
}

/** `dead-letter.<consumer>.<the original subject>`, without wildcards, and no longer than it may be. */
function letterSubject(consumer: string, subject: string): string {
  const plain = subject.replace(/[*>]/g, '_');
  if (Buffer.byteLength(plain) <= SUBJECT_BYTES) return `dead-letter.${consumer}.${plain}`;
  const cut = Buffer.from(plain).subarray(0, SUBJECT_BYTES).toString().replace(/\.+$/, '');
  return `dead-letter.${consumer}.${cut}`;
}

/** All but what would tell JetStream what to do with it, as far as they fit. */
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
