/** The people's side of an exit: who it is about, who is told, and the interview. */
import { ApplicationFailure } from '@temporalio/workflow';
import type { Ending } from '../exit/decision.js';
import { FailureType } from '../exit/failures.js';
import type { InterviewProgress } from '../exit/interview.js';
import type { Employee } from '../exit/people.js';
import type { Exit, Means } from './exit.js';
import { Reports } from './reports.js';
import type { ExitStep, Patience } from './steps.js';

export class People {
  private readonly lookUp: ExitStep;
  private readonly notify: ExitStep;
  private readonly invite: ExitStep;
  private readonly begun: { lookUp: Promise<void>; notify: Promise<void>; invite: Promise<void> };

  constructor(
    private readonly exit: Exit,
    private readonly means: Means,
  ) {
    this.lookUp = exit.addStep('look-up-employee');
    this.notify = exit.addStep('notify-manager');
    this.invite = exit.addStep('schedule-hr-interview');
    const lookUp = this.lookUpEmployee();
    this.begun = {
      lookUp,
      notify: lookUp.then(() => this.notifyManager()),
      invite: lookUp.then(() => this.scheduleInterview()),
    };
  }

  /** When everything that the start of the exit set off has been settled. */
  async settled(): Promise<void> {
    await Promise.all(Object.values(this.begun));
  }

  /** Nobody is told of a resignation, or invited over one, that no longer stands. */
  async stopTelling(why: string): Promise<void> {
    await Promise.all([this.notify.giveUp(why), this.invite.giveUp(why)]);
  }

  /** Withdraws the invitation, unless the interview has already taken place. */
  async withdrawInterview(): Promise<void> {
    await this.begun.invite;
    const { interview, employee } = this.exit;
    const { state, by, startedAt } = this.invite.view;
    const isAhead = interview !== undefined && Date.parse(interview.start) > Date.now();
    // Given up half-way: nobody saw whether an invitation went out, and one that stays would be a meeting about nothing.
    const mayBeInvited = interview === undefined && state === 'skipped' && startedAt !== undefined;
    const isByHand = state === 'done-by-hand';
    if (!isAhead && !mayBeInvited && !isByHand) return;

    const step = this.exit.addStep('cancel-hr-interview');
    const reports = new Reports<InterviewProgress>(step);
    await this.attend(step, async (patience) => {
      if (isByHand) {
        throw ApplicationFailure.nonRetryable(
          `the interview was arranged by hand by ${by}: withdraw it by hand and settle this step`,
          FailureType.DoneByHand,
        );
      }
      const invitation = { ...this.invitation(known(employee)), interview };
      const call = {
        activityId: 'cancel-hr-interview',
        summary: 'Withdraw the interview invitation',
        ...patience(),
      };
      const { note } = await reports.of(call.activityId, (progress = { delivered: [] }) =>
        this.means.services.hr.cancelHrInterview.executeWithOptions(call, [{ ...invitation, progress }]),
      );
      return note;
    });
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

  private scheduleInterview(): Promise<void> {
    const reports = new Reports<InterviewProgress>(this.invite);
    return this.attend(this.invite, async (patience) => {
      const invitation = this.invitation(known(this.exit.employee));
      const call = {
        activityId: 'schedule-hr-interview',
        summary: 'Schedule the exit interview',
        ...patience(),
      };
      const interview = await reports.of(call.activityId, (progress = { delivered: [] }) =>
        this.means.services.hr.scheduleHrInterview.executeWithOptions(call, [{ ...invitation, progress }]),
      );
      this.exit.interview = interview;
      return `invited ${interview.attendees.map(({ email }) => email).join(' and ')}`;
    });
  }

  private attend(step: ExitStep, run: (patience: Patience) => Promise<string | undefined>): Promise<void> {
    return step.perform(this.means.plan.policy.attentionAfterMs, run);
  }

  private about(employee: Employee) {
    return { exitId: this.exit.exitId, employee, systems: this.means.plan.systems.map(({ name }) => name) };
  }

  private invitation(employee: Employee) {
    const { exitId, openedAt, resignation } = this.exit;
    return { exitId, employee, openedAt, lastWorkingDay: resignation.lastWorkingDay };
  }
}

function known(employee: Employee | undefined): Employee {
  if (employee) return employee;
  throw ApplicationFailure.nonRetryable(
    'look-up-employee was settled without an answer, so nobody knows whom to write to: do it by hand and settle this step',
    FailureType.NothingToGoOn,
  );
}
