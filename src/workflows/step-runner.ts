/**
 * Performs the steps that the exit says are open: tries each until it is settled. A step never fails the workflow; what is stuck asks
 * for attention and waits for a person.
 */
import { CancellationScope, condition, type ActivityOptions } from '@temporalio/workflow';
import type { Outcome } from '../exit/events.js';
import type { Exit } from '../exit/exit.js';
import { isSettled, stepKey } from '../exit/status.js';
import { summaryOf } from '../exit/steps.js';
import { causeOf, isFailureOfStep, isFinal, reasonOf, typeOf } from './step-failures.js';

/** One go at a step. */
export interface StepExecution {
  /** The id of the step's activity. */
  activityId: string;
  /** Calls an activity, which may go on trying until the step asks for attention. */
  call: <I, T>(
    activity: Activity<I, T>,
    input: I,
    named?: { activityId?: string; summary?: string },
  ) => Promise<T>;
  /** Called before what is being tried is cancelled. */
  beforeCancel?: (() => Promise<void>) | undefined;
}

interface Activity<I, T> {
  executeWithOptions: (options: ActivityOptions, args: [input: I]) => Promise<T>;
}

export type Run = (execution: StepExecution) => Promise<Outcome | undefined>;

interface Running {
  key: string;
  /** The step was settled or begun again meanwhile. */
  isStale: () => boolean;
  cancel: () => void;
}

export class StepRunner {
  private readonly running = new Set<Running>();

  constructor(
    private readonly exit: Exit,
    private readonly record: (outcome: Outcome) => void,
  ) {}

  /** Waits until a step begins, and performs it until it is settled. */
  async perform(name: string, run: Run, system?: string): Promise<void> {
    const { exit } = this;
    await condition(() => exit.isOpen(name, system) || this.isOver(name, system));
    await this.performOpen(name, run, system);
  }

  /** Performs a step each time that it is open, until the exit has no use for it any more. */
  async performEach(name: string, run: Run, isOver: () => boolean, system?: string): Promise<void> {
    const { exit } = this;
    for (;;) {
      await condition(() => exit.isOpen(name, system) || isOver() || exit.closedAt !== undefined);
      if (!exit.isOpen(name, system)) return;
      await this.performOpen(name, run, system);
    }
  }

  /** Cancels what is being tried of steps that were settled or begun again. */
  cancelStale(): void {
    for (const each of this.running) if (each.isStale()) each.cancel();
  }

  /** Returns once a step that was settled or begun again has nothing of before under way. */
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
    // Drift that the policy leaves to an operator, for instance.
    let waitsForPerson = exit.isOpen(name, system) && stepNow().state === 'needs-attention';
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
      } catch (failure) {
        if (!isFailureOfStep(failure)) throw failure;
        if (isStale()) continue;
        const cause = causeOf(failure);
        const why = { step: name, system, error: reasonOf(cause), type: typeOf(cause) };
        this.record({ type: 'step.needs-attention', data: why });
        // An outage goes on being tried, now without limit.
        waitsForPerson = isFinal(failure);
      }
    }
  }

  private optionsOf(name: string, system?: string): ActivityOptions {
    const row = this.exit.ledger.rowOf(name)!;
    const { state, startedAt } = this.exit.step(name, system)!;
    const summary = summaryOf(row, system);
    if (state === 'needs-attention') return { summary };
    const attentionAfterMs = row.attentionAfterMs ?? this.exit.plan!.policy.attentionAfterMs;
    const leftMs = attentionAfterMs - (Date.now() - Date.parse(startedAt!));
    return { summary, scheduleToCloseTimeout: Math.max(1, leftMs) };
  }
}

/** The attempt may end by itself meanwhile, and what is begun after that is in another scope. */
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
