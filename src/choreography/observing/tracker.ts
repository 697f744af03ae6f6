/**
 * Observes the exits of the choreographed form. It only reads: at each start it folds the streams and the consumers' metadata anew. No
 * service depends on it.
 */
import { subjectsOf, isOurs, type AnyEvent } from '../../exit/events.js';
import { foldLog } from '../../exit/fold.js';
import type { Exit } from '../../exit/exit.js';
import { openAttempts, type Attempts } from '../jetstream/attempts.js';
import type { Bus } from '../jetstream/bus.js';
import { parseAny } from '../jetstream/cloudevents.js';
import { readDeadLetters, type DeadLetter } from '../dead-letters/read.js';
import { rawOf, readAll } from '../jetstream/log.js';
import { readDeclarations, trackPromises, type Declarations, type TrackedPromise } from './promises.js';
import { EXITS } from '../jetstream/streams.js';

type About = Pick<Exit, 'employeeId' | 'employeeName' | 'exitId' | 'phase' | 'openedAt' | 'closedAt'>;

export interface TrackedExit extends About {
  promises: TrackedPromise[];
}

/** An exit with its events, dead letters and promises. */
export interface ObservedExit extends TrackedExit {
  exit: Exit;
  /** Without duplicates. */
  events: AnyEvent[];
  /** By stream sequence: why the exit rejects an event. */
  rejected: ReadonlyMap<number, string>;
  letters: DeadLetter[];
}

export interface Observed {
  /** The oldest first. */
  exits: ObservedExit[];
  /** Dead letters that belong to no exit. */
  strays: DeadLetter[];
  problems: Declarations['problems'];
}

/** @param employeeId limits it to one employee */
export function createTracker(bus: Bus, employeeId?: string) {
  const filter = employeeId === undefined ? 'exit.>' : subjectsOf(employeeId);
  const logs = new Map<string, AnyEvent[]>();
  /** By employee: exits that only a new event, dead letter or promise can change. */
  const atRest = new Map<string, ObservedExit[]>();
  let judgedBy = '';
  let attempts: Attempts | undefined;
  let from = 1;

  /** Reads new messages only: the stream denies deletes. */
  async function readOn(): Promise<void> {
    for await (const message of readAll(bus, EXITS, { filter, from })) {
      from = message.seq + 1;
      const parsed = parseAny(rawOf(message), bus.dataKeys);
      if (!parsed.ok) continue;
      const event = parsed.value;
      const log = logs.get(event.employeeId);
      if (log) log.push(event);
      else logs.set(event.employeeId, [event]);
      atRest.delete(event.employeeId);
    }
  }

  /** Adds the error of the last failed attempt, which is not an event. */
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
      const [declarations, letters] = await Promise.all([readDeclarations(bus), readDeadLetters(bus)]);
      const now = new Date().toISOString();
      const judges = JSON.stringify([declarations.promises, letters.length]);
      if (judges !== judgedBy) atRest.clear();
      judgedBy = judges;
      const exits = [...logs].flatMap(([id, log]) => {
        const found = atRest.get(id) ?? exitsIn(bus, log, declarations, letters, now);
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

/** Whether an exit is open or has an unkept promise. */
export const isUnfinished = (exit: TrackedExit): boolean => !isAtRest(exit);

function exitsIn(
  { trusted }: Bus,
  log: readonly AnyEvent[],
  declarations: Declarations,
  letters: readonly DeadLetter[],
  now: string,
): ObservedExit[] {
  const { exits, rejected } = foldLog(log.filter(isOurs), now, trusted);
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
