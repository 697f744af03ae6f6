/**
 * `npm run replay -- E-1002`: the workflow code of today over the history of one exit, under the inspector. The history comes from the
 * Temporal of the environment, else of `npm start`; or from a file.
 */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { Client, Connection, WorkflowNotFoundError } from '@temporalio/client';
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import { Command } from 'commander';
import { emsHome, loadTemporalConfig } from '../src/config/environment.js';
import { exitWorkflowId } from '../src/exit/ids.js';
import { readStack } from '../src/local/stack-file.js';
import { payloadConverterPath, workflowBundlePath } from '../src/temporal/namespace.js';

type History = Awaited<ReturnType<typeof historyAt>>;

const program = new Command('npm run replay --')
  .description('Replays one orchestrated exit. Write `debugger;` into src/workflows/ where it is to stop.')
  .argument('<exit>', 'an employee id, or a history that the Web UI or the temporal command has saved')
  .addHelpText(
    'after',
    '\nExamples:\n  npm run replay -- E-1002\n  npm run replay -- test/histories/leaving.json',
  )
  .action(async (exit: string) => {
    const history = existsSync(exit) ? savedIn(exit) : await historyAt(loadTemporalConfig(), exit);
    const { workflowId } = history.events![0]!.workflowExecutionStartedEventAttributes!;
    Runtime.install({ logger: new DefaultLogger('WARN') });
    // In this thread, without a limit on how long a step takes: it may be held at a breakpoint.
    const debugMode = true;
    const workflowBundle = { codePath: workflowBundlePath };
    const options = { workflowBundle, dataConverter: { payloadConverterPath }, debugMode };
    await Worker.runReplayHistory(options, history, workflowId!);
    console.log(`${workflowId}: ${history.events!.length} events replayed.`);
  });

function savedIn(file: string): History {
  try {
    const history = JSON.parse(readFileSync(file, 'utf8')) as History;
    assert.ok(history.events?.[0]?.workflowExecutionStartedEventAttributes, 'it starts no workflow');
    return history;
  } catch (error) {
    const why = (error as Error).message;
    return program.error(
      `${file} is no history (${why}): give one that the Web UI or the temporal command has saved, or an employee id`,
    );
  }
}

/** @returns of the latest run */
async function historyAt(temporal: ReturnType<typeof loadTemporalConfig>, employeeId: string) {
  const { connectionOptions, namespace = 'default' } = temporal;
  const address = connectionOptions.address ?? readStack(emsHome())?.temporal.address;
  if (address === undefined)
    return program.error(
      `No Temporal to ask for ${employeeId}: npm start runs one, TEMPORAL_ADDRESS names one`,
    );
  const connection = await Connection.connect({ ...connectionOptions, address });
  try {
    const handle = new Client({ connection, namespace }).workflow.getHandle(exitWorkflowId(employeeId));
    // Only this one answers with a WorkflowNotFoundError.
    await handle.describe();
    return await handle.fetchHistory();
  } catch (error) {
    if (!(error instanceof WorkflowNotFoundError)) throw error;
    return program.error(`Temporal at ${address} has no exit of ${employeeId}, and there is no such file`);
  } finally {
    await connection.close();
  }
}

await program.parseAsync();
