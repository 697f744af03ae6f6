/** The hold on one critical system, as the workflow leads it: capture → block, then restore or revoke. */
import { ActivityFailure, ApplicationFailure, sleep } from '@temporalio/workflow';
import type { Drift, WatchedHold } from '../exit/drift.js';
import { FailureType } from '../exit/failures.js';
import {
  everythingOf,
  mergeCaptures,
  nothing,
  type Capture,
  type CapturedAccount,
  type GroupRef,
  type Taken,
} from '../exit/hold.js';
import type { Plan, PlannedSystem } from '../exit/plan.js';
import type { Services } from './proxies.js';
import type { Exit, HeldSystem } from './exit.js';
import { Reports } from './reports.js';
import { causeOf, type ExitStep, type Patience } from './steps.js';

interface Clock {
  now: () => number;
  sleep: typeof sleep;
}

export class Hold implements HeldSystem {
  capture: Capture | undefined;
  private readonly blockStep: ExitStep;
  private readonly access: ReturnType<Services['access']>;
  private readonly policy: Plan['policy'];
  private readonly blockReports: Reports<Taken>;
  /** What the hold has taken, or may have taken while nobody saw the answer. Restore gives back this and no more. */
  private taken = nothing;
  /** Until when a write of the block may still land that nobody saw the end of; for a block that was given up, nobody counts. */
  private mayLandUntil = 0;
  private blocking: Promise<void> | undefined;
  /** Stays so while a drift is being mended, so that the memo has nothing to say twice. */
  private wasBlocked = false;
  private blockedVersion: string | undefined;

  constructor(
    private readonly exit: Exit,
    readonly system: PlannedSystem,
    plan: Plan,
    services: Services,
    /** The workflow's own; the model test has another. */
    private readonly clock: Clock = { now: () => Date.now(), sleep },
  ) {
    this.access = services.access(system);
    this.policy = plan.policy;
    this.blockStep = exit.addStep('block-access', system.name);
    this.blockReports = new Reports(this.blockStep);
  }

  /** Waits for nothing and nobody. */
  block(): Promise<void> {
    return (this.blocking ??= this.blockStep.perform(this.policy.attentionAfterMs, (patience) =>
      this.tryToBlock(patience),
    ));
  }

  watched(): WatchedHold | undefined {
    const { name: system, hold, queue } = this.system;
    const { account } = this;
    return account && this.wasBlocked ? { system, hold, accountId: account.id, queue } : undefined;
  }

  /** Blocks again what somebody else gave back, at once or on an operator's word, as the policy says. */
  assertAgain({ what, seenAt }: Drift): boolean {
    if (!this.isBlocked) return false;
    let isDue = this.policy.reassertsDrift;
    this.blocking = this.blockStep.performAgain(this.policy.attentionAfterMs, (patience) => {
      if (isDue) return this.tryToBlock(patience);
      isDue = true;
      throw ApplicationFailure.nonRetryable(
        `seen at ${seenAt}: ${what}. Retry to block it again, or settle the step by hand`,
        FailureType.Drifted,
      );
    });
    return true;
  }

  private get isBlocked(): boolean {
    return this.blockStep.view.state === 'done';
  }

  /** Ends a block that is still being tried, and returns when nothing of it runs any more. */
  async stopBlocking(why: string): Promise<void> {
    await this.blockStep.giveUp(why);
    await this.blocking;
  }

  async restore(): Promise<void> {
    const step = this.exit.addStep('restore-access', this.system.name);
    await step.perform(this.policy.attentionAfterMs, async (patience) => {
      const notes = await this.giveBack(patience);
      const { state, by } = this.blockStep.view;
      if (state === 'done-by-hand') {
        throw ApplicationFailure.nonRetryable(
          `${this.system.name} was blocked by hand by ${by}: give the access back by hand and settle this step`,
          FailureType.DoneByHand,
        );
      }
      return notes;
    });
  }

  async revoke(): Promise<void> {
    const step = this.exit.addStep('revoke-access', this.system.name);
    await step.perform(this.policy.attentionAfterMs, async (patience) => {
      const { notes } = await this.access.revokeAccess.executeWithOptions(
        this.call('revoke-access', `Revoke access to ${this.system.name}`, patience),
        [{ employeeId: this.exit.employeeId, system: this.system.name, account: this.account }],
      );
      return notes.join('; ');
    });
  }

  private get account(): CapturedAccount | undefined {
    return this.capture?.account;
  }

  private async tryToBlock(patience: Patience): Promise<string> {
    const { name: system, hold } = this.system;
    for (let uncaptured: GroupRef[] = []; ;) {
      if (!this.account || uncaptured.length > 0) {
        const seen = await this.access.captureAccess.executeWithOptions(
          this.call('capture-access', `Look at the account on ${system}`, patience),
          [{ exitId: this.exit.exitId, employeeId: this.exit.employeeId, system, hold }],
        );
        if (!this.capture && seen.taken) this.taken = seen.taken;
        this.capture = mergeCaptures(this.capture, seen);
      }
      if (!this.account) return 'no account';
      const blocked = await this.sendBlock(this.account, patience);
      if (blocked.uncaptured.length === 0) return blocked.notes.join('; ');
      uncaptured = blocked.uncaptured;
    }
  }

  private async sendBlock(account: CapturedAccount, patience: Patience) {
    const { name: system, hold } = this.system;
    const overridesProtection = this.exit.resignation.overrideBy !== undefined;
    const call = this.call('block-access', `Block access to ${system}`, patience);
    try {
      const blocked = await this.blockReports.of(call.activityId, () =>
        this.access.blockAccess.executeWithOptions(call, [
          { system, hold, account, tried: this.taken, overridesProtection },
        ]),
      );
      this.taken = blocked.taken;
      this.wasBlocked = true;
      this.blockedVersion = blocked.version;
      this.mayLandUntil = blocked.isUnsettled ? this.clock.now() + this.policy.lateWriteMs : 0;
      return blocked;
    } catch (failure) {
      this.mayLandUntil = Infinity;
      if (failure instanceof ActivityFailure) {
        const { isLost, latest = this.taken } = this.blockReports;
        this.taken = isLost ? everythingOf(account, hold) : latest;
      }
      throw failure;
    }
  }

  private async giveBack(patience: Patience): Promise<string> {
    const { account, taken } = this;
    if (!this.capture) return 'the account was never looked at, so nothing had been taken';
    if (!account) return 'no account';
    if (!taken.suspended && taken.groups.length === 0) return 'nothing had been taken';
    const restore = () =>
      this.access.restoreAccess.executeWithOptions(
        this.call('restore-access', `Give back access to ${this.system.name}`, patience),
        [{ system: this.system.name, account, taken, blockedVersion: this.blockedVersion }],
      );
    const waitMs = Math.min(this.policy.lateWriteMs, this.mayLandUntil - this.clock.now());
    if (waitMs <= 0) return (await restore()).notes.join('; ');
    // What cannot be given back is listed by the second look as well, after which nothing changes any more.
    await restore().catch((failure: Error) => {
      const cause = causeOf(failure);
      if (!(cause instanceof ApplicationFailure && cause.type === FailureType.NotGivenBack)) throw failure;
    });
    // A request of the block may land after it was given up: look again when it no longer can.
    await this.clock.sleep(waitMs, { summary: `Wait out a late block on ${this.system.name}` });
    return (await restore()).notes.join('; ');
  }

  private call(activity: string, summary: string, patience: Patience) {
    return { activityId: `${activity}:${this.system.name}`, summary, ...patience() };
  }
}
