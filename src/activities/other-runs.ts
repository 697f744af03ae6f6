import type { Client, WorkflowExecutionInfo } from '@temporalio/client';

/** The other runs under a workflow ID, the oldest first. */
export async function otherRuns(
  client: Client,
  { workflowId, runId }: { workflowId: string; runId?: string | undefined },
): Promise<WorkflowExecutionInfo[]> {
  const runs: WorkflowExecutionInfo[] = [];
  for await (const run of client.workflow.list({ query: `WorkflowId = '${workflowId}'` })) runs.push(run);
  return runs
    .filter((run) => run.runId !== runId)
    .toSorted((a, b) => a.startTime.getTime() - b.startTime.getTime());
}
