/** Delivers the events of one exit to the subscribers, to each in order. A workflow of its own, so that no receiver holds up an exit. */
import {
  ActivityFailure,
  ApplicationFailure,
  CancellationScope,
  condition,
  defineSignal,
  log,
  proxyActivities,
  setHandler,
} from '@temporalio/workflow';
import type { SubscriberActivities } from '../activities/subscriber-activities.js';
import type { PlannedSubscriber, Policy } from '../exit/plan.js';
import type { PublishedEvent } from '../exit/published-events.js';
import { causeOf, reasonOf } from './step-failures.js';

export const eventsPublished = defineSignal<[PublishedEvent[]]>('eventsPublished');

interface Telling {
  subscribers: PlannedSubscriber[];
  policy: Pick<Policy, 'attemptTimeoutMs' | 'retryInitialMs' | 'retryMaximumMs'>;
  /** The first ones; others come by signal. */
  events: PublishedEvent[];
}

/** Ends once every event is delivered or given up, and the exit is over: Temporal then requests its cancellation. */
export async function tellSubscribers({ subscribers, policy, events }: Telling): Promise<void> {
  setHandler(eventsPublished, (more) => void events.push(...more));
  let isOver = false;
  CancellationScope.current().cancelRequested.catch(() => (isOver = true));
  const givenUp: string[] = [];
  const retry = { initialInterval: policy.retryInitialMs, maximumInterval: policy.retryMaximumMs };

  async function tell({ name, events: wanted, queue, giveUpAfterMs }: PlannedSubscriber): Promise<void> {
    for (let next = 0; ; next += 1) {
      await condition(() => events.length > next || isOver);
      const event = events[next];
      if (!event) return;
      if (!wanted.includes(event.type)) continue;
      const leftMs = giveUpAfterMs - (Date.now() - Date.parse(event.time));
      const { deliverEvent } = proxyActivities<SubscriberActivities>({
        taskQueue: queue,
        startToCloseTimeout: policy.attemptTimeoutMs,
        // After a long outage each event still gets an attempt.
        ...(leftMs > policy.attemptTimeoutMs
          ? { scheduleToCloseTimeout: leftMs, retry }
          : { retry: { maximumAttempts: 1 } }),
      });
      try {
        const summary = `Tell ${name}: ${event.type}`;
        await deliverEvent.executeWithOptions({ summary }, [{ subscriber: name, event }]);
      } catch (failure) {
        if (!(failure instanceof ActivityFailure)) throw failure;
        const why = `${event.id} (${event.type}) is not delivered to ${name}: ${reasonOf(causeOf(failure))}`;
        log.error(why, { subscriber: name, exitId: event.subject });
        givenUp.push(why);
      }
    }
  }

  await CancellationScope.nonCancellable(() => Promise.all(subscribers.map(tell)));
  if (givenUp.length > 0)
    throw ApplicationFailure.nonRetryable(givenUp.join('; ').slice(0, 2_000), 'Undelivered');
}
