/** The hold on one critical system in the workflow: each move is an activity, and replay restores the state. */
import { ActivityFailure, ApplicationFailure, sleep } from '@temporalio/workflow';
import type { WatchedHold } from '../exit/drift.js';
import { FailureType, FinalFailure } from '../exit/failures.js';
import type { Taken } from '../exit/hold-facts.js';
import { noHold, observed, perform, type Goal, type Held, type Performer } from '../exit/hold.js';
import type { PlannedSystem } from '../exit/plan.js';
import type { ExitContext } from './exit-context.js';
import { ActivityProgress } from './activity-progress.js';
import { causeOf } from './step-failures.js';
import type { StepExecution } from './step-runner.js';

interface Clock {
  now: () => number;
  sleep: typeof sleep;
}

export class SystemHold {
  private held: Held;
  private readonly progress = new ActivityProgress<Taken>();
  private blocking: Promise<void> | undefined;

  constructor(
    private readonly context: ExitContext,
    private readonly system: PlannedSystem,
    /** Workflow time; the model test replaces it. */
    private readonly clock: Clock = { now: () => Date.now(), sleep },
  ) {
    this.held = { ...noHold, inherits: context.inherits };
  }

  /** Blocks access, and again after each drift, until the exit has an ending. */
  block(): Promise<void> {
    const { exit, runner } = this.context;
    const { name: system } = this.system;
    const run = async (execution: StepExecution) => {
      const notes = await this.carryTo(
        { to: 'block', drift: exit.blocks.get(system)?.drifts.at(-1) },
        execution,
      );
      const { capture } = this.held;
      const data = { system, capture, identities: capture?.account?.identities ?? [], notes };
      return { type: 'access.blocked', data } as const;
    };
    return (this.blocking = runner.performEach('block-access', run, () => exit.ending !== undefined, system));
  }

  restore(): Promise<void> {
    return this.end('restore-access', 'access.restored', () => {
      const { state, by } = this.context.exit.step('block-access', this.system.name)!;
      return { to: 'restore', blockedByHandBy: state === 'done-by-hand' ? by : undefined };
    });
  }

  revoke(): Promise<void> {
    return this.end('revoke-access', 'access.revoked', () => ({ to: 'revoke' }));
  }

  private async end(
    step: string,
    type: 'access.restored' | 'access.revoked',
    goal: () => Goal,
  ): Promise<void> {
    const { name: system } = this.system;
    await this.blocking;
    const run = async (execution: StepExecution) => ({
      type,
      data: { system, notes: await this.carryTo(goal(), execution) },
    });
    await this.context.runner.perform(step, run, system);
  }

  /** What the drift check reads; undefined without an account that was observed blocked. It stays while a drift is blocked again. */
  get watched(): WatchedHold | undefined {
    const { name: system, hold, queue } = this.system;
    const { capture, blocked } = this.held;
    return capture?.account && blocked && { system, hold, accountId: capture.account.id, queue };
  }

  private carryTo(goal: Goal, execution: StepExecution): Promise<string[]> {
    const { context, system: planned, progress, clock } = this;
    const { name: system, hold } = planned;
    const { exitId, employeeId, resignation } = context.exit;
    const access = context.services.access(planned);
    const on = { system, kind: hold, lateWriteMs: context.plan.policy.lateWriteMs, goal };
    const performer: Performer = {
      held: this.held,
      now: clock.now,
      save: () => Promise.resolve(),
      capture: async () => {
        const { adopts } = context.plan;
        const input = { exitId, employeeId, system, hold, adopts };
        const seen = await execution.call(access.captureAccess, input, {
          activityId: `capture-access:${system}`,
        });
        const identities = seen.account?.identities ?? [];
        context.record({ type: 'access.captured', data: { system, identities } });
        return seen;
      },
      block: async ({ account, tried }) => {
        try {
          const overridesProtection = resignation.overrideBy !== undefined;
          return await progress.during(execution, () =>
            execution.call(access.blockAccess, { system, hold, account, tried, overridesProtection }),
          );
        } catch (failure) {
          if (failure instanceof ActivityFailure) {
            const reported = progress.isLost ? undefined : (progress.latest ?? null);
            performer.held = observed(performer.held, { gaveUp: { reported } }, { ...on, now: clock.now() });
          }
          throw failure;
        }
      },
      restore: async ({ account, taken, blockedVersion }) => {
        try {
          return await execution.call(access.restoreAccess, { system, account, taken, blockedVersion });
        } catch (failure) {
          throw asFinal(failure as Error, FailureType.NotGivenBack);
        }
      },
      revoke: ({ account }) => execution.call(access.revokeAccess, { employeeId, system, account }),
      wait: (until) =>
        clock.sleep(Math.max(1, Date.parse(until) - clock.now()), {
          summary: `Until no late write can block ${system} again`,
        }),
    };
    return perform(performer, on).finally(() => (this.held = performer.held));
  }
}

/** Turns a final failure of an activity back into the FinalFailure of the domain; any other failure stays as it is. */
function asFinal(failure: Error, type: FailureType): Error {
  const cause = causeOf(failure);
  const isOfType = cause instanceof ApplicationFailure && cause.type === type;
  return isOfType ? new FinalFailure(type, cause.message, { cause: failure }) : failure;
}
