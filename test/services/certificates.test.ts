import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import http from 'node:http';
import https from 'node:https';
import net, { type AddressInfo } from 'node:net';
import path from 'node:path';
import { SMTPServer } from 'smtp-server';
import { certificateEnd } from '../../src/doctor/certificates.js';
import { startChild, untilAnswered, type Child } from '../../src/local/child.js';
import { findNats } from '../../src/local/find-nats.js';
import { freePort } from '../../src/local/ports.js';
import { makeCertificate, opensslLacks } from '../support/certificate.js';
import { describeUnless } from '../support/installed.js';
import { slapdLacks } from '../support/slapd.js';
import { startScriptedSmtp } from '../support/scripted-smtp.js';
import { scratchFolder } from '../support/temporal.js';

const DAYS = 5;
const DAY_MS = 86_400_000;
const { signal } = new AbortController();

describeUnless(opensslLacks, 'the end of a certificate', () => {
  let made: Awaited<ReturnType<typeof makeCertificate>>;
  before(async () => {
    made = await makeCertificate(DAYS);
  });

  async function assertRead(url: string): Promise<void> {
    const end = await certificateEnd(url, signal);
    const days = (end!.getTime() - Date.now()) / DAY_MS;
    assert.ok(days > DAYS - 1 && days <= DAYS, `${days}`);
  }
  const portOf = (server: net.Server): number => (server.address() as AddressInfo).port;

  it('is read over HTTPS, also where it is not trusted', async () => {
    const server = https.createServer(made).listen(0, '127.0.0.1');
    await once(server, 'listening');
    try {
      await assertRead(`https://127.0.0.1:${portOf(server)}/scim/v2`);
    } finally {
      server.close();
    }
  });

  it('is read from a mail server that offers STARTTLS', async () => {
    const mail = new SMTPServer({ ...made, logger: false, disableReverseLookup: true });
    mail.listen(0, '127.0.0.1');
    await once(mail.server, 'listening');
    try {
      await assertRead(`smtp://127.0.0.1:${portOf(mail.server)}`);
    } finally {
      mail.close();
    }
  });

  /** @returns the server once its port accepts connections */
  async function startServer(name: string, program: string, args: string[], port: number): Promise<Child> {
    const logFile = path.join(await scratchFolder(), `${name}.log`);
    return startChild({ name, program, args, logFile }, (_child, starting) =>
      untilAnswered(async () => {
        const socket = net.connect({ host: '127.0.0.1', port });
        await once(socket, 'connect');
        socket.destroy();
      }, starting),
    );
  }

  it('is read from NATS, which tells before TLS begins that it requires TLS', async () => {
    const port = await freePort();
    const configFile = path.join(await scratchFolder(), 'nats.conf');
    const tls = `tls { cert_file: "${made.certFile}", key_file: "${made.keyFile}" }`;
    await writeFile(configFile, `listen: "127.0.0.1:${port}"\n${tls}\n`);
    const program = await findNats((line) => console.error(line));
    const server = await startServer('NATS', program, ['--config', configFile], port);
    try {
      await assertRead(`nats://127.0.0.1:${port}`);
    } finally {
      await server.stop();
    }
  });

  describeUnless(slapdLacks, 'of LDAP', () => {
    it('is read after StartTLS', async () => {
      const port = await freePort();
      const configFile = path.join(await scratchFolder(), 'slapd.conf');
      await writeFile(
        configFile,
        `include /etc/ldap/schema/core.schema\nTLSCertificateFile ${made.certFile}\nTLSCertificateKeyFile ${made.keyFile}\n`,
      );
      const args = ['-f', configFile, '-h', `ldap://127.0.0.1:${port}`, '-d', '0'];
      const server = await startServer('slapd', '/usr/sbin/slapd', args, port);
      try {
        await assertRead(`ldap://127.0.0.1:${port}`);
      } finally {
        await server.stop();
      }
    });
  });

  it('is none where the server does no TLS', async () => {
    const mail = await startScriptedSmtp();
    const web = http.createServer().listen(0, '127.0.0.1');
    await once(web, 'listening');
    try {
      assert.equal(await certificateEnd(`smtp://127.0.0.1:${mail.port}`, signal), undefined);
      assert.equal(await certificateEnd(`http://127.0.0.1:${portOf(web)}`, signal), undefined);
    } finally {
      web.close();
      await mail.stop();
    }
  });
});
