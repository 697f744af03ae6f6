/** The exit interview in the workflow: schedule, reschedule, withdraw. */
import { ApplicationFailure, condition } from '@temporalio/workflow';
import {
  arrangedByHand,
  arrangementNote,
  laterOf,
  noInvitation,
  type Interview,
  type InterviewProgress,
} from '../exit/interview.js';
import { isStaying } from '../exit/decision.js';
import { isSettled, stepKey, isStuck } from '../exit/status.js';
import type { ExitContext } from './exit-context.js';
import { ActivityProgress } from './activity-progress.js';
import type { StepExecution } from './step-runner.js';
import { knownEmployee } from './notify-people.js';

export class ExitInterview {
  /** As the latest activity returned it. */
  private interview: Interview | undefined;
  private readonly progress = new ActivityProgress<InterviewProgress>();
  /** The sequence number of the reschedule request that is in progress. */
  private requestSeq: number | undefined;
  /** The interview that moves; undefined until a first one is scheduled. */
  private from: Interview | undefined;

  constructor(private readonly context: ExitContext) {}

  /** Schedules the interview, and moves it for each reschedule request. */
  async arrange(): Promise<void> {
    const { runner, exit } = this.context;
    const schedule = async (execution: StepExecution) =>
      ({ type: 'interview.scheduled', data: await this.settleOn(execution) }) as const;
    const move = async (execution: StepExecution) =>
      ({ type: 'interview.rescheduled', data: await this.settleOn(execution) }) as const;
    const isOver = () => isStaying(exit.ending);
    await Promise.all([
      runner.perform('schedule-hr-interview', schedule),
      runner.performEach('reschedule-hr-interview', move, isOver),
    ]);
  }

  /**
   * @returns once the invitations for the latest request are out
   * @throws ApplicationFailure non-retryable, where its step needs attention or was settled without an invitation
   */
  async arranged(): Promise<Interview> {
    const { exit } = this.context;
    const isSettledOrStuck = () =>
      exit.interviewing.currentStep !== undefined &&
      (isSettled(exit.interviewing.currentStep) || isStuck(exit.interviewing.currentStep));
    await condition(isSettledOrStuck);
    const step = exit.interviewing.currentStep!;
    if (step.state === 'done' && this.interview) return this.interview;
    throw ApplicationFailure.nonRetryable(
      `the step ${stepKey(step)} is ${step.state}: ${step.error ?? step.note ?? 'no invitation for the new time was sent'}`,
    );
  }

  /** Withdraws the invitation, where one may exist for a time in the future. */
  async withdraw(): Promise<void> {
    const { runner, services, exit } = this.context;
    if (!exit.step('cancel-hr-interview')) return;
    // A cancelled attempt may still send an invitation, so its end comes first.
    await runner.staleEnded('schedule-hr-interview');
    await runner.staleEnded('reschedule-hr-interview');
    const withdrawal = new ActivityProgress<InterviewProgress>();
    const interview = this.latest;
    await runner.perform('cancel-hr-interview', async (execution) => {
      if (exit.interviewing.arrangedByHand) throw arrangedByHand(exit.interviewing.arrangedByHand);
      // Without an answer of the directory there was no address to invite.
      if (!exit.employee)
        return { type: 'interview.cancelled', data: { withdrawn: false, notes: [noInvitation] } };
      const { note } = await withdrawal.during(execution, (progress = { delivered: [] }) =>
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
    const { request, wish } = exit.interviewing;
    if (request && request.seq !== this.requestSeq) {
      // An invitation for the previous request may be out, so the move starts from there.
      this.from = this.latest;
      this.requestSeq = request.seq;
      this.progress.latest = undefined;
    }
    const { at, by, isAsked } = wish;
    const about = { ...this.about(), at, isAsked };
    const { from } = this;
    const interview = await this.progress.during(execution, (progress = { delivered: [] }) =>
      from
        ? execution.call(services.hr.rescheduleHrInterview, { ...about, interview: from, progress })
        : execution.call(services.hr.scheduleHrInterview, { ...about, progress }),
    );
    this.interview = interview;
    return { ...interview, identities: [], notes: [arrangementNote(interview, by)] };
  }

  /** The latest interview that an invitation may exist for. */
  private get latest(): Interview | undefined {
    return laterOf(this.interview, this.progress.latest?.interview);
  }

  private about() {
    const { exitId, openedAt, resignation, successor } = this.context.exit;
    const { lastWorkingDay } = resignation;
    return { exitId, employee: knownEmployee(this.context), openedAt, lastWorkingDay, successor };
  }
}
