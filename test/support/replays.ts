import { Worker } from '@temporalio/worker';
import type { Client } from '@temporalio/client';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { payloadConverterPath, workflowBundlePath } from '../../src/temporal/namespace.js';

/** Fails where the present code does not replay the history of the workflow. @returns the history */
export async function replays(client: Client, workflowId: string) {
  const history = await client.workflow.getHandle(workflowId).fetchHistory();
  await Worker.runReplayHistory(
    { workflowBundle: { codePath: workflowBundlePath }, dataConverter: { payloadConverterPath } },
    JSON.parse(historyToJSON(history)),
    workflowId,
  );
  return history;
}
