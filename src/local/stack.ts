/**
 * The embedded default: Temporal, NATS, an inbox, a calendar, the directory and the critical systems of the sample company. On them run, for each
 * service, a worker of the orchestrated form and a subscriber of the choreographed one. A server whose address the environment has is used instead.
 */
import { randomBytes } from 'node:crypto';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { outsideServers, type OutsideServers } from '../config/environment.js';
import { subscriberNames, type SubscriberName } from '../choreography/subscribers/start.js';
import { startCalendarServer } from './calendar-process.js';
import { firstMessage, startChild, type Child } from './child.js';
import { seedOf, systemNames } from './company.js';
import { startConsole } from './console-process.js';
import { findNats } from './find-nats.js';
import { findTemporal } from './find-temporal.js';
import { ifFound } from './if-found.js';
import { startInbox } from './inbox.js';
import { startNats } from './nats-server.js';
import { fixedPorts, freePorts, requireFree, type Ports } from './ports.js';
import { startScimServer } from './scim-process.js';
import {
  claimHome,
  environmentOf,
  releaseHome,
  removeStack,
  writeStack,
  type StackFile,
} from './stack-file.js';
import { supervise, type Supervised } from './supervise.js';
import { createSwitchboard, type SwitchedService } from './switchboard.js';
import { startTemporal } from './temporal-server.js';
import type { ServiceName } from '../temporal/workers.js';

interface StackOptions {
  /** The folder of data, logs and stack.json. */
  home: string;
  ports: 'fixed' | 'free';
  /** Replaces ems.config.yaml for the worker and the services. */
  configFile?: string | undefined;
  /** Receives a line for each process that started, or ended by itself. */
  report: (line: string) => void;
}

export interface Stack extends StackFile {
  /** The environment of the worker, the services and `ems`. */
  env: Record<string, string>;
  /** Resolves where a child ends again and again, with its name and how it ended. */
  failed: Promise<string>;
  /** Stops the worker and the services, then the servers. */
  stop: () => Promise<void>;
}

/** The workers of the orchestrated form. Custom steps are called from the worker that runs the workflow. */
const workerOf = {
  exit: ['exit', 'steps'],
  notification: ['notification'],
  hr: ['hr'],
  access: ['access'],
} satisfies Record<SwitchedService, ServiceName[]>;
const workers = Object.keys(workerOf) as SwitchedService[];

const serverNames = ['directory', ...systemNames] as const;
type ServerName = (typeof serverNames)[number];

