/** Reminds of the openings that wait for a second person, started by a schedule. */
import { proxyActivities } from '@temporalio/workflow';
import type { NotificationActivities } from '../activities/notification-activities.js';
import type { OpeningActivities } from '../activities/opening-activities.js';

/** The next run reminds then. */
const GIVE_UP_AFTER = '1 day';

/** @param queue of the notification service */
export async function remindOfWaitingOpenings({ queue }: { queue: string }): Promise<void> {
  const timeouts = { startToCloseTimeout: '2 minutes', scheduleToCloseTimeout: GIVE_UP_AFTER } as const;
  const { remindersDue, noteReminded } = proxyActivities<OpeningActivities>(timeouts);
  const { remindOfOpenings } = proxyActivities<NotificationActivities>({ ...timeouts, taskQueue: queue });
  const now = new Date().toISOString();
  const look = 'Look which openings wait for a second person';
  const due = await remindersDue.executeWithOptions({ summary: look }, [{ now }]);
  if (due.length === 0) return;
  await remindOfOpenings.executeWithOptions({ summary: 'Mail those who may confirm' }, [due]);
  await noteReminded.executeWithOptions({ summary: 'Note until when' }, [{ now }]);
}
