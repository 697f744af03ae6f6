/** The NATS server of the deployment, with a password for each of its users. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { subscriberNames } from '../../src/choreography/subscribers/start.js';
import { startChild, untilAnswered } from '../../src/local/child.js';
import { findNats } from '../../src/local/find-nats.js';
import { replaced } from './replaced.js';
import { freePort } from '../../src/local/ports.js';

export const natsUsers = ['ems', ...subscriberNames];
export const passwordOf = (user: string): string => `secret-of-${user}`;

export async function startDeployedNats(folder: string) {
  const [port, healthPort] = [await freePort(), await freePort()];
  const address = `127.0.0.1:${port}`;
  const configFile = path.join(folder, 'nats-server.conf');
  // As deployed, except for its addresses and the folder of its data.
  const here = {
    'listen: 0.0.0.0:4222': `listen: "${address}"`,
    '127.0.0.1:8222': `127.0.0.1:${healthPort}`,
    '/data': folder,
  };
  await writeFile(configFile, replaced(readFileSync('deploy/nats-server.conf', 'utf8'), here));
  const server = await startChild(
    {
      name: 'NATS',
      program: await findNats((line) => console.error(line)),
      args: ['--config', configFile],
      env: Object.fromEntries(
        natsUsers.map((user) => [`NATS_${user.toUpperCase()}_PASSWORD`, passwordOf(user)]),
      ),
      logFile: path.join(folder, 'nats.log'),
    },
    (_child, signal) =>
      untilAnswered(async () => {
        const { status } = await fetch(`http://127.0.0.1:${healthPort}/healthz`, { signal });
        assert.equal(status, 200);
      }, signal),
  );
  return { ...server, address, urlOf: (user: string) => `nats://${user}:${passwordOf(user)}@${address}` };
}
