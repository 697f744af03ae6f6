/** The notification service, towards the manager: tells of a resignation, and how it ended once access is as it ended. */
import type { Exit } from '../../exit/exit.js';
import type { Employee, Sent } from '../../exit/people.js';
import type { DirectoryService } from '../../services/directory/directory.js';
import type { NotificationService } from '../../services/notification/notification.js';
import type { Leased } from '../jetstream/records.js';
import type { Subscription } from './subscriber.js';
import type { Task } from './tasks.js';

/** What is remembered of one exit. */
interface Notified {
  /** The person who was told of the resignation is told of its outcome. */
  employee?: Employee | undefined;
  resignation?: Sent | undefined;
  outcome?: Sent | undefined;
}

export function notificationSubscription(
  directory: DirectoryService,
  notification: NotificationService,
): Subscription<Notified> {
  async function tell(
    of: 'resignation' | 'outcome',
    record: Leased<Notified>,
    exit: Exit,
    send: (employee: Employee) => Promise<Sent>,
  ) {
    const notified = record.value;
    notified.employee ??= await directory.lookUp(exit.employeeId, record.signal);
    const { displayName: employeeName, identities, manager } = notified.employee;
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
    run: (record, exit) =>
      tell('resignation', record, exit, (employee) =>
        notification.notifyManager(
          { ...about(exit, employee), resignation: exit.resignation, openedAt: exit.openedAt },
          record.signal,
        ),
      ),
  };
  const ofOutcome: Task<Notified> = {
    step: 'notify-manager-of-outcome',
    run: (record, exit) =>
      tell('outcome', record, exit, (employee) =>
        notification.notifyManagerOfOutcome(
          { ...about(exit, employee), outcome: exit.ending!, decision: exit.decision?.data },
          record.signal,
        ),
      ),
  };

  return {
    consumer: 'notification',
    description: 'Tells the manager of a resignation, and of its outcome once access is as decided',
    service: 'notification',
    events: ['employee.resigned', 'manager.notified', 'access.restored', 'access.revoked', 'step.resolved'],
    tasks: [ofResignation, ofOutcome],
    memory: { bucket: 'exit-notification', empty: {} },
  };
}

export const about = ({ exitId, systems }: Exit, employee: Employee) => ({ exitId, employee, systems });
