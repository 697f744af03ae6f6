/**
 * A dead letter is put before its consumer again as a copy in the stream, which says what it is a copy of: everybody else leaves it
 * alone, and whoever folds the stream has seen it.
 */
import { headers, type MsgHdrs } from '@nats-io/transport-node';
import type { StoredEvent } from '../../exit/events.js';
import type { Bus } from '../jetstream/bus.js';

/** The header of a copy: `<consumer>.<sequence>`. */
export const REPLAY_OF = 'dead-letter-replay-of';

/** The only one that is to act on a copy, and the stream sequence of the original. */
export function replayOf(headers: MsgHdrs | undefined) {
  const [, consumer, sequence] = /^([^.]+)\.(\d+)$/.exec(headers?.get(REPLAY_OF) ?? '') ?? [];
  return consumer === undefined ? undefined : { consumer, sequence: Number(sequence) };
}

/** What a copy stands for; undefined where it is none, whatever it says. */
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

/** Without what a dead letter says, and what JetStream says. */
export function originalHeaders(found: MsgHdrs | undefined): MsgHdrs {
  const original = headers();
  for (const [name, values] of found ?? [])
    if (!/^(dead-letter|nats)-/i.test(name)) for (const value of values) original.append(name, value);
  return original;
}
