/** Looks at every open hold once, and tells an exit only when something drifted: being checked costs an exit no history. */
import { ActivityFailure, ApplicationFailure, proxyActivities } from '@temporalio/workflow';
import type { DriftActivities } from '../activities/drift-activities.js';
import type { ExitActivities } from '../activities/exit-activities.js';
import type { ExitHold } from '../exit/drift.js';
import { reportOnce } from './report-orphaned-hold.js';
import { causeOf, reasonOf } from './step-failures.js';

interface Sweep {
  /** How long one look at a page of holds may take before it is left to the next sweep. */
  giveUpAfterMs: number;
}

interface SweepResult {
  checked: number;
  drifted: number;
  /** Exits that ended from outside while a hold of theirs stood. */
  orphaned: number;
}

/** As many reads as an attempt on a system with a rate limit may make (services/protocols/pace.ts). */
const HOLDS_PER_ATTEMPT = 12;

/** @throws ApplicationFailure with the systems that could not be looked at; the others have been */
export async function sweepHolds({ giveUpAfterMs }: Sweep): Promise<SweepResult> {
  const timeouts = { startToCloseTimeout: '1 minute', scheduleToCloseTimeout: giveUpAfterMs } as const;
  const { openHolds, orphanedHolds } = proxyActivities<ExitActivities>(timeouts);
  const result: SweepResult = { checked: 0, drifted: 0, orphaned: 0 };
  const missed = new Map<string, string>();

  for (let page: string | undefined, isFirst = true; isFirst || page; isFirst = false) {
    const { holds, next } = await openHolds.executeWithOptions({ summary: 'List the open holds' }, [page]);
    await Promise.all(chunksBySystem(holds).map(look));
    page = next;
  }
  for (const orphan of await orphanedHolds.executeWithOptions(
    { summary: 'List holds without an exit' },
    [],
  )) {
    result.orphaned += 1;
    await reportOnce(orphan);
  }
  if (missed.size > 0) {
    const systems = [...missed].map(([system, why]) => `${system} (${why})`);
    throw ApplicationFailure.nonRetryable(`Not looked at: ${systems.join(', ')}`, 'Missed', result);
  }
  return result;

  async function look(holds: ExitHold[]): Promise<void> {
    const { system, queue } = holds[0]!;
    const { findDrift } = proxyActivities<DriftActivities>({ ...timeouts, taskQueue: queue });
    try {
      const summary = `Look at ${holds.length} holds on ${system}`;
      const drifted = await findDrift.executeWithOptions({ summary }, [{ system, holds }]);
      // Not `+= await`: that adds to the sum of before the wait, and the systems are waited for together.
      result.drifted += drifted;
      result.checked += holds.length;
    } catch (error) {
      if (!(error instanceof ActivityFailure)) throw error;
      missed.set(system, reasonOf(causeOf(error)));
    }
  }
}

function chunksBySystem(holds: ExitHold[]): ExitHold[][] {
  const open = new Map<string, ExitHold[]>();
  const chunks: ExitHold[][] = [];
  for (const hold of holds) {
    const key = `${hold.system} on ${hold.queue}`;
    let chunk = open.get(key);
    if (!chunk || chunk.length === HOLDS_PER_ATTEMPT) {
      chunk = [];
      open.set(key, chunk);
      chunks.push(chunk);
    }
    chunk.push(hold);
  }
  return chunks;
}
