/**
 * A company to test in: a directory, three critical systems and a mail server. Each is a real server behind a proxy that can fail.
 * The workers run in this process.
 */
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Client } from '@temporalio/client';
import type { Worker } from '@temporalio/worker';
import { orchestratedExits } from '../../src/temporal/orchestrated-exits.js';
import { dataConverterOf } from '../../src/temporal/data-converter.js';
import { loadDataKeys } from '../../src/config/data-keys.js';
import { loadSigner } from '../../src/config/decision-key.js';
import { parseConfig, type Config } from '../../src/config/config.js';
import { createWorkers, runWorkers, workerServices, type ServiceName } from '../../src/temporal/workers.js';
import type { ExitStatus, Phase, Step } from '../../src/exit/status.js';
import { stepKey } from '../../src/exit/status.js';
import { startScimServer, type ScimServer } from '../../src/local/scim-process.js';
import { startFaultProxy, type FaultProxy } from './fault-proxy.js';
import { onePartner } from './one-partner.js';
import { scimAdmin, type Account, type ScimAdmin } from './scim-admin.js';
import { startMailServer, type MailServer } from './smtp.js';
import { untilOf } from './until.js';
import { newTemporal, scratchFolder, stopTemporal, temporal, type SharedTemporal } from './temporal.js';

export const systems = ['payroll', 'code', 'production'] as const;
export type System = (typeof systems)[number];
const servers = ['directory', ...systems] as const;
type Server = (typeof servers)[number];

export const HR = 'hr@acme.example';
export const IT = 'it@acme.example';
export const CRITICAL_GROUPS = ['production-operators', 'production-admins'];

export interface Hired {
  employeeId: string;
  email: string;
  manager: string;
  /** The id of the account on each system that has one. */
  accounts: Partial<Record<System, string>>;
}

export interface WorldOptions {
  /** Replaces text in ems.config.yaml, for example `['PT15M', 'PT0.2S']`. */
  config?: [from: string, to: string][];
  /** Which run in this process; none for tests that start workers of their own. */
  services?: ServiceName[];
  /** Further variables of the environment. */
  env?: Record<string, string>;
  /** A Temporal server of its own, without the exits of other tests. */
  alone?: boolean;
  /** Which of the three critical systems there are, when not all; `config` may add others. */
  systems?: System[];
}

export interface World extends SharedTemporal {
  config: Config;
  exits: ReturnType<typeof orchestratedExits>;
  mail: MailServer;
  proxies: Record<Server, FaultProxy>;
  admin: Record<Server, ScimAdmin>;
  /** The environment for a worker or `ems` in a process of its own. */
  env: Record<string, string>;
  /** A new employee with a manager and an account everywhere, in both critical groups and a harmless one. */
  hire: (changes?: {
    on?: System[];
    manager?: string | null;
    displayName?: string;
    email?: string;
    /** In the directory only, as is the language. */
    personalEmail?: string;
    preferredLanguage?: string;
    /** Further ones of the directory, as they are sent. */
    attributes?: object;
    suspendedOn?: System;
  }) => Promise<Hired>;
  /** The id on production of the one who is always in the critical groups. */
  standIn: string;
  account: (hired: Hired, system: System) => Promise<Account>;
  /** Waits until the status of the exit is as wanted. */
  until: (hired: Hired, what: string, wanted: (status: ExitStatus) => boolean) => Promise<ExitStatus>;
  untilPhase: (hired: Hired, phase: Phase) => Promise<ExitStatus>;
  takeDown: (name: Server | 'mail') => Promise<void>;
  /** It is there again, on the same port and with the same data. */
  bringUp: (name: Server | 'mail') => Promise<void>;
  /** Every server is up again and does as it is asked. */
  mend: () => Promise<void>;
  startWorkers: () => Promise<void>;
  stopWorkers: () => Promise<void>;
  stop: () => Promise<void>;
}

/** Servers that no world uses now. A world takes away its people and groups, and leaves the servers to the next. */
const idle: Record<Server, ScimServer>[] = [];
const startServers = () =>
  each(servers, async (name) => {
    const logFile = path.join(await scratchFolder(), `${name}.log`);
    return startScimServer({ name, token: `token-of-${name}`, logFile });
  });

let hired = 0;

