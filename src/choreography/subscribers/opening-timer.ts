/** Reminds of the openings of the choreographed form that wait for a second person. */
import { lookEveryMs, openingReminders } from '../../exit/opening-reminders.js';
import type { Review } from '../../exit/review.js';
import type { Log } from '../../process/logger.js';
import type { NotificationService } from '../../services/notification/notification.js';
import type { Bus } from '../jetstream/bus.js';
import { openingKeys } from '../jetstream/opening-keys.js';
import { openRecords } from '../jetstream/records.js';
import { deliveriesOf, type Delivering } from './deliveries-of-record.js';
import type { Subscriber } from './subscriber.js';
import { startTimer } from './timer.js';

interface OpeningTimer {
  bus: Bus;
  review: Review;
  service: NotificationService;
  leaseMs: number;
  log: Log;
}

interface Looked extends Delivering {
  /** Until when all reminders were sent that fell due: ISO 8601, UTC. */
  until?: string;
}

const LOOK_EVERY_MS = 30_000;

export function startOpeningTimer({ bus, review, service, leaseMs, log }: OpeningTimer): Subscriber {
  const openings = openingKeys(bus);
  let until: string | undefined;

  async function look(signal: AbortSignal): Promise<void> {
    const waiting = await openings.waiting();
    const now = new Date().toISOString();
    if (openingReminders(waiting, review, now, until).length === 0) return;
    const empty: Looked = { delivered: [] };
    const records = await openRecords<Looked>(bus, { bucket: 'opening-reminders', empty, leaseMs });
    await records.lease('looked', signal, async (record) => {
      const due = openingReminders(waiting, review, now, record.value.until);
      if (due.length === 0) return;
      await record.save();
      const answers = await service.remindOfOpenings(due, deliveriesOf(record), record.signal);
      for (const answer of answers)
        if ('refused' in answer) log.warn({ refused: answer.refused }, 'a reminder of openings was refused');
      record.value = { delivered: [], until: now };
    });
    until = now;
  }

  const everyMs = Math.min(LOOK_EVERY_MS, lookEveryMs(review));
  return startTimer({ failing: 'no reminder of openings that wait can be sent', everyMs, look, log });
}
