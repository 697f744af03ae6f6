/** A critical system over SCIM. */
import { createScimAdapter } from '../../src/services/access/adapters/scim-adapter.js';
import { createScimClient } from '../../src/services/protocols/scim.js';
import type { Connection } from './critical-system.js';
import { startFaultProxy, type Quirk } from './fault-proxy.js';
import { byEmployeeId } from './matching.js';
import { sampleConfig, scimSystemsOf } from './sample-config.js';
import { scimAdmin } from './scim-admin.js';

export interface CriticalServer {
  scimUrl: string;
  token: string;
  stop: () => Promise<void>;
}

export interface ScimSystem {
  server: () => Promise<CriticalServer>;
  quirk?: Quirk | undefined;
  accountAttribute?: string | undefined;
  requestTimeoutMs?: number | undefined;
}

export const overScim =
  ({
    server: start,
    quirk,
    accountAttribute = scimSystemsOf(sampleConfig)[0]!.match.at(-1)!.attribute,
    requestTimeoutMs = 2000,
  }: ScimSystem) =>
  async (prefix: string): Promise<Connection> => {
    const server = await start();
    const { token } = server;
    const quirky = quirk && (await startFaultProxy(server.scimUrl));
    quirky?.quirk(quirk);
    const scimUrl = quirky?.url ?? server.scimUrl;
    const proxy = await startFaultProxy(scimUrl);
    const admin = scimAdmin({ scimUrl, token }, prefix);
    const scim = createScimClient({ name: 'payroll', scimUrl: proxy.url, token, requestTimeoutMs });
    return {
      protocol: 'scim',
      token,
      proxy,
      admin,
      port: createScimAdapter({ scim }),
      match: byEmployeeId('externalId', accountAttribute),
      etags: () => admin.announcesEtags(),
      /** The employee id where the system is configured to keep it; the employee number is set anyway. */
      identity(name) {
        if (accountAttribute === 'userName') return { userName: name };
        return accountAttribute.startsWith('urn:')
          ? {}
          : { attributes: { [accountAttribute]: prefix + name } };
      },
      async stop() {
        await proxy.stop();
        await quirky?.stop();
        await server.stop();
      },
    };
  };
