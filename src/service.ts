/** The process of one or more services of the choreographed form. */
import { once } from 'node:events';
import { connectBus } from './choreography/bus.js';
import type { Config, NatsConfig } from './config.js';
import { startServices, type SubscriberName } from './create-services.js';

/** Runs until SIGINT or SIGTERM; what is under way is then left to the next process. */
export async function runServices(
  services: readonly SubscriberName[],
  config: Config,
  nats: NatsConfig,
): Promise<void> {
  const told = Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
  const bus = await connectBus(nats, `ems ${services.join(', ')}`);
  try {
    const running = await startServices({ bus, config, services });
    process.send?.('ready');
    console.error(`service ready: ${services.join(', ')} on ${nats.servers.join(', ')}`);
    const failure = await Promise.race([told.then(() => undefined), bus.connection.closed()]);
    if (failure) throw failure;
    await running.stop();
  } finally {
    await bus.close();
  }
}
