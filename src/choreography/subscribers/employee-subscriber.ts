/** The notification service's mail to the employee: what is blocked, why, until when, and whom to ask. */
import { tellingOf, type Answer, type Employee } from '../../exit/people.js';
import type { DirectoryService } from '../../services/directory/directory.js';
import type { NotificationService } from '../../services/notification/notification.js';
import type { Deliveries } from '../../services/protocols/smtp.js';
import { about } from './manager-subscriber.js';
import type { Leased } from '../jetstream/records.js';
import type { Subscription } from './subscription.js';
import type { Task } from './tasks.js';

/** The record of one exit. */
interface EmployeeNotice {
  employee?: Employee | undefined;
  /** Message-IDs, one for each address whose server has accepted the mail. */
  delivered: string[];
  answers?: Answer[] | undefined;
}

/** A separate consumer, so that an outage of the employee's mailbox delays no other mail. */
export function employeeSubscription(
  directory: DirectoryService,
  notification: NotificationService,
): Subscription<EmployeeNotice> {
  const notify: Task<EmployeeNotice> = {
    step: 'notify-employee',
    async run(record, exit) {
      const notice = record.value;
      const employee = (notice.employee ??= await directory.lookUp(exit.employeeId, record.signal));
      const { openedAt, reviewBy } = exit;
      notice.answers ??= await notification.notifyEmployee(
        { ...about(exit, employee), openedAt, reviewBy },
        deliveriesOf(record),
        record.signal,
      );
      const { displayName: employeeName, identities } = employee;
      const told = tellingOf(notice.answers);
      return { type: 'employee.notified', data: { ...told, employeeName, identities } };
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

/** Each delivery is durable before the next mail goes out. */
const deliveriesOf = (record: Leased<EmployeeNotice>): Deliveries => ({
  has: (messageId) => record.value.delivered.includes(messageId),
  add: (messageId) => {
    record.value.delivered.push(messageId);
    return record.save();
  },
});
