/** What consumers have given up, for an operator: to see, and to put before its consumer again. */
import type { Bus } from '../jetstream/bus.js';
import { findConsumer } from '../jetstream/consumers.js';
import { headersIn, parseMessage } from '../jetstream/cloudevents.js';
import { everyDeadLetter, type DeadLetter } from './read.js';
import { originalHeaders, REPLAY_OF } from './copies.js';
import { EXITS } from '../jetstream/streams.js';
import { isEventType } from '../../exit/events.js';
import { foldLog } from '../../exit/fold.js';
import { isSettled, stepKey } from '../../exit/status.js';
import { Refusal } from '../../exit/refusal.js';

/** What `replay` did: a second time it does nothing, and says why. */
export type Replayed = { id: string } & (
  { replayed: true; sequence: number } | { replayed: false; why: string }
);

export function deadLettersOf(bus: Bus) {
  async function find(id: string): Promise<DeadLetter> {
    const found = (await everyDeadLetter(bus)).find((letter) => letter.id === id);
    if (found) return found;
    throw new Refusal('no-dead-letter', `There is no dead letter ${id}`, { id });
  }

  return {
    list: (): Promise<DeadLetter[]> => everyDeadLetter(bus),
    find,

    async replay(id: string): Promise<Replayed> {
      const letter = await find(id);
      const { consumer, employeeId, exitId, original, step, replayedAt } = letter;
      if (replayedAt !== undefined)
        return { id, replayed: false, why: `${consumer} has been given it again already, at ${replayedAt}` };
      if (!(await findConsumer(bus, consumer)))
        throw refused(id, `: the consumer ${consumer} is no longer there to read it`);
      if (employeeId !== undefined && exitId !== undefined) {
        const { events } = await bus.read(employeeId);
        const { exits, rejected } = foldLog(events, new Date().toISOString());
        const problem = rejected.get(original) ?? problemOf(letter);
        // What the message itself says is not mended by another try, which would only be another dead letter.
        if (problem !== undefined) throw refused(id, `, since it would be given up again: ${problem}`);
        const now = exits.get(exitId)?.steps.find((each) => stepKey(each) === step);
        if (now && isSettled(now)) return { id, replayed: false, why: `${step} is ${now.state} by now` };
      }
      return { id, replayed: true, sequence: await putBack(bus, letter) };
    },
  };
}

const refused = (id: string, why: string): Refusal =>
  new Refusal('not-allowed', `${id} is not replayed${why}`, { id });

/** @returns when the copy is recorded, its stream sequence @throws Refusal where the stream no longer has the original */
async function putBack(bus: Bus, letter: DeadLetter): Promise<number> {
  // A letter may be shortened; the stream has the whole.
  const original = await bus.jsm.streams.getMessage(EXITS, { seq: letter.original });
  if (original?.subject !== letter.subject)
    throw refused(letter.id, ': the stream no longer has the original');
  const copy = originalHeaders(headersIn(original));
  copy.set(REPLAY_OF, `${letter.consumer}.${letter.original}`);
  const id = `replay of ${letter.id}`;
  return (await bus.send(letter.subject, original.data, { id, headers: copy })).seq;
}

/** What is wrong with the message, by the code of today; what other people's services read is theirs to judge. */
function problemOf({ subject, headers, data, original, at, event }: DeadLetter): string | undefined {
  if (event === undefined || !isEventType(event)) return undefined;
  const parsed = parseMessage({ subject, headers, data, seq: original, storedAt: at });
  return parsed.ok ? undefined : parsed.problem;
}
