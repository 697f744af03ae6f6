/** Activities for the workflow itself: they read the configuration and Temporal, and no other server. */
import { Context } from '@temporalio/activity';
import { optionalTsToDate } from '@temporalio/common/lib/time.js';
import type { Config } from '../config/config.js';
import { startOfDay } from '../config/start-of-day.js';
import { mergeTaken } from '../exit/hold-facts.js';
import { planFrom } from '../config/planning.js';
import type { ExitHold, OrphanedHold, WatchedHold } from '../exit/drift.js';
import { employeeIdOf } from '../exit/ids.js';
import type { Plan, PlannedSystem } from '../exit/plan.js';
import type { Trusted } from '../exit/signature.js';
import type { StepService } from '../exit/steps.js';
import { abandonedHolds, abandonedRuns } from './earlier-runs.js';
import { OPEN_EXITS } from './open-exits.js';
import { decoded } from './payloads.js';

const OPEN_HOLDS = `${OPEN_EXITS} AND ExitPhase IN ('starting', 'awaiting-decision', 'awaiting-confirmation', 'awaiting-effective-date')`;

const ORPHANS = `WorkflowType = 'exitEmployee' AND ExecutionStatus IN ('Terminated', 'TimedOut')`;

/** `PENDING_ACTIVITY_STATE_SCHEDULED` of Temporal's API: it waits for an attempt, or for a worker. */
const PENDING_SCHEDULED = 1;

export interface PendingProgress {
  /** The heartbeat details; undefined without any. */
  reported: unknown;
  /** When the next attempt begins at the earliest, ISO 8601; absent where one may be under way. */
  idleUntil?: string;
}

export function createExitActivities(config: Config) {
  const plan = planFrom(config, 'orchestrated');
  const queueOf = (service: StepService) => plan.steps.find((row) => row.service === service)!.queue;

  return {
    /** @returns the plan, with the systems that adopted runs still hold, also where the configuration no longer has them */
    async planExit(): Promise<Plan> {
      const { client, info } = Context.current();
      const runs = await abandonedRuns(client, info.workflowExecution!);
      if (runs.length === 0) return plan;
      const left: PlannedSystem[] = [];
      for (const [name, earlier] of await abandonedHolds(client, runs)) {
        if (plan.systems.some((system) => system.name === name)) continue;
        const taken = mergeTaken(Object.values(earlier.taken));
        const groups = taken.groups.map(({ displayName }) => displayName);
        const hold = taken.suspended ? ({ kind: 'suspend' } as const) : ({ kind: 'groups', groups } as const);
        left.push({ name, hold, queue: queueOf('access'), attemptTimeoutMs: plan.policy.attemptTimeoutMs });
      }
      return { ...plan, systems: [...plan.systems, ...left], adopts: runs.map(({ runId }) => runId) };
    },

    /** The progress of a pending activity. A cancellation between two attempts would lose it. */
    async progressOf(activityId: string): Promise<PendingProgress> {
      const { client, info } = Context.current();
      const { workflowId, runId } = info.workflowExecution!;
      const { raw } = await client.workflow.getHandle(workflowId, runId).describe();
      const activity = raw.pendingActivities?.find((each) => each.activityId === activityId);
      const next = optionalTsToDate(activity?.nextAttemptScheduleTime);
      const isIdle = Number(activity?.state) === PENDING_SCHEDULED && next !== undefined;
      return {
        reported: await decoded(activity?.heartbeatDetails?.payloads),
        ...(isIdle && { idleUntil: next.toISOString() }),
      };
    },

    /** A page of the open holds, from the memos of the open exits. @param page base64 of Temporal's page token */
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

    /**
     * The exits that were terminated or timed out during a hold that no newer exit has adopted. No workflow is left that gives the access
     * back.
     */
    async orphanedHolds(): Promise<OrphanedHold[]> {
      const { client } = Context.current();
      const orphans: OrphanedHold[] = [];
      const seen = new Set<string>();
      for await (const { workflowId } of client.workflow.list({ query: ORPHANS })) {
        if (seen.has(workflowId)) continue;
        seen.add(workflowId);
        const newest = await client.workflow.getHandle(workflowId).describe();
        if (newest.status.name === 'RUNNING') continue;
        const runs = await abandonedRuns(client, { workflowId });
        const last = runs.findLast(({ status: { name } }) => name === 'TERMINATED' || name === 'TIMED_OUT');
        if (!last) continue;
        // Sorted by name, because the order of the captures is arbitrary.
        const systems = [...(await abandonedHolds(client, runs)).keys()].toSorted();
        if (systems.length === 0) continue;
        const { raw } = await client.workflow.getHandle(workflowId, last.runId).describe();
        const exitId = raw.workflowExecutionInfo?.firstRunId || last.runId;
        const { status } = last;
        const endedAt = (last.closeTime ?? new Date()).toISOString();
        orphans.push({
          ...{ exitId, employeeId: employeeIdOf(workflowId), systems, how: status.name, endedAt },
          queue: queueOf('notification'),
        });
      }
      return orphans;
    },

    /** The keys of the API as they are now: they change while exits are open. */
    decisionKeys: (): Promise<Trusted | undefined> => Promise.resolve(config.decisions.signed),

    /** @param employeeZone where it is known; default: the company's */
    startOfDay(date: string, employeeZone?: string): Promise<{ instant: string; timeZone: string }> {
      const timeZone = employeeZone ?? config.interview.timeZone;
      return Promise.resolve({ instant: startOfDay(date, timeZone), timeZone });
    },
  };
}

export type ExitActivities = ReturnType<typeof createExitActivities>;
