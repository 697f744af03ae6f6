/**
 * What earlier runs of an exit did. A reset makes a new run, which does not know what happened after the reset point. A new capture would
 * then mistake our own block for the state before the exit. The same is true after an exit was terminated.
 */
import { Context } from '@temporalio/activity';
import type { Client, WorkflowExecutionInfo, WorkflowHandle } from '@temporalio/client';
import { tsToDate } from '@temporalio/common/lib/time.js';
import {
  everythingOf,
  isNothing,
  mergeCaptures,
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
  /** By account id. */
  taken: Record<string, Taken>;
  /** When a revocation had begun: ISO 8601, UTC. */
  revokingSince?: string | undefined;
}

/** The fields that this file reads of the inputs of captureAccess, which has no account, and blockAccess. */
interface AccessCall {
  system: string;
  account: CapturedAccount;
  hold: HoldKind;
}

type Events = NonNullable<Awaited<ReturnType<WorkflowHandle['fetchHistory']>>['events']>;

/**
 * @param adopts run IDs of earlier exits that were terminated or timed out
 * @returns the hold on a system in these and in earlier runs of this exit; undefined without one
 */
export async function earlierHold(
  exitId: string,
  system: string,
  adopts: readonly string[] = [],
): Promise<EarlierHold | undefined> {
  return (await holdsIn(earlierRuns(exitId, adopts))).get(system);
}

/** The holds of runs, by system. @param runs histories, the oldest first */
async function holdsIn(runs: AsyncIterable<Events>): Promise<Map<string, EarlierHold>> {
  const holds = new Map<string, EarlierHold>();
  for await (const events of runs) await readHolds(events, holds);
  return holds;
}

/** Applies the history of one run to the holds. */
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
      // A block without a result may have taken all that it could.
      if (hold && type === 'blockAccess')
        hold.taken[input.account.id] = everythingOf(input.account, input.hold);
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
      holds.set(system, { revokingSince, ...hold, taken: { ...taken, ...hold?.taken }, capture });
    }
    if (hold && call.type === 'blockAccess' && result) hold.taken[call.input.account.id] = result.taken;
    if (hold && call.type === 'restoreAccess') {
      const { id } = call.input.account;
      delete hold.taken[id];
      const accounts = hold.capture.accounts.filter((account) => account.id !== id);
      // Later, what the account has is what it had before the hold.
      if (accounts.length === 0) holds.delete(system);
      else hold.capture = { ...hold.capture, accounts };
    }
  }
}

/**
 * @returns the latest interview of earlier runs of this exit; undefined without a reset. Calendar programs ignore an invitation with a lower
 *   SEQUENCE (RFC 5546 §2.1.4)
 */
export async function earlierInterview(exitId: string): Promise<Interview | undefined> {
  let latest: Interview | undefined;
  for await (const events of earlierRuns(exitId)) {
    for (const { activityTaskCompletedEventAttributes: completed } of events) {
      const result = completed && (await decoded<Interview>(completed.result?.payloads));
      // No other result has an iCalendar UID.
      if (result?.uid && result.sequence >= (latest?.sequence ?? 0)) latest = result;
    }
  }
  return latest && { ...latest, sent: [] };
}

/**
 * The runs since the last one that completed or was cancelled, the oldest first. What they took is still taken.
 * @param runId a run to leave out
 */
export async function abandonedRuns(
  client: Client,
  { workflowId, runId }: { workflowId: string; runId?: string },
): Promise<WorkflowExecutionInfo[]> {
  const runs = await otherRuns(client, { workflowId, runId });
  const own = runs.findLastIndex(({ status: { name } }) => name === 'COMPLETED' || name === 'CANCELLED');
  return runs.slice(own + 1);
}

/** The holds of abandoned runs that still have something taken, by system. */
export async function abandonedHolds(
  client: Client,
  runs: readonly WorkflowExecutionInfo[],
): Promise<Map<string, EarlierHold>> {
  const holds = await holdsIn(historiesOf(client, runs));
  for (const [system, { taken }] of holds) if (Object.values(taken).every(isNothing)) holds.delete(system);
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

/** The histories of the adopted runs, and of the runs of this exit from before a reset. */
async function* earlierRuns(exitId: string, adopts: readonly string[] = []): AsyncGenerator<Events> {
  const { client, info } = Context.current();
  const { workflowId, runId } = info.workflowExecution!;
  const others =
    runId === exitId ? [] : (await otherRuns(client, { workflowId, runId })).map((run) => run.runId);
  const runsOf = (runIds: readonly string[]) => runIds.map((each) => ({ workflowId, runId: each }));
  yield* historiesOf(client, runsOf(adopts));
  for await (const events of historiesOf(client, runsOf(others.filter((other) => !adopts.includes(other))))) {
    // Other exits of the employee have the same workflow ID.
    const started = events[0]?.workflowExecutionStartedEventAttributes;
    if (started?.firstExecutionRunId === exitId) yield events;
  }
}
