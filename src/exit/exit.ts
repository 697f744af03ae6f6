/**
 * What an exit is, for both forms: a pure reducer over what happened. The choreographed form folds the stream into it; the workflow
 * records the same events in memory. Every rule is here and nowhere else: who may decide and when, which step is owed, what needs
 * attention, when the exit is over.
 */
import { parseDecision, type Decision, type Ending } from './decision.js';
import type { Drift } from './drift.js';
import type { RecordedEvent } from './events.js';
import { InterviewStanding } from './interview-standing.js';
import type { Weighed } from './exits.js';
import { FailureType } from './failures.js';
import { earliestToday, type Parsed } from './input.js';
import { Notices } from './notices.js';
import type { Employee } from './people.js';
import type { Plan } from './plan.js';
import { parseRescheduling, type Rescheduling } from './rescheduling.js';
import type { Resignation } from './resignation.js';
import { parseResolution, type Resolution } from './resolution.js';
import { Ladder, reviewBy, rungStep } from './review.js';
import { settlementOf, type Settlement } from './settlement.js';
import { awaitingOf, blockedAtOf } from './awaiting.js';
import {
  isSettled,
  shortened,
  stepKey,
  type ExitStatus,
  type Phase,
  type RejectedDecision,
  type Step,
} from './status.js';
import { StepLedger } from './step-ledger.js';
import { summaryOf, type Beginning, type StepRow } from './steps.js';

/** A decision can be sent for ever, and a hold undone; the status remembers the latest. */
const MOST_KEPT = 20;

interface Opening {
  exitId: string;
  form: ExitStatus['form'];
  resignation: Resignation;
  /** ISO 8601, UTC. */
  openedAt: string;
  /** The record's number of the resignation, and its id. */
  seq: number;
  id: string;
}

export class Exit {
  readonly exitId: string;
  readonly resignation: Resignation;
  readonly openedAt: string;
  /** Up to when it is told. */
  asOf: string;
  /** Undefined until the exit is planned: then no step has begun. */
  plan: Plan | undefined;
  /** As the directory knows them; the choreographed form has the name and the identities only. */
  employee: Employee | undefined;
  employeeName: string | undefined;
  /** Every name and address that the employee has been found under so far. */
  readonly identities = new Set<string>();
  /** The decision that stands. */
  decision: RecordedEvent<'exit.decision-finalised'> | undefined;
  /** When it takes effect: ISO 8601, UTC; undefined while the start of its day is not known. */
  effectiveAt: string | undefined;
  /** The ending that is being carried out, or has been. */
  ending: Ending | undefined;
  /** What the operator is to be told. */
  readonly notices = new Notices();
  /** The steps as they stand, once the exit is planned. */
  readonly ledger = new StepLedger();
  readonly interviewing = new InterviewStanding(this.ledger);
  /** Where the wait for the decision stands. */
  readonly ladder: Ladder;
  /** By task: how often its person was asked, when last, and in which of its starts. */
  readonly taskRequests = new Map<string, { number: number; at: string; start: number }>();
  /** By system: the event that first said that it was blocked, and those of its drifts. What is taken again is because of the last one. */
  readonly blocks = new Map<string, { seq: number; isWithoutAccount: boolean; drifts: string[] }>();
  cancelRequestedAt: string | undefined;
  closedAt: string | undefined;
  /** Grows with every change. */
  revision = 0;
  /** Neither the directory nor any critical system knows the employee. */
  private isUnknown = false;
  private readonly drifts: Drift[] = [];
  private readonly rejectedDecisions: RejectedDecision[] = [];
  /** Decisions that came before it was known who the employee is. */
  private pendingDecisions: RecordedEvent<'exit.decision-finalised'>[] = [];
  /** The start was once over: a retry does not take the exit back to it. */
  private wasAwaiting = false;

