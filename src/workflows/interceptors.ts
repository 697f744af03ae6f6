/** Workarounds for what the SDK lets reach a workflow. */
import type { ActivateInput, WorkflowInterceptorsFactory } from '@temporalio/workflow';
import { TOO_EARLY } from '../exit/too-early.js';

type Activation = ActivateInput['activation'];

export const interceptors: WorkflowInterceptorsFactory = () => ({
  internals: [
    {
      activate(input, next) {
        renameReserved(input.activation);
        return next(input);
      },
    },
    { activate: inTasksAlone() },
  ],
});

const RESERVED_PREFIX = '__temporal_';

/**
 * With a default signal handler, a signal with the SDK's reserved prefix fails the workflow task, again and again. A user of the Web UI
 * could block an exit so. Under another name the exit refuses the signal like any unknown one.
 */
function renameReserved({ jobs }: Activation): void {
  for (const { signalWorkflow } of jobs ?? [])
    if (signalWorkflow?.signalName?.startsWith(RESERVED_PREFIX))
      signalWorkflow.signalName = `reserved: ${signalWorkflow.signalName}`;
}

/**
 * A query can come with events that no workflow task has had yet. The SDK (1.24) runs the workflow on them, and keeps the result. The next task
 * has the events after them alone. A replay has all of them at once, or an update before them: in another order, with which the
 * history no longer replays, and the exit stands still. This fails the query instead. The worker then forgets the workflow, and the next task
 * replays it.
 */
function inTasksAlone(): (input: ActivateInput, next: (input: ActivateInput) => void) => void {
  let task = '';
  let length: Activation['historyLength'];
  return (input, next) => {
    const { timestamp, historySizeBytes, historyLength, isReplaying, jobs } = input.activation;
    const isQuery = jobs?.every(({ queryWorkflow }) => queryWorkflow);
    // The start of a task brings a time, and the size of the history.
    const latest = [timestamp?.seconds, timestamp?.nanos, historySizeBytes].map(String).join();
    if (!isQuery && !isReplaying && latest === task && historyLength !== length)
      throw new Error(`The exit ${TOO_EARLY}: ask again`);
    [task, length] = [latest, historyLength];
    next(input);
  };
}
