/** Replays the history of every orchestrated exit on the code of today. */
import { Client, Connection } from '@temporalio/client';
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import { exitWorkflowId } from '../../src/exit/ids.js';
import { payloadConverterPath, workflowBundlePath } from '../../src/temporal/namespace.js';
import type { ChaosExit } from './exits.js';
import type { Violation } from './violation.js';

export async function judgeHistories(address: string, exits: readonly ChaosExit[]): Promise<Violation[]> {
  const connection = await Connection.connect({ address });
  const found: Violation[] = [];
  try {
    Runtime.install({ logger: new DefaultLogger('ERROR') });
    const { workflow } = new Client({ connection });
    const histories = (async function* () {
      for (const { employeeId } of exits) {
        const workflowId = exitWorkflowId(employeeId);
        yield { workflowId, history: await workflow.getHandle(workflowId).fetchHistory() };
      }
    })();
    const options = {
      workflowBundle: { codePath: workflowBundlePath },
      dataConverter: { payloadConverterPath },
    };
    for await (const { workflowId, error } of Worker.runReplayHistories(options, histories)) {
      if (!error) continue;
      const { employeeId, exitId } = exits.find((exit) => exitWorkflowId(exit.employeeId) === workflowId)!;
      found.push({ rule: 'every history replays', employeeId, exitId, says: error.message });
    }
    return found;
  } finally {
    await connection.close();
  }
}
