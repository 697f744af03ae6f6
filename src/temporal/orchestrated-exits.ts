/** Exits of the orchestrated form, as a client of Temporal opens, reads and steers them. */
import {
  isGrpcCancelledError,
  isGrpcDeadlineError,
  QueryNotRegisteredError,
  ServiceError,
  WorkflowExecutionAlreadyStartedError,
  WorkflowIdConflictPolicy,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
  type Client,
  type WorkflowExecutionDescription,
  type WorkflowExecutionInfo,
} from '@temporalio/client';
import { tsToDate } from '@temporalio/common/lib/time.js';
import type { Decision } from '../exit/decision.js';
import type { Exits, ListedExit, ListFilter, NewestExit } from '../exit/exits.js';
import { exitWorkflowId } from '../exit/ids.js';
import { taskQueues } from '../exit/queues.js';
import type { Interview } from '../exit/interview.js';
import type { Rescheduling } from '../exit/rescheduling.js';
import type { Resignation } from '../exit/resignation.js';
import type { Resolution } from '../exit/resolution.js';
import { stepKey, type ExitStatus, type Phase, type Step } from '../exit/status.js';
import type { Weighed } from '../workflows/handlers.js';
import { searchAttributes } from '../workflows/search-attributes.js';
import { Refusal } from '../exit/refusal.js';

/** A worker answers a query or an update in milliseconds; after this long there is none. */
const ANSWER_WITHIN_MS = 10_000;

type PendingActivity = NonNullable<WorkflowExecutionDescription['raw']['pendingActivities']>[number];

