/** Lists the choreographed exits, and the dead-lettered resignations that began none. */
import type { Bus } from '../jetstream/bus.js';

import { INVALID, readDeadLetters, type DeadLetter } from '../dead-letters/read.js';
import { readExitList, readRowsOf, type ListRow } from '../observing/exit-list.js';
import { isCutShort, type ListedDeadLetter, type ListedExit, type ListFilter } from '../../exit/exits.js';
import { stepKey, type Step } from '../../exit/status.js';

/** Adds the failed attempts to a step. */
type WithAttempts = (exit: ListRow, step: Step) => Promise<Step>;

export async function listChoreographed(
  bus: Bus,
  withAttempts: WithAttempts,
  filter: ListFilter,
): Promise<ListedExit[]> {
  const { employeeId } = filter;
  const reading = employeeId === undefined ? readExitList(bus) : readRowsOf(bus, employeeId);
  const [rows, letters] = await Promise.all([reading, readDeadLetters(bus)]);
  const listing = rows.map(async (row): Promise<ListedExit> => {
    const { counted: _counted, staleFrom: _staleFrom, seq: _seq, ...exit } = row;
    const stuckSteps = await Promise.all(row.stuckSteps.map((step) => withAttempts(row, step)));
    const own = lettersOf(row, letters);
    const needsAttention = stuckSteps.length > 0 || own.length > 0 || isCutShort(row.phase);
    return { ...exit, needsAttention, stuckSteps, deadLetters: shown(own) };
  });
  const exits = await Promise.all(listing);
  return [...exits, ...neverBegun(letters, exits)].filter((exit) => matches(exit, filter));
}

/** The dead letters that hold up an open exit. */
const lettersOf = (exit: ListRow, letters: readonly DeadLetter[]): DeadLetter[] =>
  letters.filter((letter) => {
    if (letter.employeeId !== exit.employeeId || letter.exitId !== exit.exitId) return false;
    if (exit.closedAt !== undefined || letter.replayedAt !== undefined) return false;
    // An operator may have resolved the step since.
    if (letter.step !== undefined) return exit.stuckSteps.some((step) => stepKey(step) === letter.step);
    // An invalid message holds up nothing where a valid one of its type exists.
    return letter.type !== INVALID || !exit.counted.some((type) => type === letter.event);
  });

/** Dead-lettered resignations of employees without an exit since. No service has blocked their access. */
function neverBegun(letters: readonly DeadLetter[], exits: readonly ListedExit[]): ListedExit[] {
  const bySubject = new Map<string, DeadLetter[]>();
  for (const letter of letters) {
    const { employeeId, exitId, event, subject, at } = letter;
    const isHeld = exits.some(
      (exit) =>
        exit.employeeId === employeeId && (exit.exitId === exitId || !exit.closedAt || exit.closedAt > at),
    );
    if (event === 'employee.resigned' && !isHeld)
      bySubject.set(subject, [...(bySubject.get(subject) ?? []), letter]);
  }
  return [...bySubject.values()].map((of) => ({
    employeeId: of[0]!.employeeId!,
    exitId: of[0]!.exitId!,
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

function matches(exit: ListedExit, filter: ListFilter): boolean {
  const { employeeId, closedAt, needsAttention, phase, reviewBy } = exit;
  if (filter.employeeId !== undefined && employeeId !== filter.employeeId) return false;
  if (filter.overdue && !(reviewBy !== undefined && Date.parse(reviewBy) < Date.now())) return false;
  if (filter.open && (closedAt !== undefined || phase === 'dead-lettered')) return false;
  if (filter.closed && closedAt === undefined) return false;
  if (filter.attention && !needsAttention) return false;
  return filter.phase === undefined || phase === filter.phase;
}
