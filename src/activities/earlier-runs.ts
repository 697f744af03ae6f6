/**
 * A reset (RespondWorkflowReset, "Reset" in the Web UI) starts the exit again from some point and forgets what came after it. What the
 * hold had taken by then is still taken, so a fresh look at the account would mistake our own block for the state before.
 */
import { Context } from '@temporalio/activity';
import {
  everythingOf,
  mergeCaptures,
  nothing,
  type Blocked,
  type Capture,
  type CapturedAccount,
  type HoldKind,
  type Taken,
} from '../exit/hold-facts.js';
import type { Interview } from '../exit/interview.js';
import { decoded } from './payloads.js';

interface EarlierHold {
  capture: Capture;
  taken: Taken;
}

/** What is read here of the inputs of captureAccess (without an account) and blockAccess. */
interface AccessCall {
  system: string;
  account: CapturedAccount;
  hold: HoldKind;
}

/** @returns what earlier runs of this exit knew of the hold on a system; undefined without a reset, or when they held nothing */
export async function earlierHold(exitId: string, system: string): Promise<EarlierHold | undefined> {
  let hold: EarlierHold | undefined;
  for await (const events of earlierRuns(exitId)) {
    const calls = new Map<string, { type: string; input: AccessCall }>();
    for (const event of events) {
      const {
        activityTaskScheduledEventAttributes: scheduled,
        activityTaskCompletedEventAttributes: completed,
      } = event;
      if (scheduled) {
        const input = await decoded<AccessCall>(scheduled.input?.payloads);
        if (input?.system !== system) continue;
        const type = scheduled.activityType?.name ?? '';
        calls.set(String(event.eventId), { type, input });
        // Until it is known to have ended, a block may have taken everything that it was to take.
        if (hold && type === 'blockAccess') hold.taken = everythingOf(input.account, input.hold);
      }
      const call = completed && calls.get(String(completed.scheduledEventId));
      if (!call) continue;
      const result = await decoded<Capture & Blocked>(completed.result?.payloads);
      if (call.type === 'captureAccess' && result) {
        hold = { taken: nothing, ...hold, capture: mergeCaptures(hold?.capture, result) };
      }
      if (hold && call.type === 'blockAccess' && result) hold.taken = result.taken;
      if (call.type === 'restoreAccess') hold = undefined;
    }
  }
  return hold;
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

/** What happened in the runs of this exit that a reset has left, oldest first; nothing without a reset. */
async function* earlierRuns(exitId: string) {
  const { client, info } = Context.current();
  const { workflowId, runId } = info.workflowExecution!;
  if (runId === exitId) return;
  for (const earlier of await otherRuns(workflowId, runId)) {
    const { events } = await client.workflow.getHandle(workflowId, earlier).fetchHistory();
    const started = events?.[0]?.workflowExecutionStartedEventAttributes;
    // The same workflow ID may have had other exits of the employee.
    if (events && started?.firstExecutionRunId === exitId) yield events;
  }
}

/** The run ids under this workflow ID, oldest first. */
async function otherRuns(workflowId: string, runId: string): Promise<string[]> {
  const { client } = Context.current();
  const runs: { runId: string; startTime: Date }[] = [];
  for await (const run of client.workflow.list({ query: `WorkflowId = '${workflowId}'` })) runs.push(run);
  return runs
    .toSorted((a, b) => a.startTime.getTime() - b.startTime.getTime())
    .map((run) => run.runId)
    .filter((other) => other !== runId);
}
