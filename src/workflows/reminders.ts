/** The wait for the decision: HR is reminded, then it is escalated, again and again, until somebody decides. */
import { condition } from '@temporalio/workflow';
import { ladder, reviewBy, type Review, type Rung } from '../exit/review.js';
import type { StepName } from '../exit/status.js';
import type { Exit, Means } from './exit.js';
import type { ExitStep, Patience } from './steps.js';

const stepOf: Record<Rung['kind'], StepName> = { remind: 'remind-hr-partner', escalate: 'escalate-decision' };

/** @returns once the exit is decided, and nothing of this is under way any more */
export async function remindUntilDecided(exit: Exit, means: Means): Promise<void> {
  const review = means.plan.telling?.review;
  if (!review) return;
  const isDecided = () => exit.decision !== undefined || exit.isCancelled;
  const elapsedMs = () => Date.now() - Date.parse(exit.openedAt);
  const steps = new Map<Rung['kind'], ExitStep>();
  let written = Promise.resolve();
  let reminders = 0;
  const giveUp = async (why: string) => {
    for (const step of steps.values()) await step.giveUp(why);
    await written;
  };

  const rungs = ladder(review);
  let [rung, following] = [rungs.next().value, rungs.next().value];
  const climb = () => ([rung, following] = [following, rungs.next().value]);
  for (;;) {
    const waitMs = Math.max(1, rung.afterMs - elapsedMs());
    if (await condition(isDecided, waitMs, { summary: summaryOf(rung) })) break;
    // After an outage that outlasted several rungs, nobody is written to several times at once.
    while (following.afterMs <= elapsedMs()) climb();
    // A mailbox that takes no mail holds up no escalation to another one.
    await giveUp('did not go out before the next one was due');
    written = write(rung);
    climb();
  }
  await giveUp('the decision came first');

  function write({ kind, number }: Rung): Promise<void> {
    const run = async (patience: Patience) => {
      const note = await send(exit, means, { review: review!, kind, number, reminders }, patience);
      if (kind === 'remind') reminders += 1;
      return note;
    };
    const { attentionAfterMs } = means.plan.policy;
    const again = steps.get(kind);
    if (again) return again.performAgain(attentionAfterMs, run);
    const step = exit.addStep(stepOf[kind]);
    steps.set(kind, step);
    return step.perform(attentionAfterMs, run);
  }
}

async function send(
  exit: Exit,
  { plan, services }: Means,
  rung: Pick<Rung, 'kind' | 'number'> & { review: Review; reminders: number },
  patience: Patience,
): Promise<string> {
  const { review, kind, number, reminders } = rung;
  const { exitId, employeeId, employee, openedAt } = exit;
  const about = {
    exitId,
    employeeId,
    employee,
    openedAt,
    systems: plan.systems.map(({ name }) => name),
    hrPartner: exit.hrPartner!,
    reviewBy: reviewBy(openedAt, review),
    number,
    of: review.remindAfterMs.length,
  };
  const call = { activityId: stepOf[kind], summary: summaryOf(rung), ...patience() };
  if (kind === 'remind') {
    const { to } = await services.notification.remindHrPartner.executeWithOptions(call, [about]);
    return `${number} of ${about.of}, to ${to}`;
  }
  const { escalateTo } = review;
  const { to } = await services.notification.escalate.executeWithOptions(call, [
    { ...about, escalateTo, reminders },
  ]);
  return `number ${number}, to ${to}`;
}

const summaryOf = ({ kind, number }: Pick<Rung, 'kind' | 'number'>): string =>
  kind === 'remind' ? `Reminder ${number} to HR` : `Escalation ${number} of the decision`;
