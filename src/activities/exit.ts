/** What the workflow itself needs to know: local activities, quick and without a server other than Temporal's. */
import { Context } from '@temporalio/activity';
import { decodeArrayFromPayloads } from '@temporalio/common/lib/internal-non-workflow/index.js';
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

    /**
     * What the attempts of a pending activity have reported so far. A cancellation between two attempts would lose it.
     * @returns undefined when they have reported nothing
     */
    async progressOf(activityId: string): Promise<unknown> {
      const { client, info } = Context.current();
      const { workflowId, runId } = info.workflowExecution!;
      const { raw } = await client.workflow.getHandle(workflowId, runId).describe();
      const activity = raw.pendingActivities?.find((each) => each.activityId === activityId);
      const [progress] = await decodeArrayFromPayloads(
        client.options.loadedDataConverter,
        activity?.heartbeatDetails?.payloads,
      );
      return progress;
    },

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
