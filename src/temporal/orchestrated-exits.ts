/** The orchestrated form of the port `Exits`, over a Temporal client. */
import { randomUUID } from 'node:crypto';
import {
  isGrpcServiceError,
  QueryNotRegisteredError,
  ServiceError,
  WorkflowExecutionAlreadyStartedError,
  WorkflowIdConflictPolicy,
  WorkflowUpdateFailedError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
  type Client,
  type WorkflowExecutionDescription,
  type WorkflowExecutionInfo,
  type WorkflowHandle,
} from '@temporalio/client';
import type { LoadedDataConverter } from '@temporalio/common';
import { tsToDate } from '@temporalio/common/lib/time.js';
import type { Looked } from '../exit/acting.js';
import type { Decision } from '../exit/decision.js';
import type { WatchedHold } from '../exit/drift.js';
import type { ExitsOfForm } from '../exit/evidence/evidence.js';
import {
  comparePositions,
  isCutShort,
  positionOf,
  type ListedExit,
  type ListedPhase,
  type ListFilter,
  type Page,
  type Weighed,
} from '../exit/exits.js';
import { employeeIdOf, exitWorkflowId } from '../exit/ids.js';
import { taskQueues } from '../exit/queues.js';
import type { Sign, SignedAct } from '../exit/signature.js';
import { isSettled, stepKey, type ExitStatus, type Phase, type Step, isStuck } from '../exit/status.js';
import { searchAttributes } from '../workflows/search-attributes.js';
import { alreadyOpen, noExit, notAllowed, notOpen, Refusal } from '../exit/refusal.js';
import { describeRun } from '../activities/describe-run.js';
import { isPastDeadline, queryRun } from '../activities/query-run.js';
import { exitIdOfRun, isRunId, latestRun, phaseOf, replacedBy } from './exit-runs.js';
import { messageOf } from './failure-message.js';
import { openingWorkflows } from './opening-workflows.js';
import { readEvidence } from './orchestrated-evidence.js';
import { mayFail, taskFailure } from './task-failure.js';

/**
 * The deadline of a query or an update. A worker answers in milliseconds. A worker that ends may lose one workflow task, which Temporal
 * gives to another worker after 10 s.
 */
const ANSWER_WITHIN_MS = 15_000;

/** HISTORY_EVENT_FILTER_TYPE_CLOSE_EVENT of Temporal's API: only the last event. */
const CLOSE_EVENT = 2;

const MOST_UNANSWERED = 1_000;

type PendingActivity = NonNullable<WorkflowExecutionDescription['raw']['pendingActivities']>[number];

/** The updates whose argument the API signs. */
const actOf = {
  finaliseDecision: 'exit.decision-finalised',
  rejectProposal: 'exit.proposal-rejected',
  resolveStep: 'step.resolved',
  amendResignation: 'resignation.amended',
  handOver: 'exit.handed-over',
} as const satisfies Record<string, SignedAct>;
type SignedUpdate = keyof typeof actOf;

