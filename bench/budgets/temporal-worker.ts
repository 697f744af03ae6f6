/** A worker under measurement: `<exitEmployee or bareExit> <ours or no-op>`, on TEMPORAL_ADDRESS. */
import { fileURLToPath } from 'node:url';
import { DefaultLogger, NativeConnection, Runtime, Worker, bundleWorkflowCode } from '@temporalio/worker';
import { createAccessActivities } from '../../src/activities/access-activities.js';
import { createDirectoryActivities } from '../../src/activities/directory-activities.js';
import { createExitActivities } from '../../src/activities/exit-activities.js';
import { createHrActivities } from '../../src/activities/hr-activities.js';
import { createNotificationActivities } from '../../src/activities/notification-activities.js';
import { hasOpenExit } from '../../src/activities/open-exits.js';
import { slotWorkflows } from '../../src/activities/slot-workflows.js';
import { loadConfig, type Config } from '../../src/config/config.js';
import { taskQueues } from '../../src/exit/queues.js';
import type { AccessService } from '../../src/services/access/access.js';
import {
  createAccess,
  createDirectory,
  createHr,
  createNotification,
} from '../../src/services/from-config.js';
import { payloadConverterPath, workflowBundlePath } from '../../src/temporal/namespace.js';
import { workerOptions, workflowOptions } from '../../src/temporal/workers.js';
import { accessOn, directory, hrService, notification } from './no-op-services.js';

const [workflow, services] = process.argv.slice(2);
const config = loadConfig();

Runtime.install({ logger: new DefaultLogger('WARN') });
const connection = await NativeConnection.connect({ address: process.env['TEMPORAL_ADDRESS']! });
const worker = await Worker.create({
  ...workerOptions,
  ...workflowOptions,
  connection,
  taskQueue: taskQueues.exit,
  workflowBundle: workflow === 'bareExit' ? await bareBundle() : { codePath: workflowBundlePath },
  activities: services === 'no-op' ? noOp(config) : await ours(config),
});
process.send!('ready');
await worker.run();
await connection.close();

async function ours(config: Config) {
  return activitiesOf(
    createDirectory(config, hasOpenExit),
    createNotification(config, hasOpenExit),
    createHr(config, slotWorkflows, hasOpenExit),
    await createAccess(config),
  );
}

function noOp({ systems }: Config) {
  const access = new Map(systems.map(({ name }) => [name, accessOn(name)]));
  return activitiesOf(directory, notification, hrService, access);
}

function activitiesOf(
  directory: Parameters<typeof createDirectoryActivities>[0],
  notification: Parameters<typeof createNotificationActivities>[0],
  hr: Parameters<typeof createHrActivities>[0],
  access: ReadonlyMap<string, AccessService>,
) {
  return {
    ...createExitActivities(config),
    ...createDirectoryActivities(directory),
    ...createNotificationActivities(notification, directory),
    ...createHrActivities(hr),
    ...createAccessActivities(access),
  };
}

function bareBundle() {
  return bundleWorkflowCode({
    workflowsPath: fileURLToPath(new URL('./bare-workflow.js', import.meta.url)),
    payloadConverterPath,
    logger: new DefaultLogger('WARN'),
  });
}
