/** The life of a worker's or a service's process: it starts, serves until a signal, and stops what it has begun. */
import { once } from 'node:events';
import type { HealthAddress } from './health-option.js';
import { serveHealth } from './health.js';
import type { Log } from './logger.js';
import { startTracing } from './tracing.js';

export interface Serving {
  /** Throws where it does not serve at present. */
  checkReady: () => Promise<void>;
  /** Rejects once it can serve no more. */
  failed: Promise<never>;
  stop: () => Promise<void>;
}

interface ProcessOptions {
  /** For the log. */
  name: string;
  log: Log;
  /** Ends the process. */
  signal: AbortSignal;
  /** Where to answer `/healthz` and `/readyz`; default: nowhere. */
  health?: HealthAddress | undefined;
  /** Resolves once it serves. It stops what it has begun where it fails, and gives up on the signal. */
  start: (signal: AbortSignal) => Promise<Serving>;
}

/** @throws Error of a failed start, or of what ended the process */
export async function runProcess({ name, log, signal, health, start }: ProcessOptions): Promise<void> {
  let serving: Serving | undefined;
  const checkReady = (): Promise<void> =>
    serving ? serving.checkReady() : Promise.reject(new Error(`${name} is starting`));
  const server = health && (await serveHealth(health, checkReady));
  log.info(`${name} connecting`);
  const stopTracing = await startTracing('ems', log);
  try {
    const stopped = signal.aborted ? Promise.resolve() : once(signal, 'abort');
    await Promise.race([stopped, begin()]);
    if (serving) await Promise.race([stopped, serving.failed]);
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    server?.close();
    server?.closeAllConnections();
    if (serving) {
      log.info(`${name} stops`);
      await serving.stop();
    }
    await stopTracing();
  }

  async function begin(): Promise<void> {
    serving = await start(signal);
    process.send?.('ready');
    log.info(`${name} ready`);
  }
}
