import {
  allHandlersFinished,
  ApplicationFailure,
  CancellationScope,
  CancelledFailure,
  condition,
} from '@temporalio/workflow';
import { FailureType, unknownEmployee } from '../exit/failures.js';
import type { Resignation } from '../exit/resignation.js';
import type { ExitStatus } from '../exit/status.js';
import { performCustomSteps } from './custom-steps.js';
import { ExitContext } from './exit-context.js';
import { ExitInterview } from './exit-interview.js';
import { registerHandlers } from './handlers.js';
import { planExit, startOfDay } from './proxies.js';
import { publishEvents } from './publish-events.js';
import { remindUntilDecided } from './review-ladder.js';
import { ManualHold } from './manual-hold.js';
import { SystemHold } from './system-hold.js';
import {
  keepOperatorNotified,
  keepSecondPersonAsked,
  notifyManagerOfOutcome,
  notifyPeople,
  sendCorrection,
} from './notify-people.js';
import { syncVisibility } from './visibility.js';

/**
 * An employee resigns: block access, notify the manager and schedule the interview, all at once. Wait for the decision without limit. Then
 * restore access or revoke it.
 */
export async function exitEmployee(resignation: Resignation): Promise<ExitStatus> {
  const context = new ExitContext(resignation);
  const { exit } = context;
  const interview = new ExitInterview(context);
  registerHandlers(context, interview);

  // A cancellation must not interrupt a step half-way: it is an ending of the exit, which restores access.
  await CancellationScope.nonCancellable(async () => {
    const holds: (SystemHold | ManualHold)[] = [];
    const show = syncVisibility(exit, holds);
    context.begin(
      await planExit.executeWithOptions({ summary: 'Read the configuration that this exit runs under' }, []),
    );
    holds.push(
      ...context.plan.systems.map((system) => new (system.manual ? ManualHold : SystemHold)(context, system)),
    );

    const begun = Promise.all([
      ...holds.map((hold) => hold.block()),
      notifyPeople(context),
      interview.arrange(),
      remindUntilDecided(context),
      performCustomSteps(context),
      keepOperatorNotified(context),
      keepSecondPersonAsked(context),
      publishEvents(context),
    ]);
    await decided(context);

    if (exit.ending) {
      const access = holds.map((hold) => (exit.ending === 'leaving' ? hold.revoke() : hold.restore()));
      await Promise.all([
        ...access,
        interview.withdraw(),
        sendCorrection(context),
        notifyManagerOfOutcome(context),
      ]);
    }
    await condition(() => exit.closedAt !== undefined);
    await begun;
    await condition(allHandlersFinished);
    show();
  });

  if (exit.phase === 'cancelled')
    throw new CancelledFailure('The exit was cancelled; the access that it had blocked is restored');
  if (exit.phase === 'failed')
    throw ApplicationFailure.nonRetryable(unknownEmployee(exit.employeeId), FailureType.UnknownEmployee);
  return exit.status();
}

/** Waits without limit until an ending begins: a decision takes effect, or a cancellation arrives. Silence never decides. */
async function decided(context: ExitContext): Promise<void> {
  const { exit } = context;
  await condition(() => !exit.isAwaited);
  // An amendment may change the day.
  for (let day = exit.effectiveDay; day !== undefined && !exit.ending; day = exit.effectiveDay) {
    const { instant, timeZone } = await startOfDay(day, exit.employee?.timeZone);
    const isOther = () => exit.ending !== undefined || exit.effectiveDay !== day;
    if (isOther()) continue;
    context.takeEffectAt(instant, timeZone);
    const waitMs = Date.parse(instant) - Date.now();
    await condition(isOther, Math.max(1, waitMs), {
      summary: `Leaving takes effect when ${day} begins in ${timeZone}`,
    });
    context.advanceTime();
  }
}
