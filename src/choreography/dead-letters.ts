/** Messages that no retry will mend: kept with the original, who gave it up, and why. */
import type { JsMsg } from '@nats-io/jetstream';
import { headers, type MsgHdrs } from '@nats-io/transport-node';
import type { Bus } from './bus.js';
import { headersIn } from './cloudevents.js';

/** What a letter has besides the data of the original, at most: our own headers and those of the original. */
const ENVELOPE_BYTES = 32_768;

/** The type of a dead letter where the message itself is what is wrong. */
export const RUBBISH = 'Rubbish';

export interface Burial {
  consumer: string;
  reason: string;
  /** What kind of failure it was. */
  type?: string;
  /** The step that the message set off, and that now stands still. */
  step?: string | undefined;
}

export async function bury(
  bus: Bus,
  message: JsMsg,
  { consumer, reason, type = RUBBISH, step }: Burial,
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
  await bus.send(`dead-letter.${consumer}.${subject.replace(/[*>]/g, '_')}`, data.subarray(0, room), {
    id: `${consumer} ${seq}`,
    headers: letter,
  });
  message.term(oneLine(reason));
}

/** All but what would tell JetStream what to do with it, as far as they fit. */
function originalHeaders(original: MsgHdrs | undefined): MsgHdrs {
  const copied = headers();
  let left = ENVELOPE_BYTES / 2;
  for (const [name, values] of original ?? []) {
    if (/^nats-/i.test(name)) continue;
    for (const value of values) {
      left -= Buffer.byteLength(name) + Buffer.byteLength(value);
      if (left > 0) copied.append(name, value);
    }
  }
  return copied;
}

const oneLine = (text: string): string => text.replace(/\s+/g, ' ').slice(0, 500);
