/** The process of a service of the choreographed form: `node dist/src/service.js notification|hr|access [...]`. */
import { once } from 'node:events';
import { Argument, Command } from 'commander';
import { connectBus } from './choreography/bus.js';
import { loadConfig, loadNatsConfig } from './config.js';
import { startServices, subscriberNames, type SubscriberName } from './create-services.js';

const [services] = new Command('service')
  .description('Runs services of the choreographed form until SIGINT or SIGTERM.')
  .addArgument(new Argument('<services...>', 'which of them').choices(subscriberNames))
  .parse().processedArgs as [SubscriberName[]];

try {
  await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  if (error instanceof Error && error.cause) console.error('Cause:', error.cause);
  process.exitCode = 1;
}

async function main(): Promise<void> {
  const config = loadConfig();
  const nats = loadNatsConfig() ?? { servers: ['127.0.0.1:4222'] };
  const bus = await connectBus(nats, `ems ${services.join(', ')}`);
  try {
    const told = Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
    const running = await startServices({ bus, config, services });
    process.send?.('ready');
    console.error(`service ready: ${services.join(', ')} on ${nats.servers.join(', ')}`);
    const ended = await Promise.race([told.then(() => undefined), bus.connection.closed()]);
    if (ended) throw ended;
    await running.stop();
  } finally {
    await bus.close();
  }
}
