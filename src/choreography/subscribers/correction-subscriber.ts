/** The notification service's corrections: the resignation was withdrawn, or was never this person's. */
import type { Corrected } from '../../exit/decision.js';
import { tellingOf } from '../../exit/people.js';
import type { NotificationService } from '../../services/notification/notification.js';
import { deliveriesOf, type Delivering } from './deliveries-of-record.js';
import type { Subscription } from './subscription.js';
import type { Task } from './tasks.js';

/** The events that tell an address of the exit: a mail may have been on its way when the decision came. */
const tellings = [
  'manager.notified',
  'employee.notified',
  'hr.reminded',
  'decision.escalated',
  'operator.notified',
  'second-person.asked',
  'task.requested',
] as const;

export function correctionSubscription(notification: NotificationService): Subscription<Delivering> {
  const correct: Task<Delivering> = {
    step: 'send-correction',
    async run(record, exit) {
      const { exitId, employeeId, employeeName, systems, openedAt, told } = exit;
      const employee = employeeName === undefined ? undefined : { displayName: employeeName };
      const of = exit.ending as Corrected;
      const about = { exitId, employeeId, employee, systems, openedAt, of, told: told.recipients };
      const deliveries = deliveriesOf(record);
      const answers = await notification.sendCorrection(about, deliveries, record.signal);
      // A mail that was on its way begins the step again, for its address alone.
      await deliveries.settle();
      return { type: 'correction.sent', data: { of, ...tellingOf(answers) } };
    },
  };
  return {
    consumer: 'notification-correction',
    description: 'Corrects what each address was told where the resignation no longer stands, or never did',
    service: 'notification',
    events: ['exit.decision-finalised', ...tellings, 'step.resolved'],
    tasks: [correct],
    memory: { bucket: 'exit-notification-correction', empty: { delivered: [] } },
  };
}
