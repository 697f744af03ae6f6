/** What happens in an exit, as rows with times: the same shape for both forms, so that they can stand side by side. */
import type { AnyEvent } from '../exit/events.js';
import type { Exit } from '../exit/exit.js';
import type { Decided, ListedPhase } from '../exit/exits.js';
import { taskQueues } from '../exit/queues.js';
import { isStuck } from '../exit/status.js';
import { tableOf } from '../exit/steps.js';
import type { Delivery } from '../choreography/observing/watched-deliveries.js';
import type { TrackedPromise } from '../choreography/observing/promises.js';
import type { CalledWorkflow, WorkflowCall } from '../temporal/workflow-calls.js';
import type { ProcessState } from './supervise.js';
import type { SwitchedService } from './switchboard.js';

/** Of the program: a person's act came in from outside of it. */
type Doer = SwitchedService | 'steps' | 'person';

type RowState =
  /** An act or an event, which lasts no time. */
  | 'happened'
  /** An act that the exit has refused. */
  | 'refused'
  | 'timer'
  | 'waiting'
  /** It waits, and the process of its service does not run. */
  | 'away'
  /** The process that had taken it is gone. Another one gets it once the engine has noticed. */
  | 'lost'
  | 'working'
  | 'again'
  | 'failed'
  | 'skipped'
  | 'done';

export interface Row {
  by: Doer;
  /** A step, an activity, an act or an event type: a member of the texts, else shown as it is. */
  what: string;
  system?: string | undefined;
  /** Milliseconds after the exit opened: called or published, then taken, then ended. */
  at: number;
  takenAt?: number | undefined;
  endedAt?: number | undefined;
  state: RowState;
  /** From 2 on. */
  attempt?: number | undefined;
  /** ISO 8601, UTC: the next attempt, or when the timer fires. */
  dueAt?: string | undefined;
  /** A member of the outcomes, or the sentence of a failure. */
  remark?: string | undefined;
  /** It follows from the row above it that is no reaction. */
  isReaction?: boolean;
}

export interface Timeline {
  phase: ListedPhase;
  /** A decision waits for a second person. */
  isProposed: boolean;
  /** Milliseconds after the exit opened. */
  decidedAt?: number | undefined;
  blockedAt?: number | undefined;
  closedAt?: number | undefined;
  rows: Row[];
}

type Processes = Partial<Record<SwitchedService, ProcessState>>;

/** @param processes the workers */
export function timelineOfWorkflow(workflow: CalledWorkflow, processes: Processes): Timeline {
  const { openedAt, closedAt, phase, calls } = workflow;
  const since = sinceOf(openedAt);
  const rows = calls.map((call) => rowOfCall(call, since, processes));
  const blocks = calls.filter(({ name }) => name.startsWith('block-access'));
  const isBlocked = phase !== 'starting' && blocks.every(({ state }) => state === 'done');
  const decisions = calls.filter(
    ({ name, state }) => state === 'done' && ['finaliseDecision', 'decisionFinalised'].includes(name),
  );
  const decision = decisions.find((call) => !isProposal(call));
  return {
    phase,
    isProposed: decision === undefined && decisions.length > 0,
    decidedAt: decision && since(decision.scheduledAt),
    blockedAt: isBlocked ? latest(blocks.map(({ endedAt }) => since(endedAt!))) : undefined,
    closedAt: closedAt === undefined ? undefined : since(closedAt),
    rows: [{ by: 'person', what: 'employee.resigned', at: 0, state: 'happened' }, ...rows],
  };
}

const isProposal = ({ answer }: WorkflowCall): boolean =>
  (answer as Partial<Decided> | undefined)?.proposedAt !== undefined;

function rowOfCall(call: WorkflowCall, since: (at: string) => number, processes: Processes): Row {
  const { kind, name, type, taskQueue, argument, scheduledAt, startedAt, endedAt, attempt = 1, error } = call;
  const at = since(scheduledAt);
  if (kind === 'signal' || kind === 'update') {
    const { outcome } = (argument ?? {}) as { outcome?: unknown };
    if (call.state === 'failed') return { by: 'person', what: name, at, state: 'refused', remark: error };
    const what = isProposal(call) ? 'exit.proposed' : name;
    return { by: 'person', what, at, state: 'happened', remark: outcome as string | undefined };
  }
  if (kind === 'timer') {
    const endedMs = endedAt === undefined ? undefined : since(endedAt);
    const state = endedAt === undefined ? 'timer' : call.state === 'done' ? 'done' : 'skipped';
    return { by: 'exit', what: name, at, endedAt: endedMs, state, dueAt: endedAt ? undefined : call.firesAt };
  }
  const by = serviceOfQueue(taskQueue);
  const process = processes[by];
  const [step = '', system] = name.split(':');
  return {
    by,
    what: kind === 'activity' && !name.includes('-') ? (type ?? name) : step,
    system,
    at,
    takenAt: startedAt === undefined ? undefined : since(startedAt),
    endedAt: endedAt === undefined ? undefined : since(endedAt),
    state: stateOf(call, process),
    attempt: attempt > 1 ? attempt : undefined,
    dueAt: call.nextAttemptAt,
    remark: call.state === 'done' ? undefined : error,
  };
}

function stateOf(call: WorkflowCall, process: ProcessState | undefined): RowState {
  if (call.state === 'done' || call.state === 'failed') return call.state;
  if (call.state === 'cancelled') return 'skipped';
  if (call.state === 'started') return isLost(call.startedAt, process) ? 'lost' : 'working';
  if (isAway(process)) return 'away';
  return call.nextAttemptAt === undefined ? 'waiting' : 'again';
}

