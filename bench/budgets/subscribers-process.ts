/** The services of the choreographed form with nothing behind them, in one process, on NATS_URL. */
import { openAttempts } from '../../src/choreography/jetstream/attempts.js';
import { connectBus } from '../../src/choreography/jetstream/bus.js';
import { accessSubscription } from '../../src/choreography/subscribers/access-subscriber.js';
import { correctionSubscription } from '../../src/choreography/subscribers/correction-subscriber.js';
import { employeeSubscription } from '../../src/choreography/subscribers/employee-subscriber.js';
import { hrSubscription } from '../../src/choreography/subscribers/hr-subscriber.js';
import { notificationSubscription } from '../../src/choreography/subscribers/manager-subscriber.js';
import { operatorSubscription } from '../../src/choreography/subscribers/operator-subscriber.js';
import { reviewSubscription } from '../../src/choreography/subscribers/review-subscriber.js';
import { subscribe } from '../../src/choreography/subscribers/subscriber.js';
import type { Subscription } from '../../src/choreography/subscribers/subscription.js';
import { loadConfig } from '../../src/config/config.js';
import { natsConfigOf } from '../../src/config/environment.js';
import { planFrom } from '../../src/config/planning.js';
import { createLog } from '../../src/process/logger.js';
import { accessOn, directory, hrService, notification } from './no-op-services.js';

const config = loadConfig();
const bus = await connectBus(natsConfigOf(process.env['NATS_URL']!), 'bench');
const attempts = await openAttempts(bus);
const plan = planFrom(config, 'choreographed');
const run = <T>(subscription: Subscription<T>) =>
  subscribe(subscription, {
    ...{ bus, attempts, plan, leaseMs: 60_000, ackWaitMs: 10_000, log: createLog() },
  });
const running = await Promise.all([
  run(notificationSubscription(directory, notification)),
  run(employeeSubscription(directory, notification)),
  run(operatorSubscription(notification)),
  run(reviewSubscription(notification)),
  run(correctionSubscription(notification)),
  run(hrSubscription(directory, hrService)),
  ...config.systems.map(({ name }) => run(accessSubscription(name, { service: accessOn(name) }))),
]);
process.once('SIGTERM', () => {
  void Promise.all(running.map((each) => each.stop()))
    .then(() => bus.close())
    .then(() => process.exit(0));
});
process.send!('ready');
