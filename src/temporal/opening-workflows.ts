/**
 * Openings that wait for a second person, in Temporal: a workflow ID is held by one running workflow. Its start is delayed, so that an
 * opening is one history event, and needs no worker.
 */
import {
  isGrpcServiceError,
  WorkflowExecutionAlreadyStartedError,
  WorkflowIdConflictPolicy,
  type Client,
} from '@temporalio/client';
import { encodeToPayload } from '@temporalio/common/lib/internal-non-workflow/index.js';
import { describeRun } from '../activities/describe-run.js';
import { waitingOpenings } from '../activities/waiting-openings.js';
import { employeeIdOf, openingWorkflowId } from '../exit/ids.js';
import type { Openings, WaitingOpening } from '../exit/opening.js';
import { taskQueues } from '../exit/queues.js';

/** Of gRPC. */
const NOT_FOUND = 5;

/** An opening that waits longer lapses. */
const LAPSES_AFTER = '365 days';

export function openingWorkflows(client: Client): Openings {
  const { workflow } = client;

  const openings: Openings = {
    async begunSince(since) {
      const query = `WorkflowType = 'exitEmployee' AND StartTime >= '${since}'`;
      const begun: string[] = [];
      for await (const { workflowId, memo } of workflow.list({ query }))
        if (memo?.['confirmedBy'] === undefined) begun.push(employeeIdOf(workflowId));
      return begun;
    },

    async keep(opening) {
      const { employeeId } = opening.resignation;
      for (;;) {
        try {
          await workflow.start('waitingOpening', {
            workflowId: openingWorkflowId(employeeId),
            taskQueue: taskQueues.exit,
            startDelay: LAPSES_AFTER,
            memo: { opening },
            workflowIdConflictPolicy: WorkflowIdConflictPolicy.FAIL,
            staticSummary: `Opening of the exit of ${employeeId}: waits for a second person`,
            staticDetails: `Nothing is blocked yet. Confirm it with \`ems openings ${employeeId} --confirm --by …\`.`,
          });
          return opening;
        } catch (error) {
          if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
        }
        const earlier = await openings.find(employeeId);
        if (earlier) return earlier;
      }
    },

    async find(employeeId) {
      const run = await describeRun(client, openingWorkflowId(employeeId));
      return run?.status.name === 'RUNNING' ? (run.memo?.['opening'] as WaitingOpening) : undefined;
    },

    waiting: () => waitingOpenings(client),

    async end(employeeId, end) {
      const { namespace, identity, loadedDataConverter } = client.options;
      // A reason is in plain text, and details are encrypted where payloads are. The SDK's handle takes no details.
      const payloads = [await encodeToPayload(loadedDataConverter, end)];
      await client.workflowService
        .terminateWorkflowExecution({
          ...{ namespace, identity, reason: end.how, details: { payloads } },
          workflowExecution: { workflowId: openingWorkflowId(employeeId) },
        })
        .catch((error: unknown) => {
          const code: number | undefined = isGrpcServiceError(error) ? error.code : undefined;
          // Another request has ended it.
          if (code !== NOT_FOUND) throw error;
        });
    },
  };
  return openings;
}
