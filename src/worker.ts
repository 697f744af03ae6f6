/** The worker process: `node dist/src/worker.js [--services exit,notification,hr,access]`. */
import { access, writeFile } from 'node:fs/promises';
import { Client } from '@temporalio/client';
import { DefaultLogger, NativeConnection, Runtime, type Worker } from '@temporalio/worker';
import { Command, InvalidArgumentError } from 'commander';
import { loadConfig } from './config/config.js';
import { loadTemporalConfig } from './config/environment.js';
import { createWorkers, runWorkers, workerServices, type ServiceName } from './temporal/workers.js';
import {
  ensureDriftCheck,
  ensureSearchAttributes,
  payloadConverterPath,
  workflowBundlePath,
} from './temporal/namespace.js';

/** The health check of the container fails once the file is older than a minute. */
const HEALTH_EVERY_MS = 10_000;

const { services, healthFile } = new Command('worker')
  .description('Runs the Temporal workers of the exit management system until SIGINT or SIGTERM.')
  .option('--services <list>', `which of ${workerServices.join(', ')}; default: all`, parseServices, [
    ...workerServices,
  ])
  .option(
    '--health-file <path>',
    'a file whose modification time is renewed while the workers poll and Temporal answers',
  )
  .parse()
  .opts<{ services: ServiceName[]; healthFile?: string }>();

try {
  await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  if (error instanceof Error && error.cause) console.error('Cause:', error.cause);
  process.exitCode = 1;
}

async function main(): Promise<void> {
  const config = loadConfig();
  await access(workflowBundlePath).catch((error: unknown) => {
    throw new Error(`The workflow bundle ${workflowBundlePath} is missing: run "npm run build"`, {
      cause: error,
    });
  });
  // The SDK shuts its workers down on SIGINT and SIGTERM; its logger writes to stderr.
  Runtime.install({ logger: new DefaultLogger('INFO') });
  const { connectionOptions, namespace = 'default' } = loadTemporalConfig();
  const address = connectionOptions.address ?? 'localhost:7233';
  const connection = await NativeConnection.connect(connectionOptions).catch((error: unknown) => {
    throw new Error(
      `Temporal cannot be reached at ${address}. Start the local stack with "npm start", or set TEMPORAL_ADDRESS`,
      {
        cause: error,
      },
    );
  });
  try {
    await ensureSearchAttributes(connection, namespace);
    if (services.includes('exit')) {
      const client = new Client({ connection, namespace, dataConverter: { payloadConverterPath } });
      await ensureDriftCheck(client, config.policy.recheckEvery);
    }
    const workers = await createWorkers({ connection, namespace, config, services });
    const running = runWorkers(workers);
    const queues = workers.map((worker) => worker.options.taskQueue).join(', ');
    process.send?.('ready');
    console.error(
      `worker ready: ${services.join(', ')} on ${address}, namespace ${namespace}, task queues ${queues}`,
    );
    if (healthFile) setInterval(() => void touch(healthFile, connection, workers), HEALTH_EVERY_MS).unref();
    await running;
  } finally {
    await connection.close();
  }
}

async function touch(file: string, connection: NativeConnection, workers: readonly Worker[]): Promise<void> {
  try {
    await connection.healthService.check({ service: 'temporal.api.workflowservice.v1.WorkflowService' });
    if (workers.every((worker) => worker.getState() === 'RUNNING')) await writeFile(file, '');
  } catch (error) {
    console.error(`Temporal failed the health check of this worker: ${(error as Error).message}`);
  }
}

function parseServices(list: string): ServiceName[] {
  return list.split(',').map((name) => {
    const service = workerServices.find((each) => each === name.trim());
    if (!service)
      throw new InvalidArgumentError(`"${name}" is no service: use ${workerServices.join(', ')}.`);
    return service;
  });
}
