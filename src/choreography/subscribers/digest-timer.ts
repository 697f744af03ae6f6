/**
 * The weekly digest for HR in the choreographed form. Each process looks at the clock; the record of the week, which one of them leases,
 * makes it one digest.
 */
import type { Config } from '../../config/config.js';
import { lastWeekly } from '../../config/weekly.js';
import { digestOf, withNames } from '../../exit/digest.js';
import type { Log } from '../../process/logger.js';
import type { DirectoryService } from '../../services/directory/directory.js';
import type { NotificationService } from '../../services/notification/notification.js';
import type { Bus } from '../jetstream/bus.js';
import { openRecords } from '../jetstream/records.js';
import { openRows, readOpenRows } from '../observing/exit-list.js';
import { deliveriesOf, type Delivering } from './deliveries-of-record.js';
import type { Subscriber } from './subscriber.js';
import { startTimer } from './timer.js';

interface DigestTimer {
  bus: Bus;
  config: Config;
  directory: DirectoryService;
  service: NotificationService;
  leaseMs: number;
  log: Log;
}

interface Week extends Delivering {
  isDone: boolean;
}

const LOOK_EVERY_MS = 30_000;
/** A later one would be old news, and the next one comes. */
const GIVE_UP_AFTER_MS = 24 * 60 * 60 * 1000;

export function startDigestTimer({ bus, config, directory, service, leaseMs, log }: DigestTimer): Subscriber {
  let doneFor = '';

  async function look(signal: AbortSignal): Promise<void> {
    const { date, instant } = lastWeekly(config.digest!, config.interview.timeZone, new Date().toISOString());
    if (date === doneFor || Date.now() - Date.parse(instant) > GIVE_UP_AFTER_MS) return;
    const empty: Week = { delivered: [], isDone: false };
    const records = await openRecords<Week>(bus, { bucket: 'weekly-digests', empty, leaseMs });
    await records.lease(date, signal, async (record) => {
      if (record.value.isDone) return;
      await record.save();
      const open = openRows(await readOpenRows(bus, record.signal));
      const digest = await withNames(digestOf(open, new Date().toISOString()), (employeeId) =>
        directory.lookUp(employeeId, record.signal),
      );
      await service.sendDigest({ id: `digest-${date}`, digest }, deliveriesOf(record), record.signal);
      record.value.isDone = true;
    });
    doneFor = date;
  }

  return startTimer({ failing: 'the weekly digest cannot be sent', everyMs: LOOK_EVERY_MS, look, log });
}
