/** The stack of a chaos run: every server and every service is a process of its own, with its data on disk, and starts again after its end. */
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { scimVariable } from '../../src/config/environment.js';
import { startCalendarServer } from '../../src/local/calendar-process.js';
import { startScimServer } from '../../src/local/scim-process.js';
import { startForm, type Form, type Kind } from '../compare/form.js';
import { part, type Part } from '../compare/part.js';
import { watchAccounts, type Accounts } from './accounts.js';
import { chanceOf } from './chance.js';
import { seedOf, servers, systems, type System } from './company.js';
import { startDoor, type Door, type WireFault } from './door.js';
import { startEngineWire, type EngineFault, type EngineWire } from './engine-wire.js';
import { mailboxAt, type Mailbox, type MailFault } from './mailbox.js';
import { freePort } from '../../src/local/ports.js';

export const REQUEST_TIMEOUT_MS = 5_000;

/** Times that fit a run of minutes. */
const config: [from: string, to: string][] = [
  ['attentionAfter: PT15M', 'attentionAfter: PT40S'],
  ['initialInterval: PT1S, maximumInterval: PT1M', 'initialInterval: PT0.5S, maximumInterval: PT2S'],
  ['requestTimeout: PT10S', `requestTimeout: PT${REQUEST_TIMEOUT_MS / 1000}S`],
  ['recheckEvery: PT15M', 'recheckEvery: PT5S'],
];

export interface World {
  form: Form;
  /** The processes of EMS. */
  services: Part[];
  /** The engine, the directory, the critical systems, the calendar and the mail server. */
  servers: Part[];
  /** By the name of its server. */
  doors: Map<string, Door>;
  accounts: Accounts;
  mailbox: Mailbox;
  engineWire: EngineWire;
  calendar: { url: string; user: string; password: string };
  stop: () => Promise<void>;
}

interface WorldOptions {
  kind: Kind;
  folder: string;
  employees: readonly string[];
  seed: number;
  spoilt: (fault: WireFault | MailFault | EngineFault, target: string) => void;
  /** Of the processes of EMS, besides. */
  env: Record<string, string>;
}

export async function startWorld(options: WorldOptions): Promise<World> {
  const { kind, folder, employees, seed, spoilt, env } = options;
  await mkdir(folder, { recursive: true });
  const inFolder = (name: string): string => path.join(folder, name);
  const tokenOf = (server: string): string => `token-of-${server}`;

  const parts: Part[] = [];
  const doors = new Map<string, Door>();
  const urlOf: Record<string, string> = {};
  const accounts = watchAccounts(urlOf, tokenOf);
  for (const name of servers) {
    const port = await freePort();
    const seedFile = inFolder(`${name}.seed.json`);
    await writeFile(seedFile, JSON.stringify(seedOf(name, employees)));
    const [logFile, dataFile] = [inFolder(`${name}.log`), inFolder(`${name}.json`)];
    parts.push(
      part(name, () => startScimServer({ name, token: tokenOf(name), port, dataFile, seedFile, logFile })),
    );
    urlOf[name] = `http://127.0.0.1:${port}/scim/v2`;
    const isSystem = systems.includes(name as System);
    await startDoorOf(name, urlOf[name], isSystem);
  }
  const calendarPort = await freePort();
  const login = { user: 'hr', password: 'password-of-hr' };
  const calendarAt = { port: calendarPort, dataFile: inFolder('calendar.json') };
  const calendarOptions = { ...login, ...calendarAt, logFile: inFolder('calendar.log') };
  parts.push(part('calendar', () => startCalendarServer(calendarOptions)));
  const calendarUrl = `http://127.0.0.1:${calendarPort}/cal/hr/interviews`;
  await startDoorOf('calendar', calendarUrl, false);

  const smtpPort = await freePort();
  const mailbox = mailboxAt(smtpPort, inFolder('mails.jsonl'), inFolder('mail.log'), (fault) =>
    spoilt(fault, 'mail'),
  );
  parts.push(mailbox.part);

  async function startDoorOf(name: string, target: string, isSystem: boolean): Promise<void> {
    const door = await startDoor({
      ...{ name, target, chance: chanceOf(seed, name), requestTimeoutMs: REQUEST_TIMEOUT_MS },
      spoilt: (fault) => spoilt(fault, name),
      ...(isSystem && { wrote: (request) => accounts.wrote(name as System, request) }),
    });
    doors.set(name, door);
  }

  let engineWire: EngineWire | undefined;
  const reachBy = async (port: number): Promise<number> => {
    engineWire = await startEngineWire(port, (fault) => spoilt(fault, 'wire to the engine'));
    return engineWire.port;
  };
  const stopServers = async (): Promise<void> => {
    engineWire?.stop();
    for (const door of doors.values()) await door.stop();
    await Promise.all(parts.map((each) => each.stop()));
  };
  try {
    await Promise.all(parts.map((each) => each.start()));
    const urlAt = (name: string): string => doors.get(name)!.url;
    const outside = {
      SMTP_HOST: '127.0.0.1',
      SMTP_PORT: String(smtpPort),
      HR_CALENDAR_URL: urlAt('calendar'),
      HR_CALENDAR_USER: login.user,
      HR_CALENDAR_PASSWORD: login.password,
      ...Object.fromEntries(
        servers.flatMap((name) => [
          [scimVariable(name, 'URL'), urlAt(name)],
          [scimVariable(name, 'TOKEN'), tokenOf(name)],
        ]),
      ),
      ...env,
    };
    // Two processes of one service have to keep apart.
    const form = await startForm({
      kind,
      layout: 'split',
      folder,
      outside,
      config,
      twice: ['access'],
      reachBy,
    });
    const [engine, ...services] = form.parts;
    return {
      ...{ form, services, doors, accounts, mailbox, engineWire: engineWire! },
      servers: [engine!, ...parts],
      calendar: { url: calendarUrl, ...login },
      async stop() {
        await form.stop();
        await stopServers();
      },
    };
  } catch (error) {
    await stopServers();
    throw error;
  }
}
