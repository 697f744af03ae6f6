/** The activity of the drift check: one read per hold, and a signal to each exit whose hold has drifted. */
import { Context } from '@temporalio/activity';
import { WorkflowNotFoundError } from '@temporalio/client';
import { FinalFailure, together } from '../exit/failures.js';
import type { Drift, ExitHold } from '../exit/drift.js';
import type { AccessService } from '../services/access/access.js';
import { attempt } from './attempt.js';
import { serviceOn } from './access-activities.js';

export function createDriftActivities(access: ReadonlyMap<string, AccessService>) {
  return {
    /** @returns the number of holds that have drifted */
    findDrift: ({ system, holds }: { system: string; holds: ExitHold[] }): Promise<number> =>
      attempt(async ({ signal }) => {
        const service = serviceOn(access, system);
        let drifted = 0;
        const failures: unknown[] = [];
        for (const { workflowId, runId, employee, accounts, hold, chosen, isConfirmed } of holds) {
          const seenAt = new Date().toISOString();
          try {
            const seen = await service.driftOf(employee, accounts, hold, signal, { chosen, isConfirmed });
            if (!seen) continue;
            drifted += 1;
            await signalDrift(workflowId, runId, { system, ...seen, seenAt });
          } catch (failure) {
            // A rate limit or an outage would meet the others as well.
            if (!(failure instanceof FinalFailure)) throw failure;
            failures.push(failure);
          }
        }
        if (failures.length > 0) throw together(failures);
        return drifted;
      }),
  };
}

export type DriftActivities = ReturnType<typeof createDriftActivities>;

async function signalDrift(workflowId: string, runId: string, drift: Drift): Promise<void> {
  try {
    await Context.current().client.workflow.getHandle(workflowId, runId).signal('holdDrifted', drift);
  } catch (error) {
    // The exit has closed since it was listed. Access that it gave back is no drift.
    if (!(error instanceof WorkflowNotFoundError)) throw error;
  }
}
