/** Starts the embedded Temporal server, with its Web UI where `uiPort` is given. */
import { Connection } from '@temporalio/client';
import { attributeTypes } from '../temporal/namespace.js';
import { startChild, untilAnswered } from './child.js';

/** Acknowledged writes survive a power loss, at a third of the default's disk writes. */
const durable = ['journal_mode=WAL', 'synchronous=FULL'].flatMap((pragma) => ['--sqlite-pragma', pragma]);

interface TemporalOptions {
  /** The Temporal CLI (find-temporal.ts). */
  program: string;
  port: number;
  uiPort?: number;
  /** Default: in memory only. */
  dbFile?: string;
  logFile: string;
}

export type TemporalServer = Awaited<ReturnType<typeof startTemporal>>;

export async function startTemporal({ program, port, uiPort, dbFile, logFile }: TemporalOptions) {
  const address = `127.0.0.1:${port}`;
  const args = [
    ...['server', 'start-dev', '--ip', '127.0.0.1', '--port', String(port), '--log-level', 'warn'],
    ...(uiPort === undefined ? ['--headless'] : ['--ui-ip', '127.0.0.1', '--ui-port', String(uiPort)]),
    ...['--dynamic-config-value', 'system.enableActivityEagerExecution=true'],
    ...attributeTypes.flatMap(({ name, type }) => ['--search-attribute', `${name}=${type}`]),
    ...(dbFile === undefined ? [] : ['--db-filename', dbFile, ...durable]),
  ];
  const child = await startChild({ name: 'Temporal', program, args, logFile }, (_child, signal) =>
    untilAnswered(async () => {
      const connection = await Connection.connect({ address, connectTimeout: '1 second' });
      try {
        await connection.workflowService.describeNamespace({ namespace: 'default' });
      } finally {
        await connection.close();
      }
    }, signal),
  );
  const uiUrl = uiPort === undefined ? undefined : `http://127.0.0.1:${uiPort}`;
  return { ...child, address, uiUrl };
}
