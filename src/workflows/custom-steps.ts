/** The custom steps: each is a call that carries a CloudEvent, or a task for a person. */
import { isStuck } from '../exit/status.js';
import { condition } from '@temporalio/workflow';
import { notConfirmed } from '../exit/failures.js';
import type { StepRow } from '../exit/steps.js';
import type { ExitContext } from './exit-context.js';
import type { StepExecution } from './step-runner.js';

export async function performCustomSteps(context: ExitContext): Promise<void> {
  const custom = context.plan.steps.filter(({ custom }) => custom !== undefined);
  await Promise.all(
    custom.map((row) =>
      context.runner.perform(row.name, (execution) =>
        (row.custom === 'call' ? call : ask)(context, row, execution),
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

/** Asks the person and reminds them until they confirm. After `attentionAfterMs`, an unconfirmed task needs attention. */
async function ask(context: ExitContext, row: StepRow, execution: StepExecution): Promise<undefined> {
  const { exit, services } = context;
  const { name: step, attentionAfterMs = Infinity } = row;
  const start = exit.ledger.starts(step);
  const isOver = () => !exit.isOpen(step) || exit.ledger.starts(step) !== start;
  const dueMs = () => Date.parse(exit.step(step)!.startedAt!) + attentionAfterMs - Date.now();
  for (;;) {
    const number = exit.timesAsked(step) + 1;
    const { startedAt } = exit.step(step)!;
    const of = { employee: exit.employee, step, startedAt, withinMs: row.attentionAfterMs, number };
    const { remindEveryMs, ...sent } = await execution.call(services.steps.askPerson, {
      ...context.about,
      ...of,
    });
    context.record({ type: 'task.requested', data: { ...sent, step, number } });
    const remindAt = Date.now() + remindEveryMs;
    const isConfirmed = (ms: number) =>
      condition(isOver, Math.max(1, ms), { summary: `Until ${sent.to} confirms ${step}` });
    if (!isStuck(exit.step(step)!) && dueMs() < remindEveryMs) {
      if (await isConfirmed(dueMs())) return undefined;
      context.record({ type: 'step.needs-attention', data: notConfirmed(step, sent.to) });
    }
    if (await isConfirmed(remindAt - Date.now())) return undefined;
  }
}
