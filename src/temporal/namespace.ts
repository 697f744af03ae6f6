/** What workers and clients share, and what a namespace needs before an exit can run in it. */
import { fileURLToPath } from 'node:url';
import {
  ScheduleAlreadyRunning,
  ScheduleNotFoundError,
  ScheduleOverlapPolicy,
  type Client,
  type ScheduleOptions,
} from '@temporalio/client';
import { encodeSearchAttributeIndexedValueType } from '@temporalio/common/lib/search-attributes.js';
import type { NativeConnection } from '@temporalio/worker';
import { OPENING_REMINDERS } from '../activities/opening-activities.js';
import { waitingOpenings } from '../activities/waiting-openings.js';
import { hasLimits, type Config } from '../config/config.js';
import { reviewFrom } from '../config/planning.js';
import { lookEveryMs } from '../exit/opening-reminders.js';
import { taskQueues } from '../exit/queues.js';
import { searchAttributes } from '../workflows/search-attributes.js';

export const payloadConverterPath = fileURLToPath(
  new URL('../workflows/payload-converter.js', import.meta.url),
);

/** `npm run build` writes it. Every worker of a release loads the same bundle, so all run the same workflow code. */
export const workflowBundlePath = fileURLToPath(new URL('./workflow-bundle.cjs', import.meta.url));

/** The search attributes, with the type names of the `temporal` command, such as `Keyword`. */
export const attributeTypes = Object.values(searchAttributes).map(({ name, type }) => ({
  name,
  type: type[0] + type.slice(1).toLowerCase(),
}));

export const DRIFT_CHECK = 'drift-check';

/**
 * Adds the search attributes that the namespace lacks. Without them, the first upsert fails the workflow task of each exit.
 * @throws Error with the command to run, where the server refuses the operator API, such as Temporal Cloud
 */
export async function ensureSearchAttributes(connection: NativeConnection, namespace: string): Promise<void> {
  const wanted = Object.values(searchAttributes);
  try {
    const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace });
    const missing = wanted.filter(({ name }) => !(name in customAttributes));
    if (missing.length === 0) return;
    await connection.operatorService.addSearchAttributes({
      namespace,
      searchAttributes: Object.fromEntries(
        missing.map(({ name, type }) => [name, encodeSearchAttributeIndexedValueType(type)!]),
      ),
    });
  } catch (error) {
    const flags = attributeTypes.map(({ name, type }) => `--name ${name} --type ${type}`).join(' ');
    throw new Error(
      `EMS could not add its search attributes to the namespace "${namespace}". Add those that it lacks with: ` +
        `temporal operator search-attribute create --namespace ${namespace} ${flags}`,
      { cause: error },
    );
  }
}

/**
 * Creates or updates the schedule of the drift check: `sweepHolds` every `recheckEveryMs`. It skips a start while a sweep runs.
 */
export async function ensureDriftCheck(client: Client, recheckEveryMs: number): Promise<void> {
  const action = {
    type: 'startWorkflow',
    workflowType: 'sweepHolds',
    workflowId: 'sweep-holds',
    taskQueue: taskQueues.exit,
    args: [{ giveUpAfterMs: recheckEveryMs }],
  } satisfies ScheduleOptions['action'];
  const spec = { intervals: [{ every: recheckEveryMs }] };
  const policies = { overlap: ScheduleOverlapPolicy.SKIP };
  await ensureSchedule(client, { scheduleId: DRIFT_CHECK, spec, action, policies });
}

export const WEEKLY_DIGEST = 'weekly-digest';

/** Creates or updates the schedule of the digest for HR; without one in the configuration, it deletes it. */
export async function ensureWeeklyDigest(client: Client, config: Config): Promise<void> {
  const { digest, interview } = config;
  if (!digest) return deleteSchedule(client, WEEKLY_DIGEST);
  const [hour, minute] = digest.at.split(':').map(Number);
  const dayOfWeek = digest.day.toUpperCase() as Uppercase<typeof digest.day>;
  await ensureSchedule(client, {
    scheduleId: WEEKLY_DIGEST,
    spec: { calendars: [{ dayOfWeek, hour: hour!, minute: minute! }], timezone: interview.timeZone },
    action: {
      ...{ type: 'startWorkflow', workflowType: 'weeklyDigest', workflowId: 'weekly-digest' },
      ...{ taskQueue: taskQueues.exit, args: [{ queue: notificationQueue(config) }] },
    },
    policies: { overlap: ScheduleOverlapPolicy.SKIP, catchupWindow: '1 day' },
  });
}

/**
 * Creates or updates the schedule of the reminders of openings that wait. Where none waits, and none has to by the configuration, it
 * deletes it.
 */
export async function ensureOpeningReminders(client: Client, config: Config): Promise<void> {
  if (!hasLimits(config) && (await waitingOpenings(client)).length === 0)
    return deleteSchedule(client, OPENING_REMINDERS);
  await ensureSchedule(client, {
    scheduleId: OPENING_REMINDERS,
    spec: { intervals: [{ every: lookEveryMs(reviewFrom(config)) }] },
    action: {
      ...{ type: 'startWorkflow', workflowType: 'remindOfWaitingOpenings', workflowId: 'remind-of-openings' },
      ...{ taskQueue: taskQueues.exit, args: [{ queue: notificationQueue(config) }] },
    },
    policies: { overlap: ScheduleOverlapPolicy.SKIP },
  });
}

const notificationQueue = ({ taskQueues: mode }: Config): string =>
  mode === 'shared' ? taskQueues.exit : taskQueues.notification;

const deleteSchedule = (client: Client, scheduleId: string): Promise<void> =>
  client.schedule
    .getHandle(scheduleId)
    .delete()
    .catch((error: unknown) => {
      if (!(error instanceof ScheduleNotFoundError)) throw error;
    });

async function ensureSchedule(client: Client, schedule: ScheduleOptions): Promise<void> {
  const { scheduleId, spec, action, policies } = schedule;
  try {
    await client.schedule.create(schedule);
  } catch (error) {
    if (!(error instanceof ScheduleAlreadyRunning)) throw error;
    // Another worker has created it, or an earlier start with another time.
    await client.schedule.getHandle(scheduleId).update(({ state }) => ({
      spec,
      action: action as typeof action & { workflowId: string },
      policies: policies!,
      state,
    }));
  }
}
