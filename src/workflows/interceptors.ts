/** A workaround for the SDK's handling of reserved signal names. */
import type { WorkflowInterceptorsFactory } from '@temporalio/workflow';

const RESERVED_PREFIX = '__temporal_';

/**
 * With a default signal handler, a signal with the SDK's reserved prefix fails the workflow task, again and again. A user of the Web UI
 * could block an exit so. Under another name the exit refuses the signal like any unknown one.
 */
export const interceptors: WorkflowInterceptorsFactory = () => ({
  internals: [
    {
      activate(input, next) {
        for (const { signalWorkflow } of input.activation.jobs ?? []) {
          if (signalWorkflow?.signalName?.startsWith(RESERVED_PREFIX))
            signalWorkflow.signalName = `reserved: ${signalWorkflow.signalName}`;
        }
        return next(input);
      },
    },
  ],
});
