/**
 * Observes the exits of the choreographed form, and only reads: what it knows is folded from the streams and from what the consumers
 * say of themselves, anew at each start. Nobody waits for it, and every outcome is the same without it.
 */
import { subjectsOf, isOurs, type AnyEvent } from '../../exit/events.js';
import { foldLog } from '../../exit/fold.js';
import type { Exit } from '../../exit/exit.js';
import { openAttempts, type Attempts } from '../jetstream/attempts.js';
import type { Bus } from '../jetstream/bus.js';
import { parseAny } from '../jetstream/cloudevents.js';
import { everyDeadLetter, type DeadLetter } from '../dead-letters/read.js';
import { rawOf, readAll } from '../jetstream/log.js';
import { readDeclarations, trackPromises, type Declarations, type TrackedPromise } from './promises.js';
import { EXITS } from '../jetstream/streams.js';

type About = Pick<Exit, 'employeeId' | 'employeeName' | 'exitId' | 'phase' | 'openedAt' | 'closedAt'>;

export interface TrackedExit extends About {
  promises: TrackedPromise[];
}

/** An exit with all that is known of it. */
export interface ObservedExit extends TrackedExit {
  exit: Exit;
  /** Each once, however often it was said. */
  events: AnyEvent[];
  /** By stream sequence: why an event counts for nothing. */
  rejected: ReadonlyMap<number, string>;
  letters: DeadLetter[];
}

export interface Observed {
  /** By when they began. */
  exits: ObservedExit[];
  /** What was given up and belongs to no exit. */
  strays: DeadLetter[];
  problems: Declarations['problems'];
}

/** @param employeeId of one employee only */
export function createTracker(bus: Bus, employeeId?: string) {
  const filter = employeeId === undefined ? 'exit.>' : subjectsOf(employeeId);
  const logs = new Map<string, AnyEvent[]>();
  /** By employee, where only a new event, letter or promise could change anything. */
  const atRest = new Map<string, ObservedExit[]>();
  let judgedBy = '';
  let attempts: Attempts | undefined;
  let from = 1;

  /** Only what is new: nothing is ever deleted from the stream. */
  async function readOn(): Promise<void> {
    for await (const message of readAll(bus, EXITS, { filter, from })) {
      from = message.seq + 1;
      const parsed = parseAny(rawOf(message));
      if (!parsed.ok) continue;
      const event = parsed.value;
      const log = logs.get(event.employeeId);
      if (log) log.push(event);
      else logs.set(event.employeeId, [event]);
      atRest.delete(event.employeeId);
    }
  }

  /** What is being tried again is no event; why it is late is noted beside the stream. */
  async function addErrors(all: { employeeId: string; exitId: string; promise: TrackedPromise }[]) {
    const late = all.filter(
      ({ promise: { state } }) => state === 'overdue' || (state === 'open' && employeeId !== undefined),
    );
    if (late.length === 0) return;
    const noted = (attempts ??= await openAttempts(bus));
    await Promise.all(
      late.map(async ({ employeeId, exitId, promise }) => {
        const { step, system, since } = promise;
        if (step === undefined) return;
        const found = await noted.find({ employeeId, exitId, step, system }, since);
        if (found) promise.remark ??= found.error;
      }),
    );
  }

  return {
    async look(): Promise<Observed> {
      await readOn();
      const [declarations, letters] = await Promise.all([readDeclarations(bus), everyDeadLetter(bus)]);
      const now = new Date().toISOString();
      const judges = JSON.stringify([declarations.promises, letters.length]);
      if (judges !== judgedBy) atRest.clear();
      judgedBy = judges;
      const exits = [...logs].flatMap(([id, log]) => {
        const found = atRest.get(id) ?? exitsIn(log, declarations, letters, now);
        if (found.every(isAtRest)) atRest.set(id, found);
        return found;
      });
      await addErrors(exits.flatMap((exit) => exit.promises.map((promise) => ({ ...exit, promise }))));
      const ids = new Set(exits.map(({ exitId }) => exitId));
      return {
        exits: exits.toSorted((a, b) => a.openedAt.localeCompare(b.openedAt)),
        strays: letters.filter(
          (letter) =>
            (employeeId === undefined || letter.employeeId === employeeId) && !ids.has(letter.exitId ?? ''),
        ),
        problems: declarations.problems,
      };
    },
  };
}

/** Whether it is worth a look without being asked for: it is open, or a promise is not kept. */
export const isUnfinished = (exit: TrackedExit): boolean => !isAtRest(exit);

function exitsIn(
  log: readonly AnyEvent[],
  declarations: Declarations,
  letters: readonly DeadLetter[],
  now: string,
): ObservedExit[] {
  const { exits, rejected } = foldLog(log.filter(isOurs), now);
  return [...exits.values()].map((exit) => {
    const { employeeId, employeeName, exitId, phase, openedAt, closedAt } = exit;
    const seen = new Set<string>();
    const events = log.filter((event) => {
      if (event.exitId !== exitId || seen.has(event.id)) return false;
      return seen.add(event.id);
    });
    const own = letters.filter((letter) => letter.employeeId === employeeId && letter.exitId === exitId);
    const promises = trackPromises(declarations.promises, { exit, events, rejected, letters: own, now });
    const tracked = { employeeId, employeeName, exitId, phase, openedAt, closedAt, promises };
    return { ...tracked, exit, events, rejected, letters: own };
  });
}

const isAtRest = ({ closedAt, promises }: TrackedExit): boolean =>
  closedAt !== undefined && promises.every(({ state }) => state === 'done' || state === 'waived');
