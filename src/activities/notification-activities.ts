import type { DirectoryService } from '../services/directory/directory.js';
import type { NotificationService } from '../services/notification/notification.js';
import { attempt, type Attempt } from './attempt.js';
import { deliveriesOf } from './deliveries.js';

type Input<K extends keyof NotificationService> = Parameters<NotificationService[K]>[0];

export function createNotificationActivities(
  notification: NotificationService,
  directory: Pick<DirectoryService, 'withManagerThere'>,
) {
  return {
    /** @property delivered the Message-IDs that earlier calls had delivered */
    notifyManager: (input: Input<'notifyManager'> & { delivered: string[] }) =>
      attempt((attempt: Attempt<string[]>) =>
        notification.notifyManager(input, deliveriesOf(attempt, input.delivered), attempt.signal),
      ),

    notifyManagerOfOutcome: (input: Input<'notifyManagerOfOutcome'>) =>
      attempt(async ({ signal }) => {
        const employee = await directory.withManagerThere(input.employee, signal);
        return notification.notifyManagerOfOutcome({ ...input, employee }, signal);
      }),

    /** @property delivered the Message-IDs that earlier calls had delivered */
    notifyEmployee: (input: Input<'notifyEmployee'> & { delivered: string[] }) =>
      attempt((attempt: Attempt<string[]>) =>
        notification.notifyEmployee(input, deliveriesOf(attempt, input.delivered), attempt.signal),
      ),

    /** @property delivered the Message-IDs that earlier calls had delivered */
    sendCorrection: (input: Input<'sendCorrection'> & { delivered: string[] }) =>
      attempt((attempt: Attempt<string[]>) =>
        notification.sendCorrection(input, deliveriesOf(attempt, input.delivered), attempt.signal),
      ),

    remindHrPartner: (input: Input<'remindHrPartner'>) =>
      attempt(({ signal }) => notification.remindHrPartner(input, signal)),

    askSecondPerson: (input: Input<'askSecondPerson'>) =>
      attempt(({ signal }) => notification.askSecondPerson(input, signal)),

    escalate: (input: Input<'escalate'>) => attempt(({ signal }) => notification.escalate(input, signal)),

    notifyOperator: (input: Input<'notifyOperator'>) =>
      attempt(({ signal }) => notification.notifyOperator(input, signal)),

    sendDigest: (input: Input<'sendDigest'>) =>
      attempt((attempt: Attempt<string[]>) =>
        notification.sendDigest(input, deliveriesOf(attempt, []), attempt.signal),
      ),

    remindOfOpenings: (input: Input<'remindOfOpenings'>) =>
      attempt((attempt: Attempt<string[]>) =>
        notification.remindOfOpenings(input, deliveriesOf(attempt, []), attempt.signal),
      ),

    notifyOfOrphanedHold: (input: Input<'notifyOfOrphanedHold'>) =>
      attempt(({ signal }) => notification.notifyOfOrphanedHold(input, signal)),
  };
}

export type NotificationActivities = ReturnType<typeof createNotificationActivities>;
