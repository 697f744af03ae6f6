/** The open orchestrated exits, by Temporal. */
import { Context } from '@temporalio/activity';
import type { HasOpenExit } from '../exit/acting.js';
import { exitWorkflowId } from '../exit/ids.js';
import { describeRun } from './describe-run.js';

/** For a list of Temporal's visibility. */
export const OPEN_EXITS = `WorkflowType = 'exitEmployee' AND ExecutionStatus = 'Running'`;

/** By the workflow itself: Temporal's index may be a moment behind. */
export const hasOpenExit: HasOpenExit = async (employeeId) =>
  (await describeRun(Context.current().client, exitWorkflowId(employeeId)))?.status.name === 'RUNNING';
