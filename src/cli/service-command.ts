import { Argument, Command } from 'commander';
import { subscriberNames, type SubscriberName } from '../choreography/subscribers/start.js';
import { runServices } from '../choreography/subscribers/process.js';
import { configuration, natsConfig } from './connect.js';

/** Where a nats-server listens that nobody has told otherwise. */
const DEFAULT = { servers: ['127.0.0.1:4222'] };

export function serviceCommand(): Command {
  return new Command('service')
    .description(
      'Runs services of the choreographed form until Ctrl-C. NATS_URL says where NATS is; each service may run in several processes.',
    )
    .addArgument(new Argument('<services...>', 'which of them').choices(subscriberNames))
    .option('--health-file <path>', 'a file to touch for as long as JetStream answers')
    .addHelpText('after', '\nExample:\n  ems service access')
    .action((services: SubscriberName[], { healthFile }: { healthFile?: string }) =>
      runServices(services, configuration(), natsConfig() ?? DEFAULT, healthFile),
    );
}