  /** @param reject told by number why an event that was to be weighed later counts for nothing */
  constructor(
    private readonly opening: Opening,
    private readonly reject: (seq: number, why: string) => void = () => undefined,
  ) {
    ({
      exitId: this.exitId,
      resignation: this.resignation,
      openedAt: this.openedAt,
      openedAt: this.asOf,
    } = opening);
    this.ladder = new Ladder(opening.openedAt);
  }

  /** The id of the event that opened it. */
  get resignationId(): string {
    return this.opening.id;
  }

  get employeeId(): string {
    return this.resignation.employeeId;
  }

  get systems(): string[] {
    return this.plan?.systems.map(({ name }) => name) ?? [];
  }

  get steps(): Step[] {
    return this.ledger.all;
  }

  step(name: string, system?: string): Step | undefined {
    return this.ledger.find(name, system);
  }

  /** Whether a step is there to be done: begun, and not settled. */
  isOpen(name: string, system?: string): boolean {
    const step = this.step(name, system);
    return step !== undefined && step.state !== 'pending' && !isSettled(step);
  }

  /** @returns why the event counts for nothing */
  evolve(event: RecordedEvent): string | undefined {
    this.advanceTo(event.storedAt);
    const problem = this.apply(event);
    if (problem !== undefined) return problem;
    if (this.pendingDecisions.length > 0 && this.isEmployeeKnown) {
      const waiting = this.pendingDecisions;
      this.pendingDecisions = [];
      for (const decision of waiting) {
        const why = this.decide(decision);
        if (why !== undefined) this.reject(decision.seq, why);
      }
    }
    this.recompute(event.storedAt, event.seq);
    return undefined;
  }

  /** Time alone begins a rung of the ladder, and lets a decision take effect whose day has come. */
  advanceTo(now: string): void {
    this.asOf = now;
    if (this.closedAt) return;
    if (this.decision && !this.ending && this.effectiveAt !== undefined && this.effectiveAt <= now) {
      const at = this.effectiveAt > this.decision.storedAt ? this.effectiveAt : this.decision.storedAt;
      this.beginEnding(this.decision.data.outcome, at, this.decision.seq);
    } else if (this.plan && this.isAwaited) this.advanceLadder(this.plan, now);
  }

  /** When the day of a decision begins, ISO 8601 in UTC: the workflow has to ask. */
  takeEffectAt(instant: string, now: string): void {
    this.effectiveAt = instant;
    this.revision += 1;
    this.advanceTo(now);
  }

  /** A decision waits, in its turn, until it is known who the employee is. */
  isDecisionPending(seq: number): boolean {
    return this.pendingDecisions.some((decision) => decision.seq === seq);
  }

  /** Whether a decision would be accepted at this moment. */
  weigh(input: unknown, now: string): Parsed<Decision> {
    if (this.closedAt)
      return { ok: false, problem: `the exit of ${this.employeeId} ended at ${this.closedAt}` };
    return parseDecision(input, {
      employeeId: this.employeeId,
      employeeIdentities: [...this.identities],
      standing: this.decision?.data,
      awaitingEffectiveDate: this.decision !== undefined && this.ending === undefined,
      cancelled: this.ending === 'cancelled',
      today: earliestToday(now),
    });
  }

  /** What a decision would come to at this moment. */
  preview(input: unknown, now: string): Weighed {
    const decision = this.weigh(input, now);
    if (!decision.ok) return { problem: decision.problem };
    const ahead = this.beginningsOf(decision.value.outcome, now).flatMap(([beginning, applies]) =>
      this.ledger.rowsFor(beginning, applies),
    );
    return {
      setsOff: ahead.map(({ row, system }) => ({ name: row.name, system, summary: summaryOf(row, system) })),
    };
  }

  /** Whether a resolution can be applied to the steps as they stand. */
  weighResolution(input: unknown): Parsed<Resolution> {
    return parseResolution(input, this.steps, (name) => this.ledger.rowOf(name)?.custom === 'task');
  }

