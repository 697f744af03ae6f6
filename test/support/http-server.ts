/** The HTTP server over the exits of a test, on a port of its own. */
import { peopleOf } from '../../src/client/employees.js';
import { remoteCodecOf } from '../../src/client/remote-codec.js';
import { loadDataKeys } from '../../src/config/data-keys.js';
import { createServer } from '../../src/http/server.js';
import { createLog } from '../../src/process/logger.js';
import { loadSettings } from '../../src/http/settings.js';
import type { BothFormsWorld } from './both-forms-world.js';
import { freePort } from '../../src/local/ports.js';

export const SESSION_SECRET = 'a secret of the tests, long enough';
export const CONSOLE_SECRET = 'a secret of the console';

export interface HttpServer {
  url: string;
  audience: string;
  /** What it has logged, as a machine reads it. */
  log: Record<string, unknown>[];
  stop: () => Promise<void>;
}

/** What `ems serve` needs in its environment. */
export const serverEnv = (port: number, issuer: string): Record<string, string> => ({
  EMS_HTTP_PORT: String(port),
  EMS_SESSION_SECRET: SESSION_SECRET,
  EMS_OIDC_ISSUER: issuer,
  EMS_OIDC_CLIENT_ID: 'ems-console',
  EMS_OIDC_CLIENT_SECRET: CONSOLE_SECRET,
  EMS_OIDC_PROGRAMS: 'hris',
});

export async function startHttpServer(
  { application, config, env: { EMS_DATA_KEYS } }: Pick<BothFormsWorld, 'application' | 'config' | 'env'>,
  issuer: string,
  wanted?: number,
  requestsPerMinute = 10_000,
  /** Further settings. */
  env: Record<string, string> = {},
): Promise<HttpServer> {
  const port = wanted ?? (await freePort());
  const settings = loadSettings({
    ...serverEnv(port, issuer),
    EMS_REQUESTS_PER_MINUTE: String(requestsPerMinute),
    ...env,
  });
  const people = peopleOf(() => config);
  const codec = remoteCodecOf(loadDataKeys({ EMS_DATA_KEYS }));
  const log: HttpServer['log'] = [];
  const app = await createServer({
    ...{ application, people, codec, version: '0.0.0-test', settings, config },
    log: createLog({ write: (line) => void log.push(JSON.parse(line) as Record<string, unknown>) }),
  });
  await app.listen({ host: settings.host, port });
  return { url: settings.publicUrl, audience: settings.oidc.audience, log, stop: () => app.close() };
}
