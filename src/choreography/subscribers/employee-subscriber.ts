/** The notification service, towards the employee: tells what is blocked, why, until when and whom to ask. */
import type { Config } from '../../config/config.js';
import { attemptTimeoutMs } from '../../config/planning.js';
import type { Employee, Sent } from '../../exit/people.js';
import type { StepRow } from '../../exit/steps.js';
import type { DirectoryService } from '../../services/directory/directory.js';
import type { NotificationService } from '../../services/notification/notification.js';
import type { Deliveries } from '../../services/protocols/smtp.js';
import { about } from './manager-subscriber.js';
import type { Leased, Records } from '../jetstream/records.js';
import type { Subscription } from './subscriber.js';
import { isSetOff, promisesOf, type Task } from './tasks.js';

/** What is remembered of one exit. */
export interface ToldEmployee {
  employee?: Employee | undefined;
  /** Message-IDs: one of the addresses may have taken the mail and another one not yet. */
  delivered: string[];
  sent?: Sent[] | undefined;
}

export const employeeRecords = {
  bucket: 'exit-notification-employee',
  empty: { delivered: [] } as ToldEmployee,
};

/** A consumer of its own, so that a mailbox of the employee holds up nobody else. */
export function employeeSubscription(
  directory: DirectoryService,
  notification: NotificationService,
  records: Records<ToldEmployee>,
  { policy }: Config,
  table: readonly StepRow[],
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
    source: '/ems/notification',
    events: ['employee.resigned', 'step.resolved'],
    promises: promisesOf(table, [tell.step], policy.attentionAfter),
    records,
    keyOf: ({ employeeId, exitId }) => `${employeeId}.${exitId}`,
    attemptTimeoutMs: attemptTimeoutMs({ policy }),
    // Mail servers greylist and throttle: they want minutes, and haste makes it worse.
    backoffCoefficient: 4,
    taskOf: (event, exit) => (isSetOff(tell, event, exit) ? tell : undefined),
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
