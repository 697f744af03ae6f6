/** The worker process: `node dist/src/worker.js [--services exit,notification,hr,access]`. */
import { access } from 'node:fs/promises';
import { Client } from '@temporalio/client';
import { NativeConnection, Runtime, type LogLevel } from '@temporalio/worker';
import { Command, InvalidArgumentError, Option } from 'commander';
import { loadConfig } from './config/config.js';
import { loadTemporalConfig } from './config/environment.js';
import { healthOption, parseAddress, type HealthAddress } from './process/health-option.js';
import { createLog } from './process/logger.js';
import { runProcess, type Serving } from './process/run-process.js';
import { stopSignal } from './process/stop-signal.js';
import { createWorkers, runWorkers, workerServices, type ServiceName } from './temporal/workers.js';
import {
  ensureDriftCheck,
  ensureSearchAttributes,
  ensureOpeningReminders,
  ensureWeeklyDigest,
  workflowBundlePath,
} from './temporal/namespace.js';
import { dataConverterOf } from './temporal/data-converter.js';

const ANSWER_WITHIN_MS = 3_000;

const { services, health, temporalMetrics } = new Command('worker')
  .description('Runs the Temporal workers of the exit management system until SIGINT or SIGTERM.')
  .option('--services <list>', `which of ${workerServices.join(', ')}; default: all`, parseServices, [
    ...workerServices,
  ])
  .addOption(healthOption())
  .addOption(
    new Option(
      '--temporal-metrics <address>',
      "answer GET /metrics of Temporal's SDK there: a port of 127.0.0.1, or host:port",
    ).argParser(parseAddress),
  )
  .parse()
  .opts<{ services: ServiceName[]; health?: HealthAddress; temporalMetrics?: HealthAddress }>();

const log = createLog();
const signal = stopSignal();
try {
  await main();
} catch (error) {
  const { message, cause } = error as Error;
  log.fatal({ cause: (cause as Error | undefined)?.message }, message);
  process.exitCode = 1;
}
// The core of the SDK keeps threads, and a worker that has failed never lets go of them.
process.exit();

async function main(): Promise<void> {
  const config = loadConfig();
  await access(workflowBundlePath).catch((error: unknown) => {
    throw new Error(`The workflow bundle ${workflowBundlePath} is missing: run "npm run build"`, {
      cause: error,
    });
  });
  const { connectionOptions, namespace = 'default', dataKeys } = loadTemporalConfig();
  const address = connectionOptions.address ?? 'localhost:7233';
  const write = (level: LogLevel, message: string, facts?: object): void =>
    log[level === 'TRACE' || level === 'DEBUG' ? 'debug' : (level.toLowerCase() as 'info')](facts, message);
  Runtime.install({
    logger: {
      log: write,
      trace: (...line) => write('TRACE', ...line),
      debug: (...line) => write('DEBUG', ...line),
      info: (...line) => write('INFO', ...line),
      warn: (...line) => write('WARN', ...line),
      error: (...line) => write('ERROR', ...line),
    },
    ...(temporalMetrics && {
      telemetryOptions: {
        metrics: { prometheus: { bindAddress: `${temporalMetrics.host}:${temporalMetrics.port}` } },
      },
    }),
    shutdownSignals: [],
  });
  await runProcess({
    name: `worker ${services.join(', ')} on ${address}, namespace ${namespace}`,
    ...{ log, signal, health, start },
  });

  async function start(): Promise<Serving> {
    const connection = await NativeConnection.connect(connectionOptions).catch((error: unknown) => {
      throw new Error(
        `Temporal cannot be reached at ${address}. Start the local stack with "npm start", or set TEMPORAL_ADDRESS`,
        { cause: error },
      );
    });
    await ensureSearchAttributes(connection, namespace);
    if (services.includes('exit')) {
      const client = new Client({ connection, namespace, dataConverter: dataConverterOf(dataKeys) });
      await ensureDriftCheck(client, config.policy.recheckEvery);
      await ensureWeeklyDigest(client, config);
      await ensureOpeningReminders(client, config);
    }
    const workers = await createWorkers({ connection, namespace, config, services, dataKeys });
    const running = runWorkers(workers);
    return {
      async checkReady() {
        const idle = workers.find((worker) => worker.getState() !== 'RUNNING');
        if (idle) throw new Error(`the worker of ${idle.options.taskQueue} is ${idle.getState()}`);
        await connection.withDeadline(Date.now() + ANSWER_WITHIN_MS, () =>
          connection.healthService.check({ service: 'temporal.api.workflowservice.v1.WorkflowService' }),
        );
      },
      failed: running.then(() => {
        throw new Error('The workers have ended');
      }),
      async stop() {
        for (const worker of workers) if (worker.getState() === 'RUNNING') worker.shutdown();
        try {
          await running;
          await connection.close();
        } catch (error) {
          // Temporal is away, so that it cannot be told how attempts ended: it gives them to another worker.
          log.warn({ cause: (error as Error).message }, 'Attempts under way were given up');
        }
      },
    };
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