  /** Whether the interview could be moved at this moment. */
  weighRescheduling(input: unknown, now: string): Parsed<Rescheduling> {
    const parsed = parseRescheduling(input, now);
    const problem = parsed.ok ? this.reschedulingProblem : undefined;
    return problem === undefined ? parsed : { ok: false, problem };
  }

  /** What cannot be a decision, or came too late, is kept for the status. */
  refuse(received: unknown, reason: string, at: string): void {
    this.rejectedDecisions.push({ at, reason, received: shortened(received) });
    this.rejectedDecisions.splice(0, this.rejectedDecisions.length - MOST_KEPT);
    this.revision += 1;
  }

  /**
   * A server has answered who the employee is, or all have answered that they do not know. Before that it cannot be told whether it is
   * the employee who decides.
   */
  get isEmployeeKnown(): boolean {
    return (
      this.plan !== undefined &&
      (this.identities.size > 0 || this.ledger.starting.every(({ state }) => state !== 'running'))
    );
  }

  get phase(): Phase {
    if (this.isUnknown) return 'failed';
    if (this.closedAt) return this.ending === 'cancelled' ? 'cancelled' : 'closed';
    if (this.ending) return this.ending === 'leaving' ? 'revoking' : 'restoring';
    if (this.decision) return 'awaiting-effective-date';
    return this.wasAwaiting ? 'awaiting-decision' : 'starting';
  }

  /** Whether a decision is still awaited. */
  get isAwaited(): boolean {
    return this.decision === undefined && this.ending === undefined && this.closedAt === undefined;
  }

  /** Whether what the hold took is to stay taken. */
  get isHeld(): boolean {
    return this.phase === 'awaiting-decision' || this.phase === 'awaiting-effective-date';
  }

  get needsAttention(): boolean {
    return this.steps.some(({ state }) => state === 'needs-attention');
  }

  /** How often the person of a task was asked. */
  timesAsked(task: string): number {
    return this.taskRequests.get(task)?.number ?? 0;
  }

  /** When the decision is overdue: ISO 8601, UTC. */
  get reviewBy(): string | undefined {
    return this.plan && reviewBy(this.openedAt, this.plan.review);
  }

  /** Who is asked for the decision: the HR partner who has the interview. */
  get hrPartner() {
    return this.interviewing.interview?.hrPartner ?? this.plan?.hrPartner;
  }

  status(): ExitStatus {
    const { phase, decision, resignation } = this;
    const { interview } = this.interviewing;
    const steps = this.steps.map((step) => ({ ...step }));
    const effective = decision?.data.effectiveOn === undefined ? undefined : this.effectiveAt;
    return {
      exitId: this.exitId,
      form: this.opening.form,
      employeeId: this.employeeId,
      employeeName: this.employeeName,
      phase,
      steps,
      needsAttention: this.needsAttention,
      awaiting: awaitingOf({
        ...{ phase, steps, hrPartner: this.hrPartner, reviewBy: this.reviewBy },
        gates: (name) => this.ledger.rowOf(name)?.gates === true,
        effectiveOn: decision?.data.effectiveOn,
        effectiveAt: effective,
      }),
      decision: decision && { ...decisionOf(decision), decidedAt: decision.storedAt },
      rejectedDecisions: [...this.rejectedDecisions],
      drifts: [...this.drifts],
      interview: interview && {
        start: interview.start,
        end: interview.end,
        timeZone: interview.timeZone,
        with: this.hrPartner?.email,
      },
      reviewBy: this.reviewBy,
      lastWorkingDay: resignation.lastWorkingDay,
      overrideBy: resignation.overrideBy,
      openedAt: this.openedAt,
      blockedAt: blockedAtOf(steps),
      cancelRequestedAt: this.cancelRequestedAt,
      closedAt: this.closedAt,
    };
  }

