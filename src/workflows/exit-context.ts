/** What the workflow code shares: the exit, its plan, the service proxies, and the step runner. */
import { ApplicationFailure, CancellationScope, workflowInfo } from '@temporalio/workflow';
import type { ExitEventType, RecordedEvent, Outcome } from '../exit/events.js';
import { Exit } from '../exit/exit.js';
import { FailureType } from '../exit/failures.js';
import { exitWorkflowId } from '../exit/ids.js';
import { earliestToday } from '../exit/input.js';
import type { Plan } from '../exit/plan.js';
import { publishedForm, type PublishedEvent } from '../exit/published-events.js';
import { parseResignation } from '../exit/resignation.js';
import { servicesUnder, type Services } from './proxies.js';
import { StepRunner } from './step-runner.js';

export class ExitContext {
  readonly exit: Exit;
  readonly runner: StepRunner;
  /** What subscribers outside EMS hear of the exit, in order. */
  readonly published: PublishedEvent[] = [];
  private seq = 1;
  private planned: { plan: Plan; services: Services } | undefined;

  /** @throws ApplicationFailure non-retryable, before any activity: the input is not a Resignation, or the workflow ID is wrong */
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
      // Stable across retries, replays and resets: a reset keeps the first run's ID.
      exitId: firstExecutionRunId,
      form: 'orchestrated',
      resignation: parsed.value,
      openedAt: startTime.toISOString(),
      seq: this.seq,
      id: String(this.seq),
    });
    const { openedAt: storedAt, resignation: data } = this.exit;
    this.publish({ type: 'employee.resigned', id: String(this.seq), storedAt, data });
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
   * Evolves the exit by an event in memory, which adds nothing to the history. Cancels the activities that it makes stale.
   * @returns why the exit ignores the event
   */
  record<T extends ExitEventType>({ type, data }: Outcome<T>): string | undefined {
    this.seq += 1;
    const event = { type, data, id: String(this.seq), seq: this.seq, storedAt: now() };
    const problem = this.exit.evolve(event as RecordedEvent);
    if (problem === undefined) this.publish(event);
    this.runner.cancelStale();
    return problem;
  }

  private publish(event: Parameters<typeof publishedForm>[0]): void {
    // After a reset the same number is perhaps another event, which a receiver must not take for a repetition.
    const id = `${workflowInfo().runId}/${event.id}`;
    const published = publishedForm({ ...event, id }, this.exit);
    if (published) this.published.push(published);
  }

  /** Applies what time alone changes. */
  advanceTime(): void {
    this.exit.advanceTo(now());
    this.runner.cancelStale();
  }

  /** @param instant when the day of the decision begins in the time zone: ISO 8601, UTC */
  takeEffectAt(instant: string, timeZone: string): void {
    this.exit.takeEffectAt(instant, timeZone, now());
    this.runner.cancelStale();
  }

  /** Whether earlier runs may have taken access: those of a terminated exit, or of this exit before a reset. */
  get inherits(): boolean {
    return Boolean(this.plan.adopts?.length) || workflowInfo().runId !== this.exit.exitId;
  }

  /** The input that every mail and every call has in common. */
  get about() {
    const { exitId, employeeId, openedAt, systems } = this.exit;
    return { exitId, employeeId, openedAt, systems };
  }
}

export const now = (): string => new Date(Date.now()).toISOString();
