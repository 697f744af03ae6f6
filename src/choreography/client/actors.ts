/** What the client asks the directory before a person's event is appended: the log has neither the directory nor time zones. */
import { lookUp, type HasOpenExit, type Looked, type Whose } from '../../exit/acting.js';
import { startOfDay } from '../../config/start-of-day.js';
import type { Config } from '../../config/config.js';
import type { Exit } from '../../exit/exit.js';
import { dayNotTold } from '../../exit/refusal.js';
import type { createDirectory } from '../../services/from-config.js';

const ANSWER_WITHIN_MS = 10_000;

export type Directory = ReturnType<typeof createDirectory>;

/** @param given default: that of the configuration */
export function actorsBy(config: Config, hasOpenExit: HasOpenExit, given?: Directory) {
  const directory = async (): Promise<Directory> => {
    if (given) return given;
    const { createDirectory } = await import('../../services/from-config.js');
    return createDirectory(config, hasOpenExit);
  };

  async function whose(address: string): Promise<Whose> {
    try {
      const signal = AbortSignal.timeout(ANSWER_WITHIN_MS);
      return await (await directory()).whose(address, signal);
    } catch (error) {
      return { problem: (error as Error).message };
    }
  }

  async function zoneOf(employeeId: string, day: string): Promise<string | undefined> {
    const of = await directory();
    return of.timeZoneOf(employeeId, AbortSignal.timeout(ANSWER_WITHIN_MS)).catch((error: unknown) => {
      throw dayNotTold(employeeId, day, error);
    });
  }

  return {
    /** @returns of whom the address is, and the others that the exit has to know of; the exit itself refuses what is no address */
    look: async (exit: Exit, address: unknown, act?: Parameters<Exit['lookUpsFor']>[1]): Promise<Looked> =>
      typeof address === 'string' ? lookUp(exit.lookUpsFor(address, act), whose) : {},

    /**
     * When a day begins for the employee; for the company where the directory tells no time zone, or knows no such employee.
     * @throws Refusal where the directory does not tell who the employee is: the events have no time zone
     */
    async effectOn(
      day: string | undefined,
      employeeId: string,
    ): Promise<{ effectiveAt?: string; effectiveZone?: string }> {
      if (day === undefined) return {};
      const effectiveZone = (await zoneOf(employeeId, day)) ?? config.interview.timeZone;
      return { effectiveAt: startOfDay(day, effectiveZone), effectiveZone };
    },
  };
}
