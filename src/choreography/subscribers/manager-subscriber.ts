/** The notification service's mails to the manager: the resignation, and its outcome once access is settled. */
import type { Uncorrected } from '../../exit/decision.js';
import type { Exit } from '../../exit/exit.js';
import type { Employee, Sent } from '../../exit/people.js';
import type { DirectoryService } from '../../services/directory/directory.js';
import type { NotificationService } from '../../services/notification/notification.js';
import type { Leased } from '../jetstream/records.js';
import type { Subscription } from './subscription.js';
import type { Task } from './tasks.js';

/** The record of one exit. */
interface Notified {
  /** Kept, so that both mails go to the same manager. */
  employee?: Employee | undefined;
  resignation?: Sent | undefined;
  outcome?: Sent | undefined;
}

export function notificationSubscription(
  directory: DirectoryService,
  notification: NotificationService,
): Subscription<Notified> {
  async function notify(
    of: 'resignation' | 'outcome',
    record: Leased<Notified>,
    exit: Exit,
    send: (employee: Employee) => Promise<Sent>,
  ) {
    const notified = record.value;
    notified.employee ??= await directory.lookUp(exit.employeeId, record.signal);
    const { displayName: employeeName, identities, manager } = notified.employee;
    if (!notified[of]) await record.save();
    const sent = (notified[of] ??= await send(notified.employee));
    const { insteadOfManager } = manager;
    const notes = insteadOfManager ? [`${insteadOfManager}; ${manager.name} is told instead`] : [];
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
          { ...about(exit, employee), resignation: exit.resignation, openedAt: exit.openedAt },
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
    description: 'Tells the manager of a resignation, and of its outcome once access is settled',
    service: 'notification',
    events: ['employee.resigned', 'manager.notified', 'access.restored', 'access.revoked', 'step.resolved'],
    tasks: [ofResignation, ofOutcome],
    memory: { bucket: 'exit-notification', empty: {} },
  };
}

export const about = ({ exitId, systems }: Exit, employee: Employee) => ({ exitId, employee, systems });