/** @param sign where this process has the key of the API */
export function orchestratedExits(client: Client, sign?: Sign) {
  /**
   * The ids of the updates that got no answer yet. The same act again is the same update: an exit that stands still for a while would else
   * take each repetition, and Temporal's SDK may order several updates otherwise as it replays them.
   */
  const unanswered = new Map<string, string>();

  async function requireExit(employeeId: string, exitId?: string): Promise<WorkflowExecutionDescription> {
    const run = await latestRun(client, employeeId, exitId);
    if (run) return run;
    throw noExit(employeeId, exitId);
  }

  /** @throws Refusal `no-exit`, `not-open` */
  async function requireOpenExit(
    employeeId: string,
    exitId?: string,
  ): Promise<{ exit: WorkflowHandle; exitId: string }> {
    const run = await requireExit(employeeId, exitId);
    const { workflowId, runId, status } = run;
    if (status.name === 'RUNNING')
      return { exit: client.workflow.getHandle(workflowId, runId), exitId: exitIdOfRun(run) };
    throw notOpen(factsOf(employeeId, run), status.name.toLowerCase(), exitId);
  }

  /**
   * Asks with a deadline.
   * @param code the code of the Refusal where no answer arrives
   * @param what the consequence, for the sentence
   */
  async function answered<T>(
    employeeId: string,
    code: 'no-answer' | 'unconfirmed',
    what: string,
    ask: () => Promise<T>,
  ): Promise<T> {
    const facts = { employeeId, form: 'orchestrated' };
    try {
      return await client.withDeadline(Date.now() + ANSWER_WITHIN_MS, ask);
    } catch (error) {
      if (error instanceof WorkflowUpdateFailedError)
        throw notAllowed(employeeId, 'orchestrated', `${error.cause?.message}`, { cause: error });
      const isTimeUp =
        isPastDeadline(error) ||
        error instanceof WorkflowUpdateRPCTimeoutOrCancelledError ||
        // Temporal tells this at once where a worker is away for longer.
        (error instanceof ServiceError && /no poller seen/.test(reasonOf(error)));
      const isUnable = error instanceof ServiceError || error instanceof QueryNotRegisteredError;
      if (!isTimeUp && !isUnable) throw error;
      const failure = await taskFailure(client, exitWorkflowId(employeeId));
      const sentence = failure
        ? `The exit of ${employeeId} could not answer, so ${what}: ${failure}`
        : isTimeUp
          ? `No worker answered for the exit of ${employeeId}, so ${what}. Is a worker running?`
          : `The exit of ${employeeId} could not answer, so ${what}: ${reasonOf(error)}. Look at it in the Web UI`;
      throw new Refusal(code, sentence, facts, { cause: error });
    }
  }

  async function update<T>(
    name: SignedUpdate | 'rescheduleInterview',
    argument: object,
    employeeId: string,
    exitId?: string,
    what = 'it is not confirmed',
  ): Promise<T> {
    const { exit, exitId: id } = await requireOpenExit(employeeId, exitId);
    const signature =
      name === 'rescheduleInterview'
        ? undefined
        : await sign?.({ exitId: id, employeeId, act: actOf[name], of: argument });
    const args: [object] = [signature === undefined ? argument : { ...argument, signature }];
    // The same person may come from another address by then.
    const act = JSON.stringify([id, name, { ...argument, asker: undefined }]);
    const updateId = unanswered.get(act) ?? randomUUID();
    unanswered.set(act, updateId);
    if (unanswered.size > MOST_UNANSWERED) unanswered.delete(unanswered.keys().next().value!);
    const ask = () => exit.executeUpdate<T, [object]>(name, { args, updateId });
    let isAnswered = true;
    try {
      return await answered(employeeId, 'unconfirmed', what, ask);
    } catch (error) {
      isAnswered = !(error instanceof Refusal && error.code === 'unconfirmed');
      throw error;
    } finally {
      if (isAnswered) unanswered.delete(act);
    }
  }

  async function statusOf(employeeId: string, run: WorkflowExecutionDescription): Promise<ExitStatus> {
    const handle = client.workflow.getHandle(run.workflowId, run.runId);
    if (run.status.name === 'TERMINATED' || run.status.name === 'TIMED_OUT')
      throw await endedFromOutside(employeeId, run);
    const status = await answered(employeeId, 'no-answer', 'its status is not known', () =>
      queryRun<ExitStatus>(client, handle, ANSWER_WITHIN_MS, 'status'),
    );
    const before = run.raw.pendingActivities ?? [];
    if (before.length === 0) return status;
    // The status may know the end of one that was pending before it.
    const after = (await describeRun(client, run.workflowId, run.runId))?.raw.pendingActivities ?? [];
    const during = after.filter(({ activityId }) => before.some((each) => each.activityId === activityId));
    return withPending(status, during, client.options.loadedDataConverter);
  }

  /** A refusal with what Temporal knows: a query would replay the history and show steps as running that are not. */
  async function endedFromOutside(employeeId: string, run: WorkflowExecutionDescription): Promise<Refusal> {
    const { workflowId, runId, memo } = run;
    const { history } = await client.workflowService.getWorkflowExecutionHistory({
      namespace: client.options.namespace,
      execution: { workflowId, runId },
      historyEventFilterType: CLOSE_EVENT,
    });
    const { identity, reason } = history?.events?.[0]?.workflowExecutionTerminatedEventAttributes ?? {};
    const watched = memo?.['holds'] as WatchedHold[] | undefined;
    const systems = watched?.flatMap(({ system, accounts }) => (accounts.length > 0 ? system : []));
    const facts = factsOf(employeeId, run);
    const by = identity ? `, by ${identity}${reason ? ` (${reason})` : ''}` : '';
    const held = systems?.length
      ? `It held access on ${systems.join(', ')}`
      : 'Its history shows what it held';
    return new Refusal(
      'ended-from-outside',
      `The exit of ${employeeId} ended as ${facts.phase} at ${facts.endedAt}${by}. ${held}. ` +
        `EMS does not give that back by itself: open a new orchestrated exit of the employee, which takes it over`,
      { ...facts, by: identity || undefined, reason: reason || undefined, systems },
    );
  }

  const listed = async (execution: WorkflowExecutionInfo): Promise<ListedExit | []> => {
    const run = await describeRun(client, execution.workflowId, execution.runId);
    if (!run || replacedBy(run)) return [];
    const exit = listedExit(run);
    if (exit.closedAt) return exit;
    const failure = mayFail(run) ? await taskFailure(client, run.workflowId, run.runId) : undefined;
    if (failure) return { ...exit, needsAttention: true, statusProblem: failure };
    if (!exit.needsAttention) return exit;
    try {
      const { steps } = await statusOf(exit.employeeId, run);
      return { ...exit, stuckSteps: steps.filter(isStuck) };
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      return { ...exit, statusProblem: error.message };
    }
  };

  /** Describes what the page needs and no more. Temporal's index has the order of the list: open exits first, then the newest. */
  async function read(query: string, { limit, after }: Page = { limit: Infinity }): Promise<ListedExit[]> {
    const found: ListedExit[] = [];
    let batch: WorkflowExecutionInfo[] = [];
    let place: string[] = [];
    // Of the millisecond at which the page before ended: some of them are in that page.
    let perhapsBefore = 0;
    const describeBatch = async (): Promise<void> => {
      found.push(...(await Promise.all(batch.map(listed))).flat());
      batch = [];
    };
    for await (const execution of client.workflow.list({ query })) {
      const next = placeOf(execution);
      const from = after ? comparePositions(next, after.slice(0, next.length)) : 1;
      if (from < 0) continue;
      if (from === 0) perhapsBefore += 1;
      // Exits of the same millisecond are in the order of their exit ids, which the index does not have.
      const isTie = comparePositions(next, place) === 0;
      if (!isTie && found.length + batch.length - perhapsBefore >= limit) {
        await describeBatch();
        if (found.length - perhapsBefore >= limit) break;
      }
      batch.push(execution);
      place = next;
    }
    await describeBatch();
    return found;
  }

  const exits: ExitsOfForm = {
    async find(employeeId, exitId) {
      const run = await latestRun(client, employeeId, exitId);
      if (!run) return undefined;
      const isOpen = run.status.name === 'RUNNING';
      return { exitId: exitIdOfRun(run), isOpen, since: run.startTime.toISOString(), phase: phaseOf(run) };
    },

    async employeesOf(exitId) {
      if (!isRunId(exitId)) return [];
      const query = `WorkflowType = 'exitEmployee' AND RunId = '${exitId}'`;
      for await (const { workflowId } of client.workflow.list({ query })) return [employeeIdOf(workflowId)];
      return [];
    },

    async openedBy(employeeId, requestId) {
      const isIts = ({ memo }: Pick<WorkflowExecutionInfo, 'memo'>) => memo?.['requestId'] === requestId;
      // The list may be a moment behind; the description of the newest run is not.
      const newest = await latestRun(client, employeeId);
      if (!newest) return undefined;
      if (isIts(newest)) return exitIdOfRun(newest);
      for await (const run of client.workflow.list({ query: queryFor({ employeeId }) }))
        if (isIts(run)) return exitIdOfRun((await describeRun(client, run.workflowId, run.runId))!);
      return undefined;
    },

    async open(resignation) {
      const { employeeId, requestId, confirmedBy } = resignation;
      const workflowId = exitWorkflowId(employeeId);
      try {
        const handle = await client.workflow.start('exitEmployee', {
          workflowId,
          taskQueue: taskQueues.exit,
          args: [resignation],
          memo: {
            ...(requestId !== undefined && { requestId }),
            ...(confirmedBy !== undefined && { confirmedBy }),
          },
          workflowIdConflictPolicy: WorkflowIdConflictPolicy.FAIL,
          staticSummary: `Exit of ${employeeId}`,
          staticDetails: `Access is blocked until the decision is final. Decide with \`ems decide ${employeeId} retained|leaving --by …\`.`,
        });
        return { workflowId, exitId: handle.firstExecutionRunId };
      } catch (error) {
        if (error instanceof WorkflowExecutionAlreadyStartedError)
          throw alreadyOpen(employeeId, 'orchestrated');
        throw error;
      }
    },

    openings: openingWorkflows(client),

    status: async (employeeId, exitId) => statusOf(employeeId, await requireExit(employeeId, exitId)),

    decide: (employeeId, decision, exitId) =>
      update('finaliseDecision', decision, employeeId, exitId, 'the decision is not confirmed'),

    reject: (employeeId, rejection, exitId) => update('rejectProposal', rejection, employeeId, exitId),

    async weigh(employeeId, decision, exitId, looked) {
      const { exit } = await requireOpenExit(employeeId, exitId);
      return answered(employeeId, 'no-answer', 'the decision cannot be weighed', () =>
        queryRun<Weighed, [Decision, Looked?]>(
          client,
          exit,
          ANSWER_WITHIN_MS,
          'weighDecision',
          decision,
          looked,
        ),
      );
    },

    resolve: (employeeId, resolution, exitId) => update('resolveStep', resolution, employeeId, exitId),

    reschedule: (employeeId, request, exitId) => update('rescheduleInterview', request, employeeId, exitId),

    amend: (employeeId, amendment, exitId) => update('amendResignation', amendment, employeeId, exitId),

    handOver: (employeeId, handOver, exitId) => update('handOver', handOver, employeeId, exitId),

    async list(filter) {
      if (!filter.attention) return read(queryFor(filter), filter.page);
      // Which exits were cut short for good only the application knows, so that a page of these could come out short.
      const exits = await read(queryFor(filter)).catch((error: unknown) => {
        // A server before 1.30 does not know which tasks fail: each open exit is looked at.
        if (!isInvalidArgument(error)) throw error;
        return read(queryFor({ ...filter, attention: false }));
      });
      return exits.filter(({ needsAttention }) => needsAttention);
    },

    async *follow(employeeId, everyMs, exitId) {
      const { workflowId, runId } = await requireExit(employeeId, exitId);
      let token: Uint8Array | undefined;
      for (;;) {
        const run = await client.workflow.getHandle(workflowId, runId).describe();
        yield await statusOf(employeeId, run);
        if (run.status.name !== 'RUNNING') return;
        token = await nextEvent(workflowId, runId, token, everyMs);
      }
    },

    report: (...of) => readEvidence(client, exits.status, ...of),
  };
  return exits;

  /** Waits for the next history event, but not longer than `withinMs`: a new attempt of an activity adds no event. */
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
      if (isPastDeadline(error)) return token;
      throw error;
    }
  }
}

