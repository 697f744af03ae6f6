/** The notification service's mails to the operator: the steps that need attention, and news, once for each cause. */
import type { StoredEvent } from '../../exit/events.js';
import type { Exit } from '../../exit/exit.js';
import type { Sent } from '../../exit/people.js';
import type { NotificationService } from '../../services/notification/notification.js';
import type { Subscription } from './subscription.js';
import { isTriggered, type Task } from './tasks.js';

type Notice = Parameters<NotificationService['notifyOperator']>[0];

/** The record of one exit: the notices sent, and the one that is being sent. */
interface OperatorNotices {
  sent: (Sent & { number: number })[];
  /**
   * As an attempt began to send it. The mail server may have taken it although no answer came, and a step may be settled since: a
   * repetition under the same number, and so the same Message-ID, says the same.
   */
  sending?: Notice;
}

/** How long a notice waits for the directory, before it is looked at again. */
const UNKNOWN_EMPLOYEE_MS = 1000;

/** A separate consumer, so that an outage of the operator's mailbox delays no other mail. */
export function operatorSubscription(notification: NotificationService): Subscription<OperatorNotices> {
  const notify: Task<OperatorNotices> = {
    step: 'notify-operator',
    savesFirst: true,
    async run(record, exit) {
      const { sent } = record.value;
      const causes = exit.notices.due(exit.steps);
      const { latest: number } = exit.notices;
      if (!sent.some((mail) => mail.number === number)) {
        const { exitId, employeeId, employeeName } = exit;
        const employee = employeeName === undefined ? undefined : { displayName: employeeName };
        const { operator: to } = exit.inTurn!;
        if (record.value.sending?.number !== number)
          record.value.sending = { exitId, employeeId, employee, to, number, causes };
        await record.save();
        const mails = await notification.notifyOperator(record.value.sending, record.signal);
        sent.push(...mails.map((mail) => ({ number, ...mail })));
        delete record.value.sending;
      }
      const unreported = sent.filter((mail) => mail.number > exit.notices.sentUpTo);
      const mails = unreported.map(({ to, messageId }) => ({ to, messageId }));
      const steps = causes.map(({ step }) => step);
      return { type: 'operator.notified', data: { number, steps, sent: mails } };
    },
  };
  // One mail may cover several causes; the later events then have nothing left to report.
  const isDue = (event: StoredEvent, exit: Exit): boolean =>
    (event.type !== 'step.resolved' || isTriggered(notify, event, exit)) &&
    exit.isOpen(notify.step) &&
    exit.notices.due(exit.steps).length > 0;

  return {
    consumer: 'notification-operator',
    description:
      'Tells the operator of each step that needs attention, and of drift and broken calendars, once for each cause',
    service: 'notification',
    // Under `onDrift: report` drift needs attention as well.
    events: [
      'step.needs-attention',
      'access.drifted',
      'interview.scheduled',
      'interview.rescheduled',
      'step.resolved',
    ],
    tasks: [notify],
    memory: { bucket: 'exit-notification-operator', empty: { sent: [] } },
    taskOf: (event, exit) => (isDue(event, exit) ? notify : undefined),
    redeliverAfter: (_event, exit) => (exit.isNoticeHeldBack ? UNKNOWN_EMPLOYEE_MS : undefined),
  };
}
