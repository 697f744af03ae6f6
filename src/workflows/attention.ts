/** The operator hears of every step that needs attention: once for each cause, not for each attempt. */
import { condition } from '@temporalio/workflow';
import { stepKey, type Step } from '../exit/status.js';
import type { Exit, Means } from './exit.js';
import type { ExitStep, Patience } from './steps.js';

/** @returns once told that the exit is over */
export async function keepOperatorInformed(
  exit: Exit,
  { plan, services }: Means,
  isOver: () => boolean,
): Promise<void> {
  const operator = plan.telling?.operator;
  if (!operator) return;
  /** What each step that needs attention was last reported for. */
  const reported = new Map<string, string>();
  let step: ExitStep | undefined;
  const news = (): Step[] => {
    const stuck = exit.steps.filter((each) => each !== step).map(({ view }) => view);
    // What is mended and breaks again is news, also where it breaks as before.
    for (const view of stuck) if (view.finishedAt !== undefined) reported.delete(stepKey(view));
    return stuck.filter(
      (view) => view.state === 'needs-attention' && reported.get(stepKey(view)) !== view.error,
    );
  };
  void condition(isOver).then(() => step?.giveUp('the exit is over'));

  for (let number = 1; ; number += 1) {
    await condition(() => isOver() || news().length > 0);
    if (isOver()) return;
    const causes = news().map((view) => ({ step: stepKey(view), error: view.error ?? 'unknown' }));
    for (const { step, error } of causes) reported.set(step, error);
    const run = async (patience: Patience) => {
      const { exitId, employeeId, employee } = exit;
      const { to } = await services.notification.notifyOperator.executeWithOptions(
        { activityId: 'notify-operator', summary: 'Tell the operator what needs attention', ...patience() },
        [{ exitId, employeeId, employee, operator, number, causes }],
      );
      return `told ${to} of ${causes.map(({ step }) => step).join(', ')}`;
    };
    const { attentionAfterMs } = plan.policy;
    if (step) await step.performAgain(attentionAfterMs, run);
    else await (step = exit.addStep('notify-operator')).perform(attentionAfterMs, run);
  }
}
