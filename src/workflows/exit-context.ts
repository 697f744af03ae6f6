/** What the workflow leads an exit with: the exit itself, its plan, the services, and the record of what happens. */
import { ApplicationFailure, CancellationScope, workflowInfo } from '@temporalio/workflow';
import type { ExitEventType, RecordedEvent, Outcome } from '../exit/events.js';
import { Exit } from '../exit/exit.js';
import { FailureType } from '../exit/failures.js';
import { exitWorkflowId } from '../exit/ids.js';
import { earliestToday } from '../exit/input.js';
import type { Plan } from '../exit/plan.js';
import { parseResignation } from '../exit/resignation.js';
import { servicesUnder, type Services } from './proxies.js';
import { StepRunner } from './step-runner.js';

export class ExitContext {
  readonly exit: Exit;
  readonly runner: StepRunner;
  private seq = 1;
  private planned: { plan: Plan; services: Services } | undefined;

  /** @throws ApplicationFailure before anything is done: not a Resignation, or the wrong workflow ID */
  constructor(input: unknown) {
    const { workflowId, firstExecutionRunId, startTime } = workflowInfo();
    const parsed = parseResignation(input, earliestToday(now()));
    if (!parsed.ok) {
      throw ApplicationFailure.nonRetryable(
        `Not a Resignation: ${parsed.problem}`,
        FailureType.InvalidResignation,
      );
    }
    const { employeeId } = parsed.value;
    const expected = exitWorkflowId(employeeId);
    if (workflowId !== expected) {
      throw ApplicationFailure.nonRetryable(
        `The exit of ${employeeId} must have the workflow ID "${expected}", not "${workflowId}": one open exit per employee`,
        FailureType.WrongWorkflowId,
      );
    }
    this.exit = new Exit({
      // Stable across retries, replays and resets: a reset keeps the id of the first run.
      exitId: firstExecutionRunId,
      form: 'orchestrated',
      resignation: parsed.value,
      openedAt: startTime.toISOString(),
      seq: this.seq,
      id: String(this.seq),
    });
    this.runner = new StepRunner(this.exit, (outcome) => this.record(outcome));
    CancellationScope.current().cancelRequested.catch(() =>
      this.record({ type: 'exit.cancelled', data: {} }),
    );
  }

  begin(plan: Plan): void {
    this.planned = { plan, services: servicesUnder(plan) };
    this.record({ type: 'exit.planned', data: { plan } });
  }

  get plan(): Plan {
    return this.planned!.plan;
  }

  get services(): Services {
    return this.planned!.services;
  }

  /**
   * Records in memory what happened, which costs no history, and calls off what is pointless by now.
   * @returns why it counts for nothing
   */
  record<T extends ExitEventType>({ type, data }: Outcome<T>): string | undefined {
    this.seq += 1;
    const event = { type, data, id: String(this.seq), seq: this.seq, storedAt: now() };
    const problem = this.exit.evolve(event as RecordedEvent);
    this.runner.cancelStale();
    return problem;
  }

  /** Lets the time that has passed have its effect. */
  advanceTime(): void {
    this.exit.advanceTo(now());
    this.runner.cancelStale();
  }

  /** When the day of the decision begins, ISO 8601 in UTC. */
  takeEffectAt(instant: string): void {
    this.exit.takeEffectAt(new Date(instant).toISOString(), now());
    this.runner.cancelStale();
  }

  /** Whether earlier runs may have taken something: those of an exit that ended from outside, or of this one before a reset. */
  get inherits(): boolean {
    return Boolean(this.plan.adopts?.length) || workflowInfo().runId !== this.exit.exitId;
  }

  /** What every mail and every call is about. */
  get about() {
    const { exitId, employeeId, openedAt, systems } = this.exit;
    return { exitId, employeeId, openedAt, systems };
  }
}

export const now = (): string => new Date(Date.now()).toISOString();