  private apply(event: RecordedEvent): string | undefined {
    switch (event.type) {
      case 'exit.planned':
        return this.begin(event.data.plan, event.storedAt);
      case 'employee.found':
        this.employee = event.data.employee;
        return this.settleStep(event);
      case 'hr.reminded':
      case 'decision.escalated': {
        const kind = event.type === 'hr.reminded' ? 'remind' : 'escalate';
        const isLatest = this.ladder.markSent(kind, event.data.number);
        return isLatest && this.isAwaited ? this.settleStep(event) : undefined;
      }
      case 'operator.notified': {
        this.notices.markSent(event.data.number);
        const problem = this.settleStep(event);
        if (this.notices.due(this.steps).length > 0) this.tellOperator(event.storedAt);
        return problem;
      }
      case 'interview.scheduled':
      case 'interview.rescheduled':
        this.interviewing.record(event);
        return this.settleStep(event);
      case 'interview.reschedule-requested':
        return this.requestRescheduling(event);
      case 'access.captured':
        this.identify(event.data);
        return undefined;
      case 'access.blocked': {
        const { system, capture } = event.data;
        const isWithoutAccount = capture !== undefined && !capture.account;
        if (!this.blocks.has(system))
          this.blocks.set(system, { seq: event.seq, isWithoutAccount, drifts: [] });
        return this.settleStep(event);
      }
      case 'access.drifted':
        return this.recordDrift(event);
      case 'task.requested':
        return this.recordTaskRequest(event);
      case 'step.needs-attention':
        return this.recordFailure(event);
      case 'step.resolved':
        return this.resolve(event);
      case 'exit.decision-finalised':
        if (this.isEmployeeKnown || this.closedAt) return this.decide(event);
        this.pendingDecisions.push(event);
        return undefined;
      case 'exit.cancelled':
        this.cancelRequestedAt = event.storedAt;
        if (this.isAwaited) this.beginEnding('cancelled', event.storedAt, event.seq);
        return undefined;
      case 'employee.resigned':
      case 'employee.notified':
      case 'manager.notified':
      case 'interview.cancelled':
      case 'access.restored':
      case 'access.revoked':
      case 'step.completed':
        return this.settleStep(event);
    }
  }

  private begin(plan: Plan, at: string): string | undefined {
    if (this.plan) return `the exit ${this.exitId} is planned already`;
    this.plan = plan;
    this.ledger.plan(plan.steps, this.systems);
    this.ledger.begin('resigned', at, this.opening.seq);
    // A cancellation may come before the plan.
    if (this.ending) this.beginEnding(this.ending, at, this.opening.seq);
    return undefined;
  }

  private identify({ identities = [], employeeName }: Pick<Settlement, 'identities' | 'employeeName'>): void {
    for (const identity of identities) this.identities.add(identity);
    this.employeeName ??= employeeName;
  }

  private settleStep(event: RecordedEvent): string | undefined {
    const settlement = settlementOf(event);
    if (!settlement) return undefined;
    this.identify(settlement);
    const { step: name, system, notes } = settlement;
    const step = this.step(name, system);
    if (!step) return this.noStep(name, system);
    // What was given up and came through all the same was seen; what a person settled stays as they said.
    if (step.state === 'done' || step.by !== undefined) return undefined;
    this.ledger.settle(step, event.storedAt, { state: 'done', note: notes.join('; ') || undefined });
    this.notices.forget(step);
    return undefined;
  }

  private recordTaskRequest({ data, storedAt }: RecordedEvent<'task.requested'>): string | undefined {
    const { step: name, to, number } = data;
    const step = this.step(name);
    if (!step) return this.noStep(name);
    if (number > this.timesAsked(name))
      this.taskRequests.set(name, { number, at: storedAt, start: this.ledger.starts(name) });
    if (!isSettled(step)) step.note = `asked ${to}${number > 1 ? `, ${number} times` : ''}`;
    return undefined;
  }

