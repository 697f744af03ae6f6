/**
 * The locks of interview slots in Temporal: a workflow ID is held by one running workflow. Its start is delayed until the interview is over,
 * so that a lock is one history event until then.
 */
import { Context } from '@temporalio/activity';
import { WorkflowExecutionAlreadyStartedError, WorkflowNotFoundError } from '@temporalio/client';
import { taskQueues } from '../exit/queues.js';
import type { SlotLocks } from '../services/hr/slot-locks.js';
import { describeRun } from './describe-run.js';

export const slotWorkflows: SlotLocks = {
  async take(keys, holder, until) {
    for (const [n, key] of keys.entries()) {
      const present = await takeOne(key, holder, until);
      if (present === holder) continue;
      for (const taken of keys.slice(0, n)) await releaseOne(taken, holder);
      return { key, holder: present };
    }
    return undefined;
  },

  holderOf: async (key) => (await runOf(key))?.holder,

  async release(keys, holder) {
    for (const key of keys) await releaseOne(key, holder);
  },
};

/** @returns the holder of the key from now on */
async function takeOne(key: string, holder: string, until: number): Promise<string> {
  for (;;) {
    try {
      await workflows().start('interviewSlot', {
        workflowId: idOf(key),
        taskQueue: taskQueues.exit,
        startDelay: Math.max(1, until - Date.now()),
        memo: { holder },
        staticSummary: 'Keeps half an hour of an HR partner for one interview',
      });
      return holder;
    } catch (error) {
      if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    }
    const present = await runOf(key);
    if (present) return present.holder;
  }
}

async function releaseOne(key: string, holder: string): Promise<void> {
  const run = await runOf(key);
  if (run?.holder !== holder) return;
  try {
    await workflows().getHandle(idOf(key), run.runId).terminate('the interview no longer needs this time');
  } catch (error) {
    if (!(error instanceof WorkflowNotFoundError)) throw error;
  }
}

const workflows = () => Context.current().client.workflow;
const idOf = (key: string): string => `interview-slot-${key}`;

async function runOf(key: string): Promise<{ holder: string; runId: string } | undefined> {
  const run = await describeRun(Context.current().client, idOf(key));
  if (run?.status.name !== 'RUNNING') return undefined;
  return { holder: String(run.memo?.['holder']), runId: run.runId };
}
