/**
 * `npm run demo`: the whole stack on free ports in a temporary folder; in each form one exit that ends *retained* and one *leaving*; and
 * for each form a verdict that is read back from the servers: mail and invitations from the inbox, access from the critical systems.
 */
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { connectBus } from '../choreography/jetstream/bus.js';
import { choreographedExits, type ChoreographedExits } from '../choreography/client/choreographed-exits.js';
import { orchestratedExits } from '../temporal/orchestrated-exits.js';
import { loadConfig } from '../config/config.js';
import { natsConfigOf } from '../config/environment.js';
import type { ExitStatus } from '../exit/status.js';
import { payloadConverterPath } from '../temporal/namespace.js';
import {
  readAccess,
  readCalendars,
  readMail,
  verdictOf,
  type Check,
  type SeenCalendar,
} from './demo-checks.js';
import * as page from './demo-page.js';
import { startStack, type Stack } from './stack.js';

const HR = 'hr@acme.example';

/** What both forms let a client do. */
type Exits = Pick<ChoreographedExits, 'open' | 'decide' | 'follow'>;

interface Form {
  name: string;
  how: string;
  exits: Exits;
  cast: page.Role[];
  close: () => Promise<void>;
}

// By its exit code: connections to servers that are gone would keep the process.
process.exit(await demo());

/** @returns the exit code */
async function demo(): Promise<number> {
  const home = await mkdtemp(path.join(tmpdir(), 'ems-demo-'));
  page.line(
    'Starting Temporal, NATS, an inbox, a directory, three critical systems, and what works on exits …',
  );
  const stack = await startStack({ home, ports: 'free', report: (line) => page.line(`  ${line}`) });
  try {
    const broken = stack.failed.then((why) => Promise.reject(new Error(why)));
    const interrupted = once(process, 'SIGINT').then(() => {
      page.line('\nStopping …');
      return 130;
    });
    return await Promise.race([playAll(stack), broken, interrupted]);
  } catch (error) {
    console.error(error);
    return 1;
  } finally {
    await stack.stop();
    await rm(home, { recursive: true, force: true });
  }
}

/** @returns the exit code: 0 only if everything held, in both forms */
async function playAll(stack: Stack): Promise<number> {
  const verdicts: page.Verdict[] = [];
  for (const open of [orchestrated, choreographed]) {
    const { name, how, exits, cast, close } = await open(stack);
    page.heading(`${name}: ${how}`);
    const checks: Check[] = [];
    for (const role of cast) checks.push(...(await play(stack, exits, role)));
    await close();
    page.readBack(checks);
    verdicts.push({ form: name, checks });
  }
  page.verdict(verdicts);
  return verdicts.every(({ checks }) => checks.every(({ holds }) => holds)) ? 0 : 1;
}

async function orchestrated({ temporal }: Stack): Promise<Form> {
  const connection = await Connection.connect({ address: temporal.address });
  return {
    name: 'Orchestrated',
    how: 'a Temporal workflow knows the process and calls the services',
    exits: orchestratedExits(new Client({ connection, dataConverter: { payloadConverterPath } })),
    cast: [
      {
        employeeId: 'E-1004',
        outcome: 'retained',
        who: 'in two critical groups of production and in a harmless one that no hold takes',
      },
      { employeeId: 'E-1006', outcome: 'leaving', who: 'in groups of two systems, critical ones among them' },
    ],
    close: () => connection.close(),
  };
}

async function choreographed({ nats, env }: Stack): Promise<Form> {
  const bus = await connectBus(natsConfigOf(nats.url), 'the demo');
  return {
    name: 'Choreographed',
    how: 'the services act by themselves, on events of NATS JetStream',
    exits: await choreographedExits(bus, loadConfig(env)),
    cast: [
      {
        employeeId: 'E-1007',
        outcome: 'retained',
        who: 'suspended on code before all this, which is to stay so',
      },
      {
        employeeId: 'E-1011',
        outcome: 'leaving',
        who: 'whose manager is no longer there, so that HR is told instead',
      },
    ],
    close: () => bus.close(),
  };
}

/** One exit, from the resignation to the close, and what the servers say about it. */
async function play(stack: Stack, exits: Exits, role: page.Role): Promise<Check[]> {
  const { employeeId, outcome } = role;
  page.opening(role);
  const before = await readAccess(stack, employeeId);
  const resigned = Date.now();
  await exits.open({ employeeId, reason: 'demo' });
  let during: Awaited<ReturnType<typeof readAccess>> | undefined;
  let inCalendars: SeenCalendar[] = [];
  const config = loadConfig(stack.env);
  let last: ExitStatus | undefined;
  const steps = page.steps(resigned);
  for await (const status of exits.follow(employeeId, 1_000)) {
    steps.show(status);
    last = status;
    if (status.phase !== 'awaiting-decision' || during) continue;
    if (!status.blockedAt) throw new Error(`Nothing is blocked: ${JSON.stringify(status.steps)}`);
    during = await readAccess(stack, employeeId);
    inCalendars = await readCalendars(config, status.exitId);
    steps.decision(outcome, HR);
    await exits.decide(employeeId, { outcome, decidedBy: HR });
  }
  const after = await readAccess(stack, employeeId);
  const mail = await readMail(stack, last!.exitId);
  const calendars = { during: inCalendars, after: await readCalendars(config, last!.exitId) };
  return verdictOf({ employeeId, outcome, before, during: during!, after, mail, calendars, status: last! });
}
