/** Whether the exit of an employee has acted in the last minutes, by its workflow: another worker may carry it out. */
import { Context } from '@temporalio/activity';
import { WorkflowNotFoundError } from '@temporalio/client';
import { exitWorkflowId } from '../exit/ids.js';
import { isRecent } from '../services/access/other-exits.js';

const WRITES = /^(block|restore|revoke)Access$/;

export async function hasRunRecently(employeeId: string): Promise<boolean> {
  try {
    const run = await Context.current().client.workflow.getHandle(exitWorkflowId(employeeId)).describe();
    const isWriting = run.raw.pendingActivities?.some(({ activityType }) =>
      WRITES.test(activityType?.name ?? ''),
    );
    return (
      isWriting === true ||
      isRecent(run.startTime) ||
      (run.closeTime !== undefined && isRecent(run.closeTime))
    );
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return false;
    throw error;
  }
}
