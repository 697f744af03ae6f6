import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, readdirSync, statSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { Connection } from '@temporalio/client';
import { connectBus } from '../../src/choreography/jetstream/bus.js';
import {
  choreographedExits,
  type ChoreographedExits,
} from '../../src/choreography/client/choreographed-exits.js';
import { loadConfig } from '../../src/config/config.js';
import { natsConfigOf } from '../../src/config/environment.js';
import type { ExitStatus } from '../../src/exit/status.js';
import { fixedPorts } from '../../src/local/ports.js';
import { environmentOf, readStack, type StackFile } from '../../src/local/stack-file.js';
import { answer, page, refusal, type Env } from '../support/ems.js';
import { eventually } from '../support/eventually.js';
import { killStacks, ready, start, type Started } from '../support/local-stack.js';
import { startBroker } from '../support/nats.js';
import { eventsIn, interviewsIn } from '../support/radicale.js';
import { descendantsOf, stillRunning } from '../support/processes.js';
import { scimAdmin } from '../support/scim-admin.js';
import { scratchFolder } from '../support/temporal.js';
import { HR } from '../support/world.js';

/** Talks to the choreographed form of a stack, as a program does that has only stack.json. */
async function choreographed<T>(
  stack: StackFile,
  talk: (exits: ChoreographedExits) => Promise<T>,
): Promise<T> {
  const bus = await connectBus(natsConfigOf(stack.nats.url), 'a test');
  try {
    return await talk(await choreographedExits(bus, loadConfig(environmentOf(stack))));
  } finally {
    await bus.close();
  }
}

const untilChoreographed = (stack: StackFile, employeeId: string, phase: ExitStatus['phase']) =>
  choreographed(stack, (exits) =>
    eventually(`${employeeId} ${phase}`, async () => {
      const status = await exits.status(employeeId);
      return status.phase === phase ? status : undefined;
    }),
  );

const gone = (pids: number[], withinMs: number) =>
  eventually('the children to be gone', () => (stillRunning(pids).length === 0 ? true : undefined), withinMs);

