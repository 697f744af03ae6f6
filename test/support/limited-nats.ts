/** A NATS server as a managed account gives it: one account with limits. */
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { connect } from '@nats-io/transport-node';
import { connectBus, type Bus } from '../../src/choreography/jetstream/bus.js';
import { natsConfigOf } from '../../src/config/environment.js';
import { startChild, untilAnswered } from '../../src/local/child.js';
import { findNats } from '../../src/local/find-nats.js';
import { scratchFolder } from './temporal.js';
import { freePort } from '../../src/local/ports.js';

interface LimitedNats {
  /** With user and password. */
  url: string;
  stop: () => Promise<void>;
}

/**
 * @param account the limits of the account's `jetstream` block, as the server's configuration writes them
 * @param server the settings of the server, likewise
 */
async function startLimitedNats(account: string, server = ''): Promise<LimitedNats> {
  const program = await findNats((line) => console.error(line));
  const folder = await scratchFolder();
  const port = await freePort();
  const file = path.join(folder, 'nats.conf');
  await writeFile(
    file,
    `listen: "127.0.0.1:${port}"
${server.includes('jetstream') ? '' : `jetstream { store_dir: ${JSON.stringify(path.join(folder, 'jetstream'))} }`}
${server.replace('STORE', JSON.stringify(path.join(folder, 'jetstream')))}
accounts { ACME { jetstream { ${account} }, users: [{ user: ems, password: secret }] } }
`,
  );
  const url = `nats://ems:secret@127.0.0.1:${port}`;
  const spec = { name: 'NATS', program, args: ['--config', file], logFile: path.join(folder, 'nats.log') };
  const child = await startChild(spec, (_child, signal) =>
    untilAnswered(async () => {
      const connection = await connect({
        servers: url,
        user: 'ems',
        pass: 'secret',
        reconnect: false,
        timeout: 1_000,
      });
      try {
        await connection.request('$JS.API.INFO', undefined, { timeout: 1_000 });
      } finally {
        await connection.close();
      }
    }, signal),
  );
  return { url, stop: () => child.stop() };
}

/** A server for each test that starts one, and the connections to it. */
export function limitedNats() {
  let server: LimitedNats | undefined;
  const buses: Bus[] = [];
  afterEach(async () => {
    for (const bus of buses.splice(0)) await bus.close();
    await server?.stop();
    server = undefined;
  });
  return {
    start: async (...limits: Parameters<typeof startLimitedNats>): Promise<LimitedNats> =>
      (server = await startLimitedNats(...limits)),
    connected: async (settings: Record<string, string> = {}): Promise<Bus> => {
      const bus = await connectBus(natsConfigOf(server!.url, settings), 'a test');
      buses.push(bus);
      return bus;
    },
  };
}
