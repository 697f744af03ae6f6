/** The notification service's mails to a second person, who confirms what another one has proposed. */
import type { Sent } from '../../exit/people.js';
import type { NotificationService } from '../../services/notification/notification.js';
import type { Subscription } from './subscription.js';
import type { Task } from './tasks.js';

/** The record of one exit: the mails sent, by the number of the proposal. */
interface Asked {
  sent: Record<string, Sent[]>;
}

export function secondPersonSubscription(notification: NotificationService): Subscription<Asked> {
  const ask: Task<Asked> = {
    step: 'ask-second-person',
    savesFirst: true,
    async run(record, exit) {
      const { exitId, employeeId, employeeName, systems } = exit;
      const employee = employeeName === undefined ? undefined : { displayName: employeeName };
      const sent: Sent[] = [];
      const { due } = exit.proposals;
      for (const proposal of due) {
        const about = { exitId, employeeId, employee, systems, ...exit.askedOf(proposal) };
        if (!record.value.sent[proposal.number]) await record.save();
        sent.push(
          ...(record.value.sent[proposal.number] ??= await notification.askSecondPerson(
            about,
            record.signal,
          )),
        );
      }
      return { type: 'second-person.asked', data: { numbers: due.map(({ number }) => number), sent } };
    },
  };
  return {
    consumer: 'notification-second-person',
    description: 'Asks a second person to confirm what another one has proposed',
    service: 'notification',
    // An override that came with the resignation is proposed once a block needs it.
    events: ['exit.proposed', 'step.needs-attention', 'step.resolved'],
    tasks: [ask],
    memory: { bucket: 'exit-notification-second-person', empty: { sent: {} } },
  };
}
