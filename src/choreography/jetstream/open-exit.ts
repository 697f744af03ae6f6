/** Whether an employee has an open choreographed exit, by the stream. */
import type { HasOpenExit } from '../../exit/acting.js';
import { foldLog } from '../../exit/fold.js';
import { EmployeeId } from '../../exit/ids.js';
import type { Bus } from './bus.js';

export const hasOpenExitIn =
  (bus: Bus): HasOpenExit =>
  async (employeeId) => {
    // A login that stands in for a missing employee id may be no token of a subject. An exit has one that is.
    if (!EmployeeId.safeParse(employeeId).success) return false;
    const { events } = await bus.read(employeeId);
    const { latest } = foldLog(events, new Date().toISOString(), bus.trusted);
    return latest !== undefined && latest.closedAt === undefined;
  };
