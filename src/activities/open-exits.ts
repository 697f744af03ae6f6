/** Other orchestrated exits, by Temporal. */
import { Context } from '@temporalio/activity';
import { WorkflowNotFoundError } from '@temporalio/client';
import type { HasOpenExit } from '../exit/acting.js';
import { exitWorkflowId } from '../exit/ids.js';
import type { Sent } from '../exit/people.js';
import type { MailOf } from '../exit/told.js';
import { describeRun } from './describe-run.js';
import { queryRun } from './query-run.js';

/** For a list of Temporal's visibility. */
export const OPEN_EXITS = `WorkflowType = 'exitEmployee' AND ExecutionStatus = 'Running'`;

/** By the workflow itself: Temporal's index may be a moment behind. */
export const hasOpenExit: HasOpenExit = async (employeeId) =>
  (await describeRun(Context.current().client, exitWorkflowId(employeeId)))?.status.name === 'RUNNING';

const ANSWER_WITHIN_MS = 5_000;

export const mailOf: MailOf = async (teller, exitId) => {
  const { client } = Context.current();
  const exit = client.workflow.getHandle(exitWorkflowId(teller));
  try {
    return await queryRun<Sent | undefined, [string]>(client, exit, ANSWER_WITHIN_MS, 'mailAlsoOf', exitId);
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return undefined;
    throw error;
  }
};
