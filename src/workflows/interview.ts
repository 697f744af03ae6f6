/** The exit interview, as the workflow leads it: schedule, move to another time, withdraw. */
import { ApplicationFailure, condition } from '@temporalio/workflow';
import { FailureType } from '../exit/failures.js';
import type { Interview, InterviewProgress } from '../exit/interview.js';
import type { Employee } from '../exit/people.js';
import type { Rescheduling } from '../exit/rescheduling.js';
import type { Appointment, Exit, Means } from './exit.js';
import { Reports } from './reports.js';
import type { ExitStep, Patience } from './steps.js';

/** A step that arranges a time, and what its attempts have reached. */
interface Arranging {
  step: ExitStep;
  reports: Reports<InterviewProgress>;
}

export class ExitInterview implements Appointment {
  private readonly scheduling: Arranging;
  /** From when on somebody asked for another time. */
  private moving: Arranging | undefined;
  /** The latest that was asked for, until it is taken up. */
  private wish: Rescheduling | undefined;
  /** What is being moved, and to when; undefined while the first time is being sought. */
  private move: { from: Interview | undefined; at: string | undefined; by: string | undefined } | undefined;
  private ended: Promise<void> = Promise.resolve();

  constructor(
    private readonly exit: Exit,
    private readonly means: Means,
    /** @throws ApplicationFailure where the look-up was settled without an answer */
    private readonly employee: () => Employee,
  ) {
    this.scheduling = this.arranging('schedule-hr-interview');
  }

  schedule(): Promise<void> {
    const { step } = this.scheduling;
    return (this.ended = step.perform(this.patienceMs, (patience) =>
      this.arrange(this.scheduling, patience),
    ));
  }

  problem(): string | undefined {
    const { decision, isCancelled, closedAt, interview } = this.exit;
    if (isCancelled || closedAt !== undefined || decision?.outcome === 'retained')
      return 'there is no interview any more';
    const { state } = (this.moving ?? this.scheduling).step.view;
    if (state === 'pending' || state === 'running') return 'the interview is being arranged at this moment';
    if (!interview && state !== 'needs-attention')
      return `the step schedule-hr-interview is ${state}: nothing is known of an interview`;
    return undefined;
  }

  async reschedule(wish: Rescheduling): Promise<Interview> {
    this.wish = wish;
    const stuck = [this.moving, this.scheduling].find((each) => each?.step.view.state === 'needs-attention');
    if (stuck) {
      await stuck.step.resolve({ step: stuck.step.view.name, action: 'retry', by: wish.by ?? '' });
    } else {
      const run = (patience: Patience) => this.arrange(this.moving!, patience);
      this.ended = this.moving
        ? this.moving.step.performAgain(this.patienceMs, run)
        : (this.moving = this.arranging('reschedule-hr-interview')).step.perform(this.patienceMs, run);
    }
    const { step } = stuck ?? this.moving!;
    await condition(() => step.isSettled || step.view.state === 'needs-attention');
    const { state, error, note } = step.view;
    if (state === 'done' && this.exit.interview) return this.exit.interview;
    throw ApplicationFailure.nonRetryable(
      `the step ${step.key} is ${state}: ${error ?? note ?? 'nobody was invited for the new time'}`,
    );
  }

  /** Nobody is invited any more. */
  async stop(why: string): Promise<void> {
    await this.scheduling.step.giveUp(why);
    await this.moving?.step.giveUp(why);
  }

  /** When nothing is being arranged any more. */
  settled(): Promise<void> {
    return this.ended;
  }

  /** Withdraws the invitation, unless the interview has already taken place. */
  async withdraw(): Promise<void> {
    await this.settled();
    const { latest: interview } = this;
    const { view } = this.scheduling.step;
    // One in a calendar may have been moved there by hand: whoever withdraws it looks there first.
    const mayBeAhead =
      interview !== undefined &&
      (Date.parse(interview.start) > Date.now() || interview.calendarUrl !== undefined);
    // Given up half-way: nobody saw whether an invitation went out, and one that stays would be a meeting about nothing.
    const mayBeInvited = interview === undefined && view.state === 'skipped' && view.startedAt !== undefined;
    const byHand = [this.moving, this.scheduling].find((each) => each?.step.view.state === 'done-by-hand');
    if (!mayBeAhead && !mayBeInvited && !byHand) return;

    const { step, reports } = this.arranging('cancel-hr-interview');
    await step.perform(this.patienceMs, async (patience) => {
      if (byHand) {
        throw ApplicationFailure.nonRetryable(
          `the interview was arranged by hand by ${byHand.step.view.by}: withdraw it by hand and settle this step`,
          FailureType.DoneByHand,
        );
      }
      const call = { activityId: step.key, summary: 'Withdraw the interview invitation', ...patience() };
      const { note } = await reports.of(call.activityId, (progress = { delivered: [] }) =>
        this.means.services.hr.cancelHrInterview.executeWithOptions(call, [
          { ...this.about(), interview, progress },
        ]),
      );
      return note;
    });
  }

  private async arrange({ step, reports }: Arranging, patience: Patience): Promise<string> {
    const about = this.about();
    if (this.wish) {
      // What was half-way to the time before is moved on from there.
      const { at, by } = this.wish;
      this.move = { from: this.latest, at: at && new Date(at).toISOString(), by };
      reports.latest = undefined;
      this.wish = undefined;
    }
    const { from, at, by } = this.move ?? {};
    const { hr } = this.means.services;
    const summary = from ? 'Move the exit interview' : 'Schedule the exit interview';
    const call = { activityId: step.key, summary, ...patience() };
    const interview = await reports.of(call.activityId, (progress = { delivered: [] }) =>
      from
        ? hr.rescheduleHrInterview.executeWithOptions(call, [{ ...about, interview: from, at, progress }])
        : hr.scheduleHrInterview.executeWithOptions(call, [{ ...about, at, progress }]),
    );
    this.exit.interview = interview;
    return [
      `invited ${interview.attendees.map(({ email }) => email).join(' and ')}`,
      by && `on the word of ${by}`,
      !interview.calendarUrl && 'by working hours alone, since no calendar is configured',
    ]
      .filter(Boolean)
      .join(', ');
  }

  /** The newest time that somebody may have been invited for. */
  private get latest(): Interview | undefined {
    return [this.moving, this.scheduling]
      .map((each) => each?.reports.latest?.interview)
      .concat(this.exit.interview)
      .reduce((a, b) => (b && (!a || b.sequence > a.sequence) ? b : a), undefined);
  }

  private arranging(
    name: 'schedule-hr-interview' | 'reschedule-hr-interview' | 'cancel-hr-interview',
  ): Arranging {
    const step = this.exit.addStep(name);
    return { step, reports: new Reports(step) };
  }

  private get patienceMs(): number {
    return this.means.plan.policy.attentionAfterMs;
  }

  private about() {
    const { exitId, openedAt, resignation } = this.exit;
    return { exitId, employee: this.employee(), openedAt, lastWorkingDay: resignation.lastWorkingDay };
  }
}
