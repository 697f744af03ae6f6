/** An arm on Temporal: the exit of the product or the bare workflow, with our services or with none. */
import path from 'node:path';
import { mkdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { Client, Connection } from '@temporalio/client';
import { loadConfig } from '../../src/config/config.js';
import { planFrom } from '../../src/config/planning.js';
import type { Outcome } from '../../src/exit/decision.js';
import { exitWorkflowId } from '../../src/exit/ids.js';
import { taskQueues } from '../../src/exit/queues.js';
import { findTemporal } from '../../src/local/find-temporal.js';
import { startTemporal } from '../../src/local/temporal-server.js';
import { payloadConverterPath } from '../../src/temporal/namespace.js';
import { orchestratedExits } from '../../src/temporal/orchestrated-exits.js';
import type { Arm } from './arm.js';
import { bareExit, decision } from './bare-workflow.js';
import { writeConfig } from './config-file.js';
import { watchEffects, type Effects } from './effects.js';
import { startMeasured } from './measured-child.js';
import { freePort } from '../../src/local/ports.js';

interface Outside {
  env: Record<string, string>;
  effects: Effects;
}

interface TemporalArm {
  label: string;
  folder: string;
  workflow: 'exitEmployee' | 'bareExit';
  /** The names of systems for services that do nothing, or the world outside for ours. */
  on: readonly string[] | Outside;
}

export async function startTemporalArm({ label, folder: parent, workflow, on }: TemporalArm): Promise<Arm> {
  const folder = path.join(parent, label.replaceAll(/\W+/g, '-'));
  await mkdir(folder, { recursive: true });
  const isNoOp = !('effects' in on);
  const { env, systems } = await writeConfig(folder, isNoOp ? on : undefined);
  const effects = isNoOp ? watchEffects() : on.effects;
  const port = await freePort();
  const address = `127.0.0.1:${port}`;
  const workerEnv = { ...env, ...(isNoOp ? {} : on.env), TEMPORAL_ADDRESS: address };
  const server = await startTemporal({
    ...{ program: await findTemporal((line) => console.error(line)), port },
    ...{ dbFile: path.join(folder, 'temporal.db'), logFile: path.join(folder, 'temporal.log') },
  });
  const module = fileURLToPath(new URL('./temporal-worker.js', import.meta.url));
  const args = [workflow, isNoOp ? 'no-op' : 'ours'];
  const worker = await startMeasured(
    { name: label, module, args, env: workerEnv, logFile: path.join(folder, 'worker.log') },
    effects,
  );
  const connection = await Connection.connect({ address });
  const client = new Client({ connection, dataConverter: { payloadConverterPath } });
  const exits = orchestratedExits(client);
  const planned = planFrom(loadConfig({}, workerEnv), 'orchestrated').systems;
  const decide = async (employeeId: string, outcome: Outcome): Promise<void> =>
    void (await exits.decide(employeeId, { outcome, decidedBy: 'hr@acme.example' }));
  const bare = {
    open: async (employeeId: string) => {
      const workflowId = exitWorkflowId(employeeId);
      const args: Parameters<typeof bareExit> = [{ employeeId, systems: planned }];
      await client.workflow.start(bareExit, { taskQueue: taskQueues.exit, workflowId, args });
    },
    retain: (employeeId: string) => client.workflow.getHandle(exitWorkflowId(employeeId)).signal(decision),
  };
  const full = {
    open: async (employeeId: string) => void (await exits.open({ employeeId })),
    retain: (employeeId: string) => decide(employeeId, 'retained'),
    leave: (employeeId: string) => decide(employeeId, 'leaving'),
  };
  return {
    ...{ label, systems, effects, pids: { engine: server.pid, worker: worker.pid } },
    ...(workflow === 'bareExit' ? bare : full),
    async events(employeeId) {
      const handle = client.workflow.getHandle(exitWorkflowId(employeeId));
      await handle.result();
      return (await handle.fetchHistory()).events!.length;
    },
    async stop() {
      await connection.close();
      await worker.stop();
      await server.stop();
    },
  };
}
