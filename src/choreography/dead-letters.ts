/** Messages that no retry will mend: kept with the original, who gave it up, and why. */
import type { JsMsg } from '@nats-io/jetstream';
import { headers, type MsgHdrs } from '@nats-io/transport-node';
import type { Bus } from './bus.js';

/** What a letter has besides the data of the original, at most: our own headers and those of the original. */
const ENVELOPE_BYTES = 32_768;

export async function bury(
  bus: Bus,
  message: JsMsg,
  consumer: string,
  reason: string,
  type = 'Rubbish',
): Promise<void> {
  const { subject, seq, info, data } = message;
  // An original of the largest size would not fit into a letter that says more.
  const room = (bus.connection.info?.max_payload ?? 2 * ENVELOPE_BYTES) - ENVELOPE_BYTES;
  const letter = originalHeaders(message.headers);
  const about = {
    consumer,
    type,
    reason: oneLine(reason),
    subject,
    sequence: String(seq),
    deliveries: String(info.deliveryCount),
    at: new Date().toISOString(),
    ...(data.length > room && { 'truncated-from': String(data.length) }),
  };
  for (const [name, value] of Object.entries(about)) letter.set(`dead-letter-${name}`, value);
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
