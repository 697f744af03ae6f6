/**
 * How an exit changes: a pure reducer over its events, for both forms. The choreographed form folds the stream into it; the workflow
 * records the same events in memory. Every rule is in here, in exit-state.ts, or in a file that one of them names.
 */
import type { Ending } from './decision.js';
import type { RecordedEvent } from './events.js';
import { ExitState, type Opening } from './exit-state.js';
import { statusOf } from './exit-status.js';
import { FailureType, notConfirmed } from './failures.js';
import type { Capture, CapturedAccount } from './hold-facts.js';
import { identitiesOf } from './holds.js';
import type { Plan } from './plan.js';
import { rungStep } from './review.js';
import { settlementOf, type Settlement } from './settlement.js';
import { isSettled, shortened, stepKey, type ExitStatus, type Step, isStuck } from './status.js';
import type { StepRow } from './steps.js';

/** Decisions and drifts can arrive without end; the status keeps the latest. */
const MOST_KEPT = 20;
/** After so many drifts a system needs attention, although it is blocked again each time. */
const MOST_DRIFTS = 3;

export class Exit extends ExitState {
  /** @param reject called with the sequence number of a pending decision, and why the exit refuses it in the end */
  constructor(
    opening: Opening,
    private readonly reject: (seq: number, why: string) => void = () => undefined,
  ) {
    super(opening);
  }

  status(): ExitStatus {
    return statusOf(this);
  }

  /** @returns why the exit ignores the event; undefined where it counts */
  evolve(event: RecordedEvent): string | undefined {
    this.advanceTo(event.storedAt);
    const problem = this.apply(event);
    if (problem !== undefined) return problem;
    if (this.pendingDecisions.length > 0 && this.isEmployeeKnown) {
      const pending = this.pendingDecisions;
      this.pendingDecisions = [];
      for (const decision of pending) {
        const why = this.decide(decision);
        if (why !== undefined) this.reject(decision.seq, why);
      }
    }
    this.recompute(event.storedAt, event.seq);
    return undefined;
  }

  /**
   * Applies what time alone changes: a rung of the review ladder falls due, or a decision takes effect.
   * @param now ISO 8601, UTC
   */
  advanceTo(now: string): void {
    this.asOf = now;
    if (this.closedAt) return;
    if (this.decision && !this.ending && this.effectiveAt !== undefined && this.effectiveAt <= now) {
      const at = this.effectiveAt > this.decision.storedAt ? this.effectiveAt : this.decision.storedAt;
      this.beginEnding(this.decision.data.outcome, at, this.decision.seq);
    } else if (this.plan && this.isAwaited) this.advanceLadder(this.plan, now);
  }

  /**
   * Sets when the day of the decision begins. The workflow has no time zone data, so an activity answers it.
   * @param instant ISO 8601, UTC
   */
  takeEffectAt(instant: string, now: string): void {
    this.effectiveAt = instant;
    this.revision += 1;
    this.advanceTo(now);
  }

  /** Keeps a message that is no valid decision, or came too late, for the status. */
  refuse(received: unknown, reason: string, at: string): void {
    this.rejectedDecisions.push({ at, reason, received: shortened(received) });
    this.rejectedDecisions.splice(0, this.rejectedDecisions.length - MOST_KEPT);
    this.revision += 1;
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
        if (this.notices.due(this.steps).length > 0) this.notifyOperator(event.storedAt);
        return problem;
      }
      case 'interview.scheduled':
      case 'interview.rescheduled':
        this.interviewing.record(event);
        return this.settleStep(event);
      case 'interview.reschedule-requested':
        return this.requestRescheduling(event);
      case 'access.captured':
        this.identify({ identities: identitiesOf(event.data.accounts) });
        this.learnKeys(event.data.accounts, event.storedAt);
        this.recordCost(event.data);
        return undefined;
      case 'access.blocked': {
        const { system, capture } = event.data;
        const isWithoutAccount = capture?.accounts.length === 0;
        if (capture) this.recordCost(capture);
        if (!this.blocks.has(system))
          this.blocks.set(system, { seq: event.seq, isWithoutAccount, drifts: [], acknowledged: 0 });
        const problem = this.isRestless(system) ? this.recordRestless(event) : this.settleStep(event);
        this.learnKeys(capture?.accounts ?? [], event.storedAt);
        return problem;
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
    this.ledger.plan(plan);
    this.ledger.begin('resigned', at, this.opening.seq);
    // A cancellation may come before the plan.
    if (this.ending) this.beginEnding(this.ending, at, this.opening.seq);
    return undefined;
  }

  private identify({ identities = [], employeeName }: Pick<Settlement, 'identities' | 'employeeName'>): void {
    for (const identity of identities) this.identities.add(identity);
    this.employeeName ??= employeeName;
  }

