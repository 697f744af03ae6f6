/**
 * A step of the exit: tried until it is done, settled by a named person, or given up because the exit took another turn. It never
 * fails the workflow; what is stuck asks for attention and waits.
 */
import {
  ActivityFailure,
  ApplicationFailure,
  CancellationScope,
  condition,
  isCancellation,
  TimeoutFailure,
} from '@temporalio/workflow';
import { isSettled, stepKey, type Step, type StepName } from '../exit/status.js';
import type { Resolution } from '../exit/resolution.js';

type Order =
  | { action: 'retry' }
  | { action: 'done-by-hand' | 'skip'; by: string; evidence?: string | undefined }
  | { action: 'give-up'; why: string };

/** How long an activity may go on trying: until the step asks for attention, and after that without limit. */
export type Patience = () => { scheduleToCloseTimeout?: number };

export class ExitStep {
  readonly view: Step;
  /** The type of the failure that the step is stuck on. */
  stuckOn: string | undefined;
  /** Called before what is being tried is cancelled. */
  beforeCancel: (() => Promise<void>) | undefined;
  private order: Order | undefined;
  private scope: CancellationScope | undefined;

  constructor(name: StepName, system?: string) {
    this.view = { name, system, state: 'pending' };
  }

  get key(): string {
    return stepKey(this.view);
  }

  get isSettled(): boolean {
    return isSettled(this.view);
  }

  get isUnderOrder(): boolean {
    return this.order !== undefined;
  }

  /**
   * @param run calls the activities; what it returns is the step's note
   * @returns once the step is settled
   */
  async perform(
    attentionAfterMs: number,
    run: (patience: Patience) => Promise<string | undefined>,
  ): Promise<void> {
    const { view } = this;
    const patience: Patience = () => {
      if (view.state === 'needs-attention') return {};
      const waited = Date.now() - Date.parse(view.startedAt!);
      return { scheduleToCloseTimeout: Math.max(1, attentionAfterMs - waited) };
    };
    while (!this.isSettled) {
      if (this.order) {
        this.obey(this.order);
        continue;
      }
      if (view.state === 'pending') this.begin();
      this.scope = new CancellationScope();
      try {
        const note = await this.scope.run(() => run(patience));
        this.settle('done', { note: note || undefined });
      } catch (failure) {
        if (!isFailureOfStep(failure)) throw failure;
        if (this.order) continue;
        this.askForAttention(failure);
        // An outage goes on being tried, now without limit; what is final waits for somebody to mend it.
        if (isFinal(failure)) await condition(() => this.order !== undefined);
      }
    }
    // An order that the step's own success overtook has nothing left to do.
    this.order = undefined;
  }

  /** Opens a step again that was done. */
  performAgain(
    attentionAfterMs: number,
    run: (patience: Patience) => Promise<string | undefined>,
  ): Promise<void> {
    Object.assign(this.view, { finishedAt: undefined, note: undefined });
    this.begin();
    return this.perform(attentionAfterMs, run);
  }

  /** Applies a resolution, and returns when what was being tried has ended. */
  async resolve({ action, by, evidence }: Resolution): Promise<Step> {
    await this.give(action === 'retry' ? { action } : { action, by, evidence });
    await condition(() => this.order === undefined);
    return this.view;
  }

  /** Ends a step that the exit no longer needs, also before it began. */
  async giveUp(why: string): Promise<void> {
    if (!this.isSettled) await this.give({ action: 'give-up', why });
  }

  private async give(order: Order): Promise<void> {
    this.order = order;
    // What is tried at this moment: it may end by itself meanwhile, and what is begun after that is not to be cancelled.
    const { scope } = this;
    await this.beforeCancel?.();
    scope?.cancel();
  }

  private obey(order: Order): void {
    this.order = undefined;
    if (order.action === 'retry') this.begin();
    else if (order.action === 'give-up') this.settle('skipped', { note: order.why });
    else {
      const { by, evidence } = order;
      this.settle(order.action === 'skip' ? 'skipped' : 'done-by-hand', { by, evidence });
    }
  }

  private begin(): void {
    this.stuckOn = undefined;
    Object.assign(this.view, { state: 'running', startedAt: now(), error: undefined });
  }

  private settle(state: Step['state'], outcome: Partial<Step>): void {
    this.stuckOn = undefined;
    Object.assign(this.view, { state, finishedAt: now(), error: undefined, ...outcome });
  }

  private askForAttention(failure: Error): void {
    const cause = causeOf(failure);
    this.stuckOn = cause instanceof ApplicationFailure ? (cause.type ?? undefined) : undefined;
    Object.assign(this.view, { state: 'needs-attention', error: reasonOf(cause) });
  }
}

export const now = (): string => new Date(Date.now()).toISOString();

/** The failure inside an ActivityFailure. */
export const causeOf = (failure: Error): Error =>
  failure instanceof ActivityFailure ? (failure.cause ?? failure) : failure;

/** A timeout says that time is up; what its last attempt died of is the reason. The SDK's TimeoutFailure leaves its cause out. */
export function reasonOf(cause: Error): string {
  let failure = cause instanceof TimeoutFailure ? cause.failure : undefined;
  while (failure?.timeoutFailureInfo && failure.cause) failure = failure.cause;
  return failure?.message ?? cause.message;
}

/** Anything else is a mistake in this code: it fails the workflow task, which is tried again once the code is mended. */
const isFailureOfStep = (error: unknown): error is Error =>
  error instanceof ActivityFailure || error instanceof ApplicationFailure || isCancellation(error);

/** A cancellation that nobody here ordered would come straight back, so it waits for a person as well. */
function isFinal(failure: Error): boolean {
  const cause = causeOf(failure);
  return (cause instanceof ApplicationFailure && cause.nonRetryable === true) || isCancellation(failure);
}
