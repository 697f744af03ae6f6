/** What people change of an open exit besides its decision: its dates, its HR partner, the time of the interview. */
import { isConcerned, lookedIn } from './acting.js';
import type { ActedBy } from './asker.js';
import { isStaying } from './decision.js';
import type { RecordedEvent } from './events.js';
import { ExitSteps } from './exit-steps.js';
import { isProtection } from './failures.js';
import { dayAfter } from './input.js';
import type { InterviewRequest } from './interview-standing.js';
import { reaches } from './mail-address.js';
import type { Proposal } from './proposals.js';
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
    const weighed = this.weighAmendment(data, at, lookedIn(data));
    if (!weighed.ok) return weighed.problem;
    const { lastWorkingDay, effectiveOn, by, asker, note } = weighed.value;
    const before = this.dates;
    if (lastWorkingDay !== undefined) this.resignation = { ...this.resignation, lastWorkingDay };
    this.amendedDay = effectiveOn ?? this.amendedDay;
    this.amendments.push({ at, by, asker, note, before, after: this.dates });
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
    const weighed = this.weighHandOver(data, lookedIn(data));
    if (!weighed.ok) return weighed.problem;
    const { to, by, asker } = weighed.value;
    this.handOvers.push({ at, by, asker, from: this.hrPartner!, to });
    const { interview, currentStep } = this.interviewing;
    const isAhead = interview ? interview.start > at : currentStep && !isSettled(currentStep);
    const isTheirs = interview?.hrPartner?.email === to.email;
    if (isAhead && !isTheirs && !isStaying(this.ending ?? this.decision?.data.outcome))
      this.arrangeFor(event);
    return undefined;
  }

  protected propose(event: RecordedEvent<'exit.proposed'>): string | undefined {
    const { data, storedAt: at } = event;
    const { decision, resolution } = data;
    const weighed = decision
      ? this.weigh(decision, at, lookedIn(data))
      : this.weighResolution(resolution, lookedIn(data));
    if (!weighed.ok) return weighed.problem;
    if (!this.isProposal(weighed.value)) return 'it needs no proposal: decide, or confirm the one that waits';
    const { asker, ...proposed } = decision ?? resolution!;
    this.proposals.add({
      ...{ at, asker },
      ...('outcome' in proposed
        ? { by: proposed.decidedBy, decision: proposed, note: proposed.note }
        : { by: proposed.by, override: proposed.system, note: proposed.evidence }),
    });
    this.askSecondPerson(event);
    return undefined;
  }

  /** A person overrides a protection with the resignation: they have proposed it, once it turns out to be needed. */
  protected proposeOverride(event: RecordedEvent<'step.needs-attention'>): void {
    const { system, type } = event.data;
    const { overrideBy: by, asker } = this.resignation;
    const isNeeded =
      isProtection(type) && this.isHeld && this.needsSecond('override') && !this.keysAt(this.openedAt);
    const isNew = !this.proposals.all.some(({ override }) => override === system);
    if (by === undefined || !isNeeded || !isNew || isConcerned(by, this)) return;
    this.proposals.add({ by, asker, at: event.storedAt, override: system });
    this.askSecondPerson(event);
  }

  private askSecondPerson({ storedAt, seq }: RecordedEvent): void {
    this.ledger.restart('ask-second-person', storedAt, seq);
  }

  protected rejectProposal({ data, storedAt }: RecordedEvent<'exit.proposal-rejected'>): string | undefined {
    const weighed = this.weighRejection(data, lookedIn(data));
    if (!weighed.ok) return weighed.problem;
    const { number, ...ended } = weighed.value;
    const proposal = this.proposals.openOf(number)!;
    const state = reaches(ended.by, [proposal.by]) ? 'withdrawn' : 'rejected';
    this.endProposal(proposal, state, storedAt, ended);
    return undefined;
  }

  protected endProposal(
    proposal: Proposal,
    state: Proposal['state'],
    endedAt: string,
    {
      by: endedBy,
      asker: ender,
      note = proposal.note,
    }: Partial<ActedBy> & { note?: string | undefined } = {},
  ): void {
    Object.assign(proposal, { state, endedAt, endedBy, ender, note });
    if (this.proposals.due.length === 0)
      this.skip([this.step('ask-second-person')], endedAt, 'no second person is awaited any more');
  }

  /** An override that the block no longer needs. */
  protected lapseOverrides(at: string): void {
    for (const proposal of this.proposals.open) {
      const step = proposal.override === undefined ? undefined : this.step('block-access', proposal.override);
      if (step && isSettled(step)) this.endProposal(proposal, 'lapsed', at);
    }
  }

  protected lapseProposals(at: string): void {
    for (const proposal of this.proposals.open) this.endProposal(proposal, 'lapsed', at);
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
