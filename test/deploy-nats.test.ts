import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { openingKeys } from '../src/choreography/jetstream/opening-keys.js';
import { connectBus, type Bus } from '../src/choreography/jetstream/bus.js';
import {
  choreographedExits,
  type ChoreographedExits,
} from '../src/choreography/client/choreographed-exits.js';
import { natsConfigOf } from '../src/config/environment.js';
import { subscriberNames, type SubscriberName } from '../src/choreography/subscribers/start.js';
import type { Outcome } from '../src/exit/decision.js';
import type { EventType } from '../src/exit/events.js';
import { firstMessage, startChild, type Child } from '../src/local/child.js';
import { natsUsers, passwordOf, startDeployedNats } from './support/deployed-nats.js';
import { dueDigest } from './support/due-digest.js';
import { eventually } from './support/eventually.js';
import { scratchFolder } from './support/temporal.js';
import { HR, startWorld, stateOf, stepOf, type World } from './support/world.js';

const people = 'ems';

/** What any service may publish. */
const anyone: EventType[] = ['exit.planned', 'step.needs-attention'];
/** What each service may publish. */
const own: Record<SubscriberName, EventType[]> = {
  notification: [
    'manager.notified',
    'employee.notified',
    'hr.reminded',
    'decision.escalated',
    'operator.notified',
    ...anyone,
  ],
  hr: ['interview.scheduled', 'interview.rescheduled', 'interview.cancelled', ...anyone],
  access: ['access.blocked', 'access.drifted', 'access.restored', 'access.revoked', ...anyone],
  steps: ['step.completed', 'task.requested', ...anyone],
};
const ofPeople: EventType[] = [
  'employee.resigned',
  'interview.reschedule-requested',
  'exit.decision-finalised',
  'step.resolved',
];

