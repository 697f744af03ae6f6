/** Reads the evidence of an orchestrated exit from its workflow history. */
import { WorkflowNotFoundError, type Client } from '@temporalio/client';
import { otherRuns } from '../activities/other-runs.js';
import type { Evidence, ExitsOfForm, Source } from '../exit/evidence/evidence.js';
import { evidenceOf } from '../exit/evidence/evidence-of.js';
import { exitWorkflowId } from '../exit/ids.js';
import type { ExitStatus } from '../exit/status.js';
import { latestRun } from './exit-runs.js';
import { baseOf, exitIdOf, factsOf, type RunHistory } from './history-facts.js';
import { Refusal } from '../exit/refusal.js';

/**
 * @param statusOf queries the status, which a worker answers by replay of the same history
 * @param version of the reading program, for the record
 * @param exitId without it, the newest exit, open or closed
 * @throws Refusal `no-exit`, where Temporal has no such exit, or no longer
 */
export async function readEvidence(
  client: Client,
  statusOf: ExitsOfForm['status'],
  employeeId: string,
  version: string,
  exitId?: string,
): Promise<Evidence> {
  const workflowId = exitWorkflowId(employeeId);
  const run = await latestRun(client, employeeId, exitId);
  const newest = run && (await historyOf(client, workflowId, run.runId));
  if (!newest) {
    throw new Refusal(
      'no-exit',
      `Temporal has no exit of ${employeeId}: there was none, or the namespace's retention has deleted its history. In that case look for an earlier report`,
      { employeeId, exitId },
    );
  }
  const missing: string[] = [];
  const earlier = await earlierRuns(client, workflowId, newest, missing);
  const runs = [...earlier, newest];
  const facts = await factsOf(runs, client.options.loadedDataConverter);
  const ended = facts.findLast((fact) => fact.kind === 'ended' && !fact.earlierRun);
  const source: Source = {
    record: workflowId,
    runId: newest.runId,
    earlierRuns: earlier.map(({ runId }) => runId),
    events: runs.reduce((count, { events }) => count + events.length, 0),
    readAt: new Date().toISOString(),
    version,
  };
  // A completed exit has its status in its last event; any other needs a query.
  const status =
    ended?.kind === 'ended' && ended.how !== 'cancelled'
      ? ended.status
      : await answerOf(() => statusOf(employeeId, exitId), missing);
  return evidenceOf({ employeeId, facts, form: 'orchestrated', status, missing, source });
}

/** The runs of the exit from before a reset, the oldest first. */
async function earlierRuns(
  client: Client,
  workflowId: string,
  newest: RunHistory,
  missing: string[],
): Promise<RunHistory[]> {
  const exitId = exitIdOf(newest);
  if (newest.runId === exitId) return [];
  const found: RunHistory[] = [];
  for (const { runId } of await otherRuns(client, { workflowId, runId: newest.runId })) {
    const run = await historyOf(client, workflowId, runId);
    if (run && exitIdOf(run) === exitId) found.push(run);
  }
  for (const base of [newest, ...found].map(baseOf)) {
    if (base !== undefined && !found.some(({ runId }) => runId === base))
      missing.push(
        `The exit was reset, and Temporal no longer has the run ${base} that it was reset from: the report lacks its events.`,
      );
  }
  return found;
}

async function historyOf(client: Client, workflowId: string, runId: string): Promise<RunHistory | undefined> {
  try {
    const { events } = await client.workflow.getHandle(workflowId, runId).fetchHistory();
    return { runId, events: events ?? [] };
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return undefined;
    throw error;
  }
}

async function answerOf(ask: () => Promise<ExitStatus>, missing: string[]): Promise<ExitStatus | undefined> {
  try {
    return await ask();
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    missing.push(
      `The exit did not answer the query of its status, so the report comes from the history alone. ${error.message}.`,
    );
    return undefined;
  }
}
