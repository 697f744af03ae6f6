/** One exit as its events tell it. */
import { parseDecision, type Decision, type Outcome } from './decision.js';
import type { Drift } from './drift.js';
import type { InterviewSaid } from './event-data.js';
import type { StoredEvent } from './events.js';
import type { Parsed } from './input.js';
import { Notices } from './notices.js';
import type { Contact } from './people.js';
import { parseRescheduling } from './rescheduling.js';
import type { Resignation } from './resignation.js';
import { parseResolution } from './resolution.js';
import { reviewBy, type Review, type Rung } from './review.js';
import {
  isSettled,
  type ExitStatus,
  type Phase,
  type RejectedDecision,
  type Step,
  type StepName,
} from './status.js';
import { awaitingOf, blockedAtOf, isAside } from './status-parts.js';

/** A decision can be published for ever, and a hold undone; the status remembers the latest. */
const KEPT = 20;

/** What follows from a resignation, besides a block on each system. */
const beginnings = ['notify-manager', 'notify-employee', 'schedule-hr-interview'] as const;
const asideOf = { remind: 'remind-hr-partner', escalate: 'escalate-decision' } as const satisfies Record<
  Rung['kind'],
  StepName
>;
const endingSteps = { retained: 'restore-access', leaving: 'revoke-access' } as const;

export class FoldedExit {
  readonly exitId: string;
  readonly employeeId: string;
  readonly openedAt: string;
  /** Up to when it is told. */
  asOf: string;
  readonly resignation: Resignation;
  readonly steps: Step[] = [];
  /** Every name and address that the employee has been found under so far. */
  readonly identities = new Set<string>();
  /** The decision that stands. */
  decision: StoredEvent<'exit.decision-finalised'> | undefined;
  /** When it takes effect: ISO 8601, UTC. */
  effectiveAt: string | undefined;
  /** The outcome that is being carried out, or has been. */
  ending: Outcome | undefined;
  /** The stream sequence of the event after which the manager can be told of the outcome. */
  outcomeDueAfter: number | undefined;
  interview: InterviewSaid | undefined;
  /** The latest wish for another time. */
  wish: StoredEvent<'interview.reschedule-requested'> | undefined;
  /** What the operator is to be told. */
  readonly notices = new Notices();
  employeeName: string | undefined;
  closedAt: string | undefined;
  private readonly drifts: Drift[] = [];
  /** By system: the event that first said that it was blocked, and those of its drifts. */
  private readonly blocks = new Map<string, { seq: number; drifts: string[] }>();
  private readonly rejectedDecisions: RejectedDecision[] = [];
  /** By kind, the rungs of the ladder that went out. */
  private readonly rungs: Record<Rung['kind'], Set<number>> = { remind: new Set(), escalate: new Set() };
  /** Decisions that came before anybody had answered who the employee is. */
  private unweighed: StoredEvent<'exit.decision-finalised'>[] = [];
  /** Everything that the start set off was once done, or waited for an operator: a retry does not take the exit back to its start. */
  private wasAwaiting = false;

  /** @param reject told by stream sequence why an event counts for nothing */
  constructor(
    readonly resigned: StoredEvent<'employee.resigned'>,
    readonly systems: readonly string[],
    private readonly reject: (seq: number, why: string) => void,
  ) {
    this.exitId = resigned.exitId;
    this.employeeId = resigned.employeeId;
    this.openedAt = this.asOf = resigned.storedAt;
    const { systems: _, ...resignation } = resigned.data;
    this.resignation = resignation;
    for (const system of systems) this.begin('block-access', this.openedAt, system);
    for (const name of beginnings) this.begin(name, this.openedAt);
  }

  step(name: StepName, system?: string): Step | undefined {
    return this.steps.find((step) => step.name === name && step.system === system);
  }

  /** Whether a step is there to be done: begun, and not settled. */
  isOpen(name: StepName, system?: string): boolean {
    const step = this.step(name, system);
    return step !== undefined && step.state !== 'pending' && !isSettled(step);
  }

  /** A decision that waits for its day takes effect once that day has begun. */
  passTime(now: string): void {
    this.asOf = now;
    if (this.decision && this.ending === undefined && this.effectiveAt! <= now)
      this.beginEnding(this.decision.data.outcome, this.effectiveAt!, this.decision.seq);
  }

