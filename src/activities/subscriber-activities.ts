import type { PublishedEvent } from '../exit/published-events.js';
import type { SubscriberService } from '../services/subscribers/subscriber-service.js';
import { attempt } from './attempt.js';

export function createSubscriberActivities(subscribers: SubscriberService) {
  return {
    deliverEvent: ({ subscriber, event }: { subscriber: string; event: PublishedEvent }) =>
      attempt(({ signal }) => subscribers.deliver(subscriber, event, signal)),
  };
}

export type SubscriberActivities = ReturnType<typeof createSubscriberActivities>;
