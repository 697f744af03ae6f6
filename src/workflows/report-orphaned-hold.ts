/** A hold whose exit was terminated: access stays off, and no workflow is left to say so. */
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import { proxyActivities, startChild } from '@temporalio/workflow';
import type { NotificationActivities } from '../activities/notification-activities.js';
import type { OrphanedHold } from '../exit/drift.js';

/** Once: while this workflow, or the memory of it, is there, it is not started again. */
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

/** Tells the operator, however long the mail server is away. */
export async function reportOrphanedHold(orphan: OrphanedHold): Promise<void> {
  const { notifyOfOrphanedHold } = proxyActivities<NotificationActivities>({
    startToCloseTimeout: '1 minute',
    taskQueue: orphan.queue,
  });
  const summary = `Tell the operator of the hold on ${orphan.employeeId}`;
  await notifyOfOrphanedHold.executeWithOptions({ summary }, [orphan]);
}