  apply(event: StoredEvent): void {
    const problem = this.take(event);
    if (problem !== undefined) return this.reject(event.seq, problem);
    if (this.unweighed.length > 0 && this.isEmployeeKnown) {
      const waiting = this.unweighed;
      this.unweighed = [];
      for (const decision of waiting) {
        const why = this.decide(decision);
        if (why !== undefined) this.reject(decision.seq, why);
      }
    }
    return this.settleUp(event.storedAt, event.seq);
  }

  /** A decision waits, in its turn, until it is known who the employee is. */
  isUnweighed(seq: number): boolean {
    return this.unweighed.some((decision) => decision.seq === seq);
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
      cancelled: false,
      today: earliestDate(now),
    });
  }

  /**
   * Somebody has answered who the employee is, or all have answered that they don't know. Before that nobody can tell whether it is the
   * employee who decides.
   */
  get isEmployeeKnown(): boolean {
    return this.identities.size > 0 || this.obligations.every(({ state }) => state !== 'running');
  }

  get phase(): Phase {
    if (this.closedAt) return 'closed';
    if (this.ending) return this.ending === 'retained' ? 'restoring' : 'revoking';
    if (this.decision) return 'awaiting-effective-date';
    return this.obligations.some(({ state }) => state === 'running') && !this.wasAwaiting
      ? 'starting'
      : 'awaiting-decision';
  }

  /** Why the interview cannot be moved now. */
  get reschedulingProblem(): string | undefined {
    if (this.closedAt !== undefined || this.decision?.data.outcome === 'retained')
      return 'there is no interview any more';
    const { state } = this.arranging;
    if (state === 'running') return 'the interview is being arranged at this moment';
    if (!this.interview && state !== 'needs-attention')
      return `the step schedule-hr-interview is ${state}: nothing is known of an interview`;
    return undefined;
  }

  /** The step that the latest wish for a time of the interview is carried out by. */
  get arranging(): Step {
    return this.step('reschedule-hr-interview') ?? this.step('schedule-hr-interview')!;
  }

  /** Whether a rung of the ladder needs nothing any more: it went out, or a person settled it. */
  isOver({ kind, number }: Rung, dueAt: string): boolean {
    const step = this.step(asideOf[kind]);
    return this.rungs[kind].has(number) || (step?.by !== undefined && step.finishedAt! >= dueAt);
  }

  /** How many reminders went out. */
  get reminders(): number {
    return this.rungs.remind.size;
  }

  /**
   * @param hrPartner who is asked for the decision as long as nobody has the interview
   * @param review how long the decision may take; undefined where that is not known
   */
  status(hrPartner: Contact, review?: Pick<Review, 'withinMs'>): ExitStatus {
    const { phase, steps, decision, resignation, interview } = this;
    const needsAttention = steps.some(({ state }) => state === 'needs-attention');
    return {
      exitId: this.exitId,
      form: 'choreographed',
      employeeId: this.employeeId,
      employeeName: this.employeeName,
      phase,
      steps: steps.map((step) => ({ ...step })),
      needsAttention,
      awaiting: awaitingOf({
        ...{ phase, steps, hrPartner: interview?.hrPartner ?? hrPartner },
        effectiveOn: decision?.data.effectiveOn,
        effectiveAt: decision?.data.effectiveAt,
        reviewBy: review && reviewBy(this.openedAt, review),
      }),
      decision: decision && { ...decisionOf(decision), decidedAt: decision.storedAt },
      rejectedDecisions: [...this.rejectedDecisions],
      drifts: [...this.drifts],
      interview: interview && {
        start: interview.start,
        end: interview.end,
        timeZone: interview.timeZone,
        with: interview.hrPartner?.email,
      },
      reviewBy: review && reviewBy(this.openedAt, review),
      lastWorkingDay: resignation.lastWorkingDay,
      overrideBy: resignation.overrideBy,
      openedAt: this.openedAt,
      blockedAt: blockedAtOf(steps),
      closedAt: this.closedAt,
    };
  }

  private take(event: StoredEvent): string | undefined {
    switch (event.type) {
      case 'employee.resigned':
        return undefined;
      case 'manager.notified': {
        const { of, to, employeeName, identities, notes } = event.data;
        this.know(identities, employeeName);
        const step = of === 'resignation' ? 'notify-manager' : 'notify-manager-of-outcome';
        return this.done(event, step, [`told ${to}`, ...notes]);
      }
      case 'employee.notified': {
        const { sent, employeeName, identities, notes } = event.data;
        this.know(identities, employeeName);
        const told = `told ${sent.map(({ to }) => to).join(' and ')}`;
        return this.done(event, 'notify-employee', [told, ...notes]);
      }
      case 'hr.reminded': {
        const { number, of, to } = event.data;
        return this.wentOut('remind', number, `${number} of ${of}, to ${to}`, event.storedAt);
      }
      case 'decision.escalated': {
        const { number, to } = event.data;
        return this.wentOut('escalate', number, `number ${number}, to ${to}`, event.storedAt);
      }
      case 'operator.notified': {
        const { number, steps, sent } = event.data;
        this.notices.told(number);
        const to = [...new Set(sent.map(({ to }) => to))].join(' and ');
        return this.finishAside('notify-operator', `told ${to} of ${steps.join(', ')}`, event.storedAt);
      }
      case 'interview.scheduled':
        return this.arranged(event, 'schedule-hr-interview');
      case 'interview.rescheduled':
        return this.arranged(event, 'reschedule-hr-interview');
      case 'interview.reschedule-requested':
        return this.wishFor(event);
      case 'interview.cancelled':
        return this.done(event, 'cancel-hr-interview', event.data.notes);
      case 'access.blocked':
        this.know(event.data.identities);
        if (!this.blocks.has(event.data.system))
          this.blocks.set(event.data.system, { seq: event.seq, drifts: [] });
        return this.done(event, 'block-access', event.data.notes, event.data.system);
      case 'access.drifted':
        return this.drift(event);
      case 'access.restored':
        return this.done(event, 'restore-access', event.data.notes, event.data.system);
      case 'access.revoked':
        return this.done(event, 'revoke-access', event.data.notes, event.data.system);
      case 'step.needs-attention': {
        const { step: name, system, error } = event.data;
        if (this.isPastTheWait && isOfTheWait(name)) return undefined;
        const aside = isAside({ name: name as StepName })
          ? this.aside(name as StepName, event.storedAt)
          : undefined;
        const step = aside ?? this.step(name as StepName, system);
        if (!step) return `the exit has no step ${name}${system === undefined ? '' : `:${system}`}`;
        if (isSettled(step)) return undefined;
        this.needsAttention(step, error, event.storedAt);
        return undefined;
      }
      case 'step.resolved':
        return this.resolve(event);
      case 'exit.decision-finalised':
        if (this.isEmployeeKnown || this.closedAt) return this.decide(event);
        this.unweighed.push(event);
        return undefined;
    }
  }

  /** @property drifts the ids of the events that said so; what is taken again is taken because of the last one */
  blockOf(system: string): { seq: number; drifts: readonly string[] } | undefined {
    return this.blocks.get(system);
  }

  /** Whether what the hold took is to stay taken. */
  get isHeld(): boolean {
    return this.phase === 'awaiting-decision' || this.phase === 'awaiting-effective-date';
  }

  private drift({ id, data, storedAt }: StoredEvent<'access.drifted'>): string | undefined {
    const { reasserts, ...drift } = data;
    const { system, what, seenAt } = drift;
    const step = this.step('block-access', system);
    if (!step) return `the exit has no step block-access:${system}`;
    // A decision may have come while somebody looked: what is being given back has not drifted.
    if (!this.isHeld || step.state !== 'done') return undefined;
    this.drifts.push(drift);
    this.drifts.splice(0, this.drifts.length - KEPT);
    this.blocks.get(system)?.drifts.push(id);
    Object.assign(step, { state: 'running', startedAt: storedAt, finishedAt: undefined, note: undefined });
    if (reasserts) return undefined;
    const error = `seen at ${seenAt}: ${what}. Retry to block it again, or settle the step by hand`;
    this.needsAttention(step, error, storedAt);
    return undefined;
  }

  private needsAttention(step: Step, error: string, at: string): void {
    Object.assign(step, { state: 'needs-attention', error });
    if (step.name !== 'notify-operator' && this.notices.add(step, error))
      this.restartAside('notify-operator', at);
  }

  private know(identities: readonly string[], name?: string): void {
    for (const identity of identities) this.identities.add(identity);
    this.employeeName ??= name;
  }

  /** A step on the side of the exit; the ladder comes to the same one again and again. */
  private aside(name: StepName, at: string): Step {
    const known = this.step(name);
    const isAnew = known && name !== 'notify-operator' && isSettled(known) && !this.isPastTheWait;
    if (known && !isAnew) return known;
    return this.restartAside(name, at);
  }

  private restartAside(name: StepName, startedAt: string): Step {
    const index = this.steps.findIndex((step) => step.name === name);
    const step: Step = { name, state: 'running', startedAt };
    if (index < 0) this.steps.push(step);
    else this.steps[index] = step;
    return step;
  }

  private finishAside(name: StepName, note: string, finishedAt: string): undefined {
    const step = this.aside(name, finishedAt);
    this.notices.forget(step);
    // What a person settled, or a decision ended, stays so; the mail went out all the same.
    if (!isSettled(step)) Object.assign(step, { state: 'done', finishedAt, error: undefined, note });
  }

  private wentOut(kind: Rung['kind'], number: number, note: string, at: string): undefined {
    this.rungs[kind].add(number);
    if (this.isPastTheWait) return;
    // An escalation says that the reminders are over.
    if (kind === 'escalate')
      this.giveUp('remind-hr-partner', at, 'did not go out before the next one was due');
    this.finishAside(asideOf[kind], note, at);
  }

  /** Nobody waits for a decision any more. */
  private get isPastTheWait(): boolean {
    return this.decision !== undefined || this.closedAt !== undefined;
  }

  private arranged(
    event: StoredEvent<'interview.scheduled' | 'interview.rescheduled'>,
    step: 'schedule-hr-interview' | 'reschedule-hr-interview',
  ): string | undefined {
    const { identities, employeeName, notes, ...interview } = event.data;
    this.know(identities, employeeName);
    // Of two answers that cross, the one that everybody was told last has the higher SEQUENCE.
    const isNewer = (interview.sequence ?? 0) >= (this.interview?.sequence ?? 0);
    if (isNewer) this.interview = interview;
    return this.done(event, step, notes);
  }

  private wishFor(event: StoredEvent<'interview.reschedule-requested'>): string | undefined {
    const parsed = parseRescheduling(event.data, event.storedAt);
    const problem = parsed.ok ? this.reschedulingProblem : parsed.problem;
    if (problem !== undefined) return problem;
    this.wish = event;
    const { storedAt: startedAt } = event;
    const stuck = this.arranging;
    if (stuck.state === 'needs-attention')
      Object.assign(stuck, { state: 'running', startedAt, error: undefined });
    else if (stuck.name === 'reschedule-hr-interview')
      this.steps[this.steps.indexOf(stuck)] = { name: stuck.name, state: 'running', startedAt };
    else this.begin('reschedule-hr-interview', startedAt);
    return undefined;
  }

  private done(
    { storedAt }: StoredEvent,
    name: StepName,
    notes: readonly string[],
    system?: string,
  ): string | undefined {
    const step = this.step(name, system);
    if (!step) return `the exit has no step ${name}${system === undefined ? '' : `:${system}`}`;
    // What was given up and came through all the same was seen; what a person settled stays as they said.
    if (step.state === 'done' || step.by !== undefined) return undefined;
    const note = notes.join('; ') || undefined;
    Object.assign(step, { state: 'done', finishedAt: storedAt, error: undefined, note });
    this.notices.forget(step);
    return undefined;
  }

  private resolve({ data, storedAt }: StoredEvent<'step.resolved'>): string | undefined {
    const parsed = parseResolution(data, this.steps);
    if (!parsed.ok) return parsed.problem;
    const { step: name, system, action, by, evidence } = parsed.value;
    const step = this.step(name as StepName, system)!;
    if (action === 'retry') Object.assign(step, { state: 'running', startedAt: storedAt, error: undefined });
    else {
      const state = action === 'skip' ? 'skipped' : 'done-by-hand';
      Object.assign(step, { state, finishedAt: storedAt, error: undefined, by, evidence });
      this.notices.forget(step);
    }
    return undefined;
  }

  private decide(event: StoredEvent<'exit.decision-finalised'>): string | undefined {
    const weighed = this.weigh(event.data, event.storedAt);
    if (!weighed.ok) {
      const received = JSON.stringify(event.data).slice(0, 200);
      this.rejectedDecisions.push({ at: event.storedAt, reason: weighed.problem, received });
      this.rejectedDecisions.splice(0, this.rejectedDecisions.length - KEPT);
      return weighed.problem;
    }
    this.decision = event;
    for (const name of Object.values(asideOf)) this.giveUp(name, event.storedAt, 'the decision came first');
    this.effectiveAt = effectiveInstantOf(event.data) ?? event.storedAt;
    this.passTime(event.storedAt);
    return undefined;
  }

  private beginEnding(outcome: Outcome, at: string, seq: number): void {
    this.ending = outcome;
    const why = outcome === 'leaving' ? 'leaving: revoked instead' : 'the decision came first';
    for (const system of this.systems) this.giveUp('block-access', at, why, system);
    // Nobody is told of a resignation, or invited over one, that no longer stands.
    if (outcome === 'retained')
      for (const name of [...beginnings, 'reschedule-hr-interview'] as const)
        this.giveUp(name, at, 'the employee is retained');
    for (const system of this.systems) this.begin(endingSteps[outcome], at, system);
    if (outcome === 'retained') this.begin('cancel-hr-interview', at);
    this.steps.push({ name: 'notify-manager-of-outcome', state: 'pending' });
    this.settleUp(at, seq);
  }

  private begin(name: StepName, startedAt: string, system?: string): void {
    this.steps.push({ name, system, state: 'running', startedAt });
  }

  private giveUp(name: StepName, finishedAt: string, note: string, system?: string): void {
    const step = this.step(name, system);
    if (!step || isSettled(step)) return;
    Object.assign(step, { state: 'skipped', finishedAt, note, error: undefined });
    this.notices.forget(step);
  }

  /** What follows once something has been settled. */
  private settleUp(at: string, seq: number): void {
    if (this.closedAt) return;
    if (this.ending) this.settleEnding(this.ending, at, seq);
    else this.wasAwaiting ||= this.obligations.every(({ state }) => state !== 'running');
    if (this.closedAt) this.giveUp('notify-operator', at, 'the exit is over');
    else if (this.notices.due(this.steps).length === 0)
      this.giveUp('notify-operator', at, 'mended before the operator was told');
  }

  private settleEnding(ending: Outcome, at: string, seq: number): void {
    const outcome = this.step('notify-manager-of-outcome')!;
    const before = [this.step('notify-manager')!, ...this.stepsOf(endingSteps[ending])];
    if (outcome.state === 'pending' && before.every(isSettled)) {
      Object.assign(outcome, { state: 'running', startedAt: at });
      this.outcomeDueAfter = seq;
    }
    if (this.obligations.every(isSettled)) this.closedAt = at;
  }

  /** The steps that the exit consists of. */
  private get obligations(): Step[] {
    return this.steps.filter((step) => !isAside(step));
  }

  private stepsOf(name: StepName): Step[] {
    return this.steps.filter((step) => step.name === name);
  }
}

const isOfTheWait = (name: string): boolean => Object.values<string>(asideOf).includes(name);

function decisionOf({ data }: StoredEvent<'exit.decision-finalised'>): Decision {
  const { effectiveAt: _, ...decision } = data;
  return decision;
}

/** The earliest date that is still today somewhere on Earth. */
const earliestDate = (now: string): string =>
  new Date(Date.parse(now) - 12 * 60 * 60 * 1000).toISOString().slice(0, 10);

/** When a decision that is for a day takes effect: ISO 8601, UTC. */
export const effectiveInstantOf = ({
  effectiveOn,
  effectiveAt,
}: StoredEvent<'exit.decision-finalised'>['data']): string | undefined =>
  effectiveOn === undefined ? undefined : (effectiveAt ?? `${effectiveOn}T00:00:00.000Z`);
