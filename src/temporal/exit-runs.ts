/** The runs of an employee's workflow ID. A reset makes another run of the same exit; the exit id is the ID of its first run. */
import type { Client, WorkflowExecutionDescription } from '@temporalio/client';
import { describeRun } from '../activities/describe-run.js';
import type { ListedPhase } from '../exit/exits.js';
import { exitWorkflowId } from '../exit/ids.js';
import { searchAttributes } from '../workflows/search-attributes.js';

/** Temporal answers INVALID_ARGUMENT to a run ID that is no UUID. */
export const isRunId = (text: string): boolean => /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/.test(text);

/** A description has the first run's ID; Temporal's list does not. */
export const exitIdOfRun = ({ raw, runId }: WorkflowExecutionDescription): string =>
  raw.workflowExecutionInfo?.firstRunId || runId;

/** The ID of the run that a reset made of this one. */
export const replacedBy = ({ raw }: WorkflowExecutionDescription): string | undefined =>
  raw.workflowExtendedInfo?.resetRunId || undefined;

/** @returns the latest run of an exit; without an exit id, of the employee's newest exit */
export async function latestRun(
  client: Client,
  employeeId: string,
  exitId?: string,
): Promise<WorkflowExecutionDescription | undefined> {
  const workflowId = exitWorkflowId(employeeId);
  let run = await describeRun(client, workflowId);
  if (exitId === undefined || (run && exitIdOfRun(run) === exitId)) return run;
  run = isRunId(exitId) ? await describeRun(client, workflowId, exitId) : undefined;
  for (let next = run && replacedBy(run); next !== undefined; next = run && replacedBy(run))
    run = await describeRun(client, workflowId, next);
  return run && exitIdOfRun(run) === exitId ? run : undefined;
}

/** By Temporal's execution status. */
const cutShort = { FAILED: 'failed', TERMINATED: 'terminated', TIMED_OUT: 'timed-out' } as const;

export const phaseOf = ({
  status,
  typedSearchAttributes,
}: Pick<WorkflowExecutionDescription, 'status' | 'typedSearchAttributes'>): ListedPhase =>
  cutShort[status.name as keyof typeof cutShort] ??
  (typedSearchAttributes.get(searchAttributes.ExitPhase) as ListedPhase | undefined) ??
  'starting';