describe('@long the NATS server of the deployment', () => {
  const payroll = createServer((_request, response) => response.end());
  let folder: string;
  let server: Awaited<ReturnType<typeof startDeployedNats>>;
  let urlOf: (typeof server)['urlOf'];
  let world: World;
  let address: string;
  let buses: Record<string, Bus>;
  let exits: ChoreographedExits;
  let running: Child[] = [];
  before(async () => {
    folder = await scratchFolder();
    server = await startDeployedNats(folder);
    ({ address, urlOf } = server);
    await once(payroll.listen(0, '127.0.0.1'), 'listening');
    const call = `{ url: 'http://127.0.0.1:${(payroll.address() as AddressInfo).port}' }`;
    const step = `steps: [{ name: final-pay, begins: resigned, gates: true, call: ${call} }]\n# Steps of your own`;
    const { day, at } = dueDigest('Europe/Berlin');
    const digest = `digest: { day: ${day}, at: '${at}' }`;
    world = await startWorld({
      services: [],
      config: [
        ['# Steps of your own', step],
        ['secondPerson: [] }', `secondPerson: [] }\n${digest}`],
      ],
    });
    const { config } = world;
    const open = async (user: string) => [user, await connectBus(natsConfigOf(urlOf(user)), user)] as const;
    buses = Object.fromEntries(await Promise.all(natsUsers.map(open)));
    exits = await choreographedExits(buses[people]!, config);
    // The digest, which is due as the services start, has to tell of one.
    await exits.open({ employeeId: (await world.hire()).employeeId });
    running = await Promise.all(subscriberNames.map((name) => startAsDeployed(name)));
  });
  after(async () => {
    for (const service of running) await service.stop();
    for (const bus of Object.values(buses)) await bus.close();
    await world.stop();
    payroll.close();
    await server.stop();
  });

  /** With the command and the secrets of its container; only the paths differ. */
  async function startAsDeployed(name: SubscriberName, more: Record<string, string> = {}): Promise<Child> {
    const { services } = parse(readFileSync('docker-compose.yml', 'utf8'), { merge: true }) as {
      services: Record<string, { entrypoint: string[]; command: string[]; environment: object }>;
    };
    const { entrypoint, command, environment } = services[`service-${name}`]!;
    const [, args] = [...entrypoint, ...command].join(' ').split('dist/src/cli/main.js ');
    const env = Object.entries(world.env).filter(
      ([variable]) => !variable.endsWith('_TOKEN') || variable in environment,
    );
    return startChild(
      {
        name,
        module: fileURLToPath(new URL('../src/cli/main.js', import.meta.url)),
        args: args!.replace('--health 0.0.0.0:8081 ', '').split(' '),
        env: { ...Object.fromEntries(env), NATS_URL: urlOf(name), ...more },
        logFile: path.join(folder, `${name}.log`),
      },
      (child) => firstMessage(child),
    );
  }

  for (const outcome of ['retained', 'leaving'] satisfies Outcome[]) {
    it(`lets each service do its part of an exit that ends ${outcome}`, async () => {
      const { employeeId } = await world.hire();
      await exits.open({ employeeId });
      await eventually('awaiting-decision', () => isIn('awaiting-decision'));
      await exits.decide(employeeId, { outcome, decidedBy: HR });
      await eventually('closed', () => isIn('closed'));
      const { steps } = await exits.status(employeeId);
      assert.ok(
        steps.every(({ state }) => state === 'done'),
        JSON.stringify(steps),
      );

      async function isIn(phase: string): Promise<true | undefined> {
        return (await exits.status(employeeId)).phase === phase || undefined;
      }
    });
  }

  it('lets the notification service send the weekly digest', async () => {
    await eventually('the digest', () =>
      Promise.resolve(world.mail.to(HR).find(({ messageId }) => messageId?.includes('weekly-digest'))),
    );
  });

  it('lets each service restart, plan an exit without a plan, and keep the list', async () => {
    for (const name of subscriberNames) {
      for (const service of running) await service.stop();
      running = [await startAsDeployed(name)];
      const { employeeId } = await world.hire();
      const of = { employeeId, exitId: 'bare', id: 'bare', source: '/a/stranger' };
      const time = new Date().toISOString();
      await buses[people]!.publish({ type: 'employee.resigned', ...of, time, data: { employeeId } });
      const { source } = await eventually('the plan', async () => {
        const { events } = await buses[people]!.read(employeeId);
        return events.find(({ type }) => type === 'exit.planned');
      });
      assert.equal(source, `/ems/${name}`);
      const row = { last_by_subj: `$KV.exit-list.${employeeId}.bare` };
      await eventually(
        'a row of the list',
        async () => (await buses[people]!.jsm.streams.getMessage('KV_exit-list', row)) ?? undefined,
      );
    }
    for (const service of running) await service.stop();
    // It looks at its start which openings wait.
    const askedAt = new Date(Date.now() - 25 * 3_600_000).toISOString();
    const resignation = { employeeId: 'T-waits', submittedBy: 'hris' };
    await openingKeys(buses[people]!).keep({ resignation, beyond: 'hour', askedAt });
    running = await Promise.all(subscriberNames.map((name) => startAsDeployed(name)));
  });

  it('lets the notification service remind of openings that wait', async () => {
    await eventually('the reminder', () =>
      Promise.resolve(world.mail.to(HR).find(({ text }) => text?.includes('hris asked on'))),
    );
  });

  it('lets each service publish what it is retrying, what it gave up, and why', async () => {
    const employeeId = 'T-two-accounts';
    for (const userName of ['one', 'another']) await world.admin.payroll.createUser({ employeeId, userName });
    world.proxies.code.fault(() => ({ kind: 'answer', status: 503 }));
    await exits.open({ employeeId });
    const keys = ['notify-manager', 'notify-employee', 'schedule-hr-interview', 'block-access:payroll'];
    await eventually('attention', async () => {
      const status = await exits.status(employeeId);
      const isTrying = (stepOf(status, 'block-access:code')?.attempt ?? 0) > 1;
      const isTold = stateOf(status, 'notify-operator') === 'done';
      return (
        (isTrying && isTold && keys.every((key) => stateOf(status, key) === 'needs-attention')) || undefined
      );
    });
    await eventually('the dead letters', async () => {
      const { state } = await buses[people]!.jsm.streams.info('EXITS_DEAD_LETTERS');
      return state.messages === keys.length || undefined;
    });
  });

  const isRefused = (user: string, subject: string): Promise<void> =>
    assert.rejects(
      buses[user]!.connection.request(subject, '', { timeout: 3_000 }),
      /Permissions Violation for Publish/,
      `${user} may publish ${subject}`,
    );

  it('lets only people resign or decide, and no service publish for another', async () => {
    for (const name of subscriberNames) {
      const others = [...ofPeople, ...Object.values(own).flat()].filter((type) => !own[name].includes(type));
      for (const type of others) await isRefused(name, `exit.E-1002.an-exit.${type}`);
      for (const type of own[name])
        await buses[name]!.connection.request(`exit.E-1002.an-exit.${type}`, '', { timeout: 3_000 });
    }
  });

  it('lets no service pull, acknowledge or dead-letter the messages of another', async () => {
    for (const [user, other] of [
      ['notification', 'access-payroll'],
      ['hr', 'notification'],
      ['hr', 'notification-employee'],
    ] as const) {
      await isRefused(user, `$JS.API.CONSUMER.MSG.NEXT.EXITS.${other}`);
      await isRefused(user, `$JS.ACK.EXITS.${other}.1.1.1.1.1`);
      await isRefused(user, `dead-letter.${other}.exit.E-1002.an-exit.employee.resigned`);
    }
  });

  it('lets no service read or write the records of another, above all those of the holds', async () => {
    for (const user of ['notification', 'hr']) {
      await isRefused(user, '$KV.exit-access.payroll.E-1002.an-exit');
      await isRefused(user, '$JS.API.STREAM.MSG.GET.KV_exit-access');
      await isRefused(user, '$JS.API.DIRECT.GET.KV_exit-access');
    }
  });

  it('lets no service change or delete what is recorded', async () => {
    for (const user of subscriberNames)
      for (const what of ['UPDATE', 'DELETE', 'PURGE', 'MSG.DELETE'])
        await isRefused(user, `$JS.API.STREAM.${what}.EXITS`);
  });

  it('lets a service start where it may not change a stream, and lets it say who may', async () => {
    for (const service of running) await service.stop();
    const changed = await startAsDeployed('notification', { NATS_STREAM_MAX_BYTES: '5000000000' });
    running = [changed];
    await eventually(
      'the note',
      () =>
        readFileSync(changed.logFile, 'utf8').includes(
          'The stream EXITS is not updated to max_bytes 5000000000',
        ) || undefined,
    );
    running.push(
      ...(await Promise.all(
        ['hr', 'access', 'steps'].map((name) => startAsDeployed(name as SubscriberName)),
      )),
    );
  });

  it('refuses every connection without the right password', async () => {
    for (const credentials of ['', 'ems:guessed@', `ems:${passwordOf('hr')}@`]) {
      const attempt = connectBus(natsConfigOf(`nats://${credentials}${address}`), 'an intruder');
      await assert.rejects(attempt, /^Refusal: NATS cannot be reached at [\d.:]+: .*authorization/i);
    }
  });
});
