/** The Temporal workers: one for each task queue of the chosen services. */
import { IllegalStateError } from '@temporalio/common';
import { Runtime, Worker, type NativeConnection, type WorkerOptions } from '@temporalio/worker';
import { createAccessActivities } from '../activities/access-activities.js';
import { createDigestActivities } from '../activities/digest-activities.js';
import { createOpeningActivities } from '../activities/opening-activities.js';
import { createDirectoryActivities } from '../activities/directory-activities.js';
import { createDriftActivities } from '../activities/drift-activities.js';
import { createExitActivities } from '../activities/exit-activities.js';
import { createHrActivities } from '../activities/hr-activities.js';
import { createNotificationActivities } from '../activities/notification-activities.js';
import { slotWorkflows } from '../activities/slot-workflows.js';
import { createStepActivities } from '../activities/step-activities.js';
import { createSubscriberActivities } from '../activities/subscriber-activities.js';
import { isAsked, type Config } from '../config/config.js';
import { ConfigError } from '../config/config-error.js';
import { noDataKeys, type DataKeys } from '../config/data-keys.js';
import { reviewFrom } from '../config/planning.js';
import { rateLimitedQueue, taskQueues } from '../exit/queues.js';
import {
  createAccess,
  createDirectory,
  createHr,
  createNotification,
  createSteps,
  createSubscribers,
} from '../services/from-config.js';
import { hasOpenExit, mailOf } from '../activities/open-exits.js';
import { hasRemovedRecently } from '../activities/recent-removal.js';
import type { AccessService } from '../services/access/access.js';
import { attemptsPerSecond } from '../services/protocols/pace.js';
import { activityMetrics } from './activity-metrics.js';
import { activityTraces } from './activity-traces.js';
import { dataConverterOf } from './data-converter.js';
import { workflowBundlePath } from './namespace.js';

const LOOK_EVERY_MS = 1_000;

/** `exit` has the workflows and the directory activities. */
export const workerServices = ['exit', 'notification', 'hr', 'access', 'steps'] as const;
export type ServiceName = (typeof workerServices)[number];

interface WorkerPlan {
  connection: NativeConnection;
  namespace: string;
  config: Config;
  services: readonly ServiceName[];
  dataKeys?: DataKeys;
}

/** Of every worker. */
export const workerOptions = {
  dataConverter: dataConverterOf(noDataKeys),
  interceptors: { activity: [activityMetrics, activityTraces] },
  // Attempts may finish in this time; Temporal retries the others on another worker. Keep it below the container's grace period.
  shutdownGraceTime: '10 seconds',
  shutdownForceTime: '20 seconds',
} satisfies Partial<WorkerOptions>;

/** Of a worker that runs workflows as well. */
export const workflowOptions = {
  // With fewer slots than open exits, the block of one exit waits for workflow tasks of others.
  maxConcurrentWorkflowTaskExecutions: 200,
  // How long a workflow task waits for a worker that may be dead: below a client's deadline of 15 s. Under load a shorter time makes workers
  // replay what they still have.
  stickyQueueScheduleToStartTimeout: '5 seconds',
} satisfies Partial<WorkerOptions>;

