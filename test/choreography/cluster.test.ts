import assert from 'node:assert/strict';
import { connect } from '@nats-io/transport-node';
import { connectBus, type Bus } from '../../src/choreography/jetstream/bus.js';
import { EXITS } from '../../src/choreography/jetstream/streams.js';
import { natsConfigOf } from '../../src/config/environment.js';
import type { ExitEvent } from '../../src/exit/events.js';
import { passwordOf } from '../support/deployed-nats.js';
import { eventually } from '../support/eventually.js';
import { startNatsCluster } from '../support/nats-cluster.js';
import { signalServer } from '../support/processes.js';

let events = 0;
const resigned = (): ExitEvent<'employee.resigned'> => {
  events += 1;
  const id = `id-${events}`;
  return {
    ...{ type: 'employee.resigned', id, source: '/a/test', time: new Date().toISOString() },
    ...{ employeeId: `T-${events}`, exitId: `exit-${events}`, data: { employeeId: `T-${events}` } },
  };
};

describe('@long three nodes of NATS, as deployed', () => {
  let cluster: Awaited<ReturnType<typeof startNatsCluster>>;
  const buses: Bus[] = [];
  const connected = async (): Promise<Bus> => {
    const bus = await connectBus(natsConfigOf(cluster.url, { NATS_REPLICAS: '3' }), 'a test');
    buses.push(bus);
    return bus;
  };
  before(async () => {
    cluster = await startNatsCluster();
  });
  afterEach(async () => {
    for (const bus of buses.splice(0)) await bus.close();
  });
  after(() => cluster.stop());

  const nodeOf = (bus: Bus) =>
    cluster.nodes.findIndex(({ address }) => address === bus.connection.getServer());

  it('form a cluster, and keep three copies of each stream', async () => {
    for (const node of cluster.nodes)
      await eventually('two routes', async () => (await node.routes()) === 2 || undefined);
    const bus = await connected();
    const { config } = await bus.jsm.streams.info(EXITS);
    assert.equal(config.num_replicas, 3);
    await bus.publish(resigned());
  });

  it('let no server join without the password of the routes', async () => {
    const foreign = await cluster.startForeign();
    try {
      await eventually(
        'the refusal',
        async () => /Authorization Violation/i.test(await foreign.log()) || undefined,
      );
      for (const node of cluster.nodes) assert.equal(await node.routes(), 2);
    } finally {
      await foreign.child.stop();
    }
  });

  it('are left for one another: a client goes on within seconds when its node freezes', async () => {
    const bus = await connected();
    await bus.publish(resigned());
    const { child } = cluster.nodes[nodeOf(bus)]!;
    signalServer(child, 'SIGSTOP');
    try {
      const frozen = performance.now();
      await bus.publish(resigned());
      assert.ok(performance.now() - frozen < 30_000);
    } finally {
      signalServer(child, 'SIGCONT');
    }
  });

  it('are waited for while too few of them are there', async () => {
    for (const n of [1, 2]) {
      signalServer(cluster.nodes[n]!.child, 'SIGKILL');
      await cluster.nodes[n]!.child.exited;
    }
    const [left] = cluster.nodes;
    const alone = await connect({ servers: left.address, user: 'ems', pass: passwordOf('ems') });
    await eventually('503, since it has no leader', async () => {
      // It says nothing until it has missed its leader for some seconds.
      const answer = await alone
        .request('$JS.API.INFO', undefined, { timeout: 1_000 })
        .catch(() => undefined);
      return answer?.json<{ error?: { code: number } }>().error?.code === 503 || undefined;
    });
    await alone.close();
    const bus = connected();
    await cluster.restart(1);
    await (await bus).publish(resigned());
    await cluster.restart(2);
  });
});
