/** The notification service's mail to the employee: what is blocked, why, until when, and whom to ask. */
import { tellingOf, type Answer, type Employee } from '../../exit/people.js';
import type { DirectoryService } from '../../services/directory/directory.js';
import type { NotificationService } from '../../services/notification/notification.js';
import { deliveriesOf, type Delivering } from './deliveries-of-record.js';
import { about } from './manager-subscriber.js';
import type { Subscription } from './subscription.js';
import type { Task } from './tasks.js';

/** The record of one exit. */
interface EmployeeNotice extends Delivering {
  employee?: Employee | undefined;
  answers?: Answer[] | undefined;
}

/** A separate consumer, so that an outage of the employee's mailbox delays no other mail. */
export function employeeSubscription(
  directory: DirectoryService,
  notification: NotificationService,
): Subscription<EmployeeNotice> {
  const notify: Task<EmployeeNotice> = {
    step: 'notify-employee',
    savesFirst: true,
    async run(record, exit) {
      const notice = record.value;
      const employee = (notice.employee ??= await directory.lookUp(exit.employeeId, record.signal));
      if (!notice.answers) await record.save();
      const { openedAt, reviewBy } = exit;
      notice.answers ??= await notification.notifyEmployee(
        { ...about(exit, employee), openedAt, reviewBy },
        deliveriesOf(record),
        record.signal,
      );
      const { displayName: employeeName, identities, language } = employee;
      const told = tellingOf(notice.answers);
      return { type: 'employee.notified', data: { ...told, language, employeeName, identities } };
    },
  };
  return {
    consumer: 'notification-employee',
    description: 'Tells the employee what is blocked, why, until when, and whom to ask',
    service: 'notification',
    events: ['employee.resigned', 'step.resolved'],
    tasks: [notify],
    memory: { bucket: 'exit-notification-employee', empty: { delivered: [] } },
  };
}
