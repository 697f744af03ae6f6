/** What the client asks the directory before a person's event is appended: the log has neither the directory nor time zones. */
import type { Whose } from '../../exit/acting.js';
import { startOfDay } from '../../config/start-of-day.js';
import type { Config } from '../../config/config.js';
import type { Exit } from '../../exit/exit.js';

const ANSWER_WITHIN_MS = 10_000;

export function actorsBy(config: Config) {
  const directory = async () => {
    const { createDirectory } = await import('../../services/from-config.js');
    return createDirectory(config);
  };

  return {
    /** @returns of whom the address is; undefined where the exit knows it */
    async whose(exit: Exit, address: string): Promise<Whose | undefined> {
      if (!exit.needsLookUp(address)) return undefined;
      try {
        const signal = AbortSignal.timeout(ANSWER_WITHIN_MS);
        return { employeeIds: await (await directory()).whose(address, signal) };
      } catch (error) {
        return { problem: (error as Error).message };
      }
    },

    /** When a day begins for the employee; for the company where the directory tells no time zone. */
    async effectOn(
      day: string | undefined,
      employeeId: string,
    ): Promise<{ effectiveAt?: string; effectiveZone?: string }> {
      if (day === undefined) return {};
      const company = config.interview.timeZone;
      const effectiveZone = await (
        await directory()
      )
        .lookUp(employeeId, AbortSignal.timeout(ANSWER_WITHIN_MS))
        .then(
          ({ timeZone = company }) => timeZone,
          () => company,
        );
      return { effectiveAt: startOfDay(day, effectiveZone), effectiveZone };
    },
  };
}

/** As the event carries it. */
export const idsOf = (whose: Whose | undefined) =>
  whose && 'employeeIds' in whose ? { actorIds: whose.employeeIds } : {};
