/** What the client asks the directory before a person's event is appended: the log has neither the directory nor time zones. */
import type { Looked, Whose } from '../../exit/acting.js';
import { startOfDay } from '../../config/start-of-day.js';
import type { Config } from '../../config/config.js';
import type { Decision } from '../../exit/decision.js';
import type { Exit } from '../../exit/exit.js';
import type { Resolution } from '../../exit/resolution.js';

const ANSWER_WITHIN_MS = 10_000;

export function actorsBy(config: Config) {
  const directory = async () => {
    const { createDirectory } = await import('../../services/from-config.js');
    return createDirectory(config);
  };

  async function whose(address: string): Promise<Whose> {
    try {
      const signal = AbortSignal.timeout(ANSWER_WITHIN_MS);
      return { employeeIds: await (await directory()).whose(address, signal) };
    } catch (error) {
      return { problem: (error as Error).message };
    }
  }

  return {
    /** @returns of whom the addresses are that the exit does not know */
    async look(exit: Exit, address: string, act: Partial<Decision & Resolution> = {}): Promise<Looked> {
      const proposer = exit.proposalFor(act)?.by;
      if (!exit.needsLookUp(address, proposer)) return {};
      return {
        actor: await whose(address),
        proposer: proposer === undefined ? undefined : await whose(proposer),
      };
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
