/** The hold on a critical system that no program reaches: each step is a task of its owner, who confirms it with evidence. */
import { condition } from '@temporalio/workflow';
import type { PlannedSystem } from '../exit/plan.js';
import { askPerson } from './ask-person.js';
import type { ExitContext } from './exit-context.js';

export class ManualHold {
  /** Nothing that the drift check could read. */
  readonly watched = undefined;
  /** A person's block takes days: the holds of the systems that EMS asks are complete without it. */
  readonly isBlocking = false;
  private blocking: Promise<void> | undefined;

  constructor(
    private readonly context: ExitContext,
    private readonly system: Pick<PlannedSystem, 'name'>,
  ) {}

  block(): Promise<void> {
    return (this.blocking = this.keepBlocked());
  }

  restore(): Promise<void> {
    return this.end('restore-access');
  }

  revoke(): Promise<void> {
    return this.end('revoke-access');
  }

  /** Asks to block, and again where the owner is to look again, until the exit has an ending. */
  private async keepBlocked(): Promise<void> {
    const { exit } = this.context;
    const { name } = this.system;
    for (;;) {
      await this.ask('block-access');
      const due = exit.lookAgainAt(name);
      if (!due) return;
      const leftMs = Math.max(1, Date.parse(due.at) - Date.now());
      const summary = `Until the owner of ${name} is to look again`;
      if (await condition(() => !exit.isHeld, leftMs, { summary })) return;
      this.context.advanceTime();
    }
  }

  /** No request to block may go out after one to restore. */
  private async end(step: string): Promise<void> {
    await this.blocking;
    await this.ask(step);
  }

  private ask(name: string): Promise<void> {
    const { context, system } = this;
    const task = { name, system: system.name };
    return context.runner.perform(name, (execution) => askPerson(context, task, execution), system.name);
  }
}