/** Adds the attempts of pending activities, which workflow code cannot see. */
async function withPending(
  status: ExitStatus,
  pending: readonly PendingActivity[],
  converter: LoadedDataConverter,
): Promise<ExitStatus> {
  const byId = new Map(pending.map((activity) => [activity.activityId, activity]));
  const look = async (step: Step): Promise<Step> => {
    // A block captures first; so does a restore where an earlier run may have taken access.
    const mayCapture = !isSettled(step) && ['block-access', 'restore-access'].includes(step.name);
    const activity =
      byId.get(stepKey(step)) ?? (mayCapture ? byId.get(`capture-access:${step.system}`) : undefined);
    if (!activity) return step;
    const { attempt, lastFailure, nextAttemptScheduleTime } = activity;
    return {
      ...step,
      attempt: attempt ?? 1,
      error: (await messageOf(converter, lastFailure)) ?? step.error,
      nextAttemptAt: nextAttemptScheduleTime ? tsToDate(nextAttemptScheduleTime).toISOString() : undefined,
    };
  };
  return { ...status, steps: await Promise.all(status.steps.map(look)) };
}

const factsOf = (employeeId: string, run: WorkflowExecutionDescription) => ({
  ...{ employeeId, form: 'orchestrated', exitId: exitIdOfRun(run), phase: phaseOf(run) },
  since: run.startTime.toISOString(),
  endedAt: run.closeTime?.toISOString(),
});

