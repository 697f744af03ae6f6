/**
 * The limits of openings (`openings` of the configuration). What began is counted in both forms, from their own records. The memory of
 * this process only bridges the moment until Temporal's index has an exit.
 */
import type { Config } from '../config/config.js';
import type { Beyond } from '../exit/opening.js';
import { formsAsked, type Configured } from './forms.js';

export const HOUR_MS = 60 * 60 * 1000;

/** @param config called on first use */
export function admissionOf(configured: Configured, config: () => Config | Promise<Config>) {
  /** When this process admitted an employee's exit. */
  const admitted = new Map<string, number>();

  /** @throws Refusal where a form does not answer, since the limit holds for both together */
  async function countOf() {
    const since = Date.now() - HOUR_MS;
    const asked = formsAsked(configured).map(async (form) => {
      const { openings } = await configured[form]!();
      const [begun, kept] = await Promise.all([
        openings.begunSince(new Date(since).toISOString()),
        openings.waiting(),
      ]);
      return { begun, isTripped: kept.some(({ beyond }) => beyond === 'hour') };
    });
    const answers = await Promise.all(asked);
    const begun = answers.flatMap((each) => each.begun);
    return { since, begun, isTripped: answers.some((each) => each.isTripped) };
  }

  /** @returns how many more exits may begin now; 0 while openings wait because of the hour */
  function roomIn({ since, begun, isTripped }: Awaited<ReturnType<typeof countOf>>, perHour: number): number {
    for (const [employeeId, at] of admitted) if (at < since) admitted.delete(employeeId);
    const taken = new Set([...begun, ...admitted.keys()]).size;
    return isTripped ? 0 : Math.max(0, perHour - taken);
  }

  return {
    /** @returns how many of so many rows of a table one person may open now */
    async room(rows: number): Promise<number> {
      const { perHour, perTable = Infinity } = (await config()).openings;
      if (rows > perTable) return 0;
      return perHour === undefined ? rows : Math.min(rows, roomIn(await countOf(), perHour));
    },

    /**
     * @param rows of the table that the opening is in; 1 for a single one
     * @returns the limit that it is beyond; undefined where the exit is to be opened now
     */
    async admit(employeeId: string, rows: number): Promise<Beyond | undefined> {
      const { perHour, perTable = Infinity } = (await config()).openings;
      if (rows > perTable) return 'table';
      if (perHour === undefined) return undefined;
      const count = await countOf();
      // Nothing is awaited from here on, so that requests at the same time do not share one room.
      if (roomIn(count, perHour) === 0) return 'hour';
      admitted.set(employeeId, Date.now());
      return undefined;
    },

    /** Gives back the room of an exit that was not opened. */
    release: (employeeId: string): void => void admitted.delete(employeeId),
  };
}
