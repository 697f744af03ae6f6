import type { NotificationService } from '../services/notification/notification.js';
import { attempt } from './attempt.js';

type Input<K extends keyof NotificationService> = Parameters<NotificationService[K]>[0];

export function createNotificationActivities(notification: NotificationService) {
  return {
    notifyManager: (input: Input<'notifyManager'>) =>
      attempt(({ signal }) => notification.notifyManager(input, signal)),

    notifyManagerOfOutcome: (input: Input<'notifyManagerOfOutcome'>) =>
      attempt(({ signal }) => notification.notifyManagerOfOutcome(input, signal)),
  };
}

export type NotificationActivities = ReturnType<typeof createNotificationActivities>;
