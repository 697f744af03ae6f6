import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { copyFile, symlink } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { parse } from 'yaml';
import { startTemporal, type TemporalServer } from '../src/local/temporal-server.js';
import { decisionKey, keySet, type DecisionKey } from './support/decision-keys.js';
import { keySet as dataKeySet, newDataKey } from './support/data-keys.js';
import { passwordOf, startDeployedNats } from './support/deployed-nats.js';
import { eventually } from './support/eventually.js';
import { startTokenIssuer, type TokenIssuer } from './support/token-issuer.js';
import { startProcess } from './support/process-under-test.js';
import { scratchFolder, temporal } from './support/temporal.js';
import { freePort } from '../src/local/ports.js';

const execute = promisify(execFile);

interface Container {
  build?: string;
  entrypoint?: string[];
  command?: string[];
  environment?: Record<string, string>;
  healthcheck: { test: string[]; disable?: boolean };
}
const { services } = parse(readFileSync('docker-compose.yml', 'utf8'), { merge: true }) as {
  services: Record<string, Container>;
};
const ours = Object.entries(services).filter(([, { build, healthcheck }]) => build && !healthcheck.disable);
const [, entrypoint] = /^ENTRYPOINT (.*)$/m.exec(readFileSync('Dockerfile', 'utf8'))!;

describe('@long the processes of the deployment', () => {
  let app: string;
  let nats: Awaited<ReturnType<typeof startDeployedNats>>;
  let server: TemporalServer;
  let issuer: TokenIssuer;
  let key: DecisionKey;

  /** As `deploy/example.env` would set it. */
  function valueOf(name: string): string {
    const [, user] = /^NATS_(.*)_PASSWORD$/.exec(name) ?? [];
    if (user !== undefined) return passwordOf(user.toLowerCase());
    if (name === 'EMS_OIDC_ISSUER') return issuer.issuer;
    if (name === 'EMS_DECISION_KEY') return key.secret;
    if (name === 'EMS_DECISION_JWKS') return keySet(key);
    if (name === 'EMS_DATA_KEYS') return dataKeySet(newDataKey('2026'));
    return name === 'EMS_PUBLIC_URL' ? 'https://exits.acme.example' : `a-long-secret-for-${name}`;
  }
  before('the folder /app of the image, and the servers', async () => {
    app = await scratchFolder();
    for (const name of ['dist', 'templates', 'package.json', 'node_modules'])
      await symlink(path.resolve(name), path.join(app, name));
    await copyFile('deploy/ems.config.yaml', path.join(app, 'ems.config.yaml'));
    key = await decisionKey('2026');
    issuer = await startTokenIssuer();
    nats = await startDeployedNats(await scratchFolder());
    const { program } = await temporal();
    const logFile = path.join(await scratchFolder(), 'temporal.log');
    server = await startTemporal({ program, port: await freePort(), logFile });
  });
  after(async () => {
    await issuer.stop();
    await nats.stop();
    await server.stop();
  });

  /** The hosts of the network are ports of this machine; everything else is as the container has it. */
  const here = (text: string, ports: Record<string, number>): string =>
    text
      .replaceAll(/\$\{([A-Z_]+):\?[^}]*\}/g, (_, name: string) => valueOf(name))
      .replaceAll('temporal:7233', server.address)
      .replaceAll('nats:4222', nats.address)
      .replaceAll(/\$\{[A-Z_]+:-([^}]*)\}/g, '$1')
      .replaceAll(/\b80(81|82|90)\b/g, (port) => String(ports[port]));

  it('there is one for each service of each form', () => {
    assert.equal(ours.length, 10);
  });

  for (const [name, container] of ours)
    it(`${name} starts with its own environment, passes its health check, and ends on SIGTERM`, async () => {
      const ports = { 8081: await freePort(), 8082: await freePort(), 8090: await freePort() };
      const environment = Object.entries(container.environment ?? {});
      const env = Object.fromEntries(environment.map(([key, value]) => [key, here(value, ports)]));
      const check = async (): Promise<boolean> => {
        const [kind, program, ...args] = container.healthcheck.test.map((part) => here(part, ports));
        assert.equal(kind, 'CMD');
        return execute(program!, args).then(
          () => true,
          () => false,
        );
      };
      assert.equal(await check(), false, 'it does not run yet');
      const told = [
        ...(container.entrypoint ?? (JSON.parse(entrypoint!) as string[])),
        ...container.command!,
      ];
      const [program, ...args] = told.map((part) => here(part, ports));
      const started = startProcess(env, args, program, app);
      try {
        await eventually(
          `${name} to be healthy: ${started.stderr()}`,
          async () => (await check()) || undefined,
          20_000,
        ).catch((error: Error) => assert.fail(`${error.message}\n${started.stderr()}`));
        started.child.kill('SIGTERM');
        assert.equal(await started.ended, 0, started.stderr());
      } finally {
        started.child.kill('SIGKILL');
      }
    });
});
