/**
 * The heartbeat details of an activity, kept beyond it. After a timeout or an operator's retry, the next call gets them and repeats no
 * effect.
 */
import { ActivityFailure } from '@temporalio/workflow';
import type { PendingProgress } from '../activities/exit-activities.js';
import { progressOf } from './proxies.js';
import { causeOf, detailsOf } from './step-failures.js';
import type { StepExecution } from './step-runner.js';

export class ActivityProgress<P> {
  /** The latest report; undefined without one, or where it is lost. */
  latest: P | undefined;
  /** The latest call ended without its heartbeat details. */
  isLost = false;

  /** Calls an activity of a step with the latest report, and keeps the heartbeat details of a call that fails. */
  async during<T>(execution: StepExecution, call: (latest: P | undefined) => Promise<T>): Promise<T> {
    let fetched: PendingProgress | undefined;
    // An activity that is cancelled between two attempts returns no details. Until then the server has them.
    execution.beforeCancel = async () => {
      fetched = await progressOf(execution.activityId);
    };
    try {
      const result = await call(this.latest);
      // The result contains more than any report, so a later call must not get an older one.
      this.latest = undefined;
      return result;
    } catch (failure) {
      if (failure instanceof ActivityFailure) {
        const details = detailsOf(causeOf(failure));
        // What an attempt reported after that, the failure does not carry: it may have acted.
        this.isLost = !details && !isStillIdle(fetched);
        // Attempts report before they act. Without a report, this call has had no effect.
        this.latest = ((details ?? fetched)?.reported as P | null | undefined) ?? this.latest;
      }
      throw failure;
    } finally {
      execution.beforeCancel = undefined;
    }
  }
}

/** Whether no attempt has begun since, by the clock of the server. */
const isStillIdle = (fetched: PendingProgress | undefined): boolean =>
  fetched?.idleUntil !== undefined && Date.parse(fetched.idleUntil) > Date.now();