export function orchestratedExits(client: Client) {
  const handleOf = (employeeId: string) => client.workflow.getHandle(exitWorkflowId(employeeId));

  /** The newest exit of the employee, open or closed. */
  async function describe(employeeId: string): Promise<WorkflowExecutionDescription | undefined> {
    try {
      return await handleOf(employeeId).describe();
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) return undefined;
      throw error;
    }
  }

  async function requireExit(employeeId: string): Promise<WorkflowExecutionDescription> {
    const description = await describe(employeeId);
    if (!description) throw new Refusal(`${employeeId} has no exit`);
    return description;
  }

  async function requireOpenExit(employeeId: string): Promise<void> {
    const { status, closeTime } = await requireExit(employeeId);
    if (status.name === 'RUNNING') return;
    throw new Refusal(
      `${employeeId} has no open exit: the last one ended at ${closeTime?.toISOString()} (${status.name.toLowerCase()})`,
    );
  }

  async function answered<T>(employeeId: string, what: string, ask: () => Promise<T>): Promise<T> {
    try {
      return await client.withDeadline(Date.now() + ANSWER_WITHIN_MS, ask);
    } catch (error) {
      if (error instanceof WorkflowUpdateFailedError)
        throw new Refusal(`Refused: ${error.cause?.message}`, { cause: error });
      // The server knows the deadline too, and may be the first to give up.
      const isTimeUp = isGrpcDeadlineError(error) || isGrpcCancelledError(error);
      if (isTimeUp || error instanceof WorkflowUpdateRPCTimeoutOrCancelledError) {
        throw new Refusal(
          `Nobody answered for the exit of ${employeeId} within ${ANSWER_WITHIN_MS / 1000} s, so ${what}. Is a worker running?`,
          { cause: error },
        );
      }
      if (error instanceof ServiceError || error instanceof QueryNotRegisteredError) {
        throw new Refusal(
          `The exit of ${employeeId} could not answer, so ${what}: ${reasonOf(error)}. Look at it in the Web UI`,
          { cause: error },
        );
      }
      throw error;
    }
  }

  async function statusOf(
    employeeId: string,
    description: WorkflowExecutionDescription,
  ): Promise<ExitStatus> {
    const handle = client.workflow.getHandle(description.workflowId, description.runId);
    const isOver = !['RUNNING', 'COMPLETED', 'CANCELLED'].includes(description.status.name);
    if (isOver) {
      throw new Refusal(
        `The exit of ${employeeId} ended as ${description.status.name.toLowerCase()} at ${description.closeTime?.toISOString()}: see its history in the Web UI`,
      );
    }
    const status = await answered(employeeId, 'its status is not known', () =>
      handle.query<ExitStatus>('status'),
    );
    return withPending(status, description.raw.pendingActivities ?? []);
  }

  async function whatIsStuck(employeeId: string): Promise<Pick<ListedExit, 'stuckSteps' | 'statusProblem'>> {
    try {
      const { steps } = await statusOf(employeeId, await requireExit(employeeId));
      return { stuckSteps: steps.filter(({ state }) => state === 'needs-attention') };
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      return { stuckSteps: [], statusProblem: error.message };
    }
  }

  return {
    newest: async (employeeId: string): Promise<NewestExit | undefined> => {
      const description = await describe(employeeId);
      if (!description) return undefined;
      const { status, startTime, typedSearchAttributes } = description;
      return {
        isOpen: status.name === 'RUNNING',
        since: startTime.toISOString(),
        phase: typedSearchAttributes.get(searchAttributes.ExitPhase) ?? 'starting',
      };
    },

    async open(resignation: Resignation): Promise<{ workflowId: string; exitId: string }> {
      const { employeeId } = resignation;
      const workflowId = exitWorkflowId(employeeId);
      try {
        const handle = await client.workflow.start('exitEmployee', {
          workflowId,
          taskQueue: taskQueues.exit,
          args: [resignation],
          workflowIdConflictPolicy: WorkflowIdConflictPolicy.FAIL,
          staticSummary: `Exit of ${employeeId}`,
          staticDetails: `Access is blocked until the decision is final. Decide with \`ems decide ${employeeId} retained|leaving --by …\`.`,
        });
        return { workflowId, exitId: handle.firstExecutionRunId };
      } catch (error) {
        if (error instanceof WorkflowExecutionAlreadyStartedError)
          throw new Refusal(`${employeeId} already has an open exit`);
        throw error;
      }
    },

    async status(employeeId: string): Promise<ExitStatus> {
      return statusOf(employeeId, await requireExit(employeeId));
    },

    async decide(employeeId: string, decision: Decision): Promise<Decision & { decidedAt: string }> {
      await requireOpenExit(employeeId);
      return answered(
        employeeId,
        `the decision is not confirmed (look with "ems status ${employeeId}")`,
        () => handleOf(employeeId).executeUpdate('finaliseDecision', { args: [decision] }),
      );
    },

    async weigh(employeeId: string, decision: Decision): Promise<string | undefined> {
      await requireOpenExit(employeeId);
      const { problem } = await answered(employeeId, 'the decision cannot be weighed', () =>
        handleOf(employeeId).query<Weighed, [Decision]>('weighDecision', decision),
      );
      return problem;
    },

    async resolve(employeeId: string, resolution: Resolution): Promise<Step> {
      await requireOpenExit(employeeId);
      return answered(employeeId, `it is not confirmed (look with "ems status ${employeeId}")`, () =>
        handleOf(employeeId).executeUpdate('resolveStep', { args: [resolution] }),
      );
    },

    async reschedule(employeeId: string, wish: Rescheduling): Promise<Interview> {
      await requireOpenExit(employeeId);
      return answered(employeeId, `it is not confirmed (look with "ems status ${employeeId}")`, () =>
        handleOf(employeeId).executeUpdate('rescheduleInterview', { args: [wish] }),
      );
    },

    async list(filter: ListFilter): Promise<ListedExit[]> {
      const found: ListedExit[] = [];
      for await (const execution of client.workflow.list({ query: queryFor(filter) })) {
        found.push(listed(execution));
      }
      const stuck = found.filter(({ needsAttention, closedAt }) => needsAttention && !closedAt);
      await Promise.all(stuck.map(async (exit) => Object.assign(exit, await whatIsStuck(exit.employeeId))));
      return found;
    },

    async *follow(employeeId: string, everyMs: number): AsyncGenerator<ExitStatus> {
      const { workflowId, runId } = await requireExit(employeeId);
      let token: Uint8Array | undefined;
      for (;;) {
        const description = await client.workflow.getHandle(workflowId, runId).describe();
        yield await statusOf(employeeId, description);
        if (description.status.name !== 'RUNNING') return;
        token = await nextEvent(workflowId, runId, token, everyMs);
      }
    },
  } satisfies Exits;

  /** Waits for the next event in the history; attempts leave none there, so not for ever. */
  async function nextEvent(
    workflowId: string,
    runId: string,
    token: Uint8Array | undefined,
    withinMs: number,
  ) {
    try {
      const { nextPageToken } = await client.withDeadline(Date.now() + withinMs, () =>
        client.workflowService.getWorkflowExecutionHistory({
          namespace: client.options.namespace,
          execution: { workflowId, runId },
          waitNewEvent: true,
          ...(token && { nextPageToken: token }),
        }),
      );
      return nextPageToken;
    } catch (error) {
      if (isGrpcDeadlineError(error) || isGrpcCancelledError(error)) return token;
      throw error;
    }
  }
}

