/** The process of one or more services of the choreographed form. */
import type { Config } from '../../config/config.js';
import type { NatsConfig } from '../../config/environment.js';
import type { Log } from '../../process/logger.js';
import type { Serving } from '../../process/run-process.js';
import { connectBus } from '../jetstream/bus.js';
import { startServices, type SubscriberName } from './start.js';

/** When it stops, another process takes over the work in progress. */
export async function serveServices(
  services: readonly SubscriberName[],
  config: Config,
  nats: NatsConfig,
  log: Log,
  signal: AbortSignal,
): Promise<Serving> {
  const bus = await connectBus(nats, `ems ${services.join(', ')}`, signal);
  const close = (): void => void bus.close();
  // A closed connection ends every request that the start waits for.
  signal.addEventListener('abort', close);
  try {
    const running = await startServices({ bus, config, services, log });
    return {
      checkReady: async () => void (await bus.jsm.getAccountInfo()),
      failed: bus.connection.closed().then((error) => {
        throw error ?? new Error('The connection to NATS is closed');
      }),
      async stop() {
        await running.stop();
        await bus.close();
      },
    };
  } catch (error) {
    await bus.close();
    throw error;
  } finally {
    signal.removeEventListener('abort', close);
  }
}
