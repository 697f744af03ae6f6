/** Why the workflow tasks of an exit fail: its history does not fit the code of the worker, or that code has a mistake. */
import type { Client, WorkflowExecutionDescription } from '@temporalio/client';

/** WORKFLOW_TASK_FAILED_CAUSE_NON_DETERMINISTIC_ERROR of Temporal's API. */
const NON_DETERMINISTIC = 24;
/** Signals may follow the failure; a first failure further back is not told. */
const LOOK_BACK = 100;

/** By the description alone: a worker that died leaves the same trace, so that `taskFailure` has to tell. */
export const mayFail = ({ raw }: WorkflowExecutionDescription): boolean =>
  (raw.pendingWorkflowTask?.attempt ?? 1) > 1;

/**
 * @param runId default: the latest run
 * @returns a sentence with what to do; undefined where the latest task that ended did not fail
 */
export async function taskFailure(
  client: Client,
  workflowId: string,
  runId?: string,
): Promise<string | undefined> {
  const { history } = await client.workflowService.getWorkflowExecutionHistoryReverse({
    namespace: client.options.namespace,
    execution: { workflowId, ...(runId !== undefined && { runId }) },
    maximumPageSize: LOOK_BACK,
  });
  const ended = history?.events?.find(
    (event) => event.workflowTaskCompletedEventAttributes ?? event.workflowTaskFailedEventAttributes,
  );
  const failed = ended?.workflowTaskFailedEventAttributes;
  // A reset writes such an event too.
  if (!failed || failed.baseRunId) return undefined;
  const what = failed.failure?.message;
  return Number(failed.cause) === NON_DETERMINISTIC
    ? `the worker runs another release of the workflow than the exit did before (${what}). Run that release again, or reset the exit`
    : `the workflow code of the worker fails on it (${what}). Run a release that does not, or reset the exit`;
}
