/** How EMS logs in over LDAP, on servers that want another way: a simple bind, over TLS or StartTLS. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import net from 'node:net';
import path from 'node:path';
import { FailureType, isFinalFailure } from '../../src/exit/failures.js';
import { startChild, untilAnswered } from '../../src/local/child.js';
import { freePort } from '../../src/local/ports.js';
import { createLdapClient, NONE } from '../../src/services/protocols/ldap.js';
import { makeCertificate, opensslLacks } from '../support/certificate.js';
import { describeUnless } from '../support/installed.js';
import { slapdLacks } from '../support/slapd.js';
import { scratchFolder } from '../support/temporal.js';

const { signal } = new AbortController();
const service = { bindDn: 'cn=ems,dc=acme', password: 'a-password' };
const SIMPLE = /EMS logs in by a simple bind alone, with no SASL mechanism and no client certificate/;

describeUnless(slapdLacks ?? opensslLacks, 'a login over LDAP', () => {
  let made: Awaited<ReturnType<typeof makeCertificate>>;
  before(async () => {
    made = await makeCertificate(5);
  });

  /** Asks a slapd with these further settings. @returns the failure */
  async function failureWith(scheme: 'ldap' | 'ldaps', ...settings: string[]): Promise<Error> {
    const folder = await scratchFolder();
    const [port, configFile] = [await freePort(), path.join(folder, 'slapd.conf')];
    const tls = [`TLSCertificateFile ${made.certFile}`, `TLSCertificateKeyFile ${made.keyFile}`];
    const database = [
      'database mdb',
      'suffix dc=acme',
      `rootdn ${service.bindDn}`,
      `rootpw ${service.password}`,
    ];
    const modules = ['modulepath /usr/lib/ldap', 'moduleload back_mdb'];
    const schema = 'include /etc/ldap/schema/core.schema';
    const lines = [schema, ...modules, ...tls, ...settings, ...database, `directory ${folder}`];
    await writeFile(configFile, `${lines.join('\n')}\n`);
    const url = `${scheme}://127.0.0.1:${port}`;
    const args = ['-f', configFile, '-h', url, '-d', '0'];
    const server = await startChild(
      { name: 'slapd', program: '/usr/sbin/slapd', args, logFile: path.join(folder, 'log') },
      (_child, starting) =>
        untilAnswered(async () => {
          const socket = net.connect({ host: '127.0.0.1', port });
          await once(socket, 'connect');
          socket.destroy();
        }, starting),
    );
    try {
      const client = { name: 'unix', url, ca: String(made.cert), requestTimeoutMs: 5000, ...service };
      const error: unknown = await createLdapClient(client)
        .session(signal, (session) => session.read('dc=acme', NONE))
        .catch((failure: unknown) => failure);
      assert.ok(error instanceof Error);
      return error;
    } finally {
      await server.stop();
    }
  }

  for (const scheme of ['ldap', 'ldaps'] as const)
    it(`says that the server wants a client certificate, and not that its own is not trusted: ${scheme}`, async () => {
      const certificates = [`TLSCACertificateFile ${made.certFile}`, 'TLSVerifyClient demand'];
      const { message } = await failureWith(scheme, ...certificates);
      assert.match(message, SIMPLE);
      assert.doesNotMatch(message, /not trusted/);
    });

  for (const setting of ['require SASL', 'disallow bind_simple', 'security simple_bind=999'])
    it(`says that the server takes no simple bind: ${setting}`, async () => {
      const error = await failureWith('ldaps', setting);
      assert.ok(isFinalFailure(error, FailureType.Refused));
      assert.match(error.message, SIMPLE);
    });
});
