/** The hold on one critical system, as the workflow performs it: each move is an activity, and what is remembered is replay's. */
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
  private readonly reports = new ActivityProgress<Taken>();
  private blocking: Promise<void> | undefined;

  constructor(
    private readonly context: ExitContext,
    private readonly system: PlannedSystem,
    /** The workflow's own; the model test has another. */
    private readonly clock: Clock = { now: () => Date.now(), sleep },
  ) {
    this.held = { ...noHold, inherits: context.inherits };
  }

  /** Takes access away, and again each time that it came back, until the exit has come to its ending. */
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

  /** What a sweep looks at; undefined where nothing is held that could drift. Stays so while a drift is being mended. */
  get watched(): WatchedHold | undefined {
    const { name: system, hold, queue } = this.system;
    const { capture, blocked } = this.held;
    return capture?.account && blocked && { system, hold, accountId: capture.account.id, queue };
  }

  private carryTo(goal: Goal, execution: StepExecution): Promise<string[]> {
    const { context, system: planned, reports, clock } = this;
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
          return await reports.of(execution, () =>
            execution.call(access.blockAccess, { system, hold, account, tried, overridesProtection }),
          );
        } catch (failure) {
          if (failure instanceof ActivityFailure) {
            const reported = reports.isLost ? undefined : (reports.latest ?? null);
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
          summary: `Wait out a late block on ${system}`,
        }),
    };
    return perform(performer, on).finally(() => (this.held = performer.held));
  }
}

/** A final failure of the activity as the domain knows it; any other failure stays as it is. */
function asFinal(failure: Error, type: FailureType): Error {
  const cause = causeOf(failure);
  const isOfType = cause instanceof ApplicationFailure && cause.type === type;
  return isOfType ? new FinalFailure(type, cause.message, { cause: failure }) : failure;
}
