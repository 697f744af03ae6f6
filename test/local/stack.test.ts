import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, statSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { Connection } from '@temporalio/client';
import type { ExitStatus } from '../../src/exit/status.js';
import { fixedPorts } from '../../src/local/ports.js';
import { readStack, type StackFile } from '../../src/local/stack-file.js';
import { answer, page, refusal, type Env } from '../support/ems.js';
import { eventually } from '../support/eventually.js';
import { descendantsOf, stillRunning } from '../support/processes.js';
import { scimAdmin } from '../support/scim-admin.js';
import { scratchFolder } from '../support/temporal.js';
import { HR } from '../support/world.js';

interface Started {
  process: ChildProcess;
  output: () => string;
  /** Resolves with the exit code, null where a signal ended it. */
  ended: Promise<number | null>;
}

const started: Started[] = [];

/** `npm start`, without npm. */
function start(home: string, ...args: string[]): Started {
  const env = { PATH: process.env['PATH'], HOME: process.env['HOME'], EMS_HOME: home };
  const child = spawn(process.execPath, ['dist/src/local/main.js', ...args], { env });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => (output += text));
  const ended = once(child, 'close').then(([code]) => code as number | null);
  const stack = { process: child, output: () => output, ended };
  started.push(stack);
  return stack;
}

async function ready(home: string, stack: Started): Promise<StackFile> {
  await eventually(
    'the stack to be ready',
    () => {
      assert.equal(stack.process.exitCode, null, stack.output());
      return stack.output().includes('Ready.') || undefined;
    },
    50_000,
  );
  return readStack(home)!;
}

const gone = (pids: number[], withinMs: number) =>
  eventually('the children to be gone', () => (stillRunning(pids).length === 0 ? true : undefined), withinMs);