  /** A system may know the employee by a key that an account in another system tells: its block begins again. */
  private learnKeys([account]: readonly CapturedAccount[], at: string): void {
    const { login, email } = this.person;
    if (!account || (login !== undefined && email !== undefined)) return;
    this.keysLearnedAt = at;
    this.keys.login ??= account.userName;
    this.keys.email ??= account.identities.find((identity) => identity.includes('@'));
    for (const system of this.systems) {
      const step = this.step('block-access', system);
      if (step && this.ledger.isStuckOn(FailureType.KeyUnknown, step)) this.ledger.retry(step, at);
    }
  }

  private settleStep(event: RecordedEvent): string | undefined {
    const settlement = settlementOf(event);
    if (!settlement) return undefined;
    this.identify(settlement);
    const { step: name, system, notes } = settlement;
    const step = this.step(name, system);
    if (!step) return this.noStep(name, system);
    // An outcome that arrives after the exit skipped its step still counts; a step that a person settled stays as it is.
    if (step.state === 'done' || step.by !== undefined) return undefined;
    this.ledger.settle(step, event.storedAt, { state: 'done', note: notes.join('; ') || undefined });
    return undefined;
  }

  private recordTaskRequest({ data, storedAt }: RecordedEvent<'task.requested'>): string | undefined {
    const { step: name, system, to, number } = data;
    const step = this.step(name, system);
    if (!step) return this.noStep(name, system);
    const isNew = number > this.timesAsked(step);
    if (isNew)
      this.taskRequests.set(stepKey(step), { number, at: storedAt, start: this.ledger.starts(name, system) });
    if (!isSettled(step)) step.note = `asked ${to}${number > 1 ? `, ${number} times` : ''}`;
    if (isNew && isStuck(step)) this.endOutageOfMail(step, to, storedAt);
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
    // The key came while an attempt without it was under way.
    const hasNewKeys = this.keysLearnedAt !== undefined && step.startedAt! < this.keysLearnedAt;
    if (data.type === FailureType.KeyUnknown && hasNewKeys) this.ledger.retry(step, storedAt);
    else this.askForAttention(step, data, storedAt);
    return undefined;
  }

  private askForAttention(step: Step, why: { error: string; type?: string | undefined }, at: string): void {
    this.ledger.markStuck(step, why);
    if (step.name !== 'notify-operator' && this.notices.add(step, why.error)) this.notifyOperator(at);
  }

  /** A further cause does not cancel a mail that is on its way: the next mail names it. */
  private notifyOperator(at: string): void {
    if (this.step('notify-operator')?.state !== 'running') this.ledger.restart('notify-operator', at);
  }

  private recordCost({ system, accounts, cost }: Pick<Capture, 'system' | 'accounts' | 'cost'>): void {
    if (cost && accounts.length > 0) this.costs.set(system, cost);
  }

  private recordDrift({ id, data, storedAt }: RecordedEvent<'access.drifted'>): string | undefined {
    const { system, what, isUntold, seenAt } = data;
    const step = this.step('block-access', system);
    if (!step) return this.noStep('block-access', system);
    // A decision may have arrived during the sweep: access that the exit gives back has not drifted.
    if (!this.isHeld || !this.isBlocked(system)) return undefined;
    this.drifts.push({ system, what, seenAt });
    this.drifts.splice(0, this.drifts.length - MOST_KEPT);
    this.blocks.get(system)?.drifts.push(id);
    this.ledger.retry(step, storedAt);
    if (this.plan!.policy.reassertsDrift) {
      // What cannot be told, the next block says.
      if (!isUntold && this.notices.addNews(step, what)) this.notifyOperator(storedAt);
      return undefined;
    }
    const error = `seen at ${seenAt}: ${what}. Retry to block it again, or settle the step by hand`;
    this.askForAttention(step, { error, type: FailureType.Drifted }, storedAt);
    return undefined;
  }

  /** The block is observed, and the step waits for a person all the same. The sweep goes on, and so does the blocking. */
  private recordRestless({ data, storedAt }: RecordedEvent<'access.blocked'>): string | undefined {
    const { system, notes } = data;
    const step = this.step('block-access', system);
    if (!step) return this.noStep('block-access', system);
    this.identify(data);
    Object.assign(step, { finishedAt: storedAt, note: notes.join('; ') || undefined });
    const error = `${system} gives the access back again and again. It is blocked again each time: find what reactivates it, then retry`;
    this.askForAttention(step, { error, type: FailureType.Restless }, storedAt);
    return undefined;
  }

  /** The mail has gone after all: what kept it back is over, and now the person is waited for. */
  private endOutageOfMail(step: Step, to: string, at: string): void {
    const tookMs = Date.parse(at) - Date.parse(step.startedAt!);
    if (tookMs < this.ledger.attentionAfterMs(step)) this.ledger.recover(step);
    else this.askForAttention(step, notConfirmed(step, to), at);
  }

