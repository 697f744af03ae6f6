/** One form under comparison: its engine and its workers or services, each a process of its own that can be stopped, killed and started. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Client, Connection } from '@temporalio/client';
import { connectBus } from '../../src/choreography/jetstream/bus.js';
import { choreographedExits } from '../../src/choreography/client/choreographed-exits.js';
import { orchestratedExits } from '../../src/temporal/orchestrated-exits.js';
import type { ExitsOfForm } from '../../src/exit/evidence/evidence.js';
import { Refusal } from '../../src/exit/refusal.js';
import { loadConfig } from '../../src/config/config.js';
import { natsConfigOf } from '../../src/config/environment.js';
import { onePartner } from '../../test/support/one-partner.js';
import { firstMessage, startChild } from '../../src/local/child.js';
import { findNats } from '../../src/local/find-nats.js';
import { findTemporal } from '../../src/local/find-temporal.js';
import { startNats } from '../../src/local/nats-server.js';
import { startTemporal } from '../../src/local/temporal-server.js';
import { payloadConverterPath } from '../../src/temporal/namespace.js';
import { part, type Part } from './part.js';
import { freePort } from '../../src/local/ports.js';

export const kinds = ['orchestrated', 'choreographed'] as const;
export type Kind = (typeof kinds)[number];
/** `split`: a process per service, as it is deployed; `together`: one process for all. */
export type Layout = 'split' | 'together';

export const ENGINE = 'engine';

export interface Form {
  kind: Kind;
  layout: Layout;
  /** As tables call it. */
  label: string;
  parts: Part[];
  part: (name: string) => Part;
  exits: ExitsOfForm;
  /** Hands the resignation in until it is accepted, also while the engine is away. */
  resign: (employeeId: string) => Promise<Accepted>;
  /** For `ems` in a process of its own. */
  env: Record<string, string>;
  stop: () => Promise<void>;
}

export interface Accepted {
  exitId: string;
  askedMs: number;
  acceptedMs: number;
}

export interface FormOptions {
  kind: Kind;
  layout: Layout;
  folder: string;
  /** Where the world outside is. */
  outside: Record<string, string>;
  /** Replaces text in ems.config.yaml. */
  config?: [from: string, to: string][];
  /** Of the layout `split`: services that run in a second process as well. */
  twice?: readonly string[];
  /** The port by which workers and services reach the engine; default: its own. */
  reachBy?: (port: number) => Promise<number>;
}

const services = {
  orchestrated: ['exit', 'notification', 'hr', 'access'],
  choreographed: ['notification', 'hr', 'access'],
} as const;
const src = (file: string): string => fileURLToPath(new URL(`../../src/${file}`, import.meta.url));
const report = (line: string): void => console.error(line);

const labelOf = (kind: Kind, layout: Layout): string =>
  kind === 'orchestrated'
    ? `orchestrated, ${layout === 'split' ? '4 workers' : '1 worker'}`
    : `choreographed, ${layout === 'split' ? '3 services' : '1 process'}`;

