/** What the SDK has to be kept from. */
import type { WorkflowInterceptorsFactory } from '@temporalio/workflow';

const RESERVED_PREFIX = '__temporal_';

/**
 * The SDK fails the workflow task of a signal whose name begins with its reserved prefix, again and again, as soon as there is a default
 * handler: anybody with the Web UI could stand an exit still. Under another name it is refused like every unknown signal.
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
