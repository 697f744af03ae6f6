/**
 * Performs the open steps of an exit, each until it is settled. The failure of a step never fails the workflow: the step needs attention
 * and waits for a person.
 */
import { CancellationScope, condition, type ActivityOptions } from '@temporalio/workflow';
import type { Outcome } from '../exit/events.js';
import type { Exit } from '../exit/exit.js';
import { isSettled, stepKey, isStuck } from '../exit/status.js';
import { summaryOf } from '../exit/steps.js';
import { causeOf, isFailureOfStep, isFinal, pauseAfter, reasonOf, typeOf } from './step-failures.js';

/** One execution of a step, which ends with its outcome or a failure. */
export interface StepExecution {
  /** The activity ID of the step. */
  activityId: string;
  /** Calls an activity. Its schedule-to-close timeout is the time left until the step needs attention; after that it has none. */
  call: <I, T>(
    activity: Activity<I, T>,
    input: I,
    named?: { activityId?: string; summary?: string },
  ) => Promise<T>;
  /** Runs before the execution is cancelled. */
  beforeCancel?: (() => Promise<void>) | undefined;
}

interface Activity<I, T> {
  executeWithOptions: (options: ActivityOptions, args: [input: I]) => Promise<T>;
}

export type Run = (execution: StepExecution) => Promise<Outcome | undefined>;

interface Running {
  key: string;
  /** Whether the step was settled or begun again meanwhile. */
  isStale: () => boolean;
  cancel: () => void;
}

export class StepRunner {
  private readonly running = new Set<Running>();

  constructor(
    private readonly exit: Exit,
    private readonly record: (outcome: Outcome) => void,
  ) {}

  /** Waits until a step is open, and performs it until it is settled. */
  async perform(name: string, run: Run, system?: string): Promise<void> {
    const { exit } = this;
    await condition(() => exit.isOpen(name, system) || this.isOver(name, system));
    await this.performOpen(name, run, system);
  }

  /** Performs a step each time that it is open, until `isOver` or the exit closes. */
  async performEach(name: string, run: Run, isOver: () => boolean, system?: string): Promise<void> {
    const { exit } = this;
    for (;;) {
      await condition(() => exit.isOpen(name, system) || isOver() || exit.closedAt !== undefined);
      if (!exit.isOpen(name, system)) return;
      await this.performOpen(name, run, system);
    }
  }

  /** Cancels executions of steps that were settled or begun again. */
  cancelStale(): void {
    for (const each of this.running) if (each.isStale()) each.cancel();
  }

  /** @returns once no stale execution of a step is running */
  async staleEnded(name: string, system?: string): Promise<void> {
    const key = stepKey({ name, system });
    await condition(() => ![...this.running].some((each) => each.key === key && each.isStale()));
  }

  private isOver(name: string, system?: string): boolean {
    const step = this.exit.step(name, system);
    return this.exit.closedAt !== undefined || (step !== undefined && isSettled(step));
  }

  private async performOpen(name: string, run: Run, system?: string): Promise<void> {
    const { exit } = this;
    const stepNow = () => exit.step(name, system)!;
    // True after a drift that the policy leaves to an operator.
    let waitsForPerson = exit.isOpen(name, system) && isStuck(stepNow());
    while (exit.isOpen(name, system)) {
      const start = exit.ledger.starts(name, system);
      const isStale = () => !exit.isOpen(name, system) || exit.ledger.starts(name, system) !== start;
      if (waitsForPerson) await condition(isStale);
      waitsForPerson = false;
      if (isStale()) continue;
      const scope = new CancellationScope();
      const key = stepKey({ name, system });
      const execution: StepExecution = {
        activityId: key,
        call: (activity, input, named) =>
          activity.executeWithOptions({ activityId: key, ...this.optionsOf(name, system), ...named }, [
            input,
          ]),
      };
      const running = {
        key,
        isStale,
        cancel: once(() => void cancel(scope, execution)),
      };
      this.running.add(running);
      try {
        const outcome = await scope.run(() => run(execution)).finally(() => this.running.delete(running));
        if (outcome) this.record(outcome);
        waitsForPerson = !isStale() && isStuck(stepNow());
      } catch (failure) {
        if (!isFailureOfStep(failure)) throw failure;
        if (isStale()) continue;
        const cause = causeOf(failure);
        const why = { step: name, system, error: reasonOf(cause), type: typeOf(cause) };
        this.record({ type: 'step.needs-attention', data: why });
        // The runner retries an outage further, now without a timeout. The exit may have begun the step again by itself.
        waitsForPerson = isFinal(failure) && !isStale();
        const pauseMs = pauseAfter(cause);
        if (pauseMs > 0) await condition(isStale, pauseMs, { summary: `Until ${key} may be tried again` });
      }
    }
  }

  private optionsOf(name: string, system?: string): ActivityOptions {
    const { ledger } = this.exit;
    const step = this.exit.step(name, system)!;
    const summary = summaryOf(ledger.rowOf(name)!, system);
    if (isStuck(step)) return { summary };
    const leftMs = ledger.attentionAfterMs(step) - (Date.now() - Date.parse(step.startedAt!));
    return { summary, scheduleToCloseTimeout: Math.max(1, leftMs) };
  }
}

/** Cancels the scope of one execution. If that ends meanwhile, the next execution has a scope of its own and goes on. */
const cancel = (scope: CancellationScope, execution: StepExecution): Promise<void> =>
  CancellationScope.nonCancellable(async () => {
    await execution.beforeCancel?.();
    scope.cancel();
  });

function once(run: () => void): () => void {
  let isDone = false;
  return () => {
    if (!isDone) run();
    isDone = true;
  };
}