export async function startForm(options: FormOptions): Promise<Form> {
  const { kind, layout, outside, config = [], twice = [], reachBy } = options;
  const folder = path.join(options.folder, `${kind}-${layout}`);
  await mkdir(folder, { recursive: true });
  const isOrchestrated = kind === 'orchestrated';
  const changes = [...onePartner, ...config];
  if (isOrchestrated && layout === 'split')
    changes.push(['taskQueues: ${EMS_TASK_QUEUES:-shared}', 'taskQueues: per-service']);
  const configFile = path.join(folder, 'ems.config.yaml');
  await writeFile(configFile, changed(await readFile('ems.config.yaml', 'utf8'), changes));

  const port = await freePort();
  const addressAt = (port: number): Record<string, string> =>
    isOrchestrated ? { TEMPORAL_ADDRESS: `127.0.0.1:${port}` } : { NATS_URL: `nats://127.0.0.1:${port}` };
  const env = { ...outside, ...addressAt(port), EMS_CONFIG: configFile };
  const envOfWorkers = { ...env, ...(reachBy && addressAt(await reachBy(port))) };

  const engine = part(ENGINE, isOrchestrated ? await temporalOn(port, folder) : await natsOn(port, folder));
  const groups = layout === 'split' ? services[kind].map((name) => [name]) : [[...services[kind]]];
  const workerOf = (names: readonly string[], suffix = ''): Part => {
    const name = names.join(', ') + suffix;
    const run = isOrchestrated
      ? { module: src('worker.js'), args: layout === 'split' ? ['--services', ...names] : [] }
      : { module: src('cli/main.js'), args: ['service', ...names] };
    const logFile = path.join(folder, `${names.join('-')}${suffix.replace(' ', '-')}.log`);
    const spec = { name, env: envOfWorkers, logFile, ...run };
    return part(name, () => startChild(spec, (child) => firstMessage(child)));
  };
  const workers = [
    ...groups.map((names) => workerOf(names)),
    ...twice.map((name) => workerOf([name], ' again')),
  ];
  const parts = [engine, ...workers];
  const stopParts = async (): Promise<void> => {
    await Promise.all(workers.map((worker) => worker.stop()));
    await engine.stop();
  };
  try {
    await engine.start();
    await Promise.all(workers.map((worker) => worker.start()));
    const { exits, open, close } = await (isOrchestrated ? temporalClient(port) : natsClient(port, env));
    return {
      ...{ kind, layout, label: labelOf(kind, layout), parts, env, exits },
      part: (name) => parts.find((each) => each.name === name)!,
      async resign(employeeId) {
        const askedMs = Date.now();
        const exitId = await open(employeeId);
        return { exitId, askedMs, acceptedMs: Date.now() };
      },
      async stop() {
        await close();
        await stopParts();
      },
    };
  } catch (error) {
    await stopParts();
    throw error;
  }
}

const temporalOn = async (port: number, folder: string) => {
  const program = await findTemporal(report);
  const dbFile = path.join(folder, 'temporal.db');
  return () => startTemporal({ program, port, dbFile, logFile: path.join(folder, 'temporal.log') });
};

const natsOn = async (port: number, folder: string) => {
  const program = await findNats(report);
  const storeDir = path.join(folder, 'jetstream');
  return () => startNats({ program, port, storeDir, logFile: path.join(folder, 'nats.log') });
};

interface Opener {
  exits: Form['exits'];
  open: (employeeId: string) => Promise<string>;
  close: () => Promise<void>;
}

async function temporalClient(port: number): Promise<Opener> {
  const connection = await Connection.connect({ address: `127.0.0.1:${port}` });
  const exits = orchestratedExits(new Client({ connection, dataConverter: { payloadConverterPath } }));
  return {
    exits,
    open: (employeeId) =>
      untilTaken(async (isAgain) => {
        try {
          return (await exits.open({ employeeId })).exitId;
        } catch (error) {
          // Only this program opens exits here: an earlier try succeeded, and its answer was lost.
          if (!(isAgain && error instanceof Refusal)) throw error;
          return (await exits.status(employeeId)).exitId;
        }
      }),
    close: () => connection.close(),
  };
}

async function natsClient(port: number, env: Record<string, string>): Promise<Opener> {
  const bus = await connectBus(natsConfigOf(`nats://127.0.0.1:${port}`), 'compare');
  const exits = await choreographedExits(bus, loadConfig(env));
  return {
    exits,
    open: async (employeeId) => {
      const exitId = crypto.randomUUID();
      return untilTaken(async () => (await exits.open({ employeeId }, exitId)).exitId);
    },
    close: () => bus.close(),
  };
}

/** Repeats the same resignation while the engine is away, as a person would. */
async function untilTaken(open: (isAgain: boolean) => Promise<string>): Promise<string> {
  const giveUpAt = Date.now() + 60_000;
  for (let isAgain = false; ; isAgain = true) {
    try {
      return await open(isAgain);
    } catch (error) {
      if ((error instanceof Refusal && !isAgain) || Date.now() > giveUpAt) throw error;
      await pause(50);
    }
  }
}

function changed(text: string, changes: [from: string, to: string][]): string {
  return changes.reduce((before, [from, to]) => {
    if (!before.includes(from))
      throw new Error(`ems.config.yaml no longer has "${from}": adapt bench/compare`);
    return before.replace(from, to);
  }, text);
}
