import { Argument } from 'commander';
import { runServices } from '../choreography/subscribers/process.js';
import { subscriberNames, type SubscriberName } from '../choreography/subscribers/start.js';
import { natsConfigFor } from './connect.js';
import type { Define } from './session.js';

/** Where a nats-server listens by default. */
const DEFAULT = { servers: ['127.0.0.1:4222'] };

const service: Define = (command, session) =>
  command
    .addArgument(new Argument('<services...>', 'which of them').choices(subscriberNames))
    .option('--health-file <path>', 'a file to touch for as long as JetStream answers')
    .addHelpText(
      'after',
      '\nNATS_URL says where NATS is. Each service may run in several processes.\n\nExample:\n  ems service access',
    )
    .action(async (services: SubscriberName[], { healthFile }: { healthFile?: string }) => {
      const nats = natsConfigFor(session.io.env) ?? DEFAULT;
      await runServices(services, await session.configuration(), nats, session.endless(), healthFile);
    });

export default service;
