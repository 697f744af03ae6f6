/** The hold on one critical system in the workflow: each move is an activity, and replay restores the state. */
import { ActivityFailure, ApplicationFailure, sleep } from '@temporalio/workflow';
import type { WatchedHold } from '../exit/drift.js';
import { FinalFailure, isFailureType } from '../exit/failures.js';
import { showingOf, type Taken } from '../exit/hold-facts.js';
import { noHold, type Goal } from '../exit/hold.js';
import {
  accountsOf,
  byAccount,
  evidenceOf,
  identitiesOf,
  othersOf,
  performAll,
  watchedOf,
  type Holds,
  type HoldsPerformer,
} from '../exit/holds.js';
import type { PlannedSystem } from '../exit/plan.js';
import type { ExitContext } from './exit-context.js';
import { ActivityProgress } from './activity-progress.js';
import type { StepExecution } from './step-runner.js';

const BLOCK = 'block-access';

interface Clock {
  now: () => number;
  sleep: typeof sleep;
}

export class SystemHold {
  private holds: Holds;
  private readonly progress = new ActivityProgress<Taken>();
  private blocking: Promise<void> | undefined;

  constructor(
    private readonly context: ExitContext,
    private readonly system: PlannedSystem,
    /** Workflow time; the model test replaces it. */
    private readonly clock: Clock = { now: () => Date.now(), sleep },
  ) {
    this.holds = [{ ...noHold, inherits: context.inherits }];
  }

  /** Blocks access, and again after each drift, until the exit has an ending. */
  block(): Promise<void> {
    const { exit, runner } = this.context;
    const { name: system } = this.system;
    const run = async (execution: StepExecution) => {
      const drift = exit.blocks.get(system)?.drifts.at(-1);
      const notes = await this.carryTo({ to: 'block', drift }, BLOCK, execution);
      const identities = identitiesOf(accountsOf(this.holds));
      const data = { system, ...evidenceOf(system, this.holds), identities, notes };
      return { type: 'access.blocked', data } as const;
    };
    return (this.blocking = runner.performEach(BLOCK, run, () => exit.ending !== undefined, system));
  }

  restore(): Promise<void> {
    const { exit } = this.context;
    return this.end('restore-access', 'access.restored', () => ({
      to: 'restore',
      blockedByHand: exit.confirmationOfBlock(this.system.name),
    }));
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
      data: { system, notes: await this.carryTo(goal(), step, execution) },
    });
    await this.context.runner.perform(step, run, system);
  }

  get isBlocking(): boolean {
    return this.context.exit.step(BLOCK, this.system.name)?.state === 'running';
  }

  /**
   * What the drift check reads; undefined before the block was observed, and while it waits for a person. It stays while a drift is blocked
   * again. Without accounts, the check looks for one that appears.
   */
  get watched(): WatchedHold | undefined {
    const { exit } = this.context;
    const { name: system, hold, queue } = this.system;
    const holds = this.holds.filter(({ blocked, capture }) => blocked ?? (capture && !capture.account));
    const step = exit.step(BLOCK, system);
    if (holds.length === 0 || !step || (step.state !== 'running' && !exit.isBlocked(system)))
      return undefined;
    const taken = byAccount(holds, (held) => held.taken);
    const accounts = watchedOf(accountsOf(holds), taken, hold);
    const chosen = exit.chosenAccounts(system);
    return {
      ...{ system, hold, employee: exit.person, accounts, queue },
      ...(chosen.length > 0 && { chosen }),
      ...(exit.isConfirmed(system) && { isConfirmed: true }),
    };
  }

  private carryTo(goal: Goal, step: string, execution: StepExecution): Promise<string[]> {
    const { context, system: planned, progress, clock } = this;
    const { name: system, hold } = planned;
    const { exitId, person: employee } = context.exit;
    const named = {
      chosen: context.exit.chosenAccounts(system),
      vouched: context.exit.vouchedAccounts(system),
    };
    const access = context.services.access(planned);
    const decided = () => ({ exitId, signature: context.exit.decision?.data.signature });
    const starts = context.exit.ledger.starts(step, system);
    const on = { system, kind: hold, lateWriteMs: context.plan.policy.lateWriteMs, goal, starts };
    const performer: HoldsPerformer = {
      holds: this.holds,
      now: clock.now,
      save: () => Promise.resolve(),
      capture: async (held) => {
        const { adopts } = context.plan;
        const showing = showingOf(accountsOf(this.holds));
        const input = { exitId, employee, system, hold, known: { held, showing, ...named }, adopts };
        const activity = { activityId: `capture-access:${system}` };
        const seen = await execution.call(access.captureAccess, input, activity).catch(throwFinal);
        context.record({
          type: 'access.captured',
          data: { system, accounts: seen.accounts, cost: seen.cost },
        });
        return seen;
      },
      block: async ({ account, tried }, apply) => {
        try {
          const input = {
            ...{ system, hold, account, tried },
            overridesProtection: context.exit.overridesProtection(system),
            openedAt: goal.to === 'block' && goal.drift === undefined ? context.exit.openedAt : undefined,
          };
          return await progress.during(execution, () => execution.call(access.blockAccess, input));
        } catch (failure) {
          if (failure instanceof ActivityFailure) {
            const reported = progress.isLost ? undefined : (progress.latest ?? null);
            apply({ gaveUp: { reported } });
          }
          return throwFinal(failure);
        }
      },
      restore: ({ account, taken, earlier }) => {
        const others = othersOf(this.holds, account);
        const input = { ...decided(), employee, system, account, taken, named, others, earlier };
        return execution.call(access.restoreAccess, input).catch(throwFinal);
      },
      revoke: () => {
        const accounts = accountsOf(performer.holds);
        const input = { ...decided(), employee, system, accounts, named };
        return execution.call(access.revokeAccess, input).catch(throwFinal);
      },
      wait: ({ until, why }) =>
        clock.sleep(Math.max(1, Date.parse(until) - clock.now()), {
          summary: `Until ${why}`,
        }),
    };
    return performAll(performer, on).finally(() => (this.holds = performer.holds));
  }
}

/** Throws the final failure of an activity as the FinalFailure of the domain, and any other failure as it is. */
function throwFinal(failure: unknown): never {
  const cause = failure instanceof ActivityFailure ? failure.cause : undefined;
  if (cause instanceof ApplicationFailure && cause.nonRetryable && isFailureType(cause.type))
    throw new FinalFailure(cause.type, cause.message, { cause: failure });
  throw failure;
}
