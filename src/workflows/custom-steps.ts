/** The custom steps: each is a call that carries a CloudEvent, or a task for a person. */
import type { StepRow } from '../exit/steps.js';
import { askPerson } from './ask-person.js';
import type { ExitContext } from './exit-context.js';
import type { StepExecution } from './step-runner.js';

export async function performCustomSteps(context: ExitContext): Promise<void> {
  const custom = context.plan.steps.filter(({ custom }) => custom !== undefined);
  await Promise.all(
    custom.map((row) =>
      context.runner.perform(row.name, (execution) =>
        (row.custom === 'call' ? call : askPerson)(context, row, execution),
      ),
    ),
  );
}

async function call(context: ExitContext, { name: step }: StepRow, execution: StepExecution) {
  const { exit, services } = context;
  const { resignation, ending } = exit;
  const { startedAt } = exit.step(step)!;
  const about = { ...context.about, step, startedAt, resignation, decision: exit.decision?.data, ending };
  const notes = await execution.call(services.steps.callStep, about);
  return { type: 'step.completed', data: { step, notes } } as const;
}
