/** The services of the choreographed form: each a durable consumer (access: one for each critical system) over the same src/services. */
import { accessRecords, accessSubscription } from './access-subscriber.js';
import { driftSubscription } from './drift-subscriber.js';
import { keepExitList } from '../observing/exit-list.js';
import { openAttempts } from '../jetstream/attempts.js';
import type { Bus } from '../jetstream/bus.js';
import { hrRecords, hrSubscription } from './hr-subscriber.js';
import { employeeRecords, employeeSubscription } from './employee-subscriber.js';
import { operatorRecords, operatorSubscription } from './operator-subscriber.js';
import { reviewRecords, reviewSubscription } from './review-subscriber.js';
import { notificationRecords, notificationSubscription } from './manager-subscriber.js';
import { openRecords } from '../jetstream/records.js';
import { leftoversSubscription } from './leftovers-subscriber.js';
import { stepRecords, stepSubscription } from './step-subscriber.js';
import { subscribe, type Subscriber } from './subscriber.js';
import { openTurns } from '../jetstream/rate-limit.js';
import type { Config } from '../../config/config.js';
import { planFrom } from '../../config/planning.js';
import {
  createAccess,
  createDirectory,
  createHr,
  createNotification,
  createSteps,
} from '../../services/from-config.js';

export const subscriberNames = ['notification', 'hr', 'access', 'steps'] as const;
export type SubscriberName = (typeof subscriberNames)[number];

/** How soon a process that was killed is missed. */
const ACK_WAIT_MS = 10_000;

export interface ServicesPlan {
  bus: Bus;
  config: Config;
  services: readonly SubscriberName[];
  ackWaitMs?: number;
  log?: (line: string) => void;
}

/** Returns once the services take messages. */
export async function startServices({
  bus,
  config,
  services,
  ackWaitMs = ACK_WAIT_MS,
  log = console.error,
}: ServicesPlan): Promise<Subscriber> {
  const { policy } = config;
  const plan = planFrom(config, 'choreographed');
  const table = plan.steps;
  const options = {
    bus,
    attempts: await openAttempts(bus),
    plan,
    ackWaitMs,
    policy,
    log,
  };
  // For who sends mail: long enough for a slow mail server and for recording its answer over a short outage of NATS.
  const leaseMs = Math.max(ackWaitMs, 6 * policy.requestTimeout);
  const start: Record<SubscriberName, () => Promise<Subscriber[]>> = {
    async notification() {
      const directory = createDirectory(config);
      const service = createNotification(config);
      const [manager, employee, operator, review] = await Promise.all([
        openRecords(bus, { ...notificationRecords, leaseMs }),
        openRecords(bus, { ...employeeRecords, leaseMs }),
        openRecords(bus, { ...operatorRecords, leaseMs }),
        openRecords(bus, { ...reviewRecords, leaseMs }),
      ]);
      return Promise.all([
        subscribe(notificationSubscription(directory, service, manager, config, table), options),
        subscribe(employeeSubscription(directory, service, employee, config, table), options),
        subscribe(operatorSubscription(service, operator, config, table), options),
        subscribe(reviewSubscription(service, review, config), options),
      ]);
    },
    async hr() {
      const records = await openRecords(bus, { ...hrRecords, leaseMs });
      const subscription = hrSubscription(createDirectory(config), createHr(config), records, config, table);
      return [await subscribe(subscription, options)];
    },
    async access() {
      const records = await openRecords(bus, { ...accessRecords, leaseMs: ackWaitMs });
      const access = createAccess(config);
      const turnsOf = await openTurns(bus);
      const names = config.systems.map(({ name }) => name);
      return Promise.all([
        subscribe(leftoversSubscription({ service: 'access', names }), options),
        ...config.systems.flatMap((system) => {
          const { name, rateLimit } = system;
          const turn = rateLimit && turnsOf(name, rateLimit.requestsPerSecond);
          const service = access.get(name)!;
          return [
            subscribe(accessSubscription(system, { service, records, policy, table, turn }), options),
            subscribe(driftSubscription(system, { service, policy, turn }), options),
          ];
        }),
      ]);
    },
    async steps() {
      const records = await openRecords(bus, { ...stepRecords, leaseMs });
      const service = createSteps(config);
      const names = config.steps.map(({ name }) => name);
      return Promise.all([
        subscribe(leftoversSubscription({ service: 'steps', names }), options),
        ...config.steps.map((step) =>
          subscribe(stepSubscription(step, service, records, config, table), options),
        ),
      ]);
    },
  };
  const subscribers = (await Promise.all(services.map((name) => start[name]()))).flat();
  subscribers.push(keepExitList(bus, log));
  return {
    async stop() {
      await Promise.all(subscribers.map((subscriber) => subscriber.stop()));
    },
  };
}
