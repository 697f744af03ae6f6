/** A task as a subscriber does it: a person is asked by mail, and reminded until they confirm. */
import { leftConfiguration, notConfirmed } from '../../exit/failures.js';
import type { Exit } from '../../exit/exit.js';
import type { Sent } from '../../exit/people.js';
import { stepKey, type Step } from '../../exit/status.js';
import type { StepService } from '../../services/steps/step-service.js';
import type { Task } from './tasks.js';

/** How soon to look again for the employee's name. */
const LOOK_AGAIN_MS = 500;

/** The record of one exit: the mails to the person. */
export interface Asked {
  asked: (Sent & { step: string; number: number; at: string })[];
}

export interface Asking {
  ask: Task<Asked>;
  /** @returns what is due of the open task, if anything */
  taskOf: (exit: Exit) => Task<Asked> | undefined;
  /** In milliseconds. */
  dueAgainAfter: (exit: Exit) => number;
}

/** @param remindEveryMs by the present configuration */
export function asking(
  task: Pick<Step, 'name' | 'system'>,
  remindEveryMs: number,
  steps: StepService,
): Asking {
  const { name: step, system } = task;
  const key = stepKey(task);

  /** The last mail since the step began, in milliseconds since the epoch; undefined where there is none. */
  const askedAt = (exit: Exit): number | undefined => {
    const last = exit.taskRequests.get(key);
    return last?.start === exit.ledger.starts(step, system) ? Date.parse(last.at) : undefined;
  };
  const mailDueAt = (exit: Exit): number => (askedAt(exit) ?? -Infinity) + remindEveryMs;
  /** A task is overdue only after its mail went out, and only once. */
  const overdueAt = (exit: Exit): number => {
    const { state, startedAt } = exit.step(step, system)!;
    const canBeOverdue = state === 'running' && askedAt(exit) !== undefined;
    return canBeOverdue ? Date.parse(startedAt!) + exit.ledger.attentionAfterMs(task) : Infinity;
  };

  const ask: Task<Asked> = {
    step,
    system,
    async run(record, exit) {
      const number = exit.timesAsked(task) + 1;
      const { asked } = record.value;
      const isThis = (mail: Asked['asked'][number]) => mail.step === key && mail.number === number;
      if (!asked.some(isThis)) {
        const { exitId, employeeId, openedAt, systems, employeeName } = exit;
        const employee = employeeName === undefined ? undefined : { displayName: employeeName };
        const about = { exitId, employeeId, openedAt, systems, employee, number, ...exit.request(task) };
        const { to, messageId } = await steps.askPerson(about, record.signal);
        asked.push({ to, messageId, step: key, number, at: new Date().toISOString() });
      }
      const { to, messageId } = asked.find(isThis)!;
      return { type: 'task.requested', data: { step, system, number, to, messageId } };
    },
  };
  /** Published, not thrown as a final failure: the reminders continue. */
  const overdue: Task<Asked> = {
    step,
    system,
    run: ({ value }) => {
      const { to } = value.asked.findLast((mail) => mail.step === key)!;
      return Promise.resolve({ type: 'step.needs-attention', data: notConfirmed(task, to) });
    },
  };
  /** The exit's plan has a program do it; the configuration may have changed since. */
  const misplaced: Task<Asked> = {
    step,
    system,
    run: () => Promise.reject(leftConfiguration('system', system!)),
  };

  return {
    ask,
    taskOf(exit) {
      if (!exit.ledger.isTask(task)) return misplaced;
      const now = Date.parse(exit.asOf);
      if (exit.timesAsked(task) === 0 && now < exit.awaitsNameUntil(task)) return undefined;
      // One event may begin the step more than once, and each start may fall overdue.
      if (now >= overdueAt(exit)) return { ...overdue, nth: exit.ledger.starts(step, system) };
      return now >= mailDueAt(exit) ? { ...ask, nth: exit.timesAsked(task) + 1 } : undefined;
    },
    dueAgainAfter(exit) {
      const isNameAwaited = exit.timesAsked(task) === 0 && Date.now() < exit.awaitsNameUntil(task);
      if (isNameAwaited) return LOOK_AGAIN_MS;
      return Math.max(1, Math.min(mailDueAt(exit), overdueAt(exit)) - Date.now());
    },
  };
}
