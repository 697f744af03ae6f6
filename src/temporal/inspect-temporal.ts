/** Reads what Temporal knows of the workers and of what open exits wait for. It asks no worker but for steps that need attention. */
import type { Client, WorkflowExecutionDescription } from '@temporalio/client';
import { tsToDate, tsToMs } from '@temporalio/common/lib/time.js';
import { OPEN_EXITS } from '../activities/open-exits.js';
import { waitingOpenings } from '../activities/waiting-openings.js';
import type { Config } from '../config/config.js';
import { isManual } from '../config/config.js';
import { reviewFrom } from '../config/planning.js';
import type { Finding, Inspection, WaitingStep } from '../exit/finding.js';
import { employeeIdOf } from '../exit/ids.js';
import { findingOf } from '../exit/opening-reminders.js';
import { taskQueues } from '../exit/queues.js';
import { isStuck, type ExitStatus } from '../exit/status.js';
import { searchAttributes } from '../workflows/search-attributes.js';
import { describeRun } from '../activities/describe-run.js';
import { queryRun } from '../activities/query-run.js';
import { messageOf } from './failure-message.js';
import { mayFail, taskFailure } from './task-failure.js';
import { queuesServed } from './workers.js';

/** TaskQueueType of Temporal's API. */
const QUEUE_TYPES = { workflow: 1, activity: 2 } as const;
/** A worker polls anew within 60 s, and Temporal notes when a poll begins. */
const POLLED_WITHIN_MS = 65_000;
/** More open exits are not looked at. */
const LOOKED_AT = 2_000;
const AT_A_TIME = 20;
/** How many steps are looked up for since when they fail. */
const DATED = 20;
/** How long a worker may take to answer for an exit. */
const QUERY_WITHIN_MS = 2_000;

/** @param signal ends the look at the exits; what was seen until then is told */
export async function inspectTemporal(
  client: Client,
  config: Config,
  signal: AbortSignal,
): Promise<Inspection> {
  const [workers, exits, openings] = await Promise.all([
    inspectWorkers(client, config),
    inspectExits(client, signal),
    waitingOpenings(client),
  ]);
  const wait = findingOf(openings, reviewFrom(config), new Date().toISOString());
  return { findings: [...workers, ...exits.findings, ...wait], waiting: exits.waiting };
}

async function inspectWorkers(client: Client, config: Config): Promise<Finding[]> {
  const hasSteps = config.steps.length > 0 || config.systems.some(isManual);
  const needed = queuesServed(config).filter((queue) => queue !== taskQueues.steps || hasSteps);
  const queues = needed.flatMap((queue) => {
    const activities = { queue, type: 'activity' as const };
    return queue === taskQueues.exit ? [{ queue, type: 'workflow' as const }, activities] : [activities];
  });
  return Promise.all(
    queues.map(async ({ queue, type }) => {
      const { pollers } = await client.workflowService.describeTaskQueue({
        namespace: client.options.namespace,
        taskQueue: { name: queue },
        taskQueueType: QUEUE_TYPES[type],
      });
      const polls = (pollers ?? []).flatMap(({ lastAccessTime }) =>
        lastAccessTime ? tsToMs(lastAccessTime) : [],
      );
      const last = Math.max(...polls);
      const finding = { about: 'workers' as const, name: `${queue} (${type})` };
      if (Date.now() - last <= POLLED_WITHIN_MS) return { ...finding, isWell: 'yes' as const };
      return {
        ...finding,
        isWell: 'no' as const,
        since: polls.length > 0 ? new Date(last).toISOString() : undefined,
        remark: `no worker polls the ${type} tasks of the task queue ${queue}: start it`,
      };
    }),
  );
}

async function inspectExits(client: Client, signal: AbortSignal): Promise<Inspection> {
  const ids: string[] = [];
  for await (const { workflowId } of client.workflow.list({ query: OPEN_EXITS })) {
    if (ids.length === LOOKED_AT || signal.aborted) break;
    ids.push(workflowId);
  }
  const seen: Seen[] = [];
  const left = [...ids];
  const look = async (): Promise<void> => {
    for (let id = left.pop(); id !== undefined && !signal.aborted; id = left.pop()) {
      const run = await describeRun(client, id);
      if (run?.status.name === 'RUNNING') seen.push(await lookAt(client, run));
    }
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, look));
  const failing = seen.flatMap(({ failing }) => failing ?? []);
  const isWhole = left.length === 0 && ids.length < LOOKED_AT && !signal.aborted;
  return {
    findings: [
      ...failing,
      ...(isWhole
        ? []
        : [
            {
              about: 'workflow tasks' as const,
              name: 'open exits',
              isWell: 'cannot tell' as const,
              remark: `${seen.length} open exits were looked at, and there are more`,
            },
          ]),
    ],
    waiting: await dated(
      client,
      seen.flatMap(({ tries }) => tries),
    ),
  };
}

interface Seen {
  failing?: Finding | undefined;
  tries: Tried[];
}

interface Tried extends WaitingStep {
  workflowId: string;
  /** Undefined for a final failure. */
  activityId?: string | undefined;
  attempt: number;
}

async function lookAt(client: Client, run: WorkflowExecutionDescription): Promise<Seen> {
  const { workflowId, runId, raw, typedSearchAttributes } = run;
  const employeeId = employeeIdOf(workflowId);
  const tries: Tried[] = [];
  for (const { activityId, attempt, lastFailure } of raw.pendingActivities ?? []) {
    const error = await messageOf(client.options.loadedDataConverter, lastFailure);
    if (!activityId || error === undefined) continue;
    const [name = '', system] = activityId.split(':');
    // A block captures first.
    const step = name === 'capture-access' ? 'block-access' : name;
    tries.push({ employeeId, step, system, error, workflowId, activityId, attempt: attempt ?? 1 });
  }
  const failure = mayFail(run) ? await taskFailure(client, workflowId, runId) : undefined;
  if (failure !== undefined) {
    const name = `the exit of ${employeeId}`;
    return { tries, failing: { about: 'workflow tasks', name, isWell: 'no', remark: failure } };
  }
  if (typedSearchAttributes.get(searchAttributes.NeedsAttention) === true)
    tries.push(...(await stuckSteps(client, workflowId, employeeId)));
  return { tries };
}

/** Only the exit itself knows why a step failed for good. Without a worker, which is a finding of its own, it does not tell. */
async function stuckSteps(client: Client, workflowId: string, employeeId: string): Promise<Tried[]> {
  const exit = client.workflow.getHandle(workflowId);
  const status = await queryRun<ExitStatus>(client, exit, QUERY_WITHIN_MS, 'status').catch(() => undefined);
  return (status?.steps ?? []).filter(isStuck).map(({ name: step, system, error = '' }) => ({
    employeeId,
    step,
    system,
    error,
    workflowId,
    attempt: 0,
  }));
}

/** Adds since when they are tried: the first attempt of an activity is that of its scheduling. */
async function dated(client: Client, tries: readonly Tried[]): Promise<WaitingStep[]> {
  const longest = tries.toSorted((a, b) => b.attempt - a.attempt);
  return Promise.all(
    longest.map(async ({ workflowId, activityId, attempt: _attempt, ...step }, i) => {
      if (activityId === undefined || i >= DATED) return step;
      const { events } = await client.workflow.getHandle(workflowId).fetchHistory();
      const scheduled = events?.findLast(
        (event) => event.activityTaskScheduledEventAttributes?.activityId === activityId,
      );
      return scheduled?.eventTime ? { ...step, since: tsToDate(scheduled.eventTime).toISOString() } : step;
    }),
  );
}