describe('the local stack', () => {
  let home: string;
  let env: Env;
  let stack: Started;
  let file: StackFile;
  before(async () => {
    home = await scratchFolder();
    env = { EMS_HOME: home };
    stack = start(home, '--free-ports');
    // The first has said that it is starting, and is at it.
    await eventually('the start', () => stack.output().includes('Starting') || undefined);
  });
  // Whatever failed: the children go when they miss their parent.
  after(() => {
    for (const { process } of started) process.kill('SIGKILL');
  });

  it('is not started a second time in the same folder, neither while it starts nor while it runs', async () => {
    await eventually('the folder taken', () => existsSync(path.join(home, 'stack.pid')) || undefined);
    const refused = async (): Promise<void> => {
      const second = start(home, '--free-ports');
      assert.equal(await second.ended, 1);
      assert.match(second.output(), sentence);
    };
    const sentence = new RegExp(
      `A stack is already running in ${home} \\(process ${stack.process.pid}\\): stop that one first, or delete .*stack\\.pid if that process is something else\n$`,
    );
    await refused();
    file = await ready(home, stack);
    await refused();
    assert.equal(readStack(home)?.pid, stack.process.pid);
  });

  it('says in stack.json, for this user alone, where each server is', () => {
    assert.equal(statSync(path.join(home, 'stack.json')).mode & 0o777, 0o600);
    const { pid, systems, ...rest } = file;
    assert.equal(pid, stack.process.pid);
    assert.deepEqual(Object.keys(rest), ['temporal', 'smtp', 'inboxUrl', 'directory']);
    assert.deepEqual(
      systems.map(({ name }) => name),
      ['payroll', 'code', 'production'],
    );
    const urls = [
      file.temporal.uiUrl!,
      file.inboxUrl!,
      ...[file.directory, ...systems].map(({ scimUrl }) => scimUrl),
    ];
    for (const url of urls) assert.equal(new URL(url).hostname, '127.0.0.1');
    assert.match(file.temporal.address, /^127\.0\.0\.1:\d+$/);
    assert.equal(file.smtp.host, '127.0.0.1');
    const tokens = [file.directory, ...systems].map(({ token }) => token);
    assert.equal(new Set(tokens).size, 4);
    for (const token of tokens) assert.ok(!stack.output().includes(token), 'no token on the terminal');
  });

  it('answers at each of these addresses, and the directories only to who has the token', async () => {
    const connection = await Connection.connect({ address: file.temporal.address });
    await connection.workflowService.describeNamespace({ namespace: 'default' });
    await connection.close();
    for (const url of [file.temporal.uiUrl!, `${file.inboxUrl}/api/email`])
      assert.equal((await fetch(url)).status, 200, url);
    for (const { scimUrl, token } of [file.directory, ...file.systems]) {
      const ask = (bearer: string) =>
        fetch(`${scimUrl}/Users?count=1`, { headers: { authorization: `Bearer ${bearer}` } });
      const { totalResults } = (await (await ask(token)).json()) as { totalResults: number };
      assert.ok(totalResults >= 10, 'the sample company is there');
      assert.equal((await ask('guessed')).status, 401);
    }
    const socket = net.connect(file.smtp);
    const [greeting] = (await once(socket, 'data')) as [Buffer];
    socket.destroy();
    assert.match(greeting.toString(), /^220 /);
  });

  it('is stopped whole by Ctrl-C: no child and no stack.json are left, and ems says that nothing runs', async () => {
    await page(env, 'resign', 'E-1002');
    await eventually('the block', async () => {
      const { blockedAt, steps } = await answer<ExitStatus>(env, 'status', 'E-1002');
      return (blockedAt && steps.every(({ state }) => state === 'done')) || undefined;
    });
    const children = descendantsOf(stack.process.pid!);
    assert.ok(children.length >= 7, `seven servers and workers, and what they started: ${children.length}`);
    stack.process.kill('SIGINT');
    assert.equal(await stack.ended, 0);
    assert.deepEqual(stillRunning(children), []);
    assert.match(stack.output(), /Stopping …\nStopped\.\n$/);
    for (const name of ['stack.json', 'stack.pid']) assert.ok(!existsSync(path.join(home, name)), name);
    assert.match((await refusal(env, 'status', 'E-1002')).sentence, /^No stack is running here/);
  });

  it('goes on after a restart where it was: an exit that was open is, and is decided', async () => {
    stack = start(home, '--free-ports');
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
    const mails = (await (await fetch(`${file.inboxUrl}/api/email`)).json()) as { subject: string }[];
    const subjects = mails.map(({ subject }) => subject);
    for (const subject of [/has resigned$/, /stays$/])
      assert.equal(
        subjects.filter((each) => subject.test(each)).length,
        1,
        `${subject}: ${subjects.join('; ')}`,
      );
  });

  it('leaves nothing running even when it is killed, and what it leaves in its folder fools nobody', async () => {
    const children = descendantsOf(stack.process.pid!);
    assert.ok(children.length >= 7);
    stack.process.kill('SIGKILL');
    await stack.ended;
    await gone(children, 10_000);
    assert.ok(existsSync(path.join(home, 'stack.json')), 'nobody could remove it');
    assert.match((await refusal(env, 'status', 'E-1002')).sentence, /^No stack is running here/);
  });

  it('says which of the fixed ports is taken, and by whom it was wanted, in place of a hang; and takes the folder of the killed one', async () => {
    const occupied = net.createServer();
    // Somebody else may have it already; taken is taken.
    await new Promise<unknown>((resolve) => {
      occupied.once('listening', resolve).once('error', resolve);
      occupied.listen(fixedPorts.production, '127.0.0.1');
    });
    const blocked = start(home);
    assert.equal(await blocked.ended, 1);
    occupied.close();
    const [, port, name] =
      /^Port (\d+), wanted for (\w+), is in use by another program\. /m.exec(blocked.output()) ?? [];
    assert.equal(Number(port), fixedPorts[name as keyof typeof fixedPorts], blocked.output());
    assert.match(blocked.output(), /npm start -- --free-ports\n$/);
    assert.ok(!existsSync(path.join(home, 'stack.pid')), 'the folder is free again');
  });
});
