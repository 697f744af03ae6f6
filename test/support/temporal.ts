/** One Temporal dev server for each process of the test run; it ends with its process (local/guard.ts). */
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { NativeConnection } from '@temporalio/worker';
import { findTemporal } from '../../src/local/find-temporal.js';
import { startTemporal, type TemporalServer } from '../../src/local/temporal-server.js';
import { payloadConverterPath } from '../../src/temporal/namespace.js';
import { freePort } from '../../src/local/ports.js';

export interface SharedTemporal {
  server: TemporalServer;
  /** The official `temporal` command line program. */
  program: string;
  client: Client;
  native: NativeConnection;
}

let shared: Promise<SharedTemporal> | undefined;

export function temporal(): Promise<SharedTemporal> {
  return (shared ??= newTemporal());
}

export async function stopTemporal(of = shared): Promise<void> {
  if (!of) return;
  const { server, client, native } = await of;
  await client.connection.close();
  await native.close();
  await server.stop();
}

export const scratchFolder = (): Promise<string> => mkdtemp(path.join(tmpdir(), 'ems-test-'));

/** For what must leave no trace in the shared one. */
export async function newTemporal(): Promise<SharedTemporal> {
  const program = await findTemporal((line) => console.error(line));
  const logFile = path.join(await scratchFolder(), 'temporal.log');
  const server = await startTemporal({ program, port: await freePort(), logFile });
  const { address } = server;
  const connection = await Connection.connect({ address });
  const client = new Client({ connection, dataConverter: { payloadConverterPath } });
  return { server, program, client, native: await NativeConnection.connect({ address }) };
}
