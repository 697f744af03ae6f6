/** What people change of an open exit besides its decision: its dates, its HR partner, the time of the interview. */
import type { Whose } from './acting.js';
import { isStaying } from './decision.js';
import type { EventData, RecordedEvent } from './events.js';
import { ExitSteps } from './exit-steps.js';
import { dayAfter } from './input.js';
import type { InterviewRequest } from './interview-standing.js';
import { isSettled, isStuck } from './status.js';

export abstract class ExitActs extends ExitSteps {
  abstract advanceTo(now: string): void;

  protected requestRescheduling(event: RecordedEvent<'interview.reschedule-requested'>): string | undefined {
    const weighed = this.weighRescheduling(event.data, event.storedAt);
    if (!weighed.ok) return weighed.problem;
    this.arrangeFor(event);
    return undefined;
  }

  private arrangeFor(event: InterviewRequest): void {
    const step = this.interviewing.currentStep;
    this.interviewing.request = event;
    // A step that has not begun reads the exit as it then is.
    if (!step || step.state === 'pending') return;
    // Where there is no interview yet, the request retries the step that found no time. One that is being arranged is arranged anew.
    if (!isSettled(step)) this.ledger.retry(step, event.storedAt);
    else this.ledger.restart('reschedule-hr-interview', event.storedAt, event.seq);
  }

  protected amend(event: RecordedEvent<'resignation.amended'>): string | undefined {
    const { data, storedAt: at } = event;
    const weighed = this.weighAmendment(data, at, whoseOf(data));
    if (!weighed.ok) return weighed.problem;
    const { lastWorkingDay, effectiveOn, by, note } = weighed.value;
    const before = this.dates;
    if (lastWorkingDay !== undefined) this.resignation = { ...this.resignation, lastWorkingDay };
    this.amendedDay = effectiveOn ?? this.amendedDay;
    this.amendments.push({ at, by, note, before, after: this.dates });
    if (this.decision && this.effectiveDay !== before.effectiveOn) this.setEffect(event);
    if (this.isAwaited) this.ladderSeq = event.seq;
    if (this.dates.lastWorkingDay !== before.lastWorkingDay && this.mayMiss()) this.arrangeFor(event);
    this.advanceTo(at);
    return undefined;
  }

  /** Whether the interview may not be before the last working day. HR knows: it has the time zones. */
  private mayMiss(): boolean {
    const { interview, currentStep, wish } = this.interviewing;
    const { lastWorkingDay } = this.resignation;
    if (currentStep && isStuck(currentStep)) return true;
    if (!interview || lastWorkingDay === undefined || wish.at !== undefined) return false;
    return interview.start > this.asOf && dayAfter(interview.start.slice(0, 10)) >= lastWorkingDay;
  }

  protected handOver(event: RecordedEvent<'exit.handed-over'>): string | undefined {
    const { data, storedAt: at } = event;
    const weighed = this.weighHandOver(data, whoseOf(data));
    if (!weighed.ok) return weighed.problem;
    const { to, by } = weighed.value;
    this.handOvers.push({ at, by, from: this.hrPartner!, to });
    const { interview, currentStep } = this.interviewing;
    const isAhead = interview ? interview.start > at : currentStep && !isSettled(currentStep);
    const isTheirs = interview?.hrPartner?.email === to.email;
    if (isAhead && !isTheirs && !isStaying(this.ending ?? this.decision?.data.outcome))
      this.arrangeFor(event);
    return undefined;
  }

  /** A mail that was on its way when the exit was taken back is corrected as well. */
  protected recordTelling(event: RecordedEvent): void {
    if (!this.plan) return;
    const { employee, employeeName } = this;
    const isNew = this.told.record(event, () => ({ employee, employeeName, ...this.contacts! }));
    if (isNew && this.closedAt === undefined && this.step('send-correction'))
      this.ledger.restart('send-correction', event.storedAt, event.seq);
  }

  protected setEffect({
    seq,
    storedAt,
    data,
  }: RecordedEvent<'exit.decision-finalised' | 'resignation.amended'>): void {
    const day = this.effectiveDay;
    const { effectiveAt: instant, effectiveZone } = data;
    // The workflow asks an activity when the day begins. In the stream a day without its instant begins at midnight UTC.
    const begins = this.form === 'choreographed' ? (instant ?? day) : undefined;
    this.effectiveAt = day === undefined ? storedAt : begins && new Date(begins).toISOString();
    this.effectiveZone = day === undefined ? undefined : effectiveZone;
    this.effectiveSeq = seq;
    this.effectSetAt = storedAt;
  }
}

/** Of whom the address is, as the event carries it. */
export const whoseOf = ({
  actorIds,
}: EventData['exit.decision-finalised' | 'resignation.amended' | 'exit.handed-over']): Whose | undefined =>
  actorIds && { employeeIds: actorIds };
