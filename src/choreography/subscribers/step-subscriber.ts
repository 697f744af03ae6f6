/** A step of the configuration, as a service by itself: a call that carries a CloudEvent, or a task for a person. */
import type { StepConfig } from '../../config/config.js';
import { FailureType, FinalFailure } from '../../exit/failures.js';
import type { Exit } from '../../exit/exit.js';
import type { Sent } from '../../exit/people.js';
import type { StepService } from '../../services/steps/step-service.js';
import type { Subscription } from './subscriber.js';
import { everyBeginning, isSetOff, type Task } from './tasks.js';

/** What is remembered of one exit: what the call answered, and the mails to the person. */
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
  const askedAt = (exit: Exit): number => Date.parse(exit.asked.get(step)?.at ?? exit.openedAt);
  const isMailDue = (exit: Exit): boolean =>
    exit.askedFor(step) === 0 || Date.parse(exit.asOf) >= askedAt(exit) + remindEveryMs;
  const overdueAt = (exit: Exit): number =>
    Date.parse(exit.step(step)!.startedAt!) + (exit.ledger.rowOf(step)?.attentionAfterMs ?? Infinity);
  const isOverdue = (exit: Exit): boolean =>
    exit.step(step)?.state === 'running' && Date.parse(exit.asOf) >= overdueAt(exit);

  const ask: Task<PerformedStep> = {
    step,
    async run(record, exit) {
      if (isOverdue(exit)) throw notConfirmed(step, task!.to.email);
      const number = exit.askedFor(step) + 1;
      const { asked } = record.value;
      if (!asked.some((mail) => mail.number === number)) {
        const { employeeName } = exit;
        const employee = employeeName === undefined ? undefined : { displayName: employeeName };
        const { to, messageId } = await steps.askPerson({ ...about(exit), employee, number }, record.signal);
        asked.push({ to, messageId, number, at: new Date().toISOString() });
      }
      const { to, messageId } = asked.find((mail) => mail.number === number)!;
      return { type: 'task.requested', data: { step, number, to, messageId } };
    },
  };

  return {
    consumer: `step-${step}`,
    description: task ? `Asks ${task.to.name}: ${task.ask}` : `Calls ${step}`,
    service: 'steps',
    events: everyBeginning,
    tasks: [task ? ask : call],
    memory: { bucket: 'exit-steps', empty: { asked: [] }, of: step },
    taskOf(event, exit) {
      if (!isSetOff({ step }, event, exit)) return undefined;
      if (!task) return call;
      return isMailDue(exit) || isOverdue(exit) ? { ...ask, nth: exit.askedFor(step) + 1 } : undefined;
    },
    // A task is asked for again until the person has confirmed it.
    redeliverAfter: (event, exit) => {
      if (!task || !isSetOff({ step }, event, exit)) return undefined;
      const next = exit.step(step)?.state === 'running' ? overdueAt(exit) : Infinity;
      return Math.max(1, Math.min(askedAt(exit) + remindEveryMs, next) - Date.now());
    },
  };
}

const notConfirmed = (step: string, by: string) =>
  new FinalFailure(
    FailureType.NotConfirmed,
    `${by} has not confirmed ${step} in its time: ask them, or settle the step`,
  );
