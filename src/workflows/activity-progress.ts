/**
 * What the attempts of an activity reported, kept beyond the activity: when it is called again, after its time was up or on an
 * operator's word, the next attempt is told and does not do twice what was done.
 */
import { ActivityFailure, ApplicationFailure, CancelledFailure, TimeoutFailure } from '@temporalio/workflow';
import type { Reported } from '../exit/failures.js';
import { progressOf } from './proxies.js';
import { causeOf } from './step-failures.js';
import type { StepExecution } from './step-runner.js';

export class ActivityProgress<P> {
  /** The latest report; undefined when there is none, or when it is lost. */
  latest: P | undefined;
  /** A call ended in a way that does not tell what its attempts had reported. */
  isLost = false;

  /** Runs the activity of an execution, and remembers what its attempts had reported should it not come to an end. */
  async of<T>(execution: StepExecution, call: (latest: P | undefined) => Promise<T>): Promise<T> {
    let asked: Reported | undefined;
    // Cancelled between two attempts, an activity ends without a word; what it said before is with the server until then.
    execution.beforeCancel = async () => {
      asked = { reported: await progressOf(execution.activityId) };
    };
    try {
      const result = await call(this.latest);
      // It says more than any report, and a later call must not go back to what was known before it.
      this.latest = undefined;
      return result;
    } catch (failure) {
      if (failure instanceof ActivityFailure) {
        const said = reportedBy(causeOf(failure)) ?? asked;
        this.isLost = said === undefined;
        // Attempts report before they act, so nothing reported means that this call has added nothing.
        this.latest = (said?.reported as P | null | undefined) ?? this.latest;
      }
      throw failure;
    } finally {
      execution.beforeCancel = undefined;
    }
  }
}

/** @returns undefined where the failure comes neither from an attempt of ours nor from the server that keeps its reports */
function reportedBy(failure: Error): Reported | undefined {
  if (failure instanceof TimeoutFailure) return { reported: failure.lastHeartbeatDetails };
  if (!(failure instanceof ApplicationFailure || failure instanceof CancelledFailure)) return undefined;
  const [detail] = failure.details ?? [];
  return typeof detail === 'object' && detail !== null && 'reported' in detail ? detail : undefined;
}
