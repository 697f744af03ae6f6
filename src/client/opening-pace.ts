/**
 * The pace of exits that open together: few of them are at once between their opening and the end of their block, so that no block waits
 * for the whole table (docs/decisions/0022). An exit is looked at only while another one waits for its place.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { isSettled, isStuck, type ExitStatus } from '../exit/status.js';

/** With five, a block took twice as long on two cores, and the table three quarters of the time (bench/results/compare.md). */
export const PLACES = 2;
/** What has not ended by then waits for a system or a service, and is no quicker for the rows that wait. */
const PATIENCE_MS = 30_000;
const LOOK_EVERY_MS = 200;

export interface Pace<T> {
  /** In the order of the calls. */
  place: () => Promise<void>;
  /** @param exit keeps the place until its block is over; absent where none was opened */
  leave: (exit?: T) => void;
}

/** @param isOver whether the block of an exit is over, also where that cannot be told */
export function paceOf<T>(isOver: (exit: T) => Promise<boolean>, patienceMs = PATIENCE_MS): Pace<T> {
  let free = PLACES;
  /** The one that was looked at longest ago comes first. */
  const blocking: { exit: T; since: number }[] = [];
  /** When a block was last seen to be over; at first, when one began. */
  let endedAt: number | undefined;

  /** @returns whether its place is free */
  async function look({ exit, since }: (typeof blocking)[number]): Promise<boolean> {
    const isEnded = await isOver(exit);
    if (isEnded) endedAt = Date.now();
    // Where no block ends any more, each row that follows would wait in vain as well.
    return isEnded || Math.min(since, endedAt!) < Date.now() - patienceMs;
  }

  async function place(): Promise<void> {
    while (free === 0) {
      const next = blocking.shift();
      if (next && (await look(next))) free += 1;
      else {
        if (next) blocking.push(next);
        await pause(LOOK_EVERY_MS);
      }
    }
    free -= 1;
  }

  let last = Promise.resolve();
  return {
    place: () => (last = last.then(place)),
    leave(exit) {
      if (exit === undefined) {
        free += 1;
        return;
      }
      const since = Date.now();
      endedAt ??= since;
      blocking.push({ exit, since });
    },
  };
}

/** @param manual names of the systems whose owner a block waits for */
export const isBlockOver = (
  { closedAt, steps }: Pick<ExitStatus, 'closedAt' | 'steps'>,
  manual: ReadonlySet<string>,
): boolean =>
  closedAt !== undefined ||
  // An exit has no step before it has read its plan.
  (steps.length > 0 &&
    steps
      .filter(({ name, system }) => name === 'block-access' && !manual.has(system!))
      .every((step) => isSettled(step) || isStuck(step)));
