/** Starts the services of the choreographed form. Each has its durable consumers, and calls `src/services`. */
import { isById } from '../../exit/matching.js';
import { accessSubscription } from './access-subscriber.js';
import { startDigestTimer } from './digest-timer.js';
import { startOpeningTimer } from './opening-timer.js';
import { driftSubscription } from './drift-subscriber.js';
import { keepExitList } from '../observing/exit-list.js';
import type { Log } from '../../process/logger.js';
import { openAttempts } from '../jetstream/attempts.js';
import type { Bus } from '../jetstream/bus.js';
import { hasRecentRecord } from './recent-record.js';
import { hrSubscription } from './hr-subscriber.js';
import { correctionSubscription } from './correction-subscriber.js';
import { employeeSubscription } from './employee-subscriber.js';
import { operatorSubscription } from './operator-subscriber.js';
import { reviewSubscription } from './review-subscriber.js';
import { notificationSubscription } from './manager-subscriber.js';
import { leftoversSubscription } from './leftovers-subscriber.js';
import { tellOutside } from './outside-subscriber.js';
import { ownerSubscription } from './owner-subscriber.js';
import { secondPersonSubscription } from './second-person-subscriber.js';
import { stepSubscription } from './step-subscriber.js';
import { subscribe, type Subscriber } from './subscriber.js';
import type { Subscription } from './subscription.js';
import { hasOpenExitIn, mailOfIn } from '../jetstream/open-exit.js';
import { openRateLimits } from '../jetstream/rate-limit.js';
import { openSlotKeys } from '../jetstream/slot-keys.js';
import { isAsked, isManual, type Config } from '../../config/config.js';
import { planFrom } from '../../config/planning.js';
import {
  createAccess,
  createDirectory,
  createHr,
  createNotification,
  createSteps,
  createSubscribers,
} from '../../services/from-config.js';

export const subscriberNames = ['notification', 'hr', 'access', 'steps'] as const;
export type SubscriberName = (typeof subscriberNames)[number];

/** A killed process's messages are redelivered after this long. */
const ACK_WAIT_MS = 10_000;

interface ServicesPlan {
  bus: Bus;
  config: Config;
  services: readonly SubscriberName[];
  ackWaitMs?: number;
  log: Log;
}

/** Resolves once every service pulls messages. @throws once those that had begun have stopped */
export async function startServices({
  bus,
  config,
  services,
  ackWaitMs = ACK_WAIT_MS,
  log,
}: ServicesPlan): Promise<Subscriber> {
  const plan = planFrom(config, 'choreographed');
  bus.trusted = config.decisions.signed;
  const attempts = await openAttempts(bus);
  const hasOpenExit = hasOpenExitIn(bus);
  // A mail service's lease covers a slow mail server, and a short outage of NATS before its reply is recorded.
  const leaseMs = Math.max(ackWaitMs, 6 * config.policy.requestTimeout);
  const run = <T>(subscription: Subscription<T>): Promise<Subscriber> =>
    subscribe(subscription, {
      bus,
      attempts,
      plan,
      leaseMs: subscription.service === 'access' ? ackWaitMs : leaseMs,
      ackWaitMs,
      log,
    });
  const start: Record<SubscriberName, () => Promise<Subscriber>[] | Promise<Promise<Subscriber>[]>> = {
    notification() {
      const directory = createDirectory(config, hasOpenExit);
      const service = createNotification(config, hasOpenExit, mailOfIn(bus));
      return [
        run(notificationSubscription(directory, service)),
        run(employeeSubscription(directory, service)),
        run(operatorSubscription(service)),
        run(reviewSubscription(service)),
        run(correctionSubscription(service)),
        run(secondPersonSubscription(service)),
        Promise.resolve(startOpeningTimer({ bus, review: plan.review, service, leaseMs, log })),
        ...(config.digest
          ? [Promise.resolve(startDigestTimer({ bus, config, directory, service, leaseMs, log }))]
          : []),
      ];
    },
    async hr() {
      const hr = createHr(config, await openSlotKeys(bus), hasOpenExit);
      return [run(hrSubscription(createDirectory(config, hasOpenExit), hr))];
    },
    async access() {
      const { recheckEvery } = config.policy;
      const access = await createAccess(config, hasRecentRecord(bus));
      const limitOf = await openRateLimits(bus);
      const names = config.systems.map(({ name }) => name);
      return [
        run(leftoversSubscription({ service: 'access', names })),
        ...config.systems.filter(isAsked).flatMap(({ name, rateLimit, match, also }) => {
          const awaitSlot = rateLimit && limitOf(name, rateLimit.requestsPerSecond);
          const service = access.get(name)!;
          const { attemptTimeoutMs } = plan.systems.find((system) => system.name === name)!;
          const learnsKeys = ![...match, ...also].every(isById);
          return [
            run(accessSubscription(name, { service, attemptTimeoutMs, awaitSlot, learnsKeys })),
            run(driftSubscription(name, { service, recheckEvery, awaitSlot })),
          ];
        }),
      ];
    },
    steps() {
      const service = createSteps(config, hasOpenExit);
      const names = config.steps.map(({ name }) => name);
      const { retry } = config.policy;
      const outside = { bus, service: createSubscribers(config), retry, ackWaitMs, log };
      return [
        run(leftoversSubscription({ service: 'steps', names })),
        ...config.steps.map((step) => run(stepSubscription(step, service))),
        ...config.systems.filter(isManual).map((system) => run(ownerSubscription(system, service))),
        ...config.subscribers.map((subscriber) => tellOutside(subscriber, outside)),
      ];
    },
  };
  const starting = (await Promise.all(services.map(async (name) => start[name]()))).flat();
  const started = await Promise.allSettled(starting);
  const subscribers = started.flatMap((each) => (each.status === 'fulfilled' ? each.value : []));
  const stop = async (): Promise<void> => {
    await Promise.all(subscribers.map((subscriber) => subscriber.stop()));
  };
  const failure = started.find((each) => each.status === 'rejected');
  if (failure) {
    await stop();
    throw failure.reason;
  }
  subscribers.push(keepExitList(bus, log));
  for (const note of bus.room.notes) log.warn(note);
  return { stop };
}
