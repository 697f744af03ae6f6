import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { connectBus } from '../../src/choreography/jetstream/bus.js';
import { openBucket } from '../../src/choreography/jetstream/bucket.js';
import { ensureConsumer, findConsumer } from '../../src/choreography/jetstream/consumers.js';
import { EXITS } from '../../src/choreography/jetstream/streams.js';
import { startEmsProcess } from '../support/ems-process.js';
import { eventually } from '../support/eventually.js';
import { limitedNats } from '../support/limited-nats.js';
import { startBroker } from '../support/nats.js';
import { sampleEnv } from '../support/sample-config.js';

describe('a service that starts', () => {
  const { start, connected } = limitedNats();

  it('takes over a consumer of an earlier release, and keeps its position', async () => {
    await start('max_file: 1GB');
    const bus = await connected();
    const earlier = {
      description: 'Earlier',
      filter_subjects: ['exit.*.*.a'],
      metadata: { promises: '[1]' },
    };
    await ensureConsumer(bus, 'one', earlier);
    await bus.js.publish('exit.E-1.x.a', 'first');
    const message = await (await bus.js.consumers.get(EXITS, 'one')).next();
    assert.ok(await message!.ackAck());

    const now = {
      ...earlier,
      description: 'Reworded',
      filter_subjects: ['exit.*.*.b'],
      metadata: { promises: '[2]' },
    };
    await ensureConsumer(bus, 'one', now);
    const found = (await findConsumer(bus, 'one'))!;
    assert.equal(found.config.description, 'Reworded');
    assert.deepEqual(found.config.filter_subjects ?? [found.config.filter_subject], ['exit.*.*.b']);
    assert.equal(found.config.metadata?.['promises'], '[2]');
    assert.equal(found.ack_floor.stream_seq, 1);
  });

  it('agrees with another release that creates the same consumer at the same time', async () => {
    await start('max_file: 1GB');
    const both = await Promise.all([connected(), connected()]);
    for (let n = 0; n < 10; n += 1)
      await Promise.all(
        both.map((bus, release) =>
          ensureConsumer(bus, `consumer-${n}`, { description: `Release ${release}` }),
        ),
      );
  });

  it('changes existing streams and buckets to the limits that the environment sets, and to no others', async () => {
    await start('max_file: 1GB');
    const bus = await connected({ NATS_STREAM_MAX_BYTES: '2000000' });
    await openBucket(bus, 'notes');
    await bus.jsm.streams.update(EXITS, { description: 'of an earlier release', max_msg_size: 500_000 });
    const changed = await connected({ NATS_STREAM_MAX_BYTES: '3000000', NATS_BUCKET_MAX_BYTES: '1000000' });
    await openBucket(changed, 'notes');
    const { config } = await bus.jsm.streams.info(EXITS);
    assert.equal(config.max_bytes, 3_000_000);
    assert.equal(config.max_msg_size, 500_000, 'the operator has set it');
    assert.match(config.description!, /^Exits: /);
    assert.equal((await bus.jsm.streams.info('KV_notes')).config.max_bytes, 1_000_000);

    const unset = await connected();
    await openBucket(unset, 'notes');
    assert.equal((await bus.jsm.streams.info(EXITS)).config.max_bytes, 3_000_000);
  });

  it('says what of a stream cannot be changed, and what to do', async () => {
    await start('max_file: 1GB');
    await connected();
    await assert.rejects(
      connected({ NATS_REPLICAS: '3' }),
      /The stream EXITS is not updated: replicas > 1 .*: lower NATS_REPLICAS, or add servers$/,
    );
  });

  const notification = (url: string) =>
    startEmsProcess({ ...sampleEnv, NATS_URL: url }, ['service', 'notification']);

  it('ends with the reason where its second consumer is refused, and stops the first', async () => {
    const server = await start('max_file: 1GB, max_consumers: 1');
    const { code, stderr } = await notification(server.url).ended;
    assert.match(stderr, /The consumer notification\S* is not created: maximum consumers limit reached/);
    assert.equal(code, 1);
  });

  it('ends on SIGTERM while NATS accepts connections and says nothing', async () => {
    const sockets: Socket[] = [];
    const mute = createServer((socket) => void sockets.push(socket.on('error', () => undefined)));
    await once(mute.listen(0, '127.0.0.1'), 'listening');
    const { child, ended } = notification(`nats://127.0.0.1:${(mute.address() as AddressInfo).port}`);
    await eventually('a connection', () => sockets.length > 0 || undefined);
    const asked = performance.now();
    child.kill('SIGTERM');
    const { code } = await ended;
    assert.ok(performance.now() - asked < 2_000, 'at once');
    assert.equal(code, 0);
    for (const socket of sockets) socket.destroy();
    mute.close();
  });

  it('stops without an error where NATS goes away meanwhile', async () => {
    const broker = await startBroker();
    const bus = await connectBus({ servers: [broker.address] }, 'a service that stops');
    broker.signal('SIGSTOP');
    const closing = bus.close();
    await Promise.all([closing, broker.kill()]);
  });
});