/** @throws ConfigError */
export async function createWorkers({
  connection,
  namespace,
  config,
  services,
  dataKeys = noDataKeys,
}: WorkerPlan): Promise<Worker[]> {
  const access = services.includes('access')
    ? await createAccess(config, hasRemovedRecently)
    : new Map<string, AccessService>();
  const activitiesOf = {
    exit: () => {
      const directory = createDirectory(config, hasOpenExit);
      return {
        ...createExitActivities(config),
        ...createDirectoryActivities(directory),
        ...createDigestActivities(directory),
        ...createOpeningActivities(reviewFrom(config)),
      };
    },
    notification: () =>
      createNotificationActivities(
        createNotification(config, hasOpenExit, mailOf),
        createDirectory(config, hasOpenExit),
      ),
    hr: () => createHrActivities(createHr(config, slotWorkflows, hasOpenExit)),
    access: () => ({
      ...createAccessActivities(access, config.decisions.signed?.keys),
      ...createDriftActivities(access),
    }),
    steps: () => ({
      ...createStepActivities(createSteps(config, hasOpenExit)),
      ...createSubscriberActivities(createSubscribers(config)),
    }),
  };
  const common = { ...workerOptions, dataConverter: dataConverterOf(dataKeys), connection, namespace };
  const workflow = { ...workflowOptions, workflowBundle: { codePath: workflowBundlePath } };

  // Temporal limits the rate of a task queue across all its workers.
  const rateLimited = config.systems.filter(isAsked).flatMap(({ name, rateLimit }) =>
    rateLimit && services.includes('access')
      ? [
          {
            taskQueue: rateLimitedQueue(name),
            activities: activitiesOf.access(),
            maxTaskQueueActivitiesPerSecond: attemptsPerSecond(rateLimit.requestsPerSecond),
          },
        ]
      : [],
  );
  return Promise.all(
    [...queuesOf(config, services).map(optionsOf), ...rateLimited].map((options) =>
      Worker.create({ ...common, ...options }),
    ),
  );

  function optionsOf({ taskQueue, serves }: { taskQueue: string; serves: readonly ServiceName[] }) {
    const activities = Object.assign({}, ...serves.map((service) => activitiesOf[service]())) as object;
    return { taskQueue, activities, ...(serves.includes('exit') && workflow) };
  }
}

/** @returns every task queue that the configuration has workers for */
export const queuesServed = (config: Config): string[] => [
  ...queuesOf(config, workerServices).map(({ taskQueue }) => taskQueue),
  ...config.systems.flatMap((system) =>
    isAsked(system) && system.rateLimit ? rateLimitedQueue(system.name) : [],
  ),
];

/** @throws ConfigError */
function queuesOf({ taskQueues: mode }: Config, services: readonly ServiceName[]) {
  if (mode === 'per-service')
    return services.map((service) => ({ taskQueue: taskQueues[service], serves: [service] }));
  if (services.length < workerServices.length) {
    throw new ConfigError(
      '--services needs "taskQueues: per-service" in the configuration: on a shared queue every worker must know every activity',
    );
  }
  return [{ taskQueue: taskQueues.exit, serves: services }];
}

/**
 * Runs the workers until all have shut down. When one ends or fails, the others shut down too.
 * @throws Error of the first that failed, once all have ended
 */
export async function runWorkers(workers: readonly Worker[]): Promise<void> {
  const runs = workers.map(async (worker) => {
    try {
      await runToItsEnd(worker);
    } finally {
      for (const each of workers) if (each.getState() === 'RUNNING') each.shutdown();
    }
  });
  await Promise.allSettled(runs);
  await Promise.all(runs);
}

/** A worker whose core has given up is FAILED, and its run may never end: its core waits for tasks that no one completes. */
async function runToItsEnd(worker: Worker): Promise<void> {
  let look: NodeJS.Timeout | undefined;
  const givenUp = new Promise<never>((_resolve, reject) => {
    look = setInterval(() => {
      if (worker.getState() !== 'FAILED') return;
      const why = `The worker of the task queue ${worker.options.taskQueue} has failed, and serves nothing any more: start its process again. The line "Worker failed" has the reason`;
      reject(new Error(why));
    }, LOOK_EVERY_MS);
  });
  try {
    await Promise.race([worker.run(), givenUp]);
  } catch (error) {
    if (!(error instanceof IllegalStateError) || worker.getState() !== 'STOPPED') throw error;
    // The SDK may let go of its core before the core has let go of the last poll. All the work had ended by then.
    Runtime.instance().logger.warn('A worker has stopped, and its core will be released later', { error });
  } finally {
    clearInterval(look);
  }
}
