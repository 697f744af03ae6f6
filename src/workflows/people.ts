/** The people's side of an exit: who it is about, and who is told. */
import { ApplicationFailure } from '@temporalio/workflow';
import type { Ending } from '../exit/decision.js';
import { FailureType } from '../exit/failures.js';
import type { Employee } from '../exit/people.js';
import type { Exit, Means } from './exit.js';
import { ExitInterview } from './interview.js';
import { Reports } from './reports.js';
import type { ExitStep, Patience } from './steps.js';

export class People {
  private readonly lookUp: ExitStep;
  private readonly notify: ExitStep;
  private readonly notifyTheEmployee: ExitStep | undefined;
  private readonly begun: {
    lookUp: Promise<void>;
    notify: Promise<void>;
    tellEmployee: Promise<void>;
    schedule: Promise<void>;
  };
  readonly interview: ExitInterview;
  private withdrawal: Promise<void> | undefined;

  constructor(
    private readonly exit: Exit,
    private readonly means: Means,
  ) {
    this.lookUp = exit.addStep('look-up-employee');
    this.notify = exit.addStep('notify-manager');
    const tell = (this.notifyTheEmployee = means.plan.telling && exit.addStep('notify-employee'));
    this.interview = new ExitInterview(exit, means, () => known(exit.employee));
    const lookUp = this.lookUpEmployee();
    this.begun = {
      lookUp,
      notify: lookUp.then(() => this.notifyManager()),
      tellEmployee: tell ? lookUp.then(() => this.notifyEmployee(tell)) : lookUp,
      schedule: lookUp.then(() => this.interview.schedule()),
    };
  }

  /** When everything that the start of the exit set off, and the withdrawal, has been settled. */
  async settled(): Promise<void> {
    await Promise.all(Object.values(this.begun));
    await this.interview.settled();
    await this.withdrawal;
  }

  /** Nobody is told of a resignation, or invited over one, that no longer stands. */
  async stopTelling(why: string): Promise<void> {
    await Promise.all([
      this.notify.giveUp(why),
      this.notifyTheEmployee?.giveUp(why),
      this.interview.stop(why),
    ]);
  }

  /** Withdraws the invitation, unless the interview has already taken place. */
  withdrawInterview(): Promise<void> {
    return (this.withdrawal = this.begun.schedule.then(() => this.interview.withdraw()));
  }

  async tellManagerOfOutcome(outcome: Ending): Promise<void> {
    await Promise.all([this.begun.lookUp, this.begun.notify]);
    await this.attend(this.exit.addStep('notify-manager-of-outcome'), async (patience) => {
      const employee = known(this.exit.employee);
      const { to } = await this.means.services.notification.notifyManagerOfOutcome.executeWithOptions(
        { activityId: 'notify-manager-of-outcome', summary: `Tell the manager: ${outcome}`, ...patience() },
        [{ ...this.about(employee), outcome, decision: this.exit.decision }],
      );
      return `told ${to}`;
    });
  }

  private lookUpEmployee(): Promise<void> {
    return this.attend(this.lookUp, async (patience) => {
      this.exit.employee = await this.means.services.directory.lookUpEmployee.executeWithOptions(
        { activityId: 'look-up-employee', summary: 'Find the employee and their manager', ...patience() },
        [{ employeeId: this.exit.employeeId }],
      );
      const { name, insteadOfManager } = this.exit.employee.manager;
      return insteadOfManager && `${insteadOfManager}; ${name} is told instead`;
    });
  }

  private notifyManager(): Promise<void> {
    return this.attend(this.notify, async (patience) => {
      const employee = known(this.exit.employee);
      const { to } = await this.means.services.notification.notifyManager.executeWithOptions(
        {
          activityId: 'notify-manager',
          summary: `Tell ${employee.manager.name} of the resignation`,
          ...patience(),
        },
        [{ ...this.about(employee), resignation: this.exit.resignation, openedAt: this.exit.openedAt }],
      );
      return `told ${to}`;
    });
  }

  /** At every address that we have, since the hold may have blocked the mailbox. */
  private notifyEmployee(step: ExitStep): Promise<void> {
    const reports = new Reports<string[]>(step);
    return this.attend(step, async (patience) => {
      const employee = known(this.exit.employee);
      const { openedAt, reviewBy } = this.exit;
      const call = {
        activityId: step.key,
        summary: `Tell ${employee.displayName} of the block`,
        ...patience(),
      };
      const sent = await reports.of(call.activityId, (delivered = []) =>
        this.means.services.notification.notifyEmployee.executeWithOptions(call, [
          { ...this.about(employee), openedAt, reviewBy, delivered },
        ]),
      );
      return `told ${sent.map(({ to }) => to).join(' and ')}`;
    });
  }

  private attend(step: ExitStep, run: (patience: Patience) => Promise<string | undefined>): Promise<void> {
    return step.perform(this.means.plan.policy.attentionAfterMs, run);
  }

  private about(employee: Employee) {
    return { exitId: this.exit.exitId, employee, systems: this.means.plan.systems.map(({ name }) => name) };
  }
}

function known(employee: Employee | undefined): Employee {
  if (employee) return employee;
  throw ApplicationFailure.nonRetryable(
    'look-up-employee was settled without an answer, so nobody knows whom to write to: do it by hand and settle this step',
    FailureType.NothingToGoOn,
  );
}
