/** The list of the choreographed exits, with those that never began because everybody gave their resignation up. */
import type { Bus } from '../jetstream/bus.js';
import { RUBBISH } from '../dead-letters/write.js';
import { everyDeadLetter, type DeadLetter } from '../dead-letters/read.js';
import { everyLog } from '../jetstream/log.js';
import type { ListedDeadLetter, ListedExit, ListFilter } from '../../exit/exits.js';
import { foldLog } from '../../exit/fold.js';
import type { Exit } from '../../exit/exit.js';
import { stepKey, type Step } from '../../exit/status.js';

/** The step, with what is being tried. */
type WithAttempts = (exit: Exit, step: Step) => Promise<Step>;

export async function listChoreographed(
  bus: Bus,
  withAttempts: WithAttempts,
  filter: ListFilter,
): Promise<ListedExit[]> {
  const now = new Date().toISOString();
  const [logs, letters] = await Promise.all([everyLog(bus), everyDeadLetter(bus)]);
  const logsOfExits = [...logs.values()].map((events) => ({ events, ...foldLog(events, now) }));
  const listing = logsOfExits.flatMap(({ exits, events, rejected }) =>
    [...exits.values()].map(async (exit) => {
      const counted = events.filter(({ exitId, seq }) => exitId === exit.exitId && !rejected.has(seq));
      const stuck = exit.steps.filter(({ state }) => state === 'needs-attention');
      const stuckSteps = await Promise.all(stuck.map((step) => withAttempts(exit, step)));
      const own = lettersOf(exit, letters, new Set(counted.map(({ type }) => type)));
      return listed(exit, stuckSteps, own);
    }),
  );
  const exits = await Promise.all(listing);
  return [...exits, ...neverBegun(letters, exits)]
    .toSorted(
      (a, b) =>
        Number(b.closedAt === undefined) - Number(a.closedAt === undefined) ||
        b.openedAt.localeCompare(a.openedAt),
    )
    .filter((exit) => matches(exit, filter));
}

function listed(exit: Exit, stuckSteps: Step[], letters: readonly DeadLetter[]): ListedExit {
  return {
    employeeId: exit.employeeId,
    phase: exit.phase,
    outcome: exit.ending,
    needsAttention: stuckSteps.length > 0 || letters.length > 0,
    openedAt: exit.openedAt,
    closedAt: exit.closedAt,
    lastWorkingDay: exit.resignation.lastWorkingDay,
    reviewBy: exit.isAwaited ? exit.reviewBy : undefined,
    stuckSteps,
    deadLetters: shown(letters),
  };
}

/**
 * What of an open exit stands still because it was given up.
 * @param counted the types of the events that count for the exit
 */
const lettersOf = (exit: Exit, letters: readonly DeadLetter[], counted: ReadonlySet<string>): DeadLetter[] =>
  letters.filter((letter) => {
    if (letter.employeeId !== exit.employeeId || letter.exitId !== exit.exitId) return false;
    if (exit.closedAt !== undefined || letter.replayedAt !== undefined) return false;
    // Of a step of ours the exit knows better: it may have been mended since.
    if (letter.step !== undefined)
      return exit.steps.some((step) => stepKey(step) === letter.step && step.state === 'needs-attention');
    // Rubbish has kept nobody from anything where the same was said properly.
    return letter.type !== RUBBISH || !counted.has(letter.event ?? '');
  });

/** Resignations that everybody gave up, of employees whom no exit has held since: nobody has blocked anything. */
function neverBegun(letters: readonly DeadLetter[], exits: readonly ListedExit[]): ListedExit[] {
  const bySubject = new Map<string, DeadLetter[]>();
  for (const letter of letters) {
    const { employeeId, event, subject, at } = letter;
    const isHeld = exits.some(
      (exit) => exit.employeeId === employeeId && (!exit.closedAt || exit.closedAt > at),
    );
    if (event === 'employee.resigned' && !isHeld)
      bySubject.set(subject, [...(bySubject.get(subject) ?? []), letter]);
  }
  return [...bySubject.values()].map((of) => ({
    employeeId: of[0]!.employeeId!,
    phase: 'dead-lettered',
    needsAttention: true,
    openedAt: of[0]!.at,
    stuckSteps: [],
    deadLetters: shown(of),
  }));
}

const shown = (letters: readonly DeadLetter[]): ListedDeadLetter[] | undefined =>
  letters.length > 0
    ? letters.map(({ id, event, subject, step, reason }) => ({ id, event: event ?? subject, step, reason }))
    : undefined;

function matches({ closedAt, needsAttention, phase, reviewBy }: ListedExit, filter: ListFilter): boolean {
  if (filter.overdue && !(reviewBy !== undefined && Date.parse(reviewBy) < Date.now())) return false;
  if ((filter.open || filter.attention) && closedAt !== undefined) return false;
  if (filter.open && phase === 'dead-lettered') return false;
  if (filter.attention && !needsAttention) return false;
  return filter.phase === undefined || phase === filter.phase;
}
