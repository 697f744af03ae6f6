/** What the workflow itself needs to know: local activities, since they read nothing but the worker's configuration. */
import { Temporal } from 'temporal-polyfill';
import type { Config } from '../config.js';
import type { Plan, Queues } from '../exit/plan.js';
import { taskQueues } from '../exit/queues.js';

export function createExitActivities(config: Config) {
  const plan: Plan = {
    systems: config.systems.map(({ name, hold }) => ({ name, hold })),
    policy: {
      attentionAfterMs: config.policy.attentionAfter,
      retryInitialMs: config.policy.retry.initialInterval,
      retryMaximumMs: config.policy.retry.maximumInterval,
      // The longest an attempt takes is a handful of requests, of which one may run into its time limit.
      attemptTimeoutMs: 3 * config.policy.requestTimeout,
      lateWriteMs: config.policy.requestTimeout,
    },
    queues: queuesFor(config),
    hrPartner: config.contacts.hrPartner,
  };

  return {
    planExit: (): Promise<Plan> => Promise.resolve(plan),

    /** The instant at which a calendar day begins for the company, ISO 8601 in UTC. */
    startOfDay: (date: string): Promise<string> =>
      Promise.resolve(
        Temporal.PlainDate.from(date).toZonedDateTime(config.interview.timeZone).toInstant().toString(),
      ),
  };
}

export type ExitActivities = ReturnType<typeof createExitActivities>;

function queuesFor({ taskQueues: mode }: Config): Queues {
  const { exit, ...services } = taskQueues;
  if (mode === 'per-service') return { directory: exit, ...services };
  return { directory: exit, notification: exit, hr: exit, access: exit };
}