/** A system with a rate limit has a queue of its own, `access-<system>`. */
const serviceOfQueue = (queue = ''): SwitchedService =>
  (['notification', 'hr', 'access'] as const).find((service) => queue.startsWith(taskQueues[service])) ??
  'exit';

const isAway = (process: ProcessState | undefined): boolean =>
  process !== undefined && process.state !== 'running';

const isLost = (takenAt: string | undefined, process: ProcessState | undefined): boolean =>
  process !== undefined &&
  (process.state === 'stopped' ||
    process.state === 'starting' ||
    (process.state === 'running' && takenAt !== undefined && takenAt < process.since));

interface Choreographed {
  exit: Exit;
  /** Of this exit, in stream order. */
  events: readonly AnyEvent[];
  /** By stream sequence: why the exit rejects an event. */
  rejected: ReadonlyMap<number, string>;
  promises: readonly TrackedPromise[];
  deliveryOf: (consumer: string, seq: number) => Delivery | undefined;
}

interface Proposed {
  system: string;
  outcome: string;
  decision: { outcome: string };
}

/** @param processes the subscribers */
export function timelineOfEvents(of: Choreographed, processes: Processes): Timeline {
  const { exit, events, rejected, promises } = of;
  const { phase, openedAt, blockedAt, closedAt, proposals } = exit.status();
  const decision = events.find(({ type, seq }) => type === 'exit.decision-finalised' && !rejected.has(seq));
  const since = sinceOf(openedAt);
  const rows = events.flatMap((event): Row[] => {
    const { type, source, storedAt, data, id, seq } = event;
    const { system, decision, outcome = decision?.outcome } = data as Partial<Proposed>;
    const [, by = ''] = /^\/ems\/(\w+)$/.exec(source) ?? [];
    const isPerson = !isService(by);
    return [
      {
        by: isPerson ? 'person' : by,
        what: type,
        system,
        at: since(storedAt),
        state: rejected.has(seq) ? 'refused' : 'happened',
        remark: rejected.get(seq) ?? (isPerson ? outcome : undefined),
      },
      ...promises
        .filter((promise) => causeOf(promise, events) === id)
        .map((promise) => ({ ...rowOfPromise(promise, event, of, since, processes), isReaction: true })),
    ];
  });
  return {
    phase,
    isProposed: proposals.some(({ state, decision: proposed }) => state === 'open' && proposed),
    decidedAt: decision && since(decision.storedAt),
    blockedAt: blockedAt === undefined ? undefined : since(blockedAt),
    closedAt: closedAt === undefined ? undefined : since(closedAt),
    rows,
  };
}

function rowOfPromise(
  { consumer, event: promised, step, system, state, remark }: TrackedPromise,
  { seq, storedAt }: AnyEvent,
  { exit, deliveryOf }: Choreographed,
  since: (at: string) => number,
  processes: Processes,
): Row {
  const by = serviceOfStep.get(step ?? '') ?? 'steps';
  const process = by === 'steps' ? undefined : processes[by];
  const delivery = deliveryOf(consumer, seq);
  const found = step === undefined ? undefined : exit.step(step, system);
  const isDone = state === 'done' || state === 'waived';
  const isFailed = !isDone && found !== undefined && isStuck(found);
  const { takenAt, answer } = delivery ?? {};
  const endedAt = answer?.how === 'acknowledged' ? answer.at : undefined;
  const again = answer?.how === 'redelivered' ? answer.count + 1 : answer?.count;
  return {
    by,
    what: step ?? promised,
    system,
    at: since(storedAt),
    takenAt: takenAt === undefined ? undefined : since(takenAt),
    endedAt: endedAt === undefined ? undefined : since(endedAt),
    state: isFailed
      ? 'failed'
      : isDone
        ? state === 'waived'
          ? 'skipped'
          : 'done'
        : stateOfDelivery(delivery, process),
    attempt: again !== undefined && again > 1 ? again : undefined,
    dueAt: isDone ? undefined : answer?.dueAt,
    remark: isFailed ? found.error : isDone ? undefined : remark,
  };
}

/** The event that the service acted on. Until it has, the one that the promise follows from. */
function causeOf({ event, doneAt, becauseOf }: TrackedPromise, events: readonly AnyEvent[]): string {
  const outcome = events.find(({ type, storedAt }) => type === event && storedAt === doneAt);
  const cause = events.find(({ id }) => id === outcome?.causationId);
  return cause?.id ?? becauseOf;
}

function stateOfDelivery(delivery: Delivery | undefined, process: ProcessState | undefined): RowState {
  const { takenAt, answer } = delivery ?? {};
  const isInWork = delivery && (!answer || (takenAt !== undefined && takenAt > answer.at));
  if (isInWork) return isLost(takenAt, process) ? 'lost' : 'working';
  if (isAway(process)) return 'away';
  return answer?.dueAt === undefined ? 'waiting' : 'again';
}

const serviceOfStep = new Map(
  tableOf('choreographed', { ...taskQueues, directory: taskQueues.exit }, []).map(({ name, service }) => [
    name,
    service as Doer & ('notification' | 'hr' | 'access'),
  ]),
);

const isService = (name: string): name is 'notification' | 'hr' | 'access' | 'steps' =>
  ['notification', 'hr', 'access', 'steps'].includes(name);

const sinceOf = (openedAt: string) => (at: string) => Date.parse(at) - Date.parse(openedAt);
const latest = (times: readonly number[]): number | undefined =>
  times.length === 0 ? undefined : Math.max(...times);
