/** The notification service, towards the operator: tells of the steps that need attention, once for each cause. */
import type { StoredEvent } from '../../exit/events.js';
import type { Exit } from '../../exit/exit.js';
import type { Sent } from '../../exit/people.js';
import type { NotificationService } from '../../services/notification/notification.js';
import type { Subscription } from './subscriber.js';
import { isSetOff, type Task } from './tasks.js';

/** What is remembered of one exit: the notices that went out. */
interface ToldOperator {
  sent: (Sent & { number: number })[];
}

/** A consumer of its own: an operator who cannot be reached holds up nobody, and no exit. */
export function operatorSubscription(notification: NotificationService): Subscription<ToldOperator> {
  const tell: Task<ToldOperator> = {
    step: 'notify-operator',
    async run(record, exit) {
      const { sent } = record.value;
      const causes = exit.notices.due(exit.steps);
      const { latest: number } = exit.notices;
      if (!sent.some((mail) => mail.number === number)) {
        const { exitId, employeeId, employeeName } = exit;
        const employee = employeeName === undefined ? undefined : { displayName: employeeName };
        const { operator } = exit.plan!;
        const about = { exitId, employeeId, employee, operator, number, causes };
        sent.push({ number, ...(await notification.notifyOperator(about, record.signal)) });
      }
      const unsaid = sent.filter((mail) => mail.number > exit.notices.sentUpTo);
      const mails = unsaid.map(({ to, messageId }) => ({ to, messageId }));
      const steps = causes.map(({ step }) => step);
      return { type: 'operator.notified', data: { number, steps, sent: mails } };
    },
  };
  // What breaks first and what breaks next may be told in one mail; then nothing is left to be told because of the second event.
  const isDue = (event: StoredEvent, exit: Exit): boolean =>
    (event.type !== 'step.resolved' || isSetOff(tell, event, exit)) &&
    exit.isOpen(tell.step) &&
    exit.notices.due(exit.steps).length > 0;

  return {
    consumer: 'notification-operator',
    description: 'Tells the operator of each step that needs attention, once for each cause',
    service: 'notification',
    // Drift that the policy leaves to an operator needs attention, too.
    events: ['step.needs-attention', 'access.drifted', 'step.resolved'],
    tasks: [tell],
    memory: { bucket: 'exit-notification-operator', empty: { sent: [] } },
    taskOf: (event, exit) => (isDue(event, exit) ? tell : undefined),
  };
}
