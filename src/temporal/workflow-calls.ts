/** What an exit's workflow has called, was told and waits for, from its history and its pending tasks: no worker needs to run. */
import { WorkflowNotFoundError, type Client } from '@temporalio/client';
import { decodeArrayFromPayloads } from '@temporalio/common/lib/internal-non-workflow/index.js';
import type { ListedPhase } from '../exit/exits.js';
import { timeOf, type Event } from './event-facts.js';
import { latestRun, phaseOf } from './exit-runs.js';
import { messageOf } from './failure-message.js';

/** Times are ISO 8601, UTC. */
export interface WorkflowCall {
  kind: 'activity' | 'timer' | 'signal' | 'update' | 'workflow-task';
  /** The activity ID, or the name of the message; of a timer, what it is for. */
  name: string;
  /** Of an activity. */
  type?: string | undefined;
  /** Of an activity or a workflow task: whose worker takes it. */
  taskQueue?: string | undefined;
  /** Of a message: its first argument. */
  argument?: unknown;
  /** Of an update that was carried out. */
  answer?: unknown;
  scheduledAt: string;
  /** The start of the last attempt. */
  startedAt?: string | undefined;
  endedAt?: string | undefined;
  state: 'scheduled' | 'started' | 'done' | 'failed' | 'cancelled';
  /** From 1. */
  attempt?: number | undefined;
  /** Of the last failed attempt, or why a message was refused. */
  error?: string | undefined;
  nextAttemptAt?: string | undefined;
  /** When a timer fires. */
  firesAt?: string | undefined;
}

export interface CalledWorkflow {
  phase: ListedPhase;
  openedAt: string;
  closedAt?: string | undefined;
  /** In the order of the history. */
  calls: WorkflowCall[];
}

/** PENDING_ACTIVITY_STATE_SCHEDULED and PENDING_WORKFLOW_TASK_STATE_SCHEDULED of Temporal's API. */
const SCHEDULED = 1;

/** @returns undefined where Temporal has no such exit */
export async function readCalls(
  client: Client,
  employeeId: string,
  exitId: string,
): Promise<CalledWorkflow | undefined> {
  const run = await latestRun(client, employeeId, exitId);
  if (!run) return undefined;
  const handle = client.workflow.getHandle(run.workflowId, run.runId);
  const history = await handle.fetchHistory().catch((error: unknown) => {
    if (error instanceof WorkflowNotFoundError) return undefined;
    throw error;
  });
  if (!history?.events) return undefined;
  const calls = await callsIn(history.events, client);
  // The history has the start of an activity only once it has ended.
  for (const { activityId, state, attempt, lastStartedTime, ...pending } of run.raw.pendingActivities ?? []) {
    const call = calls.findLast(
      ({ kind, name, endedAt }) => kind === 'activity' && name === activityId && !endedAt,
    );
    if (!call) continue;
    const isStarted = Number(state) !== SCHEDULED;
    call.state = isStarted ? 'started' : 'scheduled';
    call.attempt = attempt ?? undefined;
    call.startedAt = isStarted && lastStartedTime ? timeOf(lastStartedTime) : undefined;
    call.error = await messageOf(client.options.loadedDataConverter, pending.lastFailure);
    const next = pending.nextAttemptScheduleTime;
    call.nextAttemptAt = next && !isStarted ? timeOf(next) : undefined;
  }
  const task = run.raw.pendingWorkflowTask;
  if (task)
    calls.push({
      kind: 'workflow-task',
      name: 'workflow-task',
      taskQueue: run.taskQueue,
      scheduledAt: timeOf(task.scheduledTime),
      state: Number(task.state) === SCHEDULED ? 'scheduled' : 'started',
    });
  return {
    phase: phaseOf(run),
    openedAt: run.startTime.toISOString(),
    closedAt: run.closeTime?.toISOString(),
    calls,
  };
}

async function callsIn(events: readonly Event[], client: Client): Promise<WorkflowCall[]> {
  const converter = client.options.loadedDataConverter;
  const valueOf = async (payloads: Parameters<typeof decodeArrayFromPayloads>[1]): Promise<unknown> =>
    (await decodeArrayFromPayloads(converter, payloads))[0];
  /** By the id of the event that scheduled them. */
  const calls = new Map<string, WorkflowCall>();
  const idOf = ({ eventId }: Event): string => String(eventId);

  function end(
    id: unknown,
    state: WorkflowCall['state'],
    { eventTime }: Event,
    more: Pick<WorkflowCall, 'error' | 'answer'> = {},
  ): void {
    const call = calls.get(String(id));
    if (call) Object.assign(call, { state, endedAt: timeOf(eventTime), ...more });
  }

  for (const event of events) {
    const scheduledAt = timeOf(event.eventTime);
    const scheduled = event.activityTaskScheduledEventAttributes;
    const started = event.activityTaskStartedEventAttributes;
    const timer = event.timerStartedEventAttributes;
    const signal = event.workflowExecutionSignaledEventAttributes;
    const update = event.workflowExecutionUpdateAcceptedEventAttributes?.acceptedRequest?.input;
    const answer = event.workflowExecutionUpdateCompletedEventAttributes;
    if (scheduled)
      calls.set(idOf(event), {
        kind: 'activity',
        name: scheduled.activityId ?? '',
        type: scheduled.activityType?.name ?? undefined,
        taskQueue: scheduled.taskQueue?.name ?? undefined,
        scheduledAt,
        state: 'scheduled',
      });
    if (started) {
      const { attempt, lastFailure, scheduledEventId } = started;
      const call = calls.get(String(scheduledEventId));
      const error = await messageOf(converter, lastFailure);
      if (call) Object.assign(call, { startedAt: scheduledAt, attempt: attempt ?? undefined, error });
    }
    end(event.activityTaskCompletedEventAttributes?.scheduledEventId, 'done', event);
    end(event.activityTaskFailedEventAttributes?.scheduledEventId, 'failed', event);
    end(event.activityTaskTimedOutEventAttributes?.scheduledEventId, 'failed', event);
    end(event.activityTaskCanceledEventAttributes?.scheduledEventId, 'cancelled', event);
    if (timer) {
      const ms = Number(timer.startToFireTimeout?.seconds ?? 0) * 1000;
      const summary = event.userMetadata?.summary;
      calls.set(idOf(event), {
        kind: 'timer',
        name: String(summary ? await valueOf([summary]) : timer.timerId),
        scheduledAt,
        state: 'started',
        firesAt: new Date(Date.parse(scheduledAt) + ms).toISOString(),
      });
    }
    end(event.timerFiredEventAttributes?.startedEventId, 'done', event);
    end(event.timerCanceledEventAttributes?.startedEventId, 'cancelled', event);
    if (signal)
      calls.set(idOf(event), {
        ...{
          kind: 'signal',
          name: signal.signalName ?? '',
          scheduledAt,
          endedAt: scheduledAt,
          state: 'done',
        },
        argument: await valueOf(signal.input?.payloads),
      });
    if (update)
      calls.set(idOf(event), {
        ...{ kind: 'update', name: update.name ?? '', scheduledAt, state: 'started' },
        argument: await valueOf(update.args?.payloads),
      });
    if (answer) {
      const error = await messageOf(converter, answer.outcome?.failure);
      const value = await valueOf(answer.outcome?.success?.payloads);
      end(answer.acceptedEventId, error === undefined ? 'done' : 'failed', event, { error, answer: value });
    }
  }
  return [...calls.values()];
}
