/** The notification service's mails to the manager: the resignation, and its outcome once access is settled. */
import type { Uncorrected } from '../../exit/decision.js';
import type { Exit } from '../../exit/exit.js';
import type { Employee, Sent } from '../../exit/people.js';
import { standInOf } from '../../exit/stand-in.js';
import type { DirectoryService } from '../../services/directory/directory.js';
import type { NotificationService } from '../../services/notification/notification.js';
import type { Leased } from '../jetstream/records.js';
import { deliveriesOf, type Delivering } from './deliveries-of-record.js';
import type { Subscription } from './subscription.js';
import type { Task } from './tasks.js';

/** The record of one exit. */
interface Notified extends Delivering {
  /** Kept, so that both mails go to the same manager, unless that one leaves as well. */
  employee?: Employee | undefined;
  resignation?: Told | undefined;
  outcome?: Told | undefined;
}

type Told = Sent & { also?: Sent[]; notes?: string[] };

export function notificationSubscription(
  directory: DirectoryService,
  notification: NotificationService,
): Subscription<Notified> {
  async function notify(
    of: 'resignation' | 'outcome',
    record: Leased<Notified>,
    exit: Exit,
    send: (employee: Employee) => Promise<Told>,
  ) {
    const notified = record.value;
    notified.employee = notified.employee
      ? await directory.withManagerThere(notified.employee, record.signal)
      : await directory.lookUp(exit.employeeId, record.signal);
    const { displayName: employeeName, identities, manager } = notified.employee;
    if (!notified[of]) await record.save();
    const { notes: refusals = [], ...sent } = (notified[of] ??= await send(notified.employee));
    const { insteadOfManager } = manager;
    const why = insteadOfManager ? [`${standInOf(insteadOfManager)}; ${manager.name} is told instead`] : [];
    const notes = [...why, ...refusals];
    return {
      type: 'manager.notified',
      data: { of, ...sent, manager, employeeName, identities, notes },
    } as const;
  }

  const ofResignation: Task<Notified> = {
    step: 'notify-manager',
    savesFirst: true,
    run: (record, exit) =>
      notify('resignation', record, exit, (employee) =>
        notification.notifyManager(
          {
            ...{ ...about(exit, employee), resignation: exit.resignation, openedAt: exit.openedAt },
            ...{ reviewBy: exit.reviewBy, hr: exit.hrToTell, giveUpHrAt: exit.giveUpHrAt },
          },
          deliveriesOf(record),
          record.signal,
        ),
      ),
  };
  const ofOutcome: Task<Notified> = {
    step: 'notify-manager-of-outcome',
    savesFirst: true,
    run: (record, exit) =>
      notify('outcome', record, exit, (employee) =>
        notification.notifyManagerOfOutcome(
          {
            ...about(exit, employee),
            ...{
              outcome: exit.ending as Uncorrected,
              decision: exit.decision?.data,
              unobserved: exit.unobserved,
            },
          },
          record.signal,
        ),
      ),
  };

  return {
    consumer: 'notification',
    description:
      'Tells the manager and HR of a resignation, and the manager of its outcome once access is settled',
    service: 'notification',
    events: ['employee.resigned', 'manager.notified', 'access.restored', 'access.revoked', 'step.resolved'],
    tasks: [ofResignation, ofOutcome],
    memory: { bucket: 'exit-notification', empty: { delivered: [] } },
  };
}

export const about = ({ exitId, systems }: Exit, employee: Employee) => ({ exitId, employee, systems });
