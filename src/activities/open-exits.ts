/** The open orchestrated exits, by Temporal. */
import { Context } from '@temporalio/activity';
import { WorkflowNotFoundError } from '@temporalio/client';
import type { HasOpenExit } from '../exit/acting.js';
import { exitWorkflowId } from '../exit/ids.js';

/** For a list of Temporal's visibility. */
export const OPEN_EXITS = `WorkflowType = 'exitEmployee' AND ExecutionStatus = 'Running'`;

/** By the workflow itself: Temporal's index may be a moment behind. */
export const hasOpenExit: HasOpenExit = async (employeeId) => {
  const workflow = Context.current().client.workflow.getHandle(exitWorkflowId(employeeId));
  try {
    return (await workflow.describe()).status.name === 'RUNNING';
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return false;
    throw error;
  }
};
