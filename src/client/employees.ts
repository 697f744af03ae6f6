/** Who an employee is, for people who read about exits: from the directory, remembered for a while. */
import { setTimeout as pause } from 'node:timers/promises';
import type { Config } from '../config/config.js';
import { FailureType, isFinalFailure } from '../exit/failures.js';
import type { Employee } from '../exit/people.js';
import { createDirectory } from '../services/from-config.js';

const REMEMBERED_MS = 5 * 60 * 1000;
const REMEMBERED = 20_000;
/** Requests to the directory at the same time. */
const AT_ONCE = 8;

export type People = ReturnType<typeof peopleOf>;

/** @param config called on first use */
export function peopleOf(config: () => Config | Promise<Config>) {
  const known = new Map<string, { employee: Employee | undefined; until: number }>();
  const asked = new Map<string, Promise<Employee | undefined>>();

  async function directory() {
    const found = await config();
    return {
      directory: createDirectory(found),
      signal: AbortSignal.timeout(found.policy.requestTimeout),
    };
  }

  async function ask(employeeId: string): Promise<Employee | undefined> {
    const { directory: of, signal } = await directory();
    const employee = await of.lookUp(employeeId, signal).catch((error: unknown) => {
      if (isFinalFailure(error, FailureType.UnknownEmployee)) return undefined;
      throw error;
    });
    known.set(employeeId, { employee, until: Date.now() + REMEMBERED_MS });
    if (known.size > REMEMBERED) known.delete(known.keys().next().value!);
    return employee;
  }

  function lookUp(employeeId: string): Promise<Employee | undefined> {
    const remembered = known.get(employeeId);
    if (remembered && remembered.until > Date.now()) return Promise.resolve(remembered.employee);
    const asking = asked.get(employeeId) ?? ask(employeeId).finally(() => asked.delete(employeeId));
    asked.set(employeeId, asking);
    return asking;
  }

  return {
    /** @returns the employee ids of a manager's own reports; undefined where the directory does not tell them so */
    async reportsOf(manager: string): Promise<string[] | undefined> {
      const { directory: of, signal } = await directory();
      return of.reportsOf(manager, signal).catch(() => undefined);
    },

    /** @returns undefined where the directory has no such employee. @throws Error where it does not tell */
    lookUp,

    /**
     * @param withinMs what the directory has not told by then is left out
     * @returns the employees that it told; undefined for one that it does not know
     */
    async lookUpAll(
      employeeIds: readonly string[],
      withinMs: number,
    ): Promise<Map<string, Employee | undefined>> {
      const found = new Map<string, Employee | undefined>();
      const left = [...new Set(employeeIds)];
      const deadline = Date.now() + withinMs;
      const ofOne = async (): Promise<void> => {
        for (let id = left.pop(); id !== undefined && Date.now() < deadline; id = left.pop()) {
          const employeeId = id;
          // One that the directory does not tell is left out, and the reader is told so.
          await lookUp(employeeId).then(
            (employee) => void found.set(employeeId, employee),
            () => undefined,
          );
        }
      };
      const all = Promise.all(Array.from({ length: AT_ONCE }, ofOne));
      await Promise.race([all, pause(withinMs, undefined, { ref: false })]);
      return new Map(found);
    },
  };
}
