/** The process of one or more services of the choreographed form. */
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { connectBus, type Bus } from '../jetstream/bus.js';
import type { Config } from '../../config/config.js';
import type { NatsConfig } from '../../config/environment.js';
import { startServices, type SubscriberName } from './start.js';

/** The container's health check fails where the file is older than one minute. */
const HEALTH_EVERY_MS = 10_000;

/**
 * Runs until the signal; then another process takes over the work in progress.
 * @param healthFile its modification time is renewed while JetStream answers
 * @throws where the connection to NATS closes with an error
 */
export async function runServices(
  services: readonly SubscriberName[],
  config: Config,
  nats: NatsConfig,
  signal: AbortSignal,
  healthFile?: string,
): Promise<void> {
  const stopped = once(signal, 'abort');
  const bus = await connectBus(nats, `ems ${services.join(', ')}`);
  try {
    const running = await startServices({ bus, config, services });
    process.send?.('ready');
    console.error(`service ready: ${services.join(', ')} on ${nats.servers.join(', ')}`);
    if (healthFile) {
      await touch(healthFile, bus);
      setInterval(() => void touch(healthFile, bus), HEALTH_EVERY_MS).unref();
    }
    const failure = await Promise.race([stopped.then(() => undefined), bus.connection.closed()]);
    if (failure) throw failure;
    await running.stop();
  } finally {
    await bus.close();
  }
}

async function touch(file: string, { jsm }: Bus): Promise<void> {
  try {
    await jsm.getAccountInfo();
    await writeFile(file, '');
  } catch (error) {
    console.error(`service not healthy: ${(error as Error).message}`);
  }
}
