/** The evidence of an exit of the orchestrated form, read from its workflow's history alone. */
import { WorkflowNotFoundError, type Client } from '@temporalio/client';
import type { Evidence, Source } from '../exit/evidence/evidence.js';
import { evidenceOf } from '../exit/evidence/evidence-of.js';
import { exitWorkflowId } from '../exit/ids.js';
import type { ExitStatus } from '../exit/status.js';
import { baseOf, exitIdOf, factsOf, type RunHistory } from './history.js';
import { orchestratedExits } from './orchestrated-exits.js';
import { Refusal } from '../exit/refusal.js';

/**
 * Of the employee's newest exit, open or closed.
 * @param version of the program that reads, for the record
 * @throws Refusal where Temporal has no such exit, or no longer
 */
export async function readEvidence(client: Client, employeeId: string, version: string): Promise<Evidence> {
  const workflowId = exitWorkflowId(employeeId);
  const newest = await newestRun(client, workflowId);
  if (!newest) {
    throw new Refusal(
      `Temporal has no exit of ${employeeId}: either there was none, or it ended longer ago than the namespace's retention keeps histories. Reports that were made before are the only record then`,
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
  // A completed exit has left its status in its last event; any other is asked.
  const status =
    ended?.kind === 'ended' && ended.how !== 'cancelled'
      ? ended.status
      : await ask(client, employeeId, missing);
  return evidenceOf({ employeeId, facts, form: 'orchestrated', status, missing, source });
}

async function newestRun(client: Client, workflowId: string): Promise<RunHistory | undefined> {
  const description = await unlessGone(client.workflow.getHandle(workflowId).describe());
  return description && historyOf(client, workflowId, description.runId);
}

/** The runs that a reset has left, the oldest first. */
async function earlierRuns(
  client: Client,
  workflowId: string,
  newest: RunHistory,
  missing: string[],
): Promise<RunHistory[]> {
  const exitId = exitIdOf(newest);
  if (newest.runId === exitId) return [];
  const found: RunHistory[] = [];
  for (const runId of await otherRuns(client, workflowId, newest.runId)) {
    const run = await historyOf(client, workflowId, runId);
    if (run && exitIdOf(run) === exitId) found.push(run);
  }
  for (const base of [newest, ...found].map(baseOf)) {
    if (base !== undefined && !found.some(({ runId }) => runId === base))
      missing.push(
        `The exit was reset, and Temporal no longer has the run ${base} that it was reset from: what happened in it is not in here.`,
      );
  }
  return found;
}

async function otherRuns(client: Client, workflowId: string, runId: string): Promise<string[]> {
  const runs: { runId: string; startTime: Date }[] = [];
  for await (const run of client.workflow.list({ query: `WorkflowId = '${workflowId}'` })) runs.push(run);
  return runs
    .filter((run) => run.runId !== runId)
    .toSorted((a, b) => a.startTime.getTime() - b.startTime.getTime())
    .map((run) => run.runId);
}

async function historyOf(client: Client, workflowId: string, runId: string): Promise<RunHistory | undefined> {
  const history = await unlessGone(client.workflow.getHandle(workflowId, runId).fetchHistory());
  return history && { runId, events: history.events ?? [] };
}

/** @returns undefined for what Temporal does not have, or no longer */
async function unlessGone<T>(asked: Promise<T>): Promise<T | undefined> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return undefined;
    throw error;
  }
}

/** A worker answers by replaying that same history. */
async function ask(client: Client, employeeId: string, missing: string[]): Promise<ExitStatus | undefined> {
  try {
    return await orchestratedExits(client).status(employeeId);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    missing.push(
      `The exit itself could not be asked; what is said here is what the history alone tells. ${error.message}.`,
    );
    return undefined;
  }
}
