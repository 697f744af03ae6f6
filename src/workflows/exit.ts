/** One open exit: what is known, what was decided, and how it stands. */
import { ApplicationFailure, CancellationScope, workflowInfo } from '@temporalio/workflow';
import { parseDecision, type Decision } from '../exit/decision.js';
import { FailureType } from '../exit/failures.js';
import type { Drift, WatchedHold } from '../exit/drift.js';
import type { Capture } from '../exit/hold.js';
import { exitWorkflowId } from '../exit/ids.js';
import type { Parsed } from '../exit/input.js';
import type { Interview } from '../exit/interview.js';
import type { Contact, Employee } from '../exit/people.js';
import type { Plan, PlannedSystem } from '../exit/plan.js';
import { parseResignation, type Resignation } from '../exit/resignation.js';
import type { Rescheduling } from '../exit/rescheduling.js';
import { reviewBy } from '../exit/review.js';
import type { ExitStatus, Phase, RejectedDecision, StepName } from '../exit/status.js';
import { awaitingOf, blockedAtOf, isAside } from '../exit/status-parts.js';
import type { Services } from './proxies.js';
import { ExitStep, now } from './steps.js';

/** A signal can be sent for ever; the status remembers the latest. */
const KEPT = 20;

/** What the workflow works with once the plan is made. */
export interface Means {
  plan: Plan;
  services: Services;
  holds: readonly HeldSystem[];
}

/** The hold on one system, as far as the exit needs to know it. */
export interface HeldSystem {
  readonly system: PlannedSystem;
  readonly capture: Capture | undefined;
  /** @returns undefined where nothing is held that could drift */
  watched: () => WatchedHold | undefined;
  /** @returns false where the drift is no news */
  assertAgain: (drift: Drift) => boolean;
}

/** The interview, as far as the exit needs to know it. */
export interface Appointment {
  /** @returns why it cannot be moved now */
  problem: () => string | undefined;
  /** @returns once everybody is invited for the new time */
  reschedule: (wish: Rescheduling) => Promise<Interview>;
}

export class Exit {
  /** Unique per exit and stable across retries, replays and resets: a reset keeps the id of the first run. */
  readonly exitId = workflowInfo().firstExecutionRunId;
  readonly openedAt = workflowInfo().startTime.toISOString();
  readonly steps: ExitStep[] = [];
  phase: Phase = 'starting';
  means: Means | undefined;
  appointment: Appointment | undefined;
  employee: Employee | undefined;
  interview: Interview | undefined;
  decision: (Decision & { decidedAt: string }) | undefined;
  /** When *leaving* takes effect, ISO 8601 in UTC. */
  effectiveAt: string | undefined;
  cancelRequestedAt: string | undefined;
  /** The cancellation came before any decision and therefore ends the exit. */
  isCancelled = false;
  closedAt: string | undefined;
  private readonly rejectedDecisions: RejectedDecision[] = [];
  private readonly drifts: Drift[] = [];

  /** @throws ApplicationFailure before anything is done: not a Resignation, or the wrong workflow ID */
  constructor(input: unknown) {
    const parsed = parseResignation(input, earliestToday());
    if (!parsed.ok) {
      throw ApplicationFailure.nonRetryable(
        `Not a Resignation: ${parsed.problem}`,
        FailureType.InvalidResignation,
      );
    }
    this.resignation = parsed.value;
    const { workflowId } = workflowInfo();
    const expected = exitWorkflowId(this.employeeId);
    if (workflowId !== expected) {
      throw ApplicationFailure.nonRetryable(
        `The exit of ${this.employeeId} must have the workflow ID "${expected}", not "${workflowId}": one open exit per employee`,
        FailureType.WrongWorkflowId,
      );
    }
    CancellationScope.current().cancelRequested.catch(() => {
      this.cancelRequestedAt = now();
      if (!this.decision) this.isCancelled = true;
    });
  }

  readonly resignation: Resignation;

  get employeeId(): string {
    return this.resignation.employeeId;
  }

  addStep(name: StepName, system?: string): ExitStep {
    const step = new ExitStep(name, system);
    this.steps.push(step);
    return step;
  }

  findStep(name: string, system?: string): ExitStep | undefined {
    return this.steps.find(({ view }) => view.name === name && view.system === system);
  }

  /**
   * Somebody has answered who the employee is, or all have answered that they don't know. Before that nobody can tell whether it is the
   * employee who decides.
   */
  get isEmployeeKnown(): boolean {
    const { means } = this;
    if (!means) return false;
    const captures = means.holds.map(({ capture }) => capture);
    if (this.employee || captures.some((capture) => capture?.account)) return true;
    const lookUp = this.findStep('look-up-employee')?.view.state;
    return lookUp !== 'pending' && lookUp !== 'running' && captures.every((capture) => capture !== undefined);
  }

