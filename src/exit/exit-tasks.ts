/** The steps of an exit that a person does: what the mail to that person says, and when it goes out. */
import type { Ending } from './decision.js';
import { ExitState } from './exit-state.js';
import { confirmationOf, stepKey, type Confirmation, type Step } from './status.js';

/** How long a request waits for the employee's name. */
const NAME_WITHIN_MS = 30_000;

/** What a task is about. Of an access step also how the exit stands, and what the owner has confirmed of the block. */
export interface TaskRequest {
  step: string;
  system?: string | undefined;
  /** ISO 8601, UTC. */
  startedAt?: string | undefined;
  withinMs: number;
  reviewBy?: string | undefined;
  ending?: Ending | undefined;
  blocked?: Confirmation | undefined;
}

export abstract class ExitTasks extends ExitState {
  /** How many requests the person of a task got. */
  timesAsked(task: Pick<Step, 'name' | 'system'>): number {
    return this.taskRequests.get(stepKey(task))?.number ?? 0;
  }

  /** Since when failed attempts of a step count, ISO 8601: it began, or its mail went out. */
  triedSince(step: Step): string | undefined {
    const { startedAt } = step;
    const asked = this.taskRequests.get(stepKey(step))?.at;
    return startedAt !== undefined && asked !== undefined && asked > startedAt ? asked : startedAt;
  }

  /** What the mail of a task says of it, besides what every mail says. */
  request(task: Pick<Step, 'name' | 'system'>): TaskRequest {
    const { startedAt } = this.step(task.name, task.system)!;
    const block = this.step('block-access', task.system);
    return {
      step: task.name,
      system: task.system,
      startedAt,
      withinMs: this.ledger.attentionAfterMs(task),
      ...(task.system !== undefined && {
        reviewBy: this.reviewBy,
        ending: this.ending,
        blocked: block && confirmationOf(block),
      }),
    };
  }

  /**
   * Until when the first mail of an access step waits for the employee's name, by which its owner finds the account: milliseconds since
   * the epoch.
   * It is over where the name is known, or no server is left that could tell it.
   */
  awaitsNameUntil({ name, system }: Pick<Step, 'name' | 'system'>): number {
    const isAwaited =
      system !== undefined &&
      this.employeeName === undefined &&
      this.ledger.starting.some(({ state }) => state === 'running');
    return isAwaited ? Date.parse(this.step(name, system)!.startedAt!) + NAME_WITHIN_MS : -Infinity;
  }
}
