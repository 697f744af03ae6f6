/** What the workflow itself needs to know: quick, and without a server other than Temporal's. */
import { Context } from '@temporalio/activity';
import { Temporal } from 'temporal-polyfill';
import type { Config, SystemConfig } from '../config/config.js';
import type { ExitHold, WatchedHold } from '../exit/drift.js';
import type { Plan, Queues } from '../exit/plan.js';
import { rateLimitedQueue, taskQueues } from '../exit/queues.js';
import { REQUESTS_PER_ATTEMPT } from '../services/protocols/pace.js';
import { decoded } from './payloads.js';

const OPEN_HOLDS = `WorkflowType = 'exitEmployee' AND ExecutionStatus = 'Running' AND ExitPhase IN ('awaiting-decision', 'awaiting-effective-date')`;

export function createExitActivities(config: Config) {
  // The longest an attempt takes is a handful of requests, of which one may run into its time limit.
  const attemptTimeoutMs = 3 * config.policy.requestTimeout;
  const [hrPartner] = config.contacts.hrPartners;
  const { review } = config.policy;
  const plan: Plan = {
    systems: config.systems.map((system) => ({
      name: system.name,
      hold: system.hold,
      queue: accessQueue(config, system),
      attemptTimeoutMs: attemptTimeoutMs + slownessMs(system.rateLimit),
    })),
    policy: {
      attentionAfterMs: config.policy.attentionAfter,
      retryInitialMs: config.policy.retry.initialInterval,
      retryMaximumMs: config.policy.retry.maximumInterval,
      attemptTimeoutMs,
      reassertsDrift: config.policy.onDrift === 'reassert',
      lateWriteMs: config.policy.requestTimeout,
    },
    queues: queuesFor(config),
    hrPartner: { name: hrPartner.name, email: hrPartner.email, language: hrPartner.language },
    telling: {
      operator: config.contacts.operator,
      review: {
        remindAfterMs: review.remindAfter,
        withinMs: review.within,
        escalateEveryMs: review.escalateEvery,
        escalateTo: config.contacts.escalation,
      },
    },
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
      return decoded(activity?.heartbeatDetails?.payloads);
    },

    /** A page of the holds that are to be watched, from the memos of the open exits. */
    async openHolds(page?: string): Promise<{ holds: ExitHold[]; next?: string | undefined }> {
      const { client } = Context.current();
      const { executions, nextPageToken } = await client.workflowService.listWorkflowExecutions({
        namespace: client.options.namespace,
        query: OPEN_HOLDS,
        pageSize: 100,
        ...(page !== undefined && { nextPageToken: Buffer.from(page, 'base64') }),
      });
      const holds: ExitHold[] = [];
      for (const { execution, memo } of executions) {
        const payload = memo?.fields?.['holds'];
        for (const hold of (await decoded<WatchedHold[]>(payload && [payload])) ?? [])
          holds.push({ ...hold, workflowId: execution!.workflowId!, runId: execution!.runId! });
      }
      const next = nextPageToken.length > 0 ? Buffer.from(nextPageToken).toString('base64') : undefined;
      return { holds, next };
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
  const { exit, notification, hr } = taskQueues;
  if (mode === 'per-service') return { directory: exit, notification, hr };
  return { directory: exit, notification: exit, hr: exit };
}

function accessQueue({ taskQueues: mode }: Config, { name, rateLimit }: SystemConfig): string {
  if (rateLimit) return rateLimitedQueue(name);
  return mode === 'per-service' ? taskQueues.access : taskQueues.exit;
}

const slownessMs = (rateLimit: SystemConfig['rateLimit']): number =>
  rateLimit ? Math.ceil((1000 * REQUESTS_PER_ATTEMPT) / rateLimit.requestsPerSecond) : 0;