  private recordFailure({ data, storedAt }: RecordedEvent<'step.needs-attention'>): string | undefined {
    const { step: name, system } = data;
    const row = this.ledger.rowOf(name);
    const isLate = row?.until === 'decided' && !this.isAwaited;
    const step =
      this.step(name, system) ?? (row && !row.gates && !isLate && this.ledger.restart(name, storedAt));
    if (isLate || (step && isSettled(step))) return undefined;
    if (!step) return this.noStep(name, system);
    this.askForAttention(step, data, storedAt);
    return undefined;
  }

  private askForAttention(step: Step, why: { error: string; type?: string | undefined }, at: string): void {
    this.ledger.markStuck(step, why);
    if (step.name !== 'notify-operator' && this.notices.add(step, why.error)) this.tellOperator(at);
  }

  /** A mail that is under way is not called off by the next cause, which is told after it. */
  private tellOperator(at: string): void {
    if (this.step('notify-operator')?.state !== 'running') this.ledger.restart('notify-operator', at);
  }

  private recordDrift({ id, data, storedAt }: RecordedEvent<'access.drifted'>): string | undefined {
    const { system, what, seenAt } = data;
    const step = this.step('block-access', system);
    if (!step) return this.noStep('block-access', system);
    // A decision may have come during the look: what is being given back has not drifted.
    if (!this.isHeld || step.state !== 'done') return undefined;
    this.drifts.push({ system, what, seenAt });
    this.drifts.splice(0, this.drifts.length - MOST_KEPT);
    this.blocks.get(system)?.drifts.push(id);
    this.ledger.retry(step, storedAt);
    if (this.plan!.policy.reassertsDrift) return undefined;
    const error = `seen at ${seenAt}: ${what}. Retry to block it again, or settle the step by hand`;
    this.askForAttention(step, { error, type: FailureType.Drifted }, storedAt);
    return undefined;
  }

  private advanceLadder(plan: Plan, now: string): void {
    const rung = this.ladder.advance(plan.review, now);
    if (!rung) return;
    for (const name of Object.values(rungStep))
      this.giveUp([this.step(name)], rung.dueAt, 'was not seen to go out before the next one was due');
    this.ledger.restart(rungStep[rung.kind], rung.dueAt, this.opening.seq);
    this.revision += 1;
  }

  private requestRescheduling(event: RecordedEvent<'interview.reschedule-requested'>): string | undefined {
    const weighed = this.weighRescheduling(event.data, event.storedAt);
    if (!weighed.ok) return weighed.problem;
    this.interviewing.request = event;
    const stuck = this.interviewing.currentStep!;
    // Where there is no interview yet, the wish mends the step that found no time.
    if (stuck.state === 'needs-attention') this.ledger.retry(stuck, event.storedAt);
    else this.ledger.restart('reschedule-hr-interview', event.storedAt, event.seq);
    return undefined;
  }

  /** Why the interview cannot be moved now. */
  private get reschedulingProblem(): string | undefined {
    const isStaying = this.decision?.data.outcome === 'retained' || this.ending === 'cancelled';
    return this.closedAt !== undefined || isStaying
      ? 'there is no interview any more'
      : this.interviewing.problem;
  }

  private resolve({ data, storedAt }: RecordedEvent<'step.resolved'>): string | undefined {
    const weighed = this.weighResolution(data);
    if (!weighed.ok) return weighed.problem;
    const { step: name, system, action, by, evidence } = weighed.value;
    const step = this.step(name, system)!;
    if (action === 'retry') this.ledger.retry(step, storedAt);
    else {
      const state = action === 'skip' ? 'skipped' : 'done-by-hand';
      this.ledger.settle(step, storedAt, { state, by, evidence, note: undefined });
      this.notices.forget(step);
    }
    return undefined;
  }

