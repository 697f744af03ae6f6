/** Waits for an exit, in either form, and says how it stood when that was in vain. */
import type { ExitStatus } from '../../src/exit/status.js';
import { eventually } from './eventually.js';

export const untilOf =
  (exits: { status: (employeeId: string) => Promise<ExitStatus> }) =>
  async (
    { employeeId }: { employeeId: string },
    what: string,
    wanted: (status: ExitStatus) => boolean,
  ): Promise<ExitStatus> => {
    let last: ExitStatus | undefined;
    return eventually(what, async () => {
      last = await exits.status(employeeId);
      return wanted(last) ? last : undefined;
    }).catch((error: Error) => {
      throw new Error(`${employeeId}: ${error.message}; ${JSON.stringify(last, null, 1)}`, { cause: error });
    });
  };
