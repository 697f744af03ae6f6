/** Whether the exit of an employee has removed them from a group in the last minutes, by its record: another process may carry it out. */
import type { StoredEvent } from '../../exit/events.js';
import type { Holds } from '../../exit/holds.js';
import { isRecent, type HasActed } from '../../services/access/other-exits.js';
import type { Bus } from '../jetstream/bus.js';
import { readRecord } from '../jetstream/records.js';
import { ACCESS_RECORDS } from './access-subscriber.js';

export const hasRecentRecord =
  (bus: Bus): HasActed =>
  async (employeeId, { system, groupId }) => {
    const { events } = await bus.read(employeeId);
    const exitId = events.at(-1)?.exitId;
    if (exitId === undefined) return false;
    // What was given back since is no removal.
    const isGivenBack = (event: StoredEvent): boolean =>
      event.type === 'access.restored' && event.exitId === exitId && event.data.system === system;
    if (events.some(isGivenBack)) return false;
    const record = await readRecord<Holds>(bus, ACCESS_RECORDS, [system, employeeId, exitId].join('.'));
    if (!record || !isRecent(record.writtenAt)) return false;
    // One account of several may be restored already.
    const removing = record.value.filter(({ restored }) => !restored);
    return removing.some(({ taken, removing: left = [] }) =>
      [...taken.groups, ...left].some(({ id }) => id === groupId),
    );
  };
