/** Whether the exit of an employee has acted in the last minutes, by its events: another process may carry it out. */
import { isRecent, type HasActed } from '../../services/access/other-exits.js';
import type { Bus } from '../jetstream/bus.js';

export const hasRecentEvent =
  (bus: Bus): HasActed =>
  async (employeeId) => {
    const latest = (await bus.read(employeeId)).events.at(-1);
    return latest !== undefined && isRecent(new Date(latest.storedAt));
  };
