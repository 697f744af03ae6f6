import { randomUUID } from 'node:crypto';
import type { Client } from '@temporalio/client';

/** @param task which completed workflow task it begins again after, as in `Array.at` */
export async function resetWorkflow(client: Client, workflowId: string, task: number): Promise<void> {
  const handle = client.workflow.getHandle(workflowId);
  const { events } = await handle.fetchHistory();
  const tasks = events!.filter((event) => event.workflowTaskCompletedEventAttributes);
  const { runId } = await handle.describe();
  await client.workflowService.resetWorkflowExecution({
    namespace: 'default',
    workflowExecution: { workflowId, runId },
    reason: 'a test',
    requestId: randomUUID(),
    workflowTaskFinishEventId: tasks.at(task)!.eventId!,
  });
}
