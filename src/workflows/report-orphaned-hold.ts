/** Reports a hold whose exit was terminated or timed out: access stays blocked, and no workflow is left that reports it. */
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import { proxyActivities, startChild } from '@temporalio/workflow';
import type { NotificationActivities } from '../activities/notification-activities.js';
import type { OrphanedHold } from '../exit/drift.js';

/** The workflow ID makes it once per exit, for as long as the namespace retains the closed workflow. */
export async function reportOnce(orphan: OrphanedHold): Promise<void> {
  try {
    await startChild(reportOrphanedHold, {
      workflowId: `orphaned-hold-${orphan.exitId}`,
      args: [orphan],
      workflowIdReusePolicy: 'REJECT_DUPLICATE',
      parentClosePolicy: 'ABANDON',
    });
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
  }
}

/** Mails the operator, and retries without limit while the mail server is down. */
export async function reportOrphanedHold(orphan: OrphanedHold): Promise<void> {
  const { notifyOfOrphanedHold } = proxyActivities<NotificationActivities>({
    startToCloseTimeout: '1 minute',
    taskQueue: orphan.queue,
  });
  const summary = `Tell the operator of the hold on ${orphan.employeeId}`;
  await notifyOfOrphanedHold.executeWithOptions({ summary }, [orphan]);
}
