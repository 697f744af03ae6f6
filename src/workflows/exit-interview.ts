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
import { Reports } from './reports.js';
import type { Go } from './step-runner.js';
import { knownEmployee } from './telling.js';

export class ExitInterview {
  /** As invited for; the exit has what was said of it. */
  private interview: Interview | undefined;
  private readonly reports = new Reports<InterviewProgress>();
  /** The wish that is being carried out: the number of its event. */
  private wish: number | undefined;
  /** What is being moved; undefined while the first time is being sought. */
  private from: Interview | undefined;

  constructor(private readonly context: ExitContext) {}

  /** Schedules the interview, and moves it each time that a person asks for another time. */
  async arrange(): Promise<void> {
    const { runner, exit } = this.context;
    const schedule = async (go: Go) =>
      ({ type: 'interview.scheduled', data: await this.settleOn(go) }) as const;
    const move = async (go: Go) =>
      ({ type: 'interview.rescheduled', data: await this.settleOn(go) }) as const;
    const isOver = () => exit.ending === 'retained' || exit.ending === 'cancelled';
    await Promise.all([
      runner.perform('schedule-hr-interview', schedule),
      runner.keep('reschedule-hr-interview', move, isOver),
    ]);
  }

  /** @returns once everybody is invited for the time that was asked for last */
  async arranged(): Promise<Interview> {
    const { exit } = this.context;
    const isSettledOrStuck = () =>
      exit.interviewing.arranging !== undefined &&
      (isSettled(exit.interviewing.arranging) || exit.interviewing.arranging.state === 'needs-attention');
    await condition(isSettledOrStuck);
    const step = exit.interviewing.arranging!;
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
    await runner.calm('schedule-hr-interview');
    await runner.calm('reschedule-hr-interview');
    const reports = new Reports<InterviewProgress>();
    const interview = this.latest;
    await runner.perform('cancel-hr-interview', async (go) => {
      if (exit.interviewing.arrangedByHand) throw arrangedByHand(exit.interviewing.arrangedByHand);
      // Without the employee there was no address to invite at.
      if (!exit.employee)
        return { type: 'interview.cancelled', data: { withdrawn: false, notes: [noInvitation] } };
      const { note } = await reports.of(go, (progress = { delivered: [] }) =>
        go.call(services.hr.cancelHrInterview, { ...this.about(), interview, progress }),
      );
      return {
        type: 'interview.cancelled',
        data: { withdrawn: note === undefined, notes: note === undefined ? [] : [note] },
      };
    });
  }

  private async settleOn(go: Go) {
    const { exit, services } = this.context;
    const { wish } = exit.interviewing;
    if (wish && wish.seq !== this.wish) {
      // What was half-way to the time before is moved on from there.
      this.from = this.latest;
      this.wish = wish.seq;
      this.reports.latest = undefined;
    }
    const at = wish?.data.at === undefined ? undefined : new Date(wish.data.at).toISOString();
    const about = { ...this.about(), at };
    const { from } = this;
    const interview = await this.reports.of(go, (progress = { delivered: [] }) =>
      from
        ? go.call(services.hr.rescheduleHrInterview, { ...about, interview: from, progress })
        : go.call(services.hr.scheduleHrInterview, { ...about, progress }),
    );
    this.interview = interview;
    return { ...interview, identities: [], notes: [arrangementNote(interview, wish?.data.by)] };
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