  weigh(input: unknown): Parsed<Decision> {
    const accounts = this.means?.holds.map(({ capture }) => capture?.account) ?? [];
    return parseDecision(input, {
      employeeId: this.employeeId,
      employeeIdentities: [this.employee, ...accounts].flatMap((known) => known?.identities ?? []),
      standing: this.decision,
      awaitingEffectiveDate: this.phase === 'awaiting-effective-date',
      cancelled: this.isCancelled,
      today: earliestToday(),
    });
  }

  accept(decision: Decision): Decision & { decidedAt: string } {
    return (this.decision = { ...decision, decidedAt: now() });
  }

  reject(received: unknown, reason: string): void {
    const text = JSON.stringify(received) ?? 'nothing';
    this.rejectedDecisions.push({ at: now(), reason, received: text.slice(0, 200) });
    this.rejectedDecisions.splice(0, this.rejectedDecisions.length - KEPT);
  }

  /** A sweep has seen that somebody else gave back what a hold had taken. */
  drifted(drift: Drift): void {
    if (this.phase !== 'awaiting-decision' && this.phase !== 'awaiting-effective-date') return;
    if (!this.means?.holds.find(({ system }) => system.name === drift.system)?.assertAgain(drift)) return;
    this.drifts.push(drift);
    this.drifts.splice(0, this.drifts.length - KEPT);
  }

  /** What a sweep looks at. */
  watchedHolds(): WatchedHold[] {
    return this.means?.holds.flatMap((hold) => hold.watched() ?? []) ?? [];
  }

  /** Who is asked for the decision: whoever has the interview. */
  get hrPartner(): Contact | undefined {
    return this.interview?.hrPartner ?? this.means?.plan.hrPartner;
  }

  /** When the decision is overdue, ISO 8601 in UTC. */
  get reviewBy(): string | undefined {
    const review = this.means?.plan.telling?.review;
    return review && reviewBy(this.openedAt, review);
  }

  /** Everything that the start of the exit sets off is done, or waits for an operator. */
  get hasBegun(): boolean {
    const isLookUpStuck = this.findStep('look-up-employee')?.view.state === 'needs-attention';
    const hasBegun = ({ view, view: { state } }: ExitStep) =>
      isAside(view) || (state !== 'running' && (state !== 'pending' || isLookUpStuck));
    return this.steps.length > 0 && this.steps.every(hasBegun);
  }

  get needsAttention(): boolean {
    return this.steps.some(({ view }) => view.state === 'needs-attention');
  }

  /** Neither the directory nor any critical system knows the employee: a mistyped id. */
  get isNobody(): boolean {
    const { means } = this;
    return (
      means !== undefined &&
      this.findStep('look-up-employee')?.stuckOn === FailureType.UnknownEmployee &&
      means.holds.every(({ capture }) => capture !== undefined && capture.account === undefined)
    );
  }

  status(): ExitStatus {
    const { interview, decision } = this;
    const steps = this.steps.map(({ view }) => ({ ...view }));
    return {
      exitId: this.exitId,
      form: 'orchestrated',
      employeeId: this.employeeId,
      employeeName: this.employee?.displayName,
      phase: this.phase,
      steps,
      needsAttention: this.needsAttention,
      awaiting: awaitingOf({
        phase: this.phase,
        steps,
        hrPartner: this.hrPartner,
        effectiveOn: decision?.effectiveOn,
        effectiveAt: this.effectiveAt,
        reviewBy: this.reviewBy,
      }),
      decision,
      rejectedDecisions: [...this.rejectedDecisions],
      drifts: [...this.drifts],
      overrideBy: this.resignation.overrideBy,
      interview: interview && {
        start: interview.start,
        end: interview.end,
        timeZone: interview.timeZone,
        with: this.hrPartner?.email,
      },
      reviewBy: this.reviewBy,
      lastWorkingDay: this.resignation.lastWorkingDay,
      openedAt: this.openedAt,
      blockedAt: blockedAtOf(steps),
      cancelRequestedAt: this.cancelRequestedAt,
      closedAt: this.closedAt,
    };
  }
}

/** The earliest date that is still today somewhere on Earth: the workflow does not know the company's time zone data. */
function earliestToday(): string {
  return new Date(Date.now() - 12 * 60 * 60 * 1000).toISOString().slice(0, 10);
}
