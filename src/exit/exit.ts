/**
 * How an exit changes: a pure reducer over its events, for both forms. The choreographed form folds the stream into it; the workflow
 * records the same events in memory. Every rule is in here, in a class that it extends, or in a file that one of them names.
 */
import { lookedIn } from './acting.js';
import { isStaying, type Ending } from './decision.js';
import type { RecordedEvent } from './events.js';
import type { Opening } from './exit-state.js';
import { ExitActs } from './exit-acts.js';
import { statusOf } from './exit-status.js';
import type { Capture, CapturedAccount, Cost } from './hold-facts.js';
import { FailureType } from './failures.js';
import { identitiesOf } from './holds.js';
import { contactsInTurn } from './contacts.js';
import type { Plan } from './plan.js';
import { rungStep } from './review.js';
import { SIGNED_ALONE, type SignedAct } from './signature.js';
import { isSettled, shortened, type ExitStatus } from './status.js';

/** Decisions can arrive without end; the status keeps the latest. */
const MOST_KEPT = 20;

export class Exit extends ExitActs {
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
    this.recordTelling(event);
    if (this.pendingDecisions.length > 0 && this.isEmployeeKnown) {
      const pending = this.pendingDecisions;
      this.pendingDecisions = [];
      for (const decision of pending) {
        const why = this.decideOrPropose(decision);
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
  override advanceTo(now: string): void {
    this.asOf = now;
    if (this.closedAt) return;
    if (this.decision && !this.ending && this.effectiveAt !== undefined && this.effectiveAt <= now) {
      const at = this.effectiveAt > this.effectSetAt ? this.effectiveAt : this.effectSetAt;
      this.beginEnding(this.decision.data.outcome, at, this.effectiveSeq);
    } else if (this.isAwaited) this.advanceLadder(now);
    this.lookAgain(now);
  }

  /**
   * Sets when the day of the decision begins. The workflow has no time zone data, so an activity answers it.
   * @param instant ISO 8601, UTC
   */
  takeEffectAt(instant: string, timeZone: string, now: string): void {
    [this.effectiveAt, this.effectiveZone] = [instant, timeZone];
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
        if (event.type === 'hr.reminded')
          this.passOver(() => this.remindedOf(event.data.number).to, event.data.to);
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
        this.recordFaults(event);
        return this.settleStep(event);
      case 'interview.reschedule-requested':
        return this.requestRescheduling(event);
      case 'resignation.amended':
        return this.unsigned(event) ?? this.amend(event);
      case 'exit.handed-over':
        return this.unsigned(event) ?? this.handOver(event);
      case 'access.captured':
        this.identify({ identities: identitiesOf(event.data.accounts) });
        this.learnKeys(event.data.accounts, event.storedAt);
        this.recordCost(event.data);
        return undefined;
      case 'access.blocked': {
        const { system, capture } = event.data;
        const isWithoutAccount = capture?.accounts.length === 0;
        if (capture) this.recordCost(capture);
        const { drifts, acknowledged } = this.blocks.get(system) ?? { drifts: [], acknowledged: 0 };
        this.blocks.set(system, { seq: event.seq, isWithoutAccount, drifts, acknowledged });
        this.vouched.delete(system);
        const problem = this.isRestless(system) ? this.recordRestless(event) : this.settleStep(event);
        this.learnKeys(capture?.accounts ?? [], event.storedAt);
        return problem;
      }
      case 'access.drifted':
        return this.recordDrift(event);
      case 'task.requested':
        return this.recordTaskRequest(event);
      case 'step.needs-attention':
        this.recordCost(event.data);
        this.proposeOverride(event);
        return this.recordFailure(event);
      case 'step.resolved':
        return this.unsigned(event) ?? this.resolve(event);
      case 'exit.proposal-rejected':
        return this.unsigned(event) ?? this.rejectProposal(event);
      case 'second-person.asked': {
        const { numbers, sent } = event.data;
        const proposal = this.proposals.openOf(numbers[0]!);
        if (proposal) this.passOver(() => this.secondPersonsFor(proposal), sent[0]?.to);
        this.proposals.markAsked(numbers);
        return this.proposals.due.length === 0 ? this.settleStep(event) : undefined;
      }
      case 'exit.proposed':
      case 'exit.decision-finalised':
        if (this.isEmployeeKnown || this.closedAt) return this.decideOrPropose(event);
        this.pendingDecisions.push(event);
        return undefined;
      case 'exit.cancelled':
        this.cancelRequestedAt = event.storedAt;
        return this.plan && this.cancel(event.storedAt, event.seq);
      case 'manager.notified': {
        const { of, also, to, messageId } = event.data;
        // The mail goes out before the interview is arranged with one of them.
        const turnOf = () => contactsInTurn(this.plan!, this.successor, this).hrPartner;
        if (of === 'resignation') {
          this.passOver(turnOf, also?.[0]?.to);
          if (messageId !== undefined) this.toldManager = { to, messageId };
        }
        return this.settleStep(event);
      }
      case 'employee.resigned':
      case 'employee.notified':
      case 'interview.cancelled':
      case 'correction.sent':
      case 'step.completed':
        return this.settleStep(event);
      case 'access.restored':
      case 'access.revoked':
        if (event.data.capture) this.recordCost(event.data.capture);
        return this.settleStep(event);
    }
  }

  private begin(plan: Plan, at: string): string | undefined {
    if (this.plan) return `the exit ${this.exitId} is planned already`;
    this.plan = plan;
    this.ledger.plan(plan);
    this.ledger.begin('resigned', at, this.opening.seq);
    // A cancellation may come before the plan.
    if (this.cancelRequestedAt !== undefined) this.cancel(at, this.opening.seq);
    return undefined;
  }

  /** A cancellation has no signature: where acts need one, it gives no access back. */
  private cancel(at: string, seq: number): string | undefined {
    if (this.keysAt(at)) {
      const problem = `the cancellation does not count: ${SIGNED_ALONE}: withdraw it in the console`;
      this.cancelRequestedAt = undefined;
      this.refuse('a cancellation', problem, at);
      return problem;
    }
    if (this.isAwaited) this.beginEnding('cancelled', at, seq);
    return undefined;
  }

  /** In the stream an act has the signature beside what it covers. The workflow takes it as the message arrives. */
  private unsigned({ type, data, storedAt }: RecordedEvent<SignedAct>): string | undefined {
    if (this.form === 'orchestrated') return undefined;
    const { signature, ...of } = data;
    const problem = this.spendSignature(signature, { act: type, of }, storedAt);
    if (problem !== undefined) this.refuse(of, problem, storedAt);
    return problem;
  }

  /** A system may know the employee by a key that an account in another system tells: its block begins again. */
  private learnKeys([account]: readonly CapturedAccount[], at: string): void {
    if (!account) return;
    const { login, email } = this.keys;
    this.keys.login ??= account.userName;
    this.keys.email ??= account.identities.find((identity) => identity.includes('@'));
    if (this.keys.login === login && this.keys.email === email) return;
    this.keysLearnedAt = at;
    for (const system of this.systems) {
      const step = this.step('block-access', system);
      if (step && this.ledger.isStuckOn(FailureType.KeyUnknown, step)) this.ledger.retry(step, at);
    }
  }

  private recordCost(seen: {
    system?: string | undefined;
    accounts?: Capture['accounts'];
    cost?: Cost | undefined;
  }): void {
    const { system, accounts, cost } = seen;
    if (system && cost && accounts?.length !== 0) this.costs.set(system, cost);
  }

  private advanceLadder(now: string): void {
    const rung = this.review && this.ladder.advance(this.review, now);
    if (!rung) return;
    for (const name of Object.values(rungStep))
      this.skip([this.step(name)], rung.dueAt, 'no mail was confirmed before the next one was due');
    this.ledger.restart(rungStep[rung.kind], rung.dueAt, this.ladderSeq);
    this.revision += 1;
  }

  private resolve({ data, seq, storedAt }: RecordedEvent<'step.resolved'>): string | undefined {
    const weighed = this.weighResolution(data, lookedIn(data));
    if (!weighed.ok) return weighed.problem;
    if (this.isProposal(weighed.value)) return `an override of ${weighed.value.system} ${unconfirmed}`;
    const proposal = this.proposalFor(weighed.value);
    const { step: name, system, action, by, asker, evidence, accounts, override } = weighed.value;
    if (proposal) this.endProposal(proposal, 'confirmed', storedAt, { by, asker });
    const step = this.step(name, system)!;
    if (system !== undefined) {
      if (accounts) for (const named of [this.chosen, this.vouched]) named.set(system, accounts);
      if (override) this.overridden.add(system);
      const block = this.blocks.get(system);
      if (block) block.acknowledged = block.drifts.length;
    }
    if (action === 'retry') this.ledger.retry(step, storedAt);
    else {
      const state = action === 'skip' ? 'skipped' : 'done-by-hand';
      this.ledger.settle(step, storedAt, { state, by, asker, evidence, note: undefined });
      if (name === 'block-access' && action === 'done-by-hand')
        this.confirmed.set(system!, { by, at: storedAt, evidence, seq });
      // It stays open, whatever was confirmed before.
      else if (name === 'block-access' && !this.ledger.isTask(step)) this.confirmed.delete(system!);
    }
    return undefined;
  }

  private decideOrPropose(
    event: RecordedEvent<'exit.decision-finalised' | 'exit.proposed'>,
  ): string | undefined {
    const unsigned = this.unsigned(event);
    if (unsigned !== undefined) return unsigned;
    const problem = event.type === 'exit.proposed' ? this.propose(event) : this.decide(event);
    const { data, storedAt } = event;
    const decision = 'decision' in data || 'resolution' in data ? data.decision : data;
    if (problem !== undefined && decision) this.refuse(decision, problem, storedAt);
    return problem;
  }

  private decide(event: RecordedEvent<'exit.decision-finalised'>): string | undefined {
    const { data, storedAt } = event;
    const weighed = this.weigh(data, storedAt, lookedIn(data));
    if (!weighed.ok) return weighed.problem;
    const { outcome, decidedBy: by, asker } = weighed.value;
    if (this.isProposal(weighed.value)) return `"${outcome}" ${unconfirmed}`;
    const proposal = this.proposalFor(weighed.value) ?? this.proposals.decision;
    this.decision = event;
    if (proposal)
      this.endProposal(proposal, this.needsSecond(outcome) ? 'confirmed' : 'lapsed', storedAt, { by, asker });
    this.skipWhere(({ until }) => until === 'decided', event.storedAt, 'the decision came first');
    this.amendedDay = undefined;
    this.setEffect(event);
    this.advanceTo(event.storedAt);
    return undefined;
  }

  private beginEnding(ending: Ending, at: string, seq: number): void {
    this.ending = ending;
    this.lapseProposals(at);
    const isLeaving = ending === 'leaving';
    const came = ending === 'cancelled' ? 'the cancellation came first' : 'the decision came first';
    this.skipWhere(
      ({ until }) => until === 'effective' || until === 'decided',
      at,
      isLeaving ? 'leaving: access is revoked instead' : came,
    );
    // A resignation that no longer stands needs no mail and no interview.
    const beginnings = this.beginningsOf(ending, at);
    if (isStaying(ending))
      this.skipWhere(
        ({ until, custom, begins }) => until === 'retained' || (!!custom && begins === 'resigned'),
        at,
        stays[ending as keyof typeof stays],
      );
    for (const [beginning, applies] of beginnings) this.ledger.begin(beginning, at, seq, applies);
    this.recompute(at, seq);
  }

  /** Begins the steps that are due, and closes the exit once every gating step is settled. */
  private recompute(at: string, seq: number): void {
    this.revision += 1;
    if (this.closedAt || !this.plan) return;
    this.lapseOverrides(at);
    this.ledger.beginDue(at, seq);
    const gating = this.ledger.where(({ gates }) => gates);
    this.wasAwaiting ||= this.ledger.starting.every(({ state }) => state !== 'running');
    this.isUnknown = !this.ending && this.isUnknownEverywhere;
    if (this.isUnknown || (this.ending && gating.every(isSettled))) this.close(at);
    else if (this.notices.due(this.steps).length === 0) {
      this.isNoticeHeldBack = false;
      this.skip([this.step('notify-operator')], at, 'resolved before the operator was notified');
    } else if (this.isNoticeHeldBack) this.notifyOperator(at);
  }

  private close(at: string): void {
    this.closedAt = at;
    this.isNoticeHeldBack = false;
    this.lapseProposals(at);
    const why = this.isUnknown
      ? 'no directory and no critical system knows the employee'
      : 'the exit is over';
    this.skipWhere(() => true, at, why);
  }
}

/** Why the exit does not take an act of one person. */
const unconfirmed = 'needs a second person: propose it through EMS, and another person confirms it';

/** Why a step is skipped where the employee stays. */
const stays = {
  retained: 'the employee is retained',
  withdrawn: 'the resignation was withdrawn',
  'wrong-person': 'the resignation was never this person’s',
  cancelled: 'the employee is not leaving: the exit was cancelled',
} as const;
