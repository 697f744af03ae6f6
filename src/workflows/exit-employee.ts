import {
  allHandlersFinished,
  ApplicationFailure,
  CancellationScope,
  CancelledFailure,
  condition,
  patched,
} from '@temporalio/workflow';
import type { Ending } from '../exit/decision.js';
import { FailureType } from '../exit/failures.js';
import type { Resignation } from '../exit/resignation.js';
import type { ExitStatus } from '../exit/status.js';
import { planExit, servicesUnder, startOfDay } from './proxies.js';
import { keepOperatorInformed } from './attention.js';
import { Exit } from './exit.js';
import { answer } from './handlers.js';
import { Hold } from './hold.js';
import { People } from './people.js';
import { remindUntilDecided } from './reminders.js';
import { now } from './steps.js';
import { keepVisible } from './visibility.js';

/**
 * An employee resigns: block access, tell the manager, arrange the interview, all at once; wait for the decision as long as it
 * takes; then give access back or revoke it.
 */
export async function exitEmployee(resignation: Resignation): Promise<ExitStatus> {
  const exit = new Exit(resignation);
  answer(exit);

  // A cancellation must not tear anything down half-way: it is one of the ways in which an exit ends.
  const ending = await CancellationScope.nonCancellable(async () => {
    const show = keepVisible(exit);
    const plan = await planExit.executeWithOptions({ summary: 'What this exit runs under' }, []);
    const services = servicesUnder(plan);
    const holds = plan.systems.map((system) => new Hold(exit, system, plan, services));
    exit.means = { plan, services, holds };

    const blocks = Promise.all(holds.map((hold) => hold.block()));
    const people = new People(exit, exit.means);
    exit.appointment = people.interview;
    const reminders = remindUntilDecided(exit, exit.means);
    const informing = keepOperatorInformed(exit, exit.means, () => exit.closedAt !== undefined);

    const ending = await decided(exit);

    if (ending === 'leaving') {
      exit.phase = 'revoking';
      await Promise.all(
        holds.map((hold) => hold.stopBlocking('leaving: revoked instead').then(() => hold.revoke())),
      );
    } else {
      exit.phase = 'restoring';
      const why = ending === 'retained' ? 'the decision' : 'the cancellation';
      await people.stopTelling(
        `the employee is ${ending === 'retained' ? 'retained' : 'not leaving: the exit was cancelled'}`,
      );
      const withdrawn = people.withdrawInterview();
      await Promise.all(
        holds.map((hold) => hold.stopBlocking(`${why} came first`).then(() => hold.restore())),
      );
      // The manager hears of it once access is as decided, whatever becomes of the invitation.
      if (!patched('outcome-before-withdrawal')) await withdrawn;
    }
    await people.tellManagerOfOutcome(ending);

    await Promise.all([blocks, people.settled(), reminders]);
    exit.closedAt = now();
    await informing;
    exit.phase = ending === 'cancelled' ? 'cancelled' : 'closed';
    await condition(allHandlersFinished);
    show();
    return ending;
  });

  if (ending === 'cancelled')
    throw new CancelledFailure('The exit was cancelled; what had been blocked has been given back');
  return exit.status();
}

/** Waits, durably and without limit, until it is certain how the exit ends. Silence never decides. */
async function decided(exit: Exit): Promise<Ending> {
  void condition(() => exit.phase !== 'starting' || exit.hasBegun).then(() => {
    if (exit.phase === 'starting') exit.phase = 'awaiting-decision';
  });
  await condition(() => exit.decision !== undefined || exit.isCancelled || exit.isNobody);

  if (exit.isCancelled) return 'cancelled';
  if (exit.decision?.effectiveOn) await effective(exit, exit.decision.effectiveOn);
  if (exit.decision) return exit.decision.outcome;
  throw ApplicationFailure.nonRetryable(
    `Nobody knows an employee ${exit.employeeId}: neither the directory nor any critical system`,
    FailureType.UnknownEmployee,
  );
}

/** Waits for the day on which leaving takes effect, or for the word that the employee stays after all. */
async function effective(exit: Exit, date: string): Promise<void> {
  exit.effectiveAt = await startOfDay(date);
  const waitMs = Date.parse(exit.effectiveAt) - Date.now();
  if (waitMs <= 0) return;
  exit.phase = 'awaiting-effective-date';
  await condition(() => exit.decision?.outcome === 'retained', waitMs, {
    summary: `Leaving takes effect on ${date}`,
  });
}
