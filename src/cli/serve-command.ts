import { once } from 'node:events';
import type { Config } from '../config/config.js';
import { ConfigError } from '../config/config-error.js';
import { loadDataKeys } from '../config/data-keys.js';
import { loadSigner } from '../config/decision-key.js';
import { peopleOf } from '../client/employees.js';
import { remoteCodecOf } from '../client/remote-codec.js';
import { createServer } from '../http/server.js';
import { loadSettings } from '../http/settings.js';
import { healthOption, type HealthAddress } from '../process/health-option.js';
import { serveHealth } from '../process/health.js';
import { createLog } from '../process/logger.js';
import { version } from '../process/package-version.js';
import { startTracing } from '../process/tracing.js';
import type { Define } from './session.js';

const serve: Define = (command, session) =>
  command
    .addOption(healthOption())
    .addHelpText(
      'after',
      '\nThe environment says who may log in, and where (docs/console.md). "npm start" runs it for the local stack.\n\nExample:\n  ems serve',
    )
    .action(async ({ health }: { health?: HealthAddress }) => {
      const settings = loadSettings(session.io.env);
      const stop = session.endless();
      const stopped = once(stop, 'abort');
      const config = await session.configuration();
      requireKey(config, loadSigner(session.io.env)?.kid);
      const application = await session.ownApplication();
      const people = peopleOf(() => config);
      const codec = remoteCodecOf(loadDataKeys(session.io.env));
      const log = createLog();
      const stopTracing = await startTracing('ems', log, session.io.env);
      const server = await createServer({
        application,
        people,
        codec,
        version,
        settings,
        config,
        log,
      });
      await server.listen({ host: settings.host, port: settings.port });
      const closeMetrics = health && (await serveMetrics(health));
      process.send?.('ready');
      session.warn(`the console is ready at ${settings.publicUrl}`);
      await stopped;
      await Promise.all([server.close(), closeMetrics?.()]);
      await stopTracing();

      /** On a port of their own: the figures of exits are not for all who reach the console. */
      async function serveMetrics(address: HealthAddress): Promise<() => Promise<unknown>> {
        const { gaugeEngines } = await import('../doctor/engine-gauges.js');
        const { temporal, nats } = await session.surroundings();
        const closeEngines = gaugeEngines({ temporal, nats });
        const checkReady = async (): Promise<void> => {
          const { statusCode, body } = await server.inject('/readyz');
          if (statusCode !== 200) throw new Error(body);
        };
        const listening = await serveHealth(address, checkReady);
        return async () => {
          listening.close();
          listening.closeAllConnections();
          await closeEngines();
        };
      }
    });

export default serve;

/** @throws ConfigError where no exit would take what this API sends */
function requireKey({ decisions: { signed } }: Config, kid: string | undefined): void {
  if (!signed || signed.keys.some((key) => key.kid === kid)) return;
  throw new ConfigError(
    kid === undefined
      ? 'EMS_DECISION_KEY: must be set, or EMS_DECISION_KEY_FILE: the configuration asks for signed decisions'
      : `EMS_DECISION_KEY: its kid "${kid}" is none of decisions.signed.keys: add the public key there`,
  );
}
