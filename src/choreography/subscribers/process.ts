/** The process of one or more services of the choreographed form. */
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { connectBus, type Bus } from '../jetstream/bus.js';
import type { Config } from '../../config/config.js';
import type { NatsConfig } from '../../config/environment.js';
import { startServices, type SubscriberName } from './start.js';

/** A container's health check calls a file of over a minute dead. */
const HEALTH_EVERY_MS = 10_000;

/**
 * Runs until the signal; what is under way is then left to the next process.
 * @param healthFile touched for as long as JetStream answers
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
    console.error(`Not healthy: ${(error as Error).message}`);
  }
}