describe('@long the local stack', () => {
  let home: string;
  let env: Env;
  let stack: Started;
  let file: StackFile;
  before(async () => {
    home = await scratchFolder();
    env = { EMS_HOME: home };
    stack = start(home);
    // The first stack is starting, and not ready yet.
    await eventually('the start', () => stack.output().includes('Starting') || undefined);
  });
  // Whatever failed: the children end when their parent is gone.
  after(killStacks);

  it('refuses a second start in the same folder, while it starts and while it runs', async () => {
    await eventually('the folder taken', () => existsSync(path.join(home, 'stack.pid')) || undefined);
    const refused = async (): Promise<void> => {
      const second = start(home);
      assert.equal(await second.ended, 1);
      assert.match(second.output(), sentence);
    };
    const sentence = new RegExp(
      `A stack is already running in ${home} \\(process ${stack.process.pid}\\): stop that one first, or delete .*stack\\.pid if that process is another program\n$`,
    );
    await refused();
    file = await ready(home, stack);
    await refused();
    assert.equal(readStack(home)?.pid, stack.process.pid);
  });

  it('lets no other user of the machine read what it keeps', () => {
    const files = readdirSync(home, { recursive: true, encoding: 'utf8' });
    assert.ok(files.includes('data/temporal.db'));
    const readable = files.filter((file) => statSync(path.join(home, file)).mode & 0o077);
    assert.deepEqual(readable, []);
  });

  it('says in stack.json where each server is', () => {
    const { pid, systems, ...rest } = file;
    assert.equal(pid, stack.process.pid);
    assert.deepEqual(Object.keys(rest), [
      ...['temporal', 'nats', 'smtp', 'inboxUrl', 'consoleUrl', 'identity'],
      ...['calendar', 'directory'],
    ]);
    assert.deepEqual(
      systems.map(({ name }) => name),
      ['payroll', 'code', 'production'],
    );
    const urls = [
      file.nats.url,
      file.temporal.uiUrl!,
      file.inboxUrl!,
      file.consoleUrl,
      file.identity.issuer,
      file.calendar.url,
      ...[file.directory, ...systems].map(({ scimUrl }) => scimUrl),
    ];
    for (const url of urls) assert.equal(new URL(url).hostname, '127.0.0.1');
    assert.match(file.temporal.address, /^127\.0\.0\.1:\d+$/);
    assert.equal(file.smtp.host, '127.0.0.1');
    const tokens = [...[file.directory, ...systems].map(({ token }) => token), file.calendar.password];
    assert.equal(new Set(tokens).size, 5);
    for (const token of tokens) assert.ok(!stack.output().includes(token), 'no token on the terminal');
  });

  it('answers at each of these addresses, and the directories only with the token', async () => {
    const connection = await Connection.connect({ address: file.temporal.address });
    await connection.workflowService.describeNamespace({ namespace: 'default' });
    await connection.close();
    const bus = await connectBus(natsConfigOf(file.nats.url), 'a test');
    const consumers = await bus.jsm.consumers.list('EXITS').next();
    await bus.close();
    for (const name of ['access-code', 'access-payroll', 'access-production', 'hr', 'notification'])
      assert.ok(
        consumers.some((each) => each.name === name),
        `${name} has subscribed`,
      );
    for (const url of [file.temporal.uiUrl!, `${file.inboxUrl}/api/email`, `${file.consoleUrl}/readyz`])
      assert.equal((await fetch(url)).status, 200, url);
    for (const { scimUrl, token } of [file.directory, ...file.systems]) {
      const ask = (bearer: string) =>
        fetch(`${scimUrl}/Users?count=1`, { headers: { authorization: `Bearer ${bearer}` } });
      const { totalResults } = (await (await ask(token)).json()) as { totalResults: number };
      assert.ok(totalResults >= 10, 'the sample company is there');
      assert.equal((await ask('guessed')).status, 401);
    }
    const { calendar } = file;
    assert.deepEqual(await eventsIn(calendar), [], 'no interview yet');
    await assert.rejects(eventsIn({ ...calendar, password: 'guessed' }), /401/);
    const socket = net.connect(file.smtp);
    const [greeting] = (await once(socket, 'data')) as [Buffer];
    socket.destroy();
    assert.match(greeting.toString(), /^220 /);
  });

  it('ends with Ctrl-C: no child and no stack.json are left, and ems says that nothing runs', async () => {
    await page(env, 'resign', 'E-1002');
    await eventually('the block', async () => {
      const { blockedAt, steps } = await answer<ExitStatus>(env, 'status', 'E-1002');
      return (blockedAt && steps.every(({ state }) => state === 'done')) || undefined;
    });
    await choreographed(file, (exits) => exits.open({ employeeId: 'E-1004' }));
    await untilChoreographed(file, 'E-1004', 'awaiting-decision');
    const starts = Object.values(await interviewsIn(file.calendar));
    assert.equal(new Set(starts).size, 2, 'an interview of each form, at different times');
    const children = descendantsOf(stack.process.pid!);
    assert.ok(children.length >= 16, `eight servers, four workers and four services: ${children.length}`);
    stack.process.kill('SIGINT');
    assert.equal(await stack.ended, 0);
    assert.deepEqual(stillRunning(children), []);
    assert.match(stack.output(), /Stopping …\nStopped\.\n$/);
    for (const name of ['stack.json', 'stack.pid']) assert.ok(!existsSync(path.join(home, name)), name);
    assert.match((await refusal(env, 'status', 'E-1002')).sentence, /^No form of exits is configured here/);
  });

  it('resumes after a restart: an open exit is still open, and is decided', async () => {
    stack = start(home);
    file = await ready(home, stack);
    const open = await answer<ExitStatus>(env, 'status', 'E-1002');
    assert.equal(open.phase, 'awaiting-decision');
    const { scimUrl, token } = file.systems[0]!;
    const account = () => scimAdmin({ scimUrl, token }).account('payroll-user-1002');
    assert.deepEqual(await account(), { id: 'payroll-user-1002', active: false, groups: ['payroll-clerks'] });

    await page(env, 'decide', 'E-1002', 'retained', '--by', HR);
    await eventually('the close', async () => {
      const { phase } = await answer<ExitStatus>(env, 'status', 'E-1002');
      return phase === 'closed' || undefined;
    });
    assert.deepEqual(await account(), { id: 'payroll-user-1002', active: true, groups: ['payroll-clerks'] });
    assert.equal(Object.keys(await interviewsIn(file.calendar)).length, 1, 'that of the other exit is left');
    const mails = (await (await fetch(`${file.inboxUrl}/api/email`)).json()) as { subject: string }[];
    const subjects = mails.map(({ subject }) => subject);
    for (const subject of [/has resigned$/, /stays$/])
      assert.equal(
        subjects.filter((each) => /Dana Fox/.test(each) && subject.test(each)).length,
        1,
        `${subject}: ${subjects.join('; ')}`,
      );
  });

  it('resumes a choreographed exit as well: what its hold took is given back', async () => {
    const on = (name: string, id: string) => {
      const { scimUrl, token } = file.systems.find((system) => system.name === name)!;
      return scimAdmin({ scimUrl, token }).account(id);
    };
    const production = () => on('production', 'production-user-1004');
    assert.deepEqual((await production()).groups, ['status-page-readers']);
    assert.equal((await on('code', 'code-user-1004')).active, false);

    await choreographed(file, (exits) => exits.decide('E-1004', { outcome: 'retained', decidedBy: HR }));
    await untilChoreographed(file, 'E-1004', 'closed');
    assert.deepEqual((await production()).groups, [
      'production-admins',
      'production-operators',
      'status-page-readers',
    ]);
    assert.equal((await on('code', 'code-user-1004')).active, true);
  });

  it('starts killed engines and systems again where they were, with their data, and exits go on', async () => {
    await page(env, 'resign', 'E-1009');
    for (const [line, name] of [
      ['Temporal', 'Temporal'],
      ['NATS', 'NATS'],
      ['payroll', 'the SCIM server "payroll"'],
      ['worker', 'the worker'],
    ]) {
      const [, pid] = new RegExp(`^ *${line} .*process (\\d+)`, 'm').exec(stack.output())!;
      process.kill(Number(pid), 'SIGKILL');
      await eventually(
        `${name} again`,
        () => stack.output().includes(`${name} is back (process `) || undefined,
        60_000,
      );
    }
    await eventually(
      'the block',
      async () => ((await answer<ExitStatus>(env, 'status', 'E-1009')).blockedAt ? true : undefined),
      60_000,
    );
    assert.equal(readStack(home)?.temporal.address, file.temporal.address);
  });

  it('leaves nothing running when it is killed, and ems ignores the stack.json that is left', async () => {
    const children = descendantsOf(stack.process.pid!);
    assert.ok(children.length >= 11);
    stack.process.kill('SIGKILL');
    await stack.ended;
    await gone(children, 10_000);
    assert.ok(existsSync(path.join(home, 'stack.json')), 'the killed process could not remove it');
    assert.match((await refusal(env, 'status', 'E-1002')).sentence, /^No form of exits is configured here/);
  });

  describe('with NATS_URL in the environment', () => {
    let broker: Awaited<ReturnType<typeof startBroker>>;
    before(async () => {
      broker = await startBroker();
      stack = start(home, ['--free-ports'], { NATS_URL: broker.url });
      file = await ready(home, stack);
    });
    after(() => broker.stop());

    it('uses that server and starts none', () => {
      assert.equal(file.nats.url, broker.url);
      assert.doesNotMatch(stack.output(), /^ *NATS /m);
    });

    it('survives a kill of that server: its services resume once it is back', async () => {
      await choreographed(file, (exits) => exits.open({ employeeId: 'E-1006' }));
      await untilChoreographed(file, 'E-1006', 'awaiting-decision');
      await broker.kill();
      await broker.start();
      await choreographed(file, (exits) => exits.decide('E-1006', { outcome: 'retained', decidedBy: HR }));
      const { steps } = await untilChoreographed(file, 'E-1006', 'closed');
      assert.ok(steps.every(({ state }) => state === 'done'));
      assert.equal(stack.process.exitCode, null, stack.output());
    });

    it('starts a killed service again, and says so', async () => {
      const [, first] = /^ *hr +process (\d+)$/m.exec(stack.output())!;
      process.kill(Number(first), 'SIGKILL');
      await processOf('the service hr', 1);
      assert.match(
        stack.output(),
        /the service hr ended \(signal SIGKILL\) and is started again\. Its log: .*hr\.log\n/,
      );
    });

    it('says which service ends again and again, and stops the rest', async () => {
      const children = descendantsOf(stack.process.pid!);
      for (let n = 1; n <= 5; n++) process.kill(await processOf('the service hr', n), 'SIGKILL');
      assert.equal(await stack.ended, 1);
      assert.match(
        stack.output(),
        /the service hr ended 6 times in 5 minutes, at last with signal SIGKILL\. Its log: .*hr\.log\. Stopping …\nStopped\.\n$/,
      );
      await gone(children, 10_000);
    });

    /** @returns the process that started after the nth end */
    const processOf = (name: string, n: number): Promise<number> =>
      eventually(
        `${name} again`,
        () => {
          const starts = [
            ...stack.output().matchAll(new RegExp(`${name} is back \\(process (\\d+)\\)`, 'g')),
          ];
          return starts[n - 1] && Number(starts[n - 1]![1]);
        },
        30_000,
      );
  });

  it('takes the folder of the killed one, and names the fixed port that is taken and its server', async () => {
    const occupied = net.createServer();
    // Another program may have it already, which serves as well.
    await new Promise<unknown>((resolve) => {
      occupied.once('listening', resolve).once('error', resolve);
      occupied.listen(fixedPorts.production, '127.0.0.1');
    });
    const blocked = start(home, []);
    assert.equal(await blocked.ended, 1);
    occupied.close();
    const [, port, name] =
      /^Port (\d+), wanted for (\w+), is in use by another program\. /m.exec(blocked.output()) ?? [];
    assert.equal(Number(port), fixedPorts[name as keyof typeof fixedPorts], blocked.output());
    assert.match(blocked.output(), /npm start -- --free-ports\n$/);
    assert.ok(!existsSync(path.join(home, 'stack.pid')), 'the folder is free again');
  });
});
