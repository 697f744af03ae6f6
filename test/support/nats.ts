/** A NATS server for a test, which can be killed and comes back with its data. */
import assert from 'node:assert/strict';
import { connect as connectSocket } from 'node:net';
import path from 'node:path';
import { connect, headers, type NatsConnection } from '@nats-io/transport-node';
import { findNats } from '../../src/local/find-nats.js';
import { startNats, type NatsServer } from '../../src/local/nats-server.js';
import { signalServer } from './processes.js';
import { scratchFolder } from './temporal.js';
import { freePort } from '../../src/local/ports.js';

export interface Broker {
  /** `host:port` */
  address: string;
  url: string;
  /** Of the streams. */
  storeDir: string;
  /** kill -9, of the server itself. */
  kill: () => Promise<void>;
  signal: (name: NodeJS.Signals) => void;
  /** Again on the same port, with the same data. */
  start: () => Promise<void>;
  stop: () => Promise<void>;
}

export async function startBroker(): Promise<Broker> {
  const program = await findNats((line) => console.error(line));
  const folder = await scratchFolder();
  const storeDir = path.join(folder, 'jetstream');
  const port = await freePort();
  let server: NatsServer;
  const start = async (): Promise<void> => {
    const files = { storeDir, logFile: path.join(folder, 'nats.log') };
    server = await startNats({ program, port, ...files });
  };
  await start();
  return {
    address: `127.0.0.1:${port}`,
    url: `nats://127.0.0.1:${port}`,
    storeDir,
    start,
    signal: (name) => signalServer(server, name),
    async kill() {
      signalServer(server, 'SIGKILL');
      await server.exited;
    },
    stop: () => server.stop(),
  };
}

/** A program that is not ours: publishes what it likes, under the headers that it likes. */
export async function stranger({ address }: Broker) {
  const connection: NatsConnection = await connect({ servers: address });
  return {
    async publish(subject: string, data: string, attributes: Record<string, string> = {}): Promise<number> {
      const message = headers();
      for (const [name, value] of Object.entries(attributes)) message.set(name, value);
      const ack = await connection.request(subject, data, { headers: message, timeout: 5_000 });
      return ack.json<{ seq: number }>().seq;
    },
    close: () => connection.close(),
  };
}

/** A program without a library: whatever bytes it likes, also for headers. Returns when they are recorded. */
export async function publishRaw({ address }: Broker, subject: string, header: string, data: string) {
  const [host, port] = address.split(':');
  const socket = connectSocket(Number(port), host);
  socket.write('CONNECT {"verbose":false,"headers":true}\r\nSUB raw.answers 1\r\n');
  const length = Buffer.byteLength(header);
  socket.write(`HPUB ${subject} raw.answers ${length} ${length + Buffer.byteLength(data)}\r\n`);
  socket.write(`${header}${data}\r\n`);
  let answer = '';
  for await (const chunk of socket) {
    answer += String(chunk);
    if (answer.includes('"seq"') || answer.includes('-ERR')) break;
  }
  assert.match(answer, /"seq"/);
}

/** The attributes that the documentation asks for. */
export const cloudEvent = (type: string, id: string): Record<string, string> => ({
  'ce-specversion': '1.0',
  'ce-id': id,
  'ce-source': '/a/stranger',
  'ce-type': type,
  'content-type': 'application/json',
});
