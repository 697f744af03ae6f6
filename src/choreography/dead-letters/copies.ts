/** A replay appends a copy of the original message. Its header names one consumer; other consumers and the fold ignore the copy. */
import { headers, type MsgHdrs } from '@nats-io/transport-node';
import type { StoredEvent } from '../../exit/events.js';
import type { Bus } from '../jetstream/bus.js';

/** The header of a copy: `<consumer>.<stream sequence of the original>`. */
export const REPLAY_OF = 'dead-letter-replay-of';

/** @returns the one consumer that acts on a copy, and the original's stream sequence; undefined for other messages */
export function replayOf(headers: MsgHdrs | undefined) {
  const [, consumer, sequence] = /^([^.]+)\.(\d+)$/.exec(headers?.get(REPLAY_OF) ?? '') ?? [];
  return consumer === undefined ? undefined : { consumer, sequence: Number(sequence) };
}

/** @returns the original event; undefined where the header is wrong */
export async function originalOf(
  bus: Bus,
  copy: StoredEvent,
  { sequence }: { sequence: number },
): Promise<StoredEvent | undefined> {
  const { events } = await bus.read(copy.employeeId);
  const isOriginal = (event: StoredEvent): boolean =>
    event.seq === sequence && event.id === copy.id && event.exitId === copy.exitId;
  return events.find(isOriginal);
}

/** The headers without those of dead letters and of JetStream. */
export function originalHeaders(found: MsgHdrs | undefined): MsgHdrs {
  const original = headers();
  for (const [name, values] of found ?? [])
    if (!/^(dead-letter|nats)-/i.test(name)) for (const value of values) original.append(name, value);
  return original;
}
