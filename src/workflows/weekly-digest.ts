/** The weekly digest for HR, started by a schedule. */
import { proxyActivities, workflowInfo } from '@temporalio/workflow';
import type { DigestActivities } from '../activities/digest-activities.js';
import type { NotificationActivities } from '../activities/notification-activities.js';

/** A later one would be old news, and the next one comes. */
const GIVE_UP_AFTER = '1 day';

/** @param queue of the notification service */
export async function weeklyDigest({ queue }: { queue: string }): Promise<void> {
  const timeouts = { startToCloseTimeout: '2 minutes', scheduleToCloseTimeout: GIVE_UP_AFTER } as const;
  const { openExits } = proxyActivities<DigestActivities>(timeouts);
  const { sendDigest } = proxyActivities<NotificationActivities>({ ...timeouts, taskQueue: queue });
  const digest = await openExits.executeWithOptions({ summary: 'List the open exits' }, []);
  const { workflowId } = workflowInfo();
  await sendDigest.executeWithOptions({ summary: 'Mail the digest to HR' }, [{ id: workflowId, digest }]);
}
