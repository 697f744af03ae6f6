/** The notification service, towards the employee: tells what is blocked, why, until when and whom to ask. */
import type { Employee, Sent } from '../../exit/people.js';
import type { DirectoryService } from '../../services/directory/directory.js';
import type { NotificationService } from '../../services/notification/notification.js';
import type { Deliveries } from '../../services/protocols/smtp.js';
import { about } from './manager-subscriber.js';
import type { Leased } from '../jetstream/records.js';
import type { Subscription } from './subscriber.js';
import type { Task } from './tasks.js';

/** What is remembered of one exit. */
interface ToldEmployee {
  employee?: Employee | undefined;
  /** Message-IDs: one of the addresses may have taken the mail and another one not yet. */
  delivered: string[];
  sent?: Sent[] | undefined;
}

/** A consumer of its own, so that a mailbox of the employee holds up nobody else. */
export function employeeSubscription(
  directory: DirectoryService,
  notification: NotificationService,
): Subscription<ToldEmployee> {
  const tell: Task<ToldEmployee> = {
    step: 'notify-employee',
    async run(record, exit) {
      const told = record.value;
      const employee = (told.employee ??= await directory.lookUp(exit.employeeId, record.signal));
      const { openedAt, reviewBy } = exit;
      told.sent ??= await notification.notifyEmployee(
        { ...about(exit, employee), openedAt, reviewBy },
        deliveriesOf(record),
        record.signal,
      );
      const { displayName: employeeName, identities } = employee;
      return { type: 'employee.notified', data: { sent: told.sent, employeeName, identities, notes: [] } };
    },
  };
  return {
    consumer: 'notification-employee',
    description: 'Tells the employee what is blocked, why, until when and whom to ask',
    service: 'notification',
    events: ['employee.resigned', 'step.resolved'],
    tasks: [tell],
    memory: { bucket: 'exit-notification-employee', empty: { delivered: [] } },
  };
}

/** Durable before the next address is written to. */
const deliveriesOf = (record: Leased<ToldEmployee>): Deliveries => ({
  has: (messageId) => record.value.delivered.includes(messageId),
  add: (messageId) => {
    record.value.delivered.push(messageId);
    return record.save();
  },
});
