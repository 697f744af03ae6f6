/** A critical system over LDAP. */
import { createLdapAdapter } from '../../src/services/access/adapters/ldap-adapter.js';
import { createLdapClient } from '../../src/services/protocols/ldap.js';
import type { Connection } from './critical-system.js';
import { ldapAdmin } from './ldap-admin.js';
import { startLdapProxy } from './ldap-proxy.js';
import type { LdapServer } from './ldap-server.js';
import { byEmployeeId } from './matching.js';

export const overLdap =
  (start: () => Promise<LdapServer>) =>
  async (prefix: string): Promise<Connection> => {
    const server = await start();
    const { bindDn, password, userBase, groupBase, dialect, making } = server;
    const proxy = await startLdapProxy(server.url);
    const ldap = createLdapClient({
      name: 'payroll',
      url: proxy.url,
      bindDn,
      password,
      requestTimeoutMs: 2000,
    });
    return {
      protocol: 'ldap',
      token: password,
      proxy,
      admin: ldapAdmin(server, prefix),
      port: createLdapAdapter({ ldap, dialect, userBase, groupBase, ids: making.keys }),
      match: byEmployeeId(...making.keys),
      etags: () => Promise.resolve(dialect.capabilities.conditionalWrites),
      tellsDeletion: false,
      stop: async () => {
        await proxy.stop();
        await server.stop();
      },
    };
  };
