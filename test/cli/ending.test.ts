import assert from 'node:assert/strict';
import { once } from 'node:events';
import net, { type AddressInfo, type Socket } from 'node:net';
import { startEms, startEmsWithin, type Env } from '../support/ems.js';

describe('run of ems, where a server accepts connections and never answers', () => {
  const sockets: Socket[] = [];
  const silent = net.createServer((socket) => void sockets.push(socket));
  let nats: Env;
  let temporal: Env;
  before(async () => {
    await once(silent.listen(0, '127.0.0.1'), 'listening');
    const { port } = silent.address() as AddressInfo;
    nats = { NATS_URL: `nats://127.0.0.1:${port}` };
    temporal = { TEMPORAL_ADDRESS: `127.0.0.1:${port}` };
  });
  after(() => {
    for (const socket of sockets) socket.destroy();
    silent.close();
  });

  it('ends a command at its deadline, with exit code 1', async () => {
    for (const [env, ...args] of [
      [nats, 'list'],
      [temporal, 'list'],
      [nats, 'tracker', '--once'],
    ] as const) {
      const { code, stdout, stderr } = await startEmsWithin(300, env, ...args).ended;
      assert.deepEqual([code, stdout], [1, '']);
      assert.equal(
        stderr,
        `ems: ${args[0]} has had no answer for 0.3 s. A command that changes an exit may still take effect: ems status <employeeId>\n`,
      );
    }
  });

  it('gives a command that follows exits no deadline', async () => {
    const { code, stderr } = await startEmsWithin(2_000, nats, 'tracker').ended;
    assert.equal(code, 1);
    assert.match(stderr, /^ems: NATS cannot be reached at .*: timeout/);
  });

  it('ends any other command on Ctrl-C with exit code 130', async () => {
    const listing = startEms(nats, 'list');
    listing.interrupt();
    assert.deepEqual(await listing.ended, { code: 130, stdout: '', stderr: '' });
  });
});
