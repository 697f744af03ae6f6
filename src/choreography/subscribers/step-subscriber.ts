/** A custom step as a service: a call with a CloudEvent, or a task for a person. */
import type { StepConfig } from '../../config/config.js';
import type { Exit } from '../../exit/exit.js';
import type { StepService } from '../../services/steps/step-service.js';
import { asking, type Asked } from './asking.js';
import type { Subscription } from './subscription.js';
import { stepTriggers, isTriggered, type Task } from './tasks.js';

/** The record of one exit: the notes from the call's response, and the mails to the person. */
interface PerformedStep extends Asked {
  notes?: string[] | undefined;
}

export function stepSubscription(
  { name: step, task }: StepConfig,
  steps: StepService,
): Subscription<PerformedStep> {
  const call: Task<PerformedStep> = {
    step,
    async run({ value, signal }, exit) {
      const { exitId, employeeId, openedAt, systems, resignation, decision, ending } = exit;
      const { startedAt } = exit.step(step)!;
      const about = { exitId, employeeId, openedAt, systems, step, startedAt };
      const of = { ...about, resignation, decision: decision?.data, ending };
      value.notes ??= await steps.callStep(of, signal);
      return { type: 'step.completed', data: { step, notes: value.notes } };
    },
  };
  const person = asking({ name: step }, task?.remindEvery ?? 0, steps);
  // The exit's plan says whether it is a call or a task; the configuration may have changed since.
  const isTask = (exit: Exit): boolean => exit.ledger.isTask({ name: step });

  return {
    consumer: `step-${step}`,
    description: task ? `Asks ${task.to.name}: ${task.ask}` : `Calls ${step}`,
    service: 'steps',
    events: stepTriggers,
    tasks: [task ? person.ask : call],
    memory: { bucket: 'exit-steps', empty: { asked: [] }, of: step },
    taskOf(event, exit) {
      if (!isTriggered({ step }, event, exit)) return undefined;
      return isTask(exit) ? person.taskOf(exit) : call;
    },
    // The person is reminded until they confirm; after a final refusal of the mail the step waits for a retry.
    redeliverAfter(event, exit, failure) {
      if (failure || !isTriggered({ step }, event, exit) || !isTask(exit)) return undefined;
      return person.dueAgainAfter(exit);
    },
  };
}
