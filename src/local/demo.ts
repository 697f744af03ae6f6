/**
 * `npm run demo`: runs the stack on free ports in a temporary folder. In each form one exit ends *retained* and one *leaving*. The verdict
 * is read back from the servers: mail and invitations from the inbox, access from the critical systems.
 */
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { connectBus } from '../choreography/jetstream/bus.js';
import { choreographedExits, type ChoreographedExits } from '../choreography/client/choreographed-exits.js';
import { orchestratedExits } from '../temporal/orchestrated-exits.js';
import { loadConfig } from '../config/config.js';
import { loadTemporalConfig, natsConfigOf } from '../config/environment.js';
import type { ExitStatus } from '../exit/status.js';
import { connectClient } from '../temporal/connect-orchestrated.js';
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
/** Confirms what HR proposes. */
const HEAD_OF_HR = 'head-of-hr@acme.example';

/** The operations that the demo uses, in both forms. */
type Exits = Pick<ChoreographedExits, 'open' | 'decide' | 'follow'>;

interface Form {
  name: string;
  how: string;
  exits: Exits;
  cast: page.Role[];
  close: () => Promise<void>;
}

// Explicitly, since connections to stopped servers would keep the process alive.
process.exit(await demo());

/** @returns the exit code */
async function demo(): Promise<number> {
  const home = await mkdtemp(path.join(tmpdir(), 'ems-demo-'));
  page.line(
    'Starting Temporal, NATS, an inbox, a calendar, a directory, three critical systems, and a worker and a subscriber for each service …',
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

/** @returns the exit code: 0 only where all checks hold, in both forms */
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
  const { client, close } = await connectClient({
    ...loadTemporalConfig(),
    connectionOptions: { address: temporal.address },
  });
  return {
    name: 'Orchestrated',
    how: 'a Temporal workflow knows the process and calls the services',
    exits: orchestratedExits(client),
    cast: [
      {
        employeeId: 'E-1004',
        outcome: 'retained',
        who: 'in two critical groups of production and in one that the hold leaves alone',
      },
      { employeeId: 'E-1006', outcome: 'leaving', who: 'in groups of two systems, critical ones among them' },
    ],
    close,
  };
}

async function choreographed({ nats, env }: Stack): Promise<Form> {
  const bus = await connectBus(natsConfigOf(nats.url, process.env), 'the demo');
  return {
    name: 'Choreographed',
    how: 'each service acts on its own, on events in NATS JetStream',
    exits: await choreographedExits(bus, loadConfig(env)),
    cast: [
      {
        employeeId: 'E-1007',
        outcome: 'retained',
        who: 'suspended on code already, which the exit must not change',
      },
      {
        employeeId: 'E-1011',
        outcome: 'leaving',
        who: 'whose manager is no longer active, so that HR is told instead',
      },
    ],
    close: () => bus.close(),
  };
}

/** Runs one exit, from the resignation to the close. @returns the checks against the servers */
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
    for (const decidedBy of [HR, HEAD_OF_HR]) {
      const { proposedAt } = await exits.decide(employeeId, { outcome, decidedBy });
      steps.decision(proposedAt === undefined ? 'decision' : 'proposal', outcome, decidedBy);
      if (proposedAt === undefined) break;
    }
  }
  const after = await readAccess(stack, employeeId);
  const mail = await readMail(stack, last!.exitId);
  const calendars = { during: inCalendars, after: await readCalendars(config, last!.exitId) };
  return verdictOf({ employeeId, outcome, before, during: during!, after, mail, calendars, status: last! });
}
