/** Looks the employee up, and mails the manager, the employee and the operator. */
import { isCorrected, type Corrected, type Uncorrected } from '../exit/decision.js';
import { tellingOf, type Employee } from '../exit/people.js';
import { FailureType, FinalFailure } from '../exit/failures.js';
import { standInOf } from '../exit/stand-in.js';
import type { ExitContext } from './exit-context.js';
import { ActivityProgress } from './activity-progress.js';
import type { StepExecution, Run } from './step-runner.js';

/** Looks the employee up, and mails the manager and the employee about the resignation. */
export async function notifyPeople(context: ExitContext): Promise<void> {
  const { exit, runner, services } = context;
  const lookUp: Run = async (execution) => {
    const { employeeId } = exit;
    const employee = await execution.call(services.directory.lookUpEmployee, { employeeId });
    const { name, insteadOfManager } = employee.manager;
    const notes = insteadOfManager ? [`${standInOf(insteadOfManager)}; ${name} is told instead`] : [];
    return { type: 'employee.found', data: { employee, notes } };
  };
  const notified = new ActivityProgress<string[]>();
  const notifyManager: Run = async (execution) => {
    const { resignation, openedAt, reviewBy, hrToTell: hr, giveUpHrAt } = exit;
    const told = await notified.during(execution, (delivered = []) =>
      execution.call(services.notification.notifyManager, {
        ...about(context),
        ...{ resignation, openedAt, reviewBy, hr, giveUpHrAt, delivered },
      }),
    );
    return { type: 'manager.notified', data: { of: 'resignation', ...told, identities: [] } };
  };
  // The mail goes to every known address, because the hold may have blocked the mailbox.
  const progress = new ActivityProgress<string[]>();
  const notifyEmployee: Run = async (execution) => {
    const { openedAt, reviewBy } = exit;
    const answers = await progress.during(execution, (delivered = []) =>
      execution.call(services.notification.notifyEmployee, {
        ...about(context),
        openedAt,
        reviewBy,
        delivered,
      }),
    );
    return { type: 'employee.notified', data: { ...tellingOf(answers), identities: [] } };
  };
  await Promise.all([
    runner.perform('look-up-employee', lookUp),
    runner.perform('notify-manager', notifyManager),
    runner.perform('notify-employee', notifyEmployee),
  ]);
}

/** Corrects what each address was told, also of a mail that was on its way meanwhile. */
export async function sendCorrection(context: ExitContext): Promise<void> {
  const { exit, runner, services } = context;
  const progress = new ActivityProgress<string[]>();
  const delivered = new Set<string>();
  const send: Run = async (execution) => {
    const { ending, told, openedAt, employee } = exit;
    const of = ending as Corrected;
    const answers = await progress.during(execution, (reported = []) =>
      execution.call(services.notification.sendCorrection, {
        ...{ ...context.about, employee, openedAt, of, told: told.recipients },
        delivered: [...delivered, ...reported],
      }),
    );
    const { sent, notes } = tellingOf(answers);
    for (const { messageId } of sent) delivered.add(messageId);
    return { type: 'correction.sent', data: { of, sent, notes } };
  };
  await runner.performEach('send-correction', send, () => !isCorrected(exit.ending));
}

/** Asks a second person to confirm each proposal that waits. */
export const keepSecondPersonAsked = (context: ExitContext): Promise<void> =>
  context.runner.performEach(
    'ask-second-person',
    async (execution: StepExecution) => {
      const { exit, services } = context;
      const { due } = exit.proposals;
      const sent = [];
      for (const proposal of due) {
        const about = { ...context.about, employee: exit.employee, ...exit.askedOf(proposal) };
        sent.push(...(await execution.call(services.notification.askSecondPerson, about)));
      }
      return { type: 'second-person.asked', data: { numbers: due.map(({ number }) => number), sent } };
    },
    () => false,
  );

/** Mails the outcome to the manager, once access is restored or revoked. */
export const notifyManagerOfOutcome = (context: ExitContext): Promise<void> =>
  context.runner.perform('notify-manager-of-outcome', async (execution: StepExecution) => {
    const { ending: outcome, decision, unobserved } = context.exit;
    const { to } = await execution.call(
      context.services.notification.notifyManagerOfOutcome,
      { ...about(context), outcome: outcome as Uncorrected, decision: decision?.data, unobserved },
      { summary: `Tell the manager: ${outcome}` },
    );
    return { type: 'manager.notified', data: { of: 'outcome', to, identities: [], notes: [] } };
  });

/** Mails the operator about every step that needs attention: once for each cause, not for each attempt. */
export const keepOperatorNotified = (context: ExitContext): Promise<void> =>
  context.runner.performEach(
    'notify-operator',
    async (execution: StepExecution) => {
      const { exit, services } = context;
      const { exitId, employeeId, employee } = exit;
      const causes = exit.notices.due(exit.steps);
      const { latest: number } = exit.notices;
      const { operator: to } = exit.inTurn!;
      const notice = { exitId, employeeId, employee, to, number, causes };
      const sent = await execution.call(services.notification.notifyOperator, notice);
      const steps = causes.map(({ step }) => step);
      return { type: 'operator.notified', data: { number, steps, sent } };
    },
    () => false,
  );

/** @throws FinalFailure NothingToGoOn, where a person settled the look-up */
export function knownEmployee({ exit: { employee } }: ExitContext): Employee {
  if (employee) return employee;
  throw new FinalFailure(
    FailureType.NothingToGoOn,
    'look-up-employee was settled without an answer, so no mail address is known: do this step by hand and settle it',
  );
}

const about = (context: ExitContext) => ({ ...context.about, employee: knownEmployee(context) });
