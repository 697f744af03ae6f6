/** Messages that no retry will mend: kept with the original, who gave it up, and why. */
import type { JsMsg } from '@nats-io/jetstream';
import { headers } from '@nats-io/transport-node';
import type { Bus } from './bus.js';

export async function bury(
  bus: Bus,
  message: JsMsg,
  consumer: string,
  reason: string,
  type = 'Rubbish',
): Promise<void> {
  const letter = headers();
  // Of the original all but what would tell JetStream what to do with it.
  for (const [name, values] of message.headers ?? [])
    if (!/^nats-/i.test(name)) for (const value of values) letter.append(name, value);
  const about = {
    consumer,
    type,
    reason: oneLine(reason),
    subject: message.subject,
    sequence: String(message.seq),
    deliveries: String(message.info.deliveryCount),
    at: new Date().toISOString(),
  };
  for (const [name, value] of Object.entries(about)) letter.set(`dead-letter-${name}`, value);
  await bus.send(`dead-letter.${consumer}.${message.subject}`, message.data, {
    id: `${consumer} ${message.seq}`,
    headers: letter,
  });
  message.term(oneLine(reason));
}

const oneLine = (text: string): string => text.replace(/\s+/g, ' ').slice(0, 500);
