/**
 * A reset (RespondWorkflowReset, "Reset" in the Web UI) starts the exit again from some point and forgets what came after it. What the
 * hold had taken by then is still taken, so a fresh look at the account would mistake our own block for the state before. The same holds
 * of an earlier exit that was terminated.
 */
import { Context } from '@temporalio/activity';
import type { Client, WorkflowExecutionInfo, WorkflowHandle } from '@temporalio/client';
import { tsToDate } from '@temporalio/common/lib/time.js';
import {
  everythingOf,
  isNothing,
  mergeCaptures,
  nothing,
  type Blocked,
  type Capture,
  type CapturedAccount,
  type HoldKind,
  type Taken,
} from '../exit/hold-facts.js';
import type { Interview } from '../exit/interview.js';
import { otherRuns } from './other-runs.js';
import { decoded } from './payloads.js';

export interface EarlierHold {
  capture: Capture;
  taken: Taken;
  /** When a revocation had begun, ISO 8601. */
  revokingSince?: string | undefined;
}

/** What is read here of the inputs of captureAccess (without an account) and blockAccess. */
interface AccessCall {
  system: string;
  account: CapturedAccount;
  hold: HoldKind;
}

type Events = NonNullable<Awaited<ReturnType<WorkflowHandle['fetchHistory']>>['events']>;

/**
 * @param adopts runs of earlier exits that ended from outside
 * @returns what these, and earlier runs of this exit, knew of the hold on a system; undefined where they held nothing
 */
export async function earlierHold(
  exitId: string,
  system: string,
  adopts: readonly string[] = [],
): Promise<EarlierHold | undefined> {
  return (await holdsIn(earlierRuns(exitId, adopts))).get(system);
}

/** What runs, the oldest first, tell of the holds, by system. */
async function holdsIn(runs: AsyncIterable<Events>): Promise<Map<string, EarlierHold>> {
  const holds = new Map<string, EarlierHold>();
  for await (const events of runs) await readHolds(events, holds);
  return holds;
}

/** Adds to the holds, by system, what one run tells of them. */
async function readHolds(events: Events, holds: Map<string, EarlierHold>): Promise<void> {
  const calls = new Map<string, { type: string; input: AccessCall }>();
  for (const event of events) {
    const {
      activityTaskScheduledEventAttributes: scheduled,
      activityTaskCompletedEventAttributes: completed,
    } = event;
    if (scheduled) {
      const input = await decoded<AccessCall>(scheduled.input?.payloads);
      if (input?.system === undefined) continue;
      const type = scheduled.activityType?.name ?? '';
      calls.set(String(event.eventId), { type, input });
      const hold = holds.get(input.system);
      // Until it is known to have ended, a block may have taken everything that it was to take.
      if (hold && type === 'blockAccess') hold.taken = everythingOf(input.account, input.hold);
      if (hold && type === 'revokeAccess') hold.revokingSince ??= tsToDate(event.eventTime!).toISOString();
    }
    const call = completed && calls.get(String(completed.scheduledEventId));
    if (!call) continue;
    const { system } = call.input;
    const hold = holds.get(system);
    const result = await decoded<Capture & Blocked>(completed.result?.payloads);
    if (call.type === 'captureAccess' && result) {
      const capture = mergeCaptures(hold?.capture, result);
      const { taken, revokingSince }: Capture = result;
      holds.set(system, { taken: taken ?? nothing, revokingSince, ...hold, capture });
    }
    if (hold && call.type === 'blockAccess' && result) hold.taken = result.taken;
    if (call.type === 'restoreAccess') holds.delete(system);
  }
}

/**
 * @returns the latest time that earlier runs of this exit invited for; undefined without a reset. An invitation with a lower SEQUENCE
 *   than that is ignored by every calendar program
 */
export async function earlierInterview(exitId: string): Promise<Interview | undefined> {
  let latest: Interview | undefined;
  for await (const events of earlierRuns(exitId)) {
    for (const { activityTaskCompletedEventAttributes: completed } of events) {
      const result = completed && (await decoded<Interview>(completed.result?.payloads));
      // Nothing else has an iCalendar UID.
      if (result?.uid && result.sequence >= (latest?.sequence ?? 0)) latest = result;
    }
  }
  return latest && { ...latest, sent: [] };
}

/**
 * The runs that ended from outside, the oldest first: since the last one that came to its own end. What they took is still taken.
 * @param runId of a run that does not count
 */
export async function abandonedRuns(
  client: Client,
  { workflowId, runId }: { workflowId: string; runId?: string },
): Promise<WorkflowExecutionInfo[]> {
  const runs = await otherRuns(client, { workflowId, runId });
  const own = runs.findLastIndex(({ status: { name } }) => name === 'COMPLETED' || name === 'CANCELLED');
  return runs.slice(own + 1);
}

/** What abandoned runs still hold, by system. */
export async function abandonedHolds(
  client: Client,
  runs: readonly WorkflowExecutionInfo[],
): Promise<Map<string, EarlierHold>> {
  const holds = await holdsIn(historiesOf(client, runs));
  for (const [system, { taken }] of holds) if (isNothing(taken)) holds.delete(system);
  return holds;
}

async function* historiesOf(
  client: Client,
  runs: readonly { workflowId: string; runId: string }[],
): AsyncGenerator<Events> {
  for (const { workflowId, runId } of runs) {
    const { events } = await client.workflow.getHandle(workflowId, runId).fetchHistory();
    yield events ?? [];
  }
}

/** What happened in the runs that are adopted, and in those of this exit that a reset has left; nothing without either. */
async function* earlierRuns(exitId: string, adopts: readonly string[] = []): AsyncGenerator<Events> {
  const { client, info } = Context.current();
  const { workflowId, runId } = info.workflowExecution!;
  const others =
    runId === exitId ? [] : (await otherRuns(client, { workflowId, runId })).map((run) => run.runId);
  const runsOf = (runIds: readonly string[]) => runIds.map((each) => ({ workflowId, runId: each }));
  yield* historiesOf(client, runsOf(adopts));
  for await (const events of historiesOf(client, runsOf(others.filter((other) => !adopts.includes(other))))) {
    // The same workflow ID may have had other exits of the employee.
    const started = events[0]?.workflowExecutionStartedEventAttributes;
    if (started?.firstExecutionRunId === exitId) yield events;
  }
}
