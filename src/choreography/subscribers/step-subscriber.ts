/** A custom step as a service: a call with a CloudEvent, or a task for a person. */
import type { StepConfig } from '../../config/config.js';
import { notConfirmed } from '../../exit/failures.js';
import type { Exit } from '../../exit/exit.js';
import type { Sent } from '../../exit/people.js';
import type { StepService } from '../../services/steps/step-service.js';
import type { Subscription } from './subscription.js';
import { stepTriggers, isTriggered, type Task } from './tasks.js';

/** The record of one exit: the notes from the call's response, and the mails to the person. */
interface PerformedStep {
  notes?: string[] | undefined;
  asked: (Sent & { number: number; at: string })[];
}

export function stepSubscription(
  { name: step, task }: StepConfig,
  steps: StepService,
): Subscription<PerformedStep> {
  const about = (exit: Exit) => {
    const { exitId, employeeId, openedAt, systems } = exit;
    return { exitId, employeeId, openedAt, systems, step, startedAt: exit.step(step)!.startedAt };
  };

  const call: Task<PerformedStep> = {
    step,
    async run({ value, signal }, exit) {
      const { resignation, decision, ending } = exit;
      const of = { ...about(exit), resignation, decision: decision?.data, ending };
      value.notes ??= await steps.callStep(of, signal);
      return { type: 'step.completed', data: { step, notes: value.notes } };
    },
  };

  const remindEveryMs = task?.remindEvery ?? 0;
  /** The last mail since the step began, in milliseconds since the epoch; undefined where there is none. */
  const askedAt = (exit: Exit): number | undefined => {
    const last = exit.taskRequests.get(step);
    return last?.start === exit.ledger.starts(step) ? Date.parse(last.at) : undefined;
  };
  const mailDueAt = (exit: Exit): number => (askedAt(exit) ?? -Infinity) + remindEveryMs;
  const withinMs = (exit: Exit) => exit.ledger.rowOf(step)?.attentionAfterMs;
  /** A task is overdue only after its mail went out, and only once. */
  const overdueAt = (exit: Exit): number => {
    const { state, startedAt } = exit.step(step)!;
    const canBeOverdue = state === 'running' && askedAt(exit) !== undefined;
    return canBeOverdue ? Date.parse(startedAt!) + (withinMs(exit) ?? Infinity) : Infinity;
  };

  /** Published, not thrown as a final failure: the reminders continue. */
  const overdue: Task<PerformedStep> = {
    step,
    run: ({ value }) =>
      Promise.resolve({ type: 'step.needs-attention', data: notConfirmed(step, value.asked.at(-1)!.to) }),
  };

  const ask: Task<PerformedStep> = {
    step,
    async run(record, exit) {
      const number = exit.timesAsked(step) + 1;
      const { asked } = record.value;
      if (!asked.some((mail) => mail.number === number)) {
        const { employeeName } = exit;
        const employee = employeeName === undefined ? undefined : { displayName: employeeName };
        const of = { ...about(exit), employee, withinMs: withinMs(exit), number };
        const { to, messageId } = await steps.askPerson(of, record.signal);
        asked.push({ to, messageId, number, at: new Date().toISOString() });
      }
      const { to, messageId } = asked.find((mail) => mail.number === number)!;
      return { type: 'task.requested', data: { step, number, to, messageId } };
    },
  };

  const isTask = (exit: Exit): boolean => exit.ledger.rowOf(step)?.custom === 'task';
  return {
    consumer: `step-${step}`,
    description: task ? `Asks ${task.to.name}: ${task.ask}` : `Calls ${step}`,
    service: 'steps',
    events: stepTriggers,
    tasks: [task ? ask : call],
    memory: { bucket: 'exit-steps', empty: { asked: [] }, of: step },
    // The exit's plan says whether it is a call or a task; the configuration may have changed since.
    taskOf(event, exit) {
      if (!isTriggered({ step }, event, exit)) return undefined;
      if (!isTask(exit)) return call;
      const now = Date.parse(exit.asOf);
      if (now >= overdueAt(exit)) return overdue;
      return now >= mailDueAt(exit) ? { ...ask, nth: exit.timesAsked(step) + 1 } : undefined;
    },
    // The person is reminded until they confirm; after a final refusal of the mail the step waits for a retry.
    redeliverAfter(event, exit, failure) {
      if (failure || !isTriggered({ step }, event, exit) || !isTask(exit)) return undefined;
      return Math.max(1, Math.min(mailDueAt(exit), overdueAt(exit)) - Date.now());
    },
  };
}
