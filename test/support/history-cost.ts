/** What an exit costs in history, whatever the machine: the events that its own commands and messages cause. */
import type { WorkflowHandle } from '@temporalio/client';

/**
 * Without the events of workflow tasks: answers that come together share a task, so their number depends on the machine.
 * Each of these events causes one task, of three events, at most.
 */
export async function eventsOf(handle: WorkflowHandle): Promise<number> {
  const { events } = await handle.fetchHistory();
  return events!.filter(
    (event) =>
      !event.workflowTaskScheduledEventAttributes &&
      !event.workflowTaskStartedEventAttributes &&
      !event.workflowTaskCompletedEventAttributes,
  ).length;
}
