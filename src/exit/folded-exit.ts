/** One exit as its events tell it. */
import { parseDecision, type Decision, type Outcome } from './decision.js';
import type { StoredEvent } from './events.js';
import type { Parsed } from './input.js';
import type { Contact } from './people.js';
import type { Resignation } from './resignation.js';
import { parseResolution } from './resolution.js';
import {
  isSettled,
  type ExitStatus,
  type Phase,
  type RejectedDecision,
  type Step,
  type StepName,
} from './status.js';
import { awaitingOf, blockedAtOf } from './status-parts.js';

/** A decision can be published for ever; the status remembers the latest. */
const KEPT = 20;

/** What follows from a resignation, besides a block on each system. */
const beginnings = ['notify-manager', 'schedule-hr-interview'] as const;
const endingSteps = { retained: 'restore-access', leaving: 'revoke-access' } as const;

export class FoldedExit {
  readonly exitId: string;
  readonly employeeId: string;
  readonly openedAt: string;
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
  interview: ExitStatus['interview'];
  employeeName: string | undefined;
  closedAt: string | undefined;
  private readonly rejectedDecisions: RejectedDecision[] = [];
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
    this.openedAt = resigned.storedAt;
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
    return this.identities.size > 0 || this.steps.every(({ state }) => state !== 'running');
  }

  get phase(): Phase {
    if (this.closedAt) return 'closed';
    if (this.ending) return this.ending === 'retained' ? 'restoring' : 'revoking';
    if (this.decision) return 'awaiting-effective-date';
    return this.steps.some(({ state }) => state === 'running') && !this.wasAwaiting
      ? 'starting'
      : 'awaiting-decision';
  }

  status(hrPartner: Contact): ExitStatus {
    const { phase, steps, decision, resignation } = this;
    const needsAttention = steps.some(({ state }) => state === 'needs-attention');
    return {
      exitId: this.exitId,
      form: 'choreographed',
      employeeId: this.employeeId,
      employeeName: this.employeeName,
      phase,
      steps: steps.map((step) => ({ ...step })),
      needsAttention,
      awaiting: awaitingOf({ phase, steps, hrPartner, effectiveOn: decision?.data.effectiveOn }),
      decision: decision && { ...decisionOf(decision), decidedAt: decision.storedAt },
      rejectedDecisions: [...this.rejectedDecisions],
      drifts: [],
      interview: this.interview,
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
      case 'interview.scheduled': {
        const { start, end, timeZone, identities, employeeName, notes } = event.data;
        this.know(identities, employeeName);
        this.interview = { start, end, timeZone };
        return this.done(event, 'schedule-hr-interview', notes);
      }
      case 'interview.cancelled':
        return this.done(event, 'cancel-hr-interview', event.data.notes);
      case 'access.blocked':
        this.know(event.data.identities);
        return this.done(event, 'block-access', event.data.notes, event.data.system);
      case 'access.restored':
        return this.done(event, 'restore-access', event.data.notes, event.data.system);
      case 'access.revoked':
        return this.done(event, 'revoke-access', event.data.notes, event.data.system);
      case 'step.needs-attention': {
        const { step: name, system, error } = event.data;
        const step = this.step(name as StepName, system);
        if (!step) return `the exit has no step ${name}${system === undefined ? '' : `:${system}`}`;
        if (!isSettled(step)) Object.assign(step, { state: 'needs-attention', error });
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

  private know(identities: readonly string[], name?: string): void {
    for (const identity of identities) this.identities.add(identity);
    this.employeeName ??= name;
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
    const { effectiveOn, effectiveAt } = event.data;
    this.decision = event;
    this.effectiveAt =
      effectiveOn === undefined ? event.storedAt : (effectiveAt ?? `${effectiveOn}T00:00:00.000Z`);
    this.passTime(event.storedAt);
    return undefined;
  }

  private beginEnding(outcome: Outcome, at: string, seq: number): void {
    this.ending = outcome;
    const why = outcome === 'leaving' ? 'leaving: revoked instead' : 'the decision came first';
    for (const system of this.systems) this.giveUp('block-access', at, why, system);
    // Nobody is told of a resignation, or invited over one, that no longer stands.
    if (outcome === 'retained')
      for (const name of beginnings) this.giveUp(name, at, 'the employee is retained');
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
    if (step && !isSettled(step))
      Object.assign(step, { state: 'skipped', finishedAt, note, error: undefined });
  }

  /** What follows once something has been settled. */
  private settleUp(at: string, seq: number): void {
    if (this.closedAt) return;
    if (!this.ending) {
      this.wasAwaiting ||= this.steps.every(({ state }) => state !== 'running');
      return;
    }
    const outcome = this.step('notify-manager-of-outcome')!;
    const before = [this.step('notify-manager')!, ...this.stepsOf(endingSteps[this.ending])];
    if (outcome.state === 'pending' && before.every(isSettled)) {
      Object.assign(outcome, { state: 'running', startedAt: at });
      this.outcomeDueAfter = seq;
    }
    if (this.steps.every(isSettled)) this.closedAt = at;
  }

  private stepsOf(name: StepName): Step[] {
    return this.steps.filter((step) => step.name === name);
  }
}

function decisionOf({ data }: StoredEvent<'exit.decision-finalised'>): Decision {
  const { effectiveAt: _, ...decision } = data;
  return decision;
}

/** The earliest date that is still today somewhere on Earth. */
const earliestDate = (now: string): string =>
  new Date(Date.parse(now) - 12 * 60 * 60 * 1000).toISOString().slice(0, 10);