export async function startStack({ home, ports: wanted, configFile, report }: StackOptions): Promise<Stack> {
  // Mails, databases and logs name people: what this process and its children write, other users of the machine cannot read.
  process.umask(0o077);
  await mkdir(path.join(home, 'data'), { recursive: true });
  await claimHome(home);

  const switchboard = createSwitchboard();
  const running = { servers: [] as Supervised[], workers: [] as Supervised[] };
  const stop = async (): Promise<void> => {
    await removeStack(home);
    // Workers first: they need the servers to stop cleanly.
    for (const children of [running.workers, running.servers])
      await Promise.all(children.map((child) => child.stop()));
    await releaseHome(home);
  };
  const keepIn =
    (children: Supervised[]) =>
    async <C extends Child>(start: () => Promise<C>): Promise<C & Supervised> => {
      const child = await supervise(start, { report, changed: switchboard.changed });
      children.push(child);
      return child;
    };
  const started = (name: string, where: string, pid: number) =>
    report(`${name.padEnd(19)} ${where} (process ${pid})`);
  const keepServer = keepIn(running.servers);
  const keepWorker = keepIn(running.workers);

  try {
    const ports = wanted === 'fixed' ? fixedPorts : await freePorts(path.join(home, 'data', 'ports.json'));
    const outside = outsideServers(serverNames);
    await requireFree(portsNeeded(ports, outside));

    const logFile = (name: string) => path.join(home, 'logs', `${name}.log`);
    const [temporal, nats, mail, calendar, directory, systems] = await allOrNothing([
      startOrFindTemporal(),
      startOrFindNats(),
      startOrFindInbox(),
      startOrFindCalendar(),
      startOrFindScim('directory'),
      allOrNothing(systemNames.map((name) => startOrFindScim(name))),
    ]);
    const servers = { temporal, nats, ...mail, calendar, directory, systems };
    const env = {
      ...environmentOf(servers),
      EMS_PUBLIC_URL: `http://127.0.0.1:${ports.console}`,
      ...(configFile !== undefined && { EMS_CONFIG: configFile }),
    };
    const [door] = await allOrNothing([
      startDoor(),
      ...workers.map(startWorker),
      ...subscriberNames.map(startSubscriber),
    ]);

    const stack: StackFile = { pid: process.pid, ...servers, ...door };
    await writeStack(home, stack);
    const failed = Promise.race([...running.servers, ...running.workers].map(({ failed }) => failed));
    return { ...stack, env, failed, stop };

    async function startOrFindTemporal(): Promise<StackFile['temporal']> {
      if (outside.temporal) return { address: outside.temporal };
      const program = await findTemporal(report);
      const { address, uiUrl, pid } = await keepServer(() =>
        startTemporal({
          program,
          port: ports.temporal,
          uiPort: ports.ui,
          dbFile: path.join(home, 'data', 'temporal.db'),
          logFile: logFile('temporal'),
        }),
      );
      started('Temporal', address, pid);
      report(`Temporal Web UI     ${uiUrl}`);
      return { address, ...(uiUrl !== undefined && { uiUrl }) };
    }

    async function startOrFindNats(): Promise<StackFile['nats']> {
      if (outside.nats) return { url: outside.nats };
      const program = await findNats(report);
      const storeDir = path.join(home, 'data', 'nats');
      const options = { program, port: ports.nats, storeDir, logFile: logFile('nats') };
      const { url, pid } = await keepServer(() => startNats(options));
      started('NATS', url, pid);
      return { url };
    }

    async function startOrFindInbox(): Promise<Pick<StackFile, 'smtp' | 'inboxUrl'>> {
      if (outside.smtp) return { smtp: outside.smtp };
      const mailDirectory = path.join(home, 'data', 'mail');
      const { smtp, inboxUrl, pid } = await keepServer(() =>
        startInbox({ smtpPort: ports.smtp, webPort: ports.inbox, mailDirectory, logFile: logFile('inbox') }),
      );
      started('inbox', inboxUrl, pid);
      return { smtp, inboxUrl };
    }

    async function startOrFindCalendar(): Promise<StackFile['calendar']> {
      if (outside.calendar) return outside.calendar;
      const token = await ownToken(home, 'calendar');
      const { url, user, password, pid } = await keepServer(() =>
        startCalendarServer({
          user: 'hr',
          password: token,
          port: ports.calendar,
          dataFile: path.join(home, 'data', 'calendar.json'),
          logFile: logFile('calendar'),
        }),
      );
      started('calendar', url, pid);
      return { url, user, password };
    }

    async function startOrFindScim(name: ServerName): Promise<ScimAddress> {
      const { scimUrl, token = await ownToken(home, name) } = outside.scim.get(name)!;
      if (scimUrl) return { name, scimUrl, token };
      const seedFile = path.join(home, 'data', `${name}.seed.json`);
      const server = await keepServer(async () => {
        await writeFile(seedFile, JSON.stringify(seedOf(name)));
        const server = await startScimServer({
          name,
          token,
          port: ports[name],
          dataFile: path.join(home, 'data', `${name}.json`),
          seedFile,
          logFile: logFile(name),
        });
        await rm(seedFile);
        return server;
      });
      started(name, server.scimUrl, server.pid);
      return { name, scimUrl: server.scimUrl, token };
    }

    /** Starts the console with its identity provider. */
    async function startDoor(): Promise<Pick<StackFile, 'consoleUrl' | 'identity'>> {
      const { consoleUrl, identity, pid } = await startConsole({
        ports,
        env,
        secretOf: (name) => ownToken(home, name),
        logFile,
        keep: keepWorker,
        connect: switchboard.connect,
      });
      started('console', consoleUrl, pid);
      report(`login               ${identity.issuer} (for trying out: it asks for no password)`);
      return { consoleUrl, identity };
    }

    async function startWorker(service: SwitchedService): Promise<void> {
      const [log, name] =
        service === 'exit' ? ['worker', 'the worker'] : [`worker-${service}`, `the worker of ${service}`];
      const child = await startNode(log, name, '../worker.js', '--services', workerOf[service].join(','));
      switchboard.add('orchestrated', service, child.switch);
    }

    async function startSubscriber(service: SubscriberName): Promise<void> {
      const child = await startNode(service, `the service ${service}`, '../cli/main.js', 'service', service);
      if (service !== 'steps') switchboard.add('choreographed', service, child.switch);
    }

    async function startNode(
      log: string,
      name: string,
      file: string,
      ...args: string[]
    ): Promise<Supervised> {
      const module = fileURLToPath(new URL(file, import.meta.url));
      const spec = { name, module, args, env, logFile: logFile(log) };
      const child = await keepWorker(() => startChild(spec, (child) => firstMessage(child)));
      report(`${log.padEnd(19)} process ${child.pid}`);
      return child;
    }
  } catch (error) {
    await stop();
    throw error;
  }
}

type ScimAddress = StackFile['systems'][number];

function portsNeeded(ports: Ports, outside: OutsideServers): Partial<Ports> {
  const { temporal, ui, nats, smtp, inbox, calendar, ...scim } = ports;
  return {
    ...(!outside.temporal && { temporal, ui }),
    ...(!outside.nats && { nats }),
    ...(!outside.smtp && { smtp, inbox }),
    ...(!outside.calendar && { calendar }),
    ...Object.fromEntries(Object.entries(scim).filter(([name]) => !outside.scim.get(name)?.scimUrl)),
  };
}

/** Created once per folder, so that clients keep their access over a restart. */
async function ownToken(home: string, name: string): Promise<string> {
  const file = path.join(home, 'data', `${name}.token`);
  const known = await ifFound(readFile(file, 'utf8'));
  if (known !== undefined) return known;
  const token = randomBytes(24).toString('base64url');
  await writeFile(file, token, { mode: 0o600 });
  return token;
}

/** As Promise.all, but rejects only once all have settled, so that every started child can be stopped. */
async function allOrNothing<T extends readonly unknown[] | []>(
  starting: T,
): Promise<{ -readonly [P in keyof T]: Awaited<T[P]> }> {
  await Promise.allSettled(starting);
  return Promise.all(starting);
}