  private decide(event: RecordedEvent<'exit.decision-finalised'>): string | undefined {
    const weighed = this.weigh(event.data, event.storedAt);
    if (!weighed.ok) {
      this.refuse(event.data, weighed.problem, event.storedAt);
      return weighed.problem;
    }
    this.decision = event;
    this.giveUpAll(({ until }) => until === 'decided', event.storedAt, 'the decision came first');
    this.effectiveAt = event.data.effectiveOn === undefined ? event.storedAt : event.data.effectiveAt;
    this.advanceTo(event.storedAt);
    return undefined;
  }

  private beginEnding(ending: Ending, at: string, seq: number): void {
    this.ending = ending;
    const isLeaving = ending === 'leaving';
    const came = ending === 'cancelled' ? 'the cancellation came first' : 'the decision came first';
    this.giveUpAll(
      ({ until }) => until === 'effective' || until === 'decided',
      at,
      isLeaving ? 'leaving: revoked instead' : came,
    );
    // A resignation that no longer stands is no reason to tell, or to invite.
    const stays = ending === 'retained' ? 'retained' : 'not leaving: the exit was cancelled';
    const owed = this.beginningsOf(ending, at);
    if (!isLeaving)
      this.giveUpAll(
        ({ until, custom, begins }) => until === 'retained' || (!!custom && begins === 'resigned'),
        at,
        `the employee is ${stays}`,
      );
    for (const [beginning, applies] of owed) this.ledger.begin(beginning, at, seq, applies);
    this.recompute(at, seq);
  }

  /** What an ending begins, in this order, and which rows of it. */
  private beginningsOf(ending: Ending, at: string): [Beginning, (row: StepRow) => boolean][] {
    const owesWithdrawal = this.interviewing.mayNeedWithdrawal(at);
    const applies = ({ name }: StepRow): boolean => name !== 'cancel-hr-interview' || owesWithdrawal;
    const beginnings = [ending === 'leaving' ? 'leaving' : 'retained', 'decided', 'access-settled'] as const;
    return beginnings.map((beginning) => [beginning, applies]);
  }

  private giveUpAll(isPointless: (row: StepRow) => boolean, finishedAt: string, note: string): void {
    this.giveUp(this.ledger.where(isPointless), finishedAt, note);
  }

  private giveUp(steps: readonly (Step | undefined)[], finishedAt: string, note: string): void {
    for (const step of steps) {
      if (!step || isSettled(step)) continue;
      this.ledger.settle(step, finishedAt, { state: 'skipped', note });
      this.notices.forget(step);
    }
  }

  /** What follows once something has happened. */
  private recompute(at: string, seq: number): void {
    this.revision += 1;
    if (this.closedAt || !this.plan) return;
    this.ledger.beginDue(at, seq);
    const gating = this.ledger.where(({ gates }) => gates);
    this.wasAwaiting ||= this.ledger.starting.every(({ state }) => state !== 'running');
    this.isUnknown = !this.ending && this.isUnknownEverywhere;
    if (this.isUnknown || (this.ending && gating.every(isSettled))) this.close(at);
    else if (this.notices.due(this.steps).length === 0)
      this.giveUp([this.step('notify-operator')], at, 'mended before the operator was told');
  }

  private close(at: string): void {
    this.closedAt = at;
    const why = this.isUnknown
      ? 'no directory and no critical system knows the employee'
      : 'the exit is over';
    this.giveUpAll(() => true, at, why);
  }

  /** A mistyped id: the directory does not know the employee, and every system was looked at and has no account. */
  private get isUnknownEverywhere(): boolean {
    return (
      this.identities.size === 0 &&
      this.ledger.isStuckOn(FailureType.UnknownEmployee) &&
      this.systems.every((system) => this.blocks.get(system)?.isWithoutAccount)
    );
  }

  private noStep(name: string, system?: string): string {
    return `the exit has no step ${stepKey({ name, system })}`;
  }
}

function decisionOf({ data }: RecordedEvent<'exit.decision-finalised'>): Decision {
  const { effectiveAt: _, ...decision } = data;
  return decision;
}
