/**
 * The services as the workflow calls them. Outages are retried without limit; what is final is not retried (activities/ tells them
 * apart). An attempt that dies with its worker is missed after HEARTBEAT_TIMEOUT. A cancelled call returns only when its attempt has
 * ended (WAIT_CANCELLATION_COMPLETED), since nothing may be undone that is still being done.
 */
import {
  ActivityCancellationType,
  proxyActivities,
  proxyLocalActivities,
  type ActivityOptions,
} from '@temporalio/workflow';
import type { AccessActivities } from '../activities/access-activities.js';
import type { DirectoryActivities } from '../activities/directory-activities.js';
import type { ExitActivities } from '../activities/exit-activities.js';
import type { HrActivities } from '../activities/hr-activities.js';
import type { NotificationActivities } from '../activities/notification-activities.js';
import type { StepActivities } from '../activities/step-activities.js';
import type { Plan, PlannedSystem } from '../exit/plan.js';
import { taskQueues } from '../exit/queues.js';
import type { StepService } from '../exit/steps.js';

const HEARTBEAT_TIMEOUT = '10 seconds';

/** Quick looks at the worker's configuration and at Temporal itself, with no retries worth naming. */
const quick = { startToCloseTimeout: '5 seconds' } as const;
const local = proxyLocalActivities<ExitActivities>(quick);
const regular = proxyActivities<ExitActivities>(quick);

/** One event instead of seven, and nothing has begun yet that could come in between. */
export const { planExit } = local;

// In an exit under way a local activity can leave a history that cannot be replayed: docs/decisions/0008.
export const progressOf = (activityId: string) =>
  regular.progressOf.executeWithOptions({ summary: `How far ${activityId} was` }, [activityId]);

export const startOfDay = (date: string) =>
  regular.startOfDay.executeWithOptions({ summary: `When ${date} begins` }, [date]);

export type Services = ReturnType<typeof servicesUnder>;

export function servicesUnder({ policy, steps }: Plan) {
  const queueOf = (service: StepService): string =>
    steps.find((row) => row.service === service)?.queue ?? taskQueues.exit;
  const options = (
    taskQueue: string,
    backoffCoefficient: number,
    startToCloseTimeout = policy.attemptTimeoutMs,
  ): ActivityOptions => ({
    taskQueue,
    startToCloseTimeout,
    heartbeatTimeout: HEARTBEAT_TIMEOUT,
    cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
    retry: {
      initialInterval: policy.retryInitialMs,
      maximumInterval: policy.retryMaximumMs,
      backoffCoefficient,
    },
  });
  return {
    // Everything about people waits for this answer, so it is asked for again soon.
    directory: proxyActivities<DirectoryActivities>(options(queueOf('directory'), 2)),
    // Every moment until the block is one with access; the cap keeps the pause after a long outage short.
    access: ({ queue, attemptTimeoutMs }: PlannedSystem) =>
      proxyActivities<AccessActivities>(options(queue, 2, attemptTimeoutMs)),
    // Mail servers greylist and throttle: they want minutes, and haste makes it worse.
    notification: proxyActivities<NotificationActivities>(options(queueOf('notification'), 4)),
    hr: proxyActivities<HrActivities>(options(queueOf('hr'), 4)),
    steps: proxyActivities<StepActivities>(options(queueOf('steps'), 2)),
  };
}
