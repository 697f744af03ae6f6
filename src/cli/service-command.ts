import { Argument } from 'commander';
import { serveServices } from '../choreography/subscribers/process.js';
import { subscriberNames, type SubscriberName } from '../choreography/subscribers/start.js';
import { healthOption, type HealthAddress } from '../process/health-option.js';
import { createLog } from '../process/logger.js';
import { runProcess } from '../process/run-process.js';
import { natsConfigFor } from './connect.js';
import type { Define } from './session.js';

/** Where a nats-server listens by default. */
const DEFAULT = { servers: ['127.0.0.1:4222'] };

const service: Define = (command, session) =>
  command
    .addArgument(new Argument('<services...>', 'which of them').choices(subscriberNames))
    .addOption(healthOption())
    .addHelpText(
      'after',
      '\nNATS_URL says where NATS is. Each service may run in several processes.\n\nExample:\n  ems service access',
    )
    .action(async (services: SubscriberName[], { health }: { health?: HealthAddress }) => {
      const nats = natsConfigFor(session.io.env) ?? DEFAULT;
      const config = await session.configuration();
      const log = createLog();
      await runProcess({
        name: `service ${services.join(', ')} on ${nats.servers.join(', ')}`,
        log,
        signal: session.endless(),
        health,
        start: (signal) => serveServices(services, config, nats, log, signal),
      });
    });

export default service;
