import assert from 'node:assert/strict';
import { once } from 'node:events';
import http2 from 'node:http2';
import net, { type AddressInfo } from 'node:net';
import type { Report } from '../../src/doctor/examine.js';
import { freePort } from '../../src/local/ports.js';
import { startChoreographedWorld, type ChoreographedWorld } from '../support/choreographed-world.js';
import { passwordOf, startDeployedNats } from '../support/deployed-nats.js';
import { ems } from '../support/ems.js';
import { eventually } from '../support/eventually.js';
import { scratchFolder } from '../support/temporal.js';

describe('ems doctor, of the engines', () => {
  let world: ChoreographedWorld;
  let silent: net.Server;
  before('the services run, but for HR, and no worker serves per-service queues', async () => {
    world = await startChoreographedWorld({
      config: [['taskQueues: ${EMS_TASK_QUEUES:-shared}', 'taskQueues: per-service']],
      services: ['notification', 'access', 'steps'],
    });
    silent = net.createServer().listen(0, '127.0.0.1');
    await once(silent, 'listening');
  });
  after(async () => {
    silent.close();
    await world.stop();
  });

  async function findings(changes: Record<string, string> = {}) {
    const { stdout, stderr } = await ems({ ...world.env, ...changes }, 'doctor', '--json');
    assert.equal(stderr, '');
    return (JSON.parse(stdout) as Report).findings;
  }
  const engine = async (name: 'Temporal' | 'NATS', variable: string, address: string) =>
    (await findings({ [variable]: address })).find((finding) => finding.name === name)!;

  const portOf = (server: { address: () => unknown }): number => (server.address() as AddressInfo).port;

  it('tells which consumers no process pulls, what waits there, and since when', async () => {
    const hr = await world.startServices('hr');
    const pulled = await eventually('every consumer to be pulled', async () => {
      const consumers = (await findings()).filter(({ about }) => about === 'consumer');
      return consumers.some(({ isWell }) => isWell !== 'yes') ? undefined : consumers;
    });
    assert.ok(pulled.some(({ name }) => name === 'hr') && pulled.length > 10);
    await hr.stop();
    const before = new Date().toISOString();
    await world.open();
    const [idle, ...others] = await eventually('the consumer that no process pulls', async () => {
      const bad = (await findings()).filter(({ about, isWell }) => about === 'consumer' && isWell !== 'yes');
      return bad[0]?.oldestUnacknowledged ? bad : undefined;
    });
    assert.deepEqual([idle!.name, idle!.isWell, others], ['hr', 'no', []]);
    assert.match(idle!.remark!, /^no process pulls, and messages wait: [1-9]\d*\. Start its service/);
    assert.ok(idle!.oldestUnacknowledged! >= before);
  });

  it('tells which task queues no worker polls', async () => {
    const workers = (await findings()).filter(({ about }) => about === 'workers');
    const away = workers.filter(({ isWell }) => isWell === 'no').map(({ name }) => name);
    for (const name of ['notification (activity)', 'hr (activity)', 'access (activity)'])
      assert.ok(away.includes(name), `${name}: ${away.join(', ')}`);
    // No step of the configuration needs one.
    assert.ok(!workers.some(({ name }) => name.startsWith('steps')));
  });

  it('tells that Temporal is down, hangs, or refuses the login', async () => {
    const refusing = http2.createServer().listen(0, '127.0.0.1');
    refusing.on('stream', (stream) =>
      stream.respond(
        {
          ...{ ':status': 200, 'content-type': 'application/grpc' },
          ...{ 'grpc-status': '16', 'grpc-message': 'Request unauthorized' },
        },
        { endStream: true },
      ),
    );
    await once(refusing, 'listening');
    try {
      for (const [port, why] of [
        [await freePort(), /cannot be reached at/],
        [portOf(silent), /cannot be reached at|no answer within/],
        [portOf(refusing), /Request unauthorized/],
      ] as const) {
        const { isWell, remark } = await engine('Temporal', 'TEMPORAL_ADDRESS', `127.0.0.1:${port}`);
        assert.equal(isWell, 'no');
        assert.match(remark!, why);
      }
    } finally {
      refusing.close();
    }
  });

  it('tells that NATS is down, hangs, or refuses the login', async () => {
    const guarded = await startDeployedNats(await scratchFolder());
    try {
      for (const [url, why] of [
        [`nats://127.0.0.1:${await freePort()}`, /cannot be reached at .*refused/i],
        [`nats://127.0.0.1:${portOf(silent)}`, /cannot be reached at .*timeout/i],
        [`nats://ems:not-the-password@${guarded.address}`, /Authorization Violation/i],
      ] as const) {
        const { isWell, remark } = await engine('NATS', 'NATS_URL', url);
        assert.equal(isWell, 'no');
        assert.match(remark!, why);
        assert.doesNotMatch(remark!, /not-the-password/);
      }
    } finally {
      await guarded.stop();
    }
  });

  it('makes no stream where no service has run, and says so', async () => {
    const guarded = await startDeployedNats(await scratchFolder());
    try {
      const url = `nats://ems:${passwordOf('ems')}@${guarded.address}`;
      for (let look = 0; look < 2; look++) {
        const found = (await findings({ NATS_URL: url })).find(({ about }) => about === 'consumer');
        assert.match(found!.remark!, /the stream EXITS does not exist, since no service has run/);
      }
    } finally {
      await guarded.stop();
    }
  });
});
