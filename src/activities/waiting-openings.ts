/** The openings of the orchestrated form that wait for a second person, by Temporal's index. */
import type { Client } from '@temporalio/client';
import type { WaitingOpening } from '../exit/opening.js';

export async function waitingOpenings({ workflow }: Client): Promise<WaitingOpening[]> {
  const query = `WorkflowType = 'waitingOpening' AND ExecutionStatus = 'Running'`;
  const found: WaitingOpening[] = [];
  for await (const { memo } of workflow.list({ query })) found.push(memo?.['opening'] as WaitingOpening);
  return found;
}
