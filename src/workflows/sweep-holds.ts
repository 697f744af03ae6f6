/** The drift check: reads every open hold once, and signals an exit only where a hold has drifted. A check adds no event to an exit. */
import { ActivityFailure, ApplicationFailure, proxyActivities } from '@temporalio/workflow';
import type { DriftActivities } from '../activities/drift-activities.js';
import type { ExitActivities } from '../activities/exit-activities.js';
import type { ExitHold } from '../exit/drift.js';
import { reportOnce } from './report-orphaned-hold.js';
import { FailureType } from '../exit/failures.js';
import { causeOf, reasonOf, typeOf } from './step-failures.js';

interface Sweep {
  /** The schedule-to-close timeout of each activity; what it misses is left to the next sweep. */
  giveUpAfterMs: number;
}

interface SweepResult {
  checked: number;
  drifted: number;
  /** Exits that were terminated or timed out during a hold. */
  orphaned: number;
  /** Systems of open exits that the configuration no longer has, so that their holds cannot be checked. */
  leftConfiguration: string[];
}

/** Each takes a read of the account and a look for others by each key: what one attempt on a system with a rate limit may make. */
const HOLDS_PER_ATTEMPT = 4;

/** @throws ApplicationFailure non-retryable, with the systems that could not be checked; the others were */
export async function sweepHolds({ giveUpAfterMs }: Sweep): Promise<SweepResult> {
  const timeouts = { startToCloseTimeout: '1 minute', scheduleToCloseTimeout: giveUpAfterMs } as const;
  const { openHolds, orphanedHolds } = proxyActivities<ExitActivities>(timeouts);
  const result: SweepResult = { checked: 0, drifted: 0, orphaned: 0, leftConfiguration: [] };
  const missed = new Map<string, string>();

  for (let page: string | undefined, isFirst = true; isFirst || page; isFirst = false) {
    const { holds, next } = await openHolds.executeWithOptions({ summary: 'List the open holds' }, [page]);
    await Promise.all(chunksBySystem(holds).map(check));
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
    throw ApplicationFailure.nonRetryable(
      `Holds were not checked on ${systems.join(', ')}. The next sweep tries again`,
      'Missed',
      result,
    );
  }
  return result;

  async function check(holds: ExitHold[]): Promise<void> {
    const { system, queue } = holds[0]!;
    const { findDrift } = proxyActivities<DriftActivities>({ ...timeouts, taskQueue: queue });
    try {
      const summary = `Check ${holds.length} holds on ${system}`;
      const drifted = await findDrift.executeWithOptions({ summary }, [{ system, holds }]);
      // `+= await` would read the sum before the await, while checks of other systems add to it.
      result.drifted += drifted;
      result.checked += holds.length;
    } catch (error) {
      if (!(error instanceof ActivityFailure)) throw error;
      const cause = causeOf(error);
      // No later sweep could check it either, and the exit asks for attention when it needs the system.
      if (typeOf(cause) !== FailureType.UnknownSystem) missed.set(system, reasonOf(cause));
      else if (!result.leftConfiguration.includes(system)) result.leftConfiguration.push(system);
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
