/** Stands in for the StepRunner: tries again until done, given up, or stuck on something final. */
import { ActivityFailure, ApplicationFailure } from '@temporalio/common';
import { FailureType, FinalFailure } from '../../src/exit/failures.js';
import type { Run } from '../../src/workflows/step-runner.js';

export class Step {
  readonly view: { name: string; state: string; error?: string; note?: string | undefined };
  /** Resolves when the step is done, or is stuck and waits for a person. */
  readonly standing: Promise<void>;
  private operatorRetries = 1;
  private stands!: () => void;
  private isGivenUp = false;
  private giveUpNow!: () => void;
  private readonly givenUp: Promise<void>;

  constructor(
    name: string,
    private readonly cancelRunning: () => void,
    private readonly say: (sentence: string) => void,
  ) {
    this.view = { name, state: 'pending' };
    this.standing = new Promise((resolve) => (this.stands = resolve));
    this.givenUp = new Promise((resolve) => (this.giveUpNow = resolve));
  }

  async perform(run: Run): Promise<void> {
    this.view.state = 'running';
    for (;;) {
      try {
        // What a cancelled attempt had reported comes with its failure here, so `beforeCancel` is never called.
        const outcome = await run({
          activityId: this.view.name,
          call: (activity, input) => activity.executeWithOptions({}, [input]),
        });
        this.view.note = (outcome!.data as { notes: string[] }).notes.join('; ');
        this.view.state = 'done';
        this.stands();
        return;
      } catch (failure) {
        const cause = failure instanceof ActivityFailure ? failure.cause : failure;
        if (!(failure instanceof ActivityFailure) && !(failure instanceof FinalFailure)) {
          this.stands();
          throw failure;
        }
        this.say((cause as Error).message);
        if (!this.isGivenUp) {
          const isFinal = cause instanceof ApplicationFailure && cause.nonRetryable;
          if (!(isFinal || cause instanceof FinalFailure)) continue;
          // An operator looks at it and says "retry": what was refused may have an explanation by then, such as a deleted account.
          if (cause.type !== FailureType.NotGivenBack && this.operatorRetries-- > 0) continue;
          Object.assign(this.view, { state: 'needs-attention', error: cause.message, type: cause.type });
          this.stands();
          // Only a block is ever given up; the others wait for an operator, whom no script has.
          if (this.view.name !== 'block-access') return;
          await this.givenUp;
        }
        this.view.state = 'skipped';
        return;
      }
    }
  }

  async giveUp(): Promise<void> {
    if (this.view.state === 'done') return;
    this.isGivenUp = true;
    this.giveUpNow();
    this.cancelRunning();
  }
}