/** Workflow code cannot see an activity's attempts; the server can. */
function withPending(status: ExitStatus, pending: readonly PendingActivity[]): ExitStatus {
  const byStep = new Map(
    pending.map((activity) => [activity.activityId?.replace(/^capture-/, 'block-'), activity]),
  );
  const steps = status.steps.map((step) => {
    const activity = byStep.get(stepKey(step));
    if (!activity) return step;
    const { attempt, lastFailure, nextAttemptScheduleTime } = activity;
    return {
      ...step,
      attempt: attempt ?? 1,
      error: lastFailure?.message ?? step.error,
      nextAttemptAt: nextAttemptScheduleTime ? tsToDate(nextAttemptScheduleTime).toISOString() : undefined,
    };
  });
  return { ...status, steps };
}

const undecided: string[] = ['starting', 'awaiting-decision'] satisfies Phase[];

function queryFor({ open, attention, phase, overdue }: ListFilter): string {
  const conditions = [`WorkflowType = 'exitEmployee'`];
  if (open || attention || overdue) conditions.push(`ExecutionStatus = 'Running'`);
  if (attention) conditions.push('NeedsAttention = true');
  if (phase) conditions.push(`ExitPhase = '${phase}'`);
  if (overdue) {
    conditions.push(
      `ReviewBy < '${new Date().toISOString()}'`,
      `ExitPhase IN (${undecided.map((each) => `'${each}'`).join(', ')})`,
    );
  }
  return conditions.join(' AND ');
}

function listed({
  workflowId,
  typedSearchAttributes: attributes,
  startTime,
  closeTime,
  status,
}: WorkflowExecutionInfo): ListedExit {
  const phase =
    status.name === 'FAILED' ? 'failed' : (attributes.get(searchAttributes.ExitPhase) ?? 'starting');
  return {
    employeeId: attributes.get(searchAttributes.EmployeeId) ?? workflowId,
    phase,
    outcome: attributes.get(searchAttributes.ExitOutcome),
    needsAttention: attributes.get(searchAttributes.NeedsAttention) ?? false,
    openedAt: startTime.toISOString(),
    closedAt: closeTime?.toISOString(),
    lastWorkingDay: attributes.get(searchAttributes.LastWorkingDay)?.toISOString().slice(0, 10),
    reviewBy: undecided.includes(phase)
      ? attributes.get(searchAttributes.ReviewBy)?.toISOString()
      : undefined,
    stuckSteps: [],
  };
}

const reasonOf = (error: Error): string =>
  error.cause instanceof Error ? `${error.message} (${error.cause.message})` : error.message;
