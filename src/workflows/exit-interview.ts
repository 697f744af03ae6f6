/** The exit interview, as the workflow leads it: schedule, move to another time, withdraw. */
import { ApplicationFailure, condition } from '@temporalio/workflow';
import {
  arrangedByHand,
  arrangementNote,
  laterOf,
  noInvitation,
  type Interview,
  type InterviewProgress,
} from '../exit/interview.js';
import { isSettled, stepKey } from '../exit/status.js';
import type { ExitContext } from './exit-context.js';
import { ActivityProgress } from './activity-progress.js';
import type { StepExecution } from './step-runner.js';
import { knownEmployee } from './notify-people.js';

export class ExitInterview {
  /** As invited for; the exit has what was said of it. */
  private interview: Interview | undefined;
  private readonly reports = new ActivityProgress<InterviewProgress>();
  /** The wish that is being carried out: the number of its event. */
  private requestSeq: number | undefined;
  /** What is being moved; undefined while the first time is being sought. */
  private from: Interview | undefined;

  constructor(private readonly context: ExitContext) {}

  /** Schedules the interview, and moves it each time that a person asks for another time. */
  async arrange(): Promise<void> {
    const { runner, exit } = this.context;
    const schedule = async (execution: StepExecution) =>
      ({ type: 'interview.scheduled', data: await this.settleOn(execution) }) as const;
    const move = async (execution: StepExecution) =>
      ({ type: 'interview.rescheduled', data: await this.settleOn(execution) }) as const;
    const isOver = () => exit.ending === 'retained' || exit.ending === 'cancelled';
    await Promise.all([
      runner.perform('schedule-hr-interview', schedule),
      runner.performEach('reschedule-hr-interview', move, isOver),
    ]);
  }

  /** @returns once everybody is invited for the time that was asked for last */
  async arranged(): Promise<Interview> {
    const { exit } = this.context;
    const isSettledOrStuck = () =>
      exit.interviewing.currentStep !== undefined &&
      (isSettled(exit.interviewing.currentStep) || exit.interviewing.currentStep.state === 'needs-attention');
    await condition(isSettledOrStuck);
    const step = exit.interviewing.currentStep!;
    if (step.state === 'done' && this.interview) return this.interview;
    throw ApplicationFailure.nonRetryable(
      `the step ${stepKey(step)} is ${step.state}: ${step.error ?? step.note ?? 'the new time was not announced'}`,
    );
  }

  /** Withdraws the invitation, where one may be out for a time that is ahead. */
  async withdraw(): Promise<void> {
    const { runner, services, exit } = this.context;
    if (!exit.step('cancel-hr-interview')) return;
    // What was being arranged has to come to its end first.
    await runner.staleEnded('schedule-hr-interview');
    await runner.staleEnded('reschedule-hr-interview');
    const reports = new ActivityProgress<InterviewProgress>();
    const interview = this.latest;
    await runner.perform('cancel-hr-interview', async (execution) => {
      if (exit.interviewing.arrangedByHand) throw arrangedByHand(exit.interviewing.arrangedByHand);
      // Without the employee there was no address to invite at.
      if (!exit.employee)
        return { type: 'interview.cancelled', data: { withdrawn: false, notes: [noInvitation] } };
      const { note } = await reports.of(execution, (progress = { delivered: [] }) =>
        execution.call(services.hr.cancelHrInterview, { ...this.about(), interview, progress }),
      );
      return {
        type: 'interview.cancelled',
        data: { withdrawn: note === undefined, notes: note === undefined ? [] : [note] },
      };
    });
  }

  private async settleOn(execution: StepExecution) {
    const { exit, services } = this.context;
    const { request } = exit.interviewing;
    if (request && request.seq !== this.requestSeq) {
      // What was half-way to the time before is moved on from there.
      this.from = this.latest;
      this.requestSeq = request.seq;
      this.reports.latest = undefined;
    }
    const at = request?.data.at === undefined ? undefined : new Date(request.data.at).toISOString();
    const about = { ...this.about(), at };
    const { from } = this;
    const interview = await this.reports.of(execution, (progress = { delivered: [] }) =>
      from
        ? execution.call(services.hr.rescheduleHrInterview, { ...about, interview: from, progress })
        : execution.call(services.hr.scheduleHrInterview, { ...about, progress }),
    );
    this.interview = interview;
    return { ...interview, identities: [], notes: [arrangementNote(interview, request?.data.by)] };
  }

  /** The newest time that an invitation may be out for. */
  private get latest(): Interview | undefined {
    return laterOf(this.interview, this.reports.latest?.interview);
  }

  private about() {
    const { exitId, openedAt, resignation } = this.context.exit;
    const { lastWorkingDay } = resignation;
    return { exitId, employee: knownEmployee(this.context), openedAt, lastWorkingDay };
  }
}
