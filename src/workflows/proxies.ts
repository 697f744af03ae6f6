/**
 * The activity proxies of the services. Temporal retries outages without limit; final failures are non-retryable (activities/attempt.ts).
 * HEARTBEAT_TIMEOUT detects an attempt that died with its worker. A cancelled call returns once its attempt has ended
 * (WAIT_CANCELLATION_COMPLETED): an effect must not be undone while an attempt may still write it.
 */
import {
  ActivityCancellationType,
  ActivityFailure,
  proxyActivities,
  type ActivityOptions,
} from '@temporalio/workflow';
import type { AccessActivities } from '../activities/access-activities.js';
import type { DirectoryActivities } from '../activities/directory-activities.js';
import type { ExitActivities } from '../activities/exit-activities.js';
import type { HrActivities } from '../activities/hr-activities.js';
import type { NotificationActivities } from '../activities/notification-activities.js';
import type { StepActivities } from '../activities/step-activities.js';
import type { Whose } from '../exit/acting.js';
import type { Plan, PlannedSystem } from '../exit/plan.js';
import { taskQueues } from '../exit/queues.js';
import type { StepService } from '../exit/steps.js';
import { causeOf, reasonOf } from './step-failures.js';

const HEARTBEAT_TIMEOUT = '10 seconds';

/** Activities that read the worker's configuration or Temporal itself. */
const quick = { startToCloseTimeout: '5 seconds' } as const;
// No local activities: they can leave a history that does not replay (docs/decisions/0008).
const regular = proxyActivities<ExitActivities>(quick);
export const { planExit, decisionKeys } = regular;

export const progressOf = (activityId: string) =>
  regular.progressOf.executeWithOptions({ summary: `Read the progress of ${activityId}` }, [activityId]);

export const startOfDay = (date: string, timeZone: string | undefined) =>
  regular.startOfDay.executeWithOptions({ summary: `Find the start of ${date}` }, [date, timeZone]);

/** An act waits for the directory, and is refused where it does not answer. */
const { whose: ask } = proxyActivities<DirectoryActivities>({
  startToCloseTimeout: '5 seconds',
  scheduleToCloseTimeout: '10 seconds',
});

export async function whose(address: string): Promise<Whose> {
  try {
    return await ask.executeWithOptions({ summary: 'Look up who acts' }, [address]);
  } catch (failure) {
    if (!(failure instanceof ActivityFailure)) throw failure;
    return { problem: reasonOf(causeOf(failure)) };
  }
}

export type Services = ReturnType<typeof servicesUnder>;

export function servicesUnder({ policy, steps, systems }: Plan) {
  const queueOf = (service: StepService): string =>
    steps.find((row) => row.service === service)?.queue ?? taskQueues.exit;
  // The worker of custom steps asks the owners of manual systems as well, also where there is no such step.
  const manual = systems.find((system) => system.manual);
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
    // The mails and the interview wait for the directory, so retries come soon.
    directory: proxyActivities<DirectoryActivities>(options(queueOf('directory'), 2)),
    // Access stays open until the block, so retries come soon; the cap keeps the wait after a long outage short.
    access: ({ queue, attemptTimeoutMs }: PlannedSystem) =>
      proxyActivities<AccessActivities>(options(queue, 2, attemptTimeoutMs)),
    // Mail servers greylist and throttle for minutes; early retries prolong that.
    notification: proxyActivities<NotificationActivities>(options(queueOf('notification'), 4)),
    hr: proxyActivities<HrActivities>(options(queueOf('hr'), 4)),
    steps: proxyActivities<StepActivities>(options(manual?.queue ?? queueOf('steps'), 2)),
  };
}
