/** Messages that no retry will mend: kept with the original, who gave it up, and why. */
import type { JsMsg } from '@nats-io/jetstream';
import { headers } from '@nats-io/transport-node';
import type { Bus } from './bus.js';

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
  const letter = headers();
  // Of the original all but what would tell JetStream what to do with it.
  for (const [name, values] of message.headers ?? [])
    if (!/^nats-/i.test(name)) for (const value of values) letter.append(name, value);
  const about = {
    consumer,
    type,
    step,
    reason: oneLine(reason),
    subject: message.subject,
    sequence: String(message.seq),
    deliveries: String(message.info.deliveryCount),
    at: new Date().toISOString(),
  };
  for (const [name, value] of Object.entries(about))
    if (value !== undefined) letter.set(`dead-letter-${name}`, value);
  await bus.send(`dead-letter.${consumer}.${message.subject}`, message.data, {
    id: `${consumer} ${message.seq}`,
    headers: letter,
  });
  message.term(oneLine(reason));
}

const oneLine = (text: string): string => text.replace(/\s+/g, ' ').slice(0, 500);
