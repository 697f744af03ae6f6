import assert from 'node:assert/strict';
import { emsProcess, startEmsProcess } from '../support/ems-process.js';
import { eventually } from '../support/eventually.js';
import { cloudEvent, startBroker, stranger, type Broker } from '../support/nats.js';
import { signalServer } from '../support/processes.js';
import { temporal } from '../support/temporal.js';

/** Nothing listens there. */
const nowhere = '127.0.0.1:1';

describe('the command ems', () => {
  let broker: Broker;
  before(async () => {
    broker = await startBroker();
  });
  after(() => broker.stop());

  it('exits 0 when done, 1 when refused and 2 on wrong usage', async () => {
    const env = { NATS_URL: `nats://${nowhere}` };
    const [help, refused, misused] = await Promise.all([
      emsProcess(env, '--help'),
      emsProcess(env, 'list', '--json'),
      emsProcess(env, 'list', '--phase', 'over'),
    ]);
    assert.deepEqual([help.code, help.stderr], [0, '']);
    assert.match(help.stdout, /^Usage: ems .*\n[^]* {2}list +Lists exits/);
    assert.deepEqual(
      [refused.code, (JSON.parse(refused.stdout) as { code: string }).code],
      [1, 'unreachable'],
    );
    assert.match(refused.stderr, /^ems: NATS cannot be reached at 127\.0\.0\.1:1: .*\n$/);
    assert.deepEqual([misused.code, misused.stdout], [2, '']);
  });

  it('loads only the clients that it needs', async () => {
    const packagesOf = async (env: Record<string, string>, ...args: string[]): Promise<string[]> => {
      const { stderr } = await startEmsProcess(env, args, [
        '--import',
        './dist/test/support/print-modules.js',
      ]).ended;
      const packages = JSON.parse(stderr.trimEnd().split('\n').at(-1)!) as string[];
      return packages.filter((name) =>
        /^(@temporalio\/client|@grpc\/|@nats-io\/transport|nodemailer)/.test(name),
      );
    };
    const env = { NATS_URL: `nats://${nowhere}`, TEMPORAL_ADDRESS: nowhere };
    const [help, choreographed, orchestrated] = await Promise.all([
      packagesOf(env, '--help'),
      packagesOf(env, 'list', '--form', 'choreographed'),
      packagesOf(env, 'list', '--form', 'orchestrated'),
    ]);
    assert.deepEqual(help, []);
    assert.deepEqual(choreographed, ['@nats-io/transport-node']);
    assert.deepEqual(orchestrated, ['@temporalio/client', '@grpc/grpc-js']);
  });

  it('ends a command that follows exits on Ctrl-C, with exit code 0 and a whole document', async () => {
    const env = { NATS_URL: broker.url };
    const tracking = startEmsProcess(env, ['tracker', '--json']);
    const other = await stranger(broker);
    await eventually('the streams', async () => (await emsProcess(env, 'list')).code === 0 || undefined);
    await other.publish(
      'exit.T-1.x1.employee.resigned',
      '{"employeeId":"T-1"}',
      cloudEvent('employee.resigned', 'x1'),
    );
    await eventually('a change', () => tracking.printed().includes('T-1') || undefined);
    tracking.child.kill('SIGINT');
    const { code, stdout, stderr } = await tracking.ended;
    assert.deepEqual([code, stderr], [0, '']);
    assert.ok(
      (JSON.parse(stdout) as { employeeId: string }[]).every(({ employeeId }) => employeeId === 'T-1'),
    );
    await other.close();
  });

  it('ends without a word when its reader has gone', async () => {
    const env = { NATS_URL: broker.url };
    for (const args of [['--help'], ['tracker', '--json']]) {
      const { child, ended } = startEmsProcess(env, args);
      child.stdout!.destroy();
      const { code, stderr } = await ended;
      assert.deepEqual([code, stderr], [0, ''], args.join(' '));
    }
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
      asked({ NATS_URL: broker.url }, broker.signal, 'list'),
      asked({ TEMPORAL_ADDRESS: server.address }, (signal) => signalServer(server, signal), 'list'),
    ]);
    assert.match(nats.stderr, /^ems: NATS cannot be reached at .*: timeout: .*\n$/);
    assert.match(grpc.stderr, /^ems: Temporal cannot be reached at .*\n$/);
    assert.deepEqual([nats.code, grpc.code], [1, 1]);
  });
});