export async function startWorld({
  config: changes = [],
  services = [...workerServices],
  systems: configured = [...systems],
  env: further = {},
  // What is encrypted there stops a world without the keys, as it should.
  alone = further['EMS_DATA_KEYS'] !== undefined,
}: WorldOptions = {}): Promise<World> {
  const own = alone ? newTemporal() : undefined;
  const shared = await (own ?? temporal());
  const { connection } = shared.client;
  const client = new Client({ connection, dataConverter: dataConverterOf(loadDataKeys(further)) });
  const folder = await scratchFolder();
  const mail = await startMailServer();
  const scim = idle.pop() ?? (await startServers());
  const proxies = await each(servers, (name) => startFaultProxy(scim[name].scimUrl));
  const admin = await each(servers, (name) => Promise.resolve(scimAdmin(scim[name])));
  /** Their ids in the directory, by mail address. */
  const managers = new Map<string, Promise<string>>();
  const text = changed(readFileSync('ems.config.yaml', 'utf8'), [...onePartner, ...changes]);
  const configFile = path.join(folder, 'ems.config.yaml');
  await writeFile(configFile, text);
  const env: Record<string, string> = {
    ...further,
    EMS_CONFIG: configFile,
    TEMPORAL_ADDRESS: shared.server.address,
    SMTP_HOST: '127.0.0.1',
    SMTP_PORT: String(mail.port),
    ...Object.fromEntries(servers.map((name) => [`${name.toUpperCase()}_SCIM_URL`, proxies[name].url])),
    ...Object.fromEntries(servers.map((name) => [`${name.toUpperCase()}_SCIM_TOKEN`, scim[name].token])),
  };
  const config = parseConfig(text, 'ems.config.yaml', env);
  const left = new Set<string>(systems.filter((name) => !configured.includes(name)));
  config.systems = config.systems.filter(({ name }) => !left.has(name));
  // A stand-in is in the critical groups, so that no employee of a test is the last member by accident.
  // A system that shows no user at all is doubted.
  const standIns = await each(systems, (name) => admin[name].createUser({ employeeId: 'T-stand-in' }));
  const standIn = standIns.production;
  const groups = await each([...CRITICAL_GROUPS, 'readers'] as const, (name) =>
    admin.production.createGroup(name, [standIn]),
  );

  let workers: Worker[] = [];
  let running: Promise<void> | undefined;
  const startWorkers = async (): Promise<void> => {
    if (services.length === 0) return;
    workers = await createWorkers({
      connection: shared.native,
      namespace: 'default',
      config,
      services,
      dataKeys: loadDataKeys(env),
    });
    running = runWorkers(workers);
  };
  const stopWorkers = async (): Promise<void> => {
    for (const worker of workers) worker.shutdown();
    workers = [];
    await running;
  };
  await startWorkers();
  const down = new Set<Server | 'mail'>();
  const serverOf = (name: Server | 'mail') => (name === 'mail' ? mail : proxies[name]);
  const takeDown: World['takeDown'] = async (name) => {
    await serverOf(name).stop();
    down.add(name);
  };
  const bringUp: World['bringUp'] = async (name) => {
    await serverOf(name).restart();
    down.delete(name);
  };

  const exits = orchestratedExits(client, loadSigner(env));
  const until = untilOf(exits);

  return {
    ...shared,
    client,
    config,
    exits,
    mail,
    proxies,
    admin,
    env,
    standIn,
    until,
    startWorkers,
    stopWorkers,
    untilPhase: (who, phase) => until(who, phase, (status) => status.phase === phase),
    takeDown,
    bringUp,
    async mend() {
      mail.refuse(undefined);
      for (const proxy of Object.values(proxies)) proxy.fault(undefined);
      for (const name of down) await bringUp(name);
    },
    account: ({ accounts }, system) => admin[system].account(accounts[system]!),

    async hire({
      on = [...systems],
      manager: managerMail,
      displayName,
      email,
      suspendedOn,
      ...inDirectory
    } = {}) {
      hired += 1;
      const employeeId = `T-${process.pid}-${hired}`;
      const manager = managerMail ?? `boss-of-${employeeId.toLowerCase()}@acme.example`;
      if (managerMail !== null && !managers.has(manager))
        managers.set(
          manager,
          admin.directory.createUser({
            employeeId: `M-${employeeId}`,
            displayName: 'Maria Boss',
            email: manager,
          }),
        );
      const managerId = managerMail === null ? undefined : await managers.get(manager);
      const user = {
        employeeId,
        displayName: displayName ?? `Nora Test ${hired}`,
        email: email ?? `${employeeId.toLowerCase()}@acme.example`,
      };
      const [accounts]: [Hired['accounts'], string] = await Promise.all([
        each(on, (system) => admin[system].createUser({ ...user, active: system !== suspendedOn })),
        admin.directory.createUser({ ...user, ...inDirectory, ...(managerId && { managerId }) }),
      ]);
      const { production } = accounts;
      if (production !== undefined)
        await Promise.all(
          Object.values(groups).map((group) => admin.production.addMember(group, production)),
        );
      return { employeeId, email: user.email, manager, accounts };
    },

    async stop() {
      await stopWorkers();
      if (own) await stopTemporal(own);
      for (const name of down) await bringUp(name);
      await mail.stop();
      await Promise.all(Object.values(proxies).map((proxy) => proxy.stop()));
      await Promise.all(Object.values(admin).map(({ deleteAll }) => deleteAll()));
      idle.push(scim);
    },
  };
}

export const stepOf = ({ steps }: ExitStatus, key: string): Step | undefined =>
  steps.find((step) => stepKey(step) === key);

export const stateOf = (status: ExitStatus, key: string): string | undefined => stepOf(status, key)?.state;

async function each<K extends string, T>(
  names: readonly K[],
  make: (name: K) => Promise<T>,
): Promise<Record<K, T>> {
  const entries = await Promise.all(names.map(async (name) => [name, await make(name)] as const));
  return Object.fromEntries(entries) as Record<K, T>;
}

function changed(text: string, changes: [from: string, to: string][]): string {
  return changes.reduce((before, [from, to]) => {
    if (!before.includes(from)) throw new Error(`ems.config.yaml no longer has "${from}"`);
    return before.replace(from, to);
  }, text);
}
