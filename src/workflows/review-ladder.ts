/** Reminds HR while the decision is open, then escalates at a steady interval. */
import { condition } from '@temporalio/workflow';
import { firstAndOthers } from '../exit/people.js';
import { rungStep, standingOn, type Rung } from '../exit/review.js';
import type { ExitContext } from './exit-context.js';
import type { StepExecution, Run } from './step-runner.js';

/** @returns once the exit is decided and no mail is being sent */
export async function remindUntilDecided(context: ExitContext): Promise<void> {
  const { exit, runner } = context;
  const isDecided = () => !exit.isAwaited;
  const elapsedMs = () => Date.now() - Date.parse(exit.openedAt);
  const sending = new Map<Rung['kind'], Promise<void>>();
  for (;;) {
    // A rung may have fallen due before this begins, or while no worker ran.
    context.advanceTime();
    if (isDecided()) break;
    const { reviewBy, review, ladder } = exit;
    if (ladder.rung && !sending.has(ladder.rung.kind)) {
      const { kind } = ladder.rung;
      sending.set(kind, runner.performEach(rungStep[kind], send(context), isDecided));
    }
    const { next } = standingOn(review!, elapsedMs());
    const summary = next.kind === 'remind' ? `Reminder ${next.number} to HR` : `Escalation ${next.number}`;
    const isOther = () => isDecided() || exit.reviewBy !== reviewBy;
    await condition(isOther, Math.max(1, next.afterMs - elapsedMs()), { summary });
  }
  await Promise.all(sending.values());
}

/** Sends the rung that is due when the step runs. */
const send =
  (context: ExitContext): Run =>
  async (execution: StepExecution) => {
    const { exit, services } = context;
    const { kind, number } = exit.ladder.rung!;
    const about = {
      ...context.about,
      employee: exit.employee,
      reviewBy: exit.reviewBy!,
      number,
      of: exit.review!.remindAfterMs.length,
    };
    if (kind === 'remind') {
      const input = { ...about, ...exit.remindedOf(number) };
      const sent = await execution.call(services.notification.remindHrPartner, input);
      return { type: 'hr.reminded', data: { ...firstAndOthers(sent), number, of: about.of } };
    }
    const { escalateTo: to } = exit.inTurn!;
    const { reminders } = exit.ladder;
    const sent = await execution.call(services.notification.escalate, {
      ...{ ...about, to, hrPartner: exit.presentDecider!, reminders, proposal: exit.proposals.decision },
    });
    return { type: 'decision.escalated', data: { ...firstAndOthers(sent), number } };
  };
