/** A task in the workflow: a person is asked by mail, and reminded until they confirm. */
import { condition } from '@temporalio/workflow';
import { notConfirmed } from '../exit/failures.js';
import { isStuck, stepKey, type Step } from '../exit/status.js';
import type { ExitContext } from './exit-context.js';
import type { StepExecution } from './step-runner.js';

/** @returns once the task is settled or begun again; an unconfirmed one needs attention in between */
export async function askPerson(
  context: ExitContext,
  task: Pick<Step, 'name' | 'system'>,
  execution: StepExecution,
): Promise<undefined> {
  const { exit, services } = context;
  const { name, system } = task;
  const step = () => exit.step(name, system)!;
  const start = exit.ledger.starts(name, system);
  const isOver = () => !exit.isOpen(name, system) || exit.ledger.starts(name, system) !== start;
  const dueMs = () => Date.parse(step().startedAt!) + exit.ledger.attentionAfterMs(task) - Date.now();

  const nameDueMs = exit.awaitsNameUntil(task) - Date.now();
  if (nameDueMs > 0)
    await condition(() => isOver() || exit.awaitsNameUntil(task) <= Date.now(), nameDueMs, {
      summary: `Until the directory names the employee`,
    });
  while (!isOver()) {
    const number = exit.timesAsked(task) + 1;
    const { remindEveryMs, ...sent } = await execution.call(services.steps.askPerson, {
      ...context.about,
      ...exit.request(task),
      employee: exit.employee,
      number,
    });
    context.record({ type: 'task.requested', data: { ...sent, step: name, system, number } });
    const remindAt = Date.now() + remindEveryMs;
    const isConfirmed = (ms: number) =>
      condition(isOver, Math.max(1, ms), { summary: `Until ${sent.to} confirms ${stepKey(task)}` });
    if (!isStuck(step()) && dueMs() < remindEveryMs) {
      if (await isConfirmed(dueMs())) return undefined;
      context.record({ type: 'step.needs-attention', data: notConfirmed(task, sent.to) });
    }
    if (await isConfirmed(remindAt - Date.now())) return undefined;
  }
  return undefined;
}
