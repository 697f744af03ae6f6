/** Starts the embedded NATS server, with JetStream on disk. */
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { connect } from '@nats-io/transport-node';
import { startChild, untilAnswered } from './child.js';

interface NatsOptions {
  /** A nats-server (find-nats.ts). */
  program: string;
  port: number;
  /** Keeps streams, consumers and buckets. */
  storeDir: string;
  logFile: string;
}

export type NatsServer = Awaited<ReturnType<typeof startNats>>;

export async function startNats({ program, port, storeDir, logFile }: NatsOptions) {
  const url = `nats://127.0.0.1:${port}`;
  await mkdir(storeDir, { recursive: true });
  const configFile = path.join(storeDir, 'nats-server.conf');
  // By default JetStream syncs every two minutes, and a power loss would lose acknowledged messages.
  const config = `listen: "127.0.0.1:${port}"
jetstream { store_dir: ${JSON.stringify(storeDir)}, sync_interval: always }
`;
  await writeFile(configFile, config);
  const spec = { name: 'NATS', program, args: ['--config', configFile], logFile };
  const child = await startChild(spec, (_child, signal) =>
    untilAnswered(async () => {
      const connection = await connect({ servers: url, reconnect: false, timeout: 1000 });
      try {
        // The server opens its port before it has recovered the streams.
        await connection.request('$JS.API.INFO', undefined, { timeout: 1000 });
      } finally {
        await connection.close();
      }
    }, signal),
  );
  return { ...child, url };
}
