/** The steps of an exit that a person does: what the mail to that person says, and when it goes out. */
import type { Ending } from './decision.js';
import { ExitState } from './exit-state.js';
import { stepKey, type Confirmation, type Step } from './status.js';

/** How long a request waits for the employee's name. */
const NAME_WITHIN_MS = 30_000;

/** What a task is about. Of an access step also how the exit stands, and what the owner has confirmed of the block. */
export interface TaskRequest {
  step: string;
  system?: string | undefined;
  /** ISO 8601, UTC. */
  startedAt?: string | undefined;
  withinMs: number;
  /** How many requests went out since the step began. */
  reminders: number;
  reviewBy?: string | undefined;
  ending?: Ending | undefined;
  blocked?: Confirmation | undefined;
  /** Names and addresses of the employee, who does no task of the own exit. */
  identities: string[];
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
    const asked = this.taskRequests.get(stepKey(task));
    const isAsked = asked?.start === this.ledger.starts(task.name, task.system);
    return {
      step: task.name,
      system: task.system,
      startedAt,
      withinMs: this.ledger.attentionAfterMs(task),
      identities: [...this.identities],
      reminders: asked && isAsked ? asked.number - asked.first + 1 : 0,
      ...(task.system !== undefined && {
        reviewBy: this.reviewBy,
        ending: this.ending,
        blocked: this.confirmationOfBlock(task.system),
      }),
    };
  }

  /** How a person last confirmed the block by hand, if at all. It stays where EMS has blocked accounts there since. */
  confirmationOfBlock(system: string): Confirmation | undefined {
    const known = this.confirmed.get(system);
    return known && { by: known.by, at: known.at, evidence: known.evidence };
  }

  /**
   * When the owner of such a system is to look again whether the block stands, since no program does: ISO 8601, UTC; undefined where they
   * are not. `seq`: of the confirmation.
   */
  lookAgainAt(system: string): { at: string; seq: number } | undefined {
    const everyMs = this.ledger.manual(system)?.lookAgainEveryMs;
    const known = this.confirmed.get(system);
    const isConfirmed = this.step('block-access', system)?.state === 'done-by-hand';
    if (!everyMs || !known || !isConfirmed || !this.isHeld) return undefined;
    return { at: new Date(Date.parse(known.at) + everyMs).toISOString(), seq: known.seq };
  }

  /** Begins the block again where its owner is to look again. */
  protected lookAgain(now: string): void {
    for (const system of this.systems) {
      const due = this.lookAgainAt(system);
      if (!due || due.at > now) continue;
      this.ledger.retry(this.step('block-access', system)!, due.at, due.seq);
      this.revision += 1;
    }
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