const undecided: string[] = ['starting', 'awaiting-decision', 'awaiting-confirmation'] satisfies Phase[];

/** Temporal's `ExecutionStatus` of a phase. */
const statusOfPhase: Partial<Record<ListedPhase, string>> = {
  failed: 'Failed',
  terminated: 'Terminated',
  'timed-out': 'TimedOut',
};

/** The beginning of its position in a list. */
const placeOf = ({ closeTime, startTime }: WorkflowExecutionInfo): string[] =>
  positionOf({ closedAt: closeTime?.toISOString(), openedAt: startTime.toISOString(), exitId: '' }).slice(
    0,
    2,
  );

function queryFor({ employeeId, open, closed, attention, phase, overdue }: ListFilter): string {
  const conditions = [`WorkflowType = 'exitEmployee'`];
  const cutShort = `ExecutionStatus IN (${quoted(Object.values(statusOfPhase))})`;
  if (employeeId !== undefined) conditions.push(`WorkflowId = '${exitWorkflowId(employeeId)}'`);
  if (open || overdue) conditions.push(`ExecutionStatus = 'Running'`);
  if (closed) conditions.push(`ExecutionStatus != 'Running'`);
  // The server sets TemporalReportedProblems once a workflow task has failed five times, within half a minute.
  const stuck = '(NeedsAttention = true OR TemporalReportedProblems IS NOT NULL)';
  if (attention) conditions.push(`((ExecutionStatus = 'Running' AND ${stuck}) OR ${cutShort})`);
  if (phase && statusOfPhase[phase]) conditions.push(`ExecutionStatus = '${statusOfPhase[phase]}'`);
  else if (phase) conditions.push(`ExitPhase = '${phase}'`, `NOT ${cutShort}`);
  if (overdue)
    conditions.push(`ReviewBy < '${new Date().toISOString()}'`, `ExitPhase IN (${quoted(undecided)})`);
  return conditions.join(' AND ');
}

const isInvalidArgument = (error: unknown): boolean =>
  isGrpcServiceError((error as Error).cause) &&
  (error as Error & { cause: { code: number } }).cause.code === 3;

const quoted = (values: readonly string[]): string => values.map((each) => `'${each}'`).join(', ');

function listedExit(run: WorkflowExecutionDescription): ListedExit {
  const { workflowId, typedSearchAttributes: attributes, startTime, closeTime } = run;
  const phase = phaseOf(run);
  const isStuck = !closeTime && attributes.get(searchAttributes.NeedsAttention) === true;
  return {
    employeeId: attributes.get(searchAttributes.EmployeeId) ?? employeeIdOf(workflowId),
    exitId: exitIdOfRun(run),
    phase,
    outcome: attributes.get(searchAttributes.ExitOutcome),
    needsAttention: isStuck || isCutShort(phase),
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
