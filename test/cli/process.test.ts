import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { findTemporal } from '../../src/local/find-temporal.js';
import { emsProcess, startEmsProcess } from '../support/ems-process.js';
import { page, type Env } from '../support/ems.js';
import { eventually } from '../support/eventually.js';
import { cloudEvent, startBroker, stranger, type Broker } from '../support/nats.js';
import { signalServer } from '../support/processes.js';
import { temporal } from '../support/temporal.js';

/** Nothing listens there. */
const nowhere = '127.0.0.1:1';

describe('the command ems', () => {
  let broker: Broker;
  let env: Env;
  before('a stream with one exit', async () => {
    broker = await startBroker();
    env = { NATS_URL: broker.url };
    // Makes the streams.
    await page(env, 'list');
    const other = await stranger(broker);
    const attributes = cloudEvent('employee.resigned', 'x1');
    await other.publish('exit.T-1.x1.employee.resigned', '{"employeeId":"T-1"}', attributes);
    await other.close();
  });
  after(() => broker.stop());

  it('exits 0 when done, 1 when refused and 2 on wrong usage', async () => {
    const env = { NATS_URL: `nats://${nowhere}` };
    const [help, version, refused, misused] = await Promise.all([
      emsProcess(env, '--help'),
      emsProcess(env, '--version'),
      emsProcess(env, 'list', '--json'),
      emsProcess(env, 'list', '--phase', 'over'),
    ]);
    assert.deepEqual([help.code, help.stderr], [0, '']);
    assert.match(help.stdout, /^Usage: ems .*\n[^]* {2}list +Lists exits/);
    assert.deepEqual([version.code, version.stderr], [0, '']);
    assert.match(version.stdout, /^\d+\.\d+\.\d+\n$/);
    assert.deepEqual(
      [refused.code, (JSON.parse(refused.stdout) as { code: string }).code],
      [1, 'unreachable'],
    );
    assert.match(refused.stderr, /^ems: NATS cannot be reached at 127\.0\.0\.1:1: .*\n$/);
    assert.deepEqual([misused.code, misused.stdout], [2, '']);
  });

  it('loads only the clients that it needs', async () => {
    const packagesOf = async (env: Env, ...args: string[]): Promise<string[]> => {
      const { stderr } = await startEmsProcess(env, args, [
        '--import',
        './dist/test/support/print-modules.js',
      ]).ended;
      const packages = JSON.parse(stderr.trimEnd().split('\n').at(-1)!) as string[];
      return packages.filter((name) =>
        /^(@temporalio\/(client|testing)|@grpc\/|@nats-io\/transport|nodemailer)/.test(name),
      );
    };
    const env = { NATS_URL: `nats://${nowhere}`, TEMPORAL_ADDRESS: nowhere };
    // What fetches the program of Temporal loads more.
    await findTemporal(() => undefined);
    const withProgram = { ...(process.env as Env), ...env };
    const [help, passedOn, choreographed, orchestrated] = await Promise.all([
      packagesOf(env, '--help'),
      packagesOf(withProgram, 'temporal', '--version'),
      packagesOf(env, 'list', '--form', 'choreographed'),
      packagesOf(env, 'list', '--form', 'orchestrated'),
    ]);
    assert.deepEqual([help, passedOn], [[], []]);
    assert.deepEqual(choreographed, ['@nats-io/transport-node']);
    assert.deepEqual(orchestrated, ['@temporalio/client', '@grpc/grpc-js']);
  });

  it('ends a command that follows exits on Ctrl-C, with a whole document, also while NATS is frozen', async () => {
    const tracking = startEmsProcess(env, ['tracker', '--json']);
    await eventually('a change', () => tracking.printed().includes('T-1') || undefined);
    broker.signal('SIGSTOP');
    try {
      tracking.child.kill('SIGINT');
      const { code, stdout, stderr } = await tracking.ended;
      assert.deepEqual([code, stderr], [0, '']);
      const changes = JSON.parse(stdout) as { employeeId: string }[];
      assert.ok(changes.length > 0 && changes.every(({ employeeId }) => employeeId === 'T-1'));
    } finally {
      broker.signal('SIGCONT');
    }
  });

  it('ends without a message when its reader has gone', async () => {
    for (const args of [['--help'], ['tracker', '--json']]) {
      const { child, ended } = startEmsProcess(env, args);
      child.stdout!.destroy();
      const { code, stderr } = await ended;
      assert.deepEqual([code, stderr], [0, ''], args.join(' '));
    }
  });

  it('says in one sentence why its output cannot be written', async () => {
    // Open for reading only.
    const stdout = openSync('package.json', 'r');
    const child = spawn(process.execPath, ['bin/ems.js', '--help'], { stdio: ['ignore', stdout, 'pipe'] });
    const [stderr, [code]] = await Promise.all([text(child.stderr!), once(child, 'close')]);
    closeSync(stdout);
    assert.match(stderr, /^ems: The output cannot be written: EBADF.*\n$/);
    assert.equal(code, 1);
  });

  it('prints its error and ends when NATS or Temporal is frozen', async () => {
    const { server } = await temporal();
    const asked = async (
      env: Record<string, string>,
      freeze: (signal: NodeJS.Signals) => void,
      ...args: string[]
    ) => {
      freeze('SIGSTOP');
      try {
        return await emsProcess(env, ...args);
      } finally {
        freeze('SIGCONT');
      }
    };
    const [nats, grpc] = await Promise.all([
      asked(env, broker.signal, 'list'),
      asked({ TEMPORAL_ADDRESS: server.address }, (signal) => signalServer(server, signal), 'list'),
    ]);
    assert.match(nats.stderr, /^ems: NATS cannot be reached at .*: timeout: .*\n$/);
    assert.match(grpc.stderr, /^ems: Temporal cannot be reached at .*\n$/);
    assert.deepEqual([nats.code, grpc.code], [1, 1]);
  });
});