  private advanceLadder(plan: Plan, now: string): void {
    const rung = this.ladder.advance(plan.review, now);
    if (!rung) return;
    for (const name of Object.values(rungStep))
      this.skip([this.step(name)], rung.dueAt, 'no mail was confirmed before the next one was due');
    this.ledger.restart(rungStep[rung.kind], rung.dueAt, this.opening.seq);
    this.revision += 1;
  }

  private requestRescheduling(event: RecordedEvent<'interview.reschedule-requested'>): string | undefined {
    const weighed = this.weighRescheduling(event.data, event.storedAt);
    if (!weighed.ok) return weighed.problem;
    this.interviewing.request = event;
    const step = this.interviewing.currentStep!;
    // Where there is no interview yet, the request retries the step that found no time.
    if (isStuck(step)) this.ledger.retry(step, event.storedAt);
    else this.ledger.restart('reschedule-hr-interview', event.storedAt, event.seq);
    return undefined;
  }

  private resolve({ data, storedAt }: RecordedEvent<'step.resolved'>): string | undefined {
    const weighed = this.weighResolution(data);
    if (!weighed.ok) return weighed.problem;
    const { step: name, system, action, by, evidence, accounts, override } = weighed.value;
    const step = this.step(name, system)!;
    if (system !== undefined) {
      if (accounts) this.chosen.set(system, accounts);
      if (override) this.overridden.add(system);
      const block = this.blocks.get(system);
      if (block) block.acknowledged = block.drifts.length;
    }
    if (action === 'retry') this.ledger.retry(step, storedAt);
    else {
      const state = action === 'skip' ? 'skipped' : 'done-by-hand';
      this.ledger.settle(step, storedAt, { state, by, evidence, note: undefined });
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
    this.skipWhere(({ until }) => until === 'decided', event.storedAt, 'the decision came first');
    this.effectiveAt = event.data.effectiveOn === undefined ? event.storedAt : event.data.effectiveAt;
    this.advanceTo(event.storedAt);
    return undefined;
  }

  private beginEnding(ending: Ending, at: string, seq: number): void {
    this.ending = ending;
    const isLeaving = ending === 'leaving';
    const came = ending === 'cancelled' ? 'the cancellation came first' : 'the decision came first';
    this.skipWhere(
      ({ until }) => until === 'effective' || until === 'decided',
      at,
      isLeaving ? 'leaving: access is revoked instead' : came,
    );
    // A resignation that no longer stands needs no mail and no interview.
    const stays = ending === 'retained' ? 'retained' : 'not leaving: the exit was cancelled';
    const beginnings = this.beginningsOf(ending, at);
    if (!isLeaving)
      this.skipWhere(
        ({ until, custom, begins }) => until === 'retained' || (!!custom && begins === 'resigned'),
        at,
        `the employee is ${stays}`,
      );
    for (const [beginning, applies] of beginnings) this.ledger.begin(beginning, at, seq, applies);
    this.recompute(at, seq);
  }

  private skipWhere(isPointless: (row: StepRow) => boolean, finishedAt: string, note: string): void {
    this.skip(this.ledger.where(isPointless), finishedAt, note);
  }

  private skip(steps: readonly (Step | undefined)[], finishedAt: string, note: string): void {
    for (const step of steps)
      if (step && !isSettled(step)) this.ledger.settle(step, finishedAt, { state: 'skipped', note });
  }

  /** Begins the steps that are due, and closes the exit once every gating step is settled. */
  private recompute(at: string, seq: number): void {
    this.revision += 1;
    if (this.closedAt || !this.plan) return;
    this.ledger.beginDue(at, seq);
    const gating = this.ledger.where(({ gates }) => gates);
    this.wasAwaiting ||= this.ledger.starting.every(({ state }) => state !== 'running');
    this.isUnknown = !this.ending && this.isUnknownEverywhere;
    if (this.isUnknown || (this.ending && gating.every(isSettled))) this.close(at);
    else if (this.notices.due(this.steps).length === 0)
      this.skip([this.step('notify-operator')], at, 'resolved before the operator was notified');
  }

  private close(at: string): void {
    this.closedAt = at;
    const why = this.isUnknown
      ? 'no directory and no critical system knows the employee'
      : 'the exit is over';
    this.skipWhere(() => true, at, why);
  }

  private isRestless(system: string): boolean {
    const { drifts, acknowledged } = this.blocks.get(system)!;
    return drifts.length - acknowledged >= MOST_DRIFTS;
  }

  private noStep(name: string, system?: string): string {
    return `the exit has no step ${stepKey({ name, system })}`;
  }
}
