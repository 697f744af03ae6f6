/** The three NATS nodes of the deployment. */
import assert from 'node:assert/strict';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { startChild, untilAnswered, type Child } from '../../src/local/child.js';
import { findNats } from '../../src/local/find-nats.js';
import { passwordOf, natsUsers } from './deployed-nats.js';
import { replaced } from './replaced.js';
import { scratchFolder } from './temporal.js';
import { freePort } from '../../src/local/ports.js';

interface Node {
  child: Child;
  /** `host:port` of clients. */
  address: string;
  routeAddress: string;
  /** How many other servers it has a route to. */
  routes: () => Promise<number>;
}

const ROUTE_PASSWORD = 'secret-of-routes';

export async function startNatsCluster() {
  const ports: Record<'client' | 'route' | 'http', number>[] = [];
  for (let n = 0; n < 3; n += 1)
    ports.push({ client: await freePort(), route: await freePort(), http: await freePort() });
  const routes = Object.fromEntries(
    ports.map(({ route }, n) => [`NATS_ROUTE_${n + 1}`, `nats://route:${ROUTE_PASSWORD}@127.0.0.1:${route}`]),
  );
  const passwords = natsUsers.map((user) => [`NATS_${user.toUpperCase()}_PASSWORD`, passwordOf(user)]);
  const env = { ...Object.fromEntries(passwords), ...routes, NATS_ROUTE_PASSWORD: ROUTE_PASSWORD };
  const program = await findNats((line) => console.error(line));
  const folder = await scratchFolder();

  async function start(n: number): Promise<Node> {
    const { client, route, http } = ports[n]!;
    const own = path.join(folder, String(n));
    await mkdir(own, { recursive: true });
    const server = await readFile('deploy/nats-server.conf', 'utf8');
    const here = {
      '0.0.0.0:4222': `"127.0.0.1:${client}"`,
      '127.0.0.1:8222': `127.0.0.1:${http}`,
      '/data': own,
    };
    await writeFile(path.join(own, 'nats-server.conf'), replaced(server, here));
    const cluster = await readFile('deploy/nats-cluster.conf', 'utf8');
    const config = path.join(own, 'nats-cluster.conf');
    await writeFile(config, replaced(cluster, { '0.0.0.0:6222': `"127.0.0.1:${route}"` }));
    const args = ['--config', config, '--name', `nats-${n + 1}`];
    const spec = { name: `NATS ${n + 1}`, program, args, env, logFile: path.join(own, 'nats.log') };
    const child = await startChild(spec, (_child, signal) =>
      untilAnswered(async () => void (await fetch(`http://127.0.0.1:${http}/varz`, { signal })), signal),
    );
    return {
      child,
      address: `127.0.0.1:${client}`,
      routeAddress: `127.0.0.1:${route}`,
      async routes() {
        const answer = await fetch(`http://127.0.0.1:${http}/routez`);
        const { routes } = (await answer.json()) as { routes: { remote_id: string }[] };
        return new Set(routes.map(({ remote_id }) => remote_id)).size;
      },
    };
  }

  const nodes = await Promise.all([start(0), start(1), start(2)]);
  return {
    nodes,
    /** All three, as the user `ems`. */
    url: nodes.map(({ address }) => `nats://ems:${passwordOf('ems')}@${address}`).join(','),
    /** Again, with its data. */
    async restart(n: number) {
      nodes[n] = await start(n);
    },
    /** A server that is not ours, and has a route to the first node. */
    async startForeign() {
      const own = path.join(folder, 'foreign');
      await mkdir(own, { recursive: true });
      const config = path.join(own, 'nats.conf');
      const [first] = nodes;
      await writeFile(
        config,
        `listen: "127.0.0.1:${await freePort()}"
cluster { name: ems, listen: "127.0.0.1:${await freePort()}", routes: ["nats://${first.routeAddress}"] }
`,
      );
      const spec = {
        name: 'a foreign NATS',
        program,
        args: ['--config', config],
        logFile: path.join(own, 'nats.log'),
      };
      const child = await startChild(spec, (_child, signal) =>
        untilAnswered(
          async () => assert.match(await readFile(spec.logFile, 'utf8'), /Server is ready/),
          signal,
        ),
      );
      return { child, log: () => readFile(spec.logFile, 'utf8') };
    },
    stop: () => Promise.all(nodes.map(({ child }) => child.stop())),
  };
}
