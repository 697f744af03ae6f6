/** Lists dead letters, and replays one to its consumer, for an operator. */
import type { Bus } from '../jetstream/bus.js';
import { findConsumer } from '../jetstream/consumers.js';
import { headersIn, parseMessage } from '../jetstream/cloudevents.js';
import { readDeadLetters, type DeadLetter } from './read.js';
import { originalHeaders, REPLAY_OF } from './copies.js';
import { EXITS } from '../jetstream/streams.js';
import { isEventType } from '../../exit/events.js';
import { foldLog } from '../../exit/fold.js';
import { isSettled, stepKey } from '../../exit/status.js';
import { Refusal } from '../../exit/refusal.js';

/** A repeated replay does nothing; `why` gives the reason. */
export type Replayed = { id: string } & (
  { replayed: true; sequence: number } | { replayed: false; why: string }
);

export function deadLettersOf(bus: Bus) {
  async function find(id: string): Promise<DeadLetter> {
    const found = (await readDeadLetters(bus)).find((letter) => letter.id === id);
    if (found) return found;
    throw new Refusal('no-dead-letter', `There is no dead letter ${id}`, { id });
  }

  return {
    list: (): Promise<DeadLetter[]> => readDeadLetters(bus),
    find,

    async replay(id: string): Promise<Replayed> {
      const letter = await find(id);
      const { consumer, employeeId, exitId, original, step, replayedAt } = letter;
      if (replayedAt !== undefined)
        return { id, replayed: false, why: `it was replayed to ${consumer} at ${replayedAt}` };
      if (!(await findConsumer(bus, consumer)))
        throw refused(id, `: its consumer ${consumer} no longer exists`);
      if (employeeId !== undefined && exitId !== undefined) {
        const { events } = await bus.read(employeeId);
        const { exits, rejected } = foldLog(events, new Date().toISOString(), bus.trusted);
        const problem = rejected.get(original) ?? problemOf(bus, letter);
        // Its consumer would dead-letter an invalid message again.
        if (problem !== undefined) throw refused(id, `, since the message is invalid: ${problem}`);
        const now = exits.get(exitId)?.steps.find((each) => stepKey(each) === step);
        if (now && isSettled(now)) return { id, replayed: false, why: `${step} is ${now.state} already` };
      }
      return { id, replayed: true, sequence: await appendCopy(bus, letter) };
    },
  };
}

const refused = (id: string, why: string): Refusal =>
  new Refusal('not-allowed', `${id} is not replayed${why}`, { id });

/** @returns the stream sequence of the copy @throws Refusal where the stream no longer has the original */
async function appendCopy(bus: Bus, letter: DeadLetter): Promise<number> {
  // From the stream, since a dead letter may be truncated.
  const original = await bus.find(EXITS, { seq: letter.original });
  if (original?.subject !== letter.subject)
    throw refused(letter.id, ': the stream no longer has the original');
  const copy = originalHeaders(headersIn(original));
  copy.set(REPLAY_OF, `${letter.consumer}.${letter.original}`);
  const id = `replay of ${letter.id}`;
  return (await bus.send(letter.subject, original.data, { id, headers: copy })).seq;
}

/** Why an EMS event is invalid; only its own service can judge another type. */
function problemOf(
  { dataKeys }: Bus,
  { subject, headers, data, original, at, event }: DeadLetter,
): string | undefined {
  if (event === undefined || !isEventType(event)) return undefined;
  const parsed = parseMessage({ subject, headers, data, seq: original, storedAt: at }, dataKeys);
  return parsed.ok ? undefined : parsed.problem;
}
