/** Other choreographed exits, by the stream. */
import type { HasOpenExit } from '../../exit/acting.js';
import { foldLog } from '../../exit/fold.js';
import { EmployeeId } from '../../exit/ids.js';
import type { MailOf } from '../../exit/told.js';
import type { Bus } from './bus.js';

export const hasOpenExitIn =
  (bus: Bus): HasOpenExit =>
  async (employeeId) => {
    // A login that stands in for a missing employee id may be no token of a subject. An exit has one that is.
    if (!EmployeeId.safeParse(employeeId).success) return false;
    const { latest } = await logOf(bus, employeeId);
    return latest !== undefined && latest.closedAt === undefined;
  };

export const mailOfIn =
  (bus: Bus): MailOf =>
  async (teller, exitId) => {
    const { exits } = await logOf(bus, teller);
    return [...exits.values()].map((exit) => exit.mailAlsoOf(exitId)).find((mail) => mail !== undefined);
  };

async function logOf(bus: Bus, employeeId: string) {
  const { events } = await bus.read(employeeId);
  return foldLog(events, new Date().toISOString(), bus.trusted);
}
