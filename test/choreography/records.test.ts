import assert from 'node:assert/strict';
import { Kvm } from '@nats-io/kv';
import { connectBus, type Bus } from '../../src/choreography/jetstream/bus.js';
import { Busy, openRecords, type Leased, type Records } from '../../src/choreography/jetstream/records.js';
import { assertTimeLeft } from '../../src/services/protocols/commit-point.js';
import { eventually } from '../support/eventually.js';
import { startBroker, type Broker } from '../support/nats.js';

interface Note {
  lines: string[];
}

/** Long enough that a busy machine renews it in time. */
const LEASE_MS = 1_500;
const { signal } = new AbortController();

describe('a record of a service', () => {
  let broker: Broker;
  const buses: Bus[] = [];
  let one: Records<Note>;
  let two: Records<Note>;
  before(async () => {
    broker = await startBroker();
    [one, two] = await Promise.all([open(1), open(2)]);
  });
  after(async () => {
    for (const bus of buses) await bus.close();
    await broker.stop();
  });

  async function open(n: number): Promise<Records<Note>> {
    const bus = await connectBus({ servers: [broker.address] }, `process ${n}`);
    buses.push(bus);
    return openRecords<Note>(bus, { bucket: 'notes', empty: { lines: [] }, leaseMs: LEASE_MS });
  }
  const read = (records: Records<Note>, key: string): Promise<string[]> =>
    records.lease(key, signal, (record) => Promise.resolve(record.value.lines));

  it('is the same for every process', async () => {
    await one.lease('a', signal, (record) => Promise.resolve(record.value.lines.push('first')));
    assert.deepEqual(await read(two, 'a'), ['first']);
  });

  it('is leased to one process at a time, for as long as its work takes', async () => {
    const begun = gate();
    const end = gate();
    const longer = one.lease('b', signal, async (record) => {
      await record.save();
      begun.open();
      await end.passed;
    });
    await begun.passed;
    await eventually('three times the lease', countTo(3 * LEASE_MS));
    await assert.rejects(read(two, 'b'), Busy);
    end.open();
    await longer;
    assert.deepEqual(await read(two, 'b'), []);
  });

  it('is leased by the first save: of two processes that have read it, one acts', async () => {
    const acted: string[] = [];
    const [begun, other] = [gate(), gate()];
    const slower = one.lease('i', signal, async (record) => {
      begun.open();
      await other.passed;
      await record.save();
      acted.push('slower');
    });
    await begun.passed;
    await two.lease('i', signal, async (record) => {
      record.value.lines.push('faster');
      await record.save();
      acted.push('faster');
      other.open();
      await assert.rejects(slower, Busy);
    });
    assert.deepEqual(acted, ['faster']);
    assert.deepEqual(await read(one, 'i'), ['faster']);
  });

  it('is not written by work that finds nothing to do, and once by work that needed no lease', async () => {
    const kv = await new Kvm(buses[0]!.js).open('notes');
    await one.lease('j', signal, () => Promise.resolve());
    assert.equal(await kv.get('j'), null);
    await one.lease('j', signal, (record) => Promise.resolve(record.value.lines.push('seen')));
    const { revision } = (await kv.get('j'))!;
    await one.lease('j', signal, () => Promise.resolve());
    assert.equal((await kv.get('j'))!.revision, revision);
    assert.deepEqual(await read(two, 'j'), ['seen']);
  });

  describe('whose outcome the stream has', () => {
    const outcome = 'a-resignation/block-access:payroll/access.blocked';
    const published = new Set<string>();
    const isPublished = (id: string) => Promise.resolve(published.has(id));
    const leaseBy = <R>(records: Records<Note>, key: string, work: (record: Leased<Note>) => Promise<R>) =>
      records.lease(key, signal, work, isPublished);
    const linesFor = (key: string) => leaseBy(two, key, (record) => Promise.resolve(record.value.lines));
    afterEach(() => published.clear());

    it('is free for another process without one more write', async () => {
      const kv = await new Kvm(buses[0]!.js).open('notes');
      await leaseBy(one, 'k', async (record) => {
        record.outcome = outcome;
        record.value.lines.push('taken');
        await record.save();
        await assert.rejects(linesFor('k'), Busy);
        record.value.lines.push('in the outcome as well');
        published.add(outcome);
        record.isOutcomePublished = true;
      });
      assert.equal((await kv.get('k'))!.json<{ by: string }>().by.split(' ')[1], '1', 'one write');
      assert.deepEqual(await linesFor('k'), ['taken']);
      await assert.rejects(read(two, 'k'), Busy, 'who cannot read the stream waits for the end of the lease');
    });

    it('is free for another process where its holder dies before it knows', async () => {
      const dead = await open(4);
      const late = leaseBy(dead, 'l', async (record) => {
        record.outcome = outcome;
        await record.save();
        published.add(outcome);
        await buses.at(-1)!.connection.close();
        throw new Error('the process dies');
      });
      await assert.rejects(late);
      assert.deepEqual(await linesFor('l'), []);
    });

    it('is leased anew for another outcome', async () => {
      published.add(outcome);
      await leaseBy(one, 'm', async (record) => {
        record.outcome = `${outcome}/2`;
        await record.save();
        await assert.rejects(linesFor('m'), Busy);
        record.value.lines.push('a failure ends it with what is known');
      });
      assert.deepEqual(await linesFor('m'), ['a failure ends it with what is known']);
    });
  });

  it('is leased in turn within a process', async () => {
    const add = (line: string) =>
      one.lease('c', signal, async (record) => {
        record.value.lines.push(`${line} begins`);
        await record.save();
        record.value.lines.push(`${line} ends`);
      });
    await Promise.all(['x', 'y', 'z'].map(add));
    assert.deepEqual(
      await read(one, 'c'),
      ['x', 'y', 'z'].flatMap((line) => [`${line} begins`, `${line} ends`]),
    );
  });

  it('of a process that has died is taken over after its lease, and the dead process writes no more', async () => {
    const dead = await open(3);
    const cutOff = gate();
    const asleep = gate();
    let isAborted = false;
    const late = dead.lease('d', signal, async (record) => {
      record.value.lines.push('set out');
      await record.save();
      await buses[2]!.connection.close();
      cutOff.open();
      await asleep.passed;
      isAborted = record.signal.aborted;
      record.value.lines.push('never');
      await record.save();
    });
    await cutOff.passed;
    const taken = await eventually('the takeover', () => read(two, 'd').catch(() => undefined));
    assert.deepEqual(taken, ['set out']);
    asleep.open();
    await assert.rejects(late);
    assert.ok(isAborted, 'a process that cannot renew its lease gives up in time');
    assert.deepEqual(await read(two, 'd'), ['set out']);
  });

  it('of a process that stood still beyond its lease begins nothing that cannot be undone', async () => {
    let sent = 0;
    const late = one.lease('f', signal, async (record) => {
      await record.save();
      assertTimeLeft(record.signal, 1);
      standStill(2 * LEASE_MS);
      assert.ok(!record.signal.aborted, 'no timer could abort it');
      assertTimeLeft(record.signal, 1);
      sent += 1;
      return Promise.resolve();
    });
    await assert.rejects(late, /another process may take the step over/);
    assert.equal(sent, 0);
  });

  it('remembers what was done although the answer to a write was lost', async () => {
    await one.lease('g', signal, async (record) => {
      await record.save();
      // The answer to a write is lost, and with it the revision that the next one has to name.
      const kv = await new Kvm(buses[1]!.js).open('notes');
      const { revision, value } = (await kv.get('g'))!;
      await kv.put('g', value, { previousSeq: revision });
      record.value.lines.push('done');
    });
    assert.deepEqual(await read(two, 'g'), ['done']);
  });

  it('has one renewal under way at a time, however slow the broker is', async () => {
    const bus = await connectBus({ servers: [broker.address] }, 'a process');
    buses.push(bus);
    const leaseMs = 300;
    const records = await openRecords<Note>(bus, { bucket: 'slow', empty: { lines: [] }, leaseMs });
    const kv = await new Kvm(bus.js).open('slow');
    const begun = gate();
    const end = gate();
    const working = records.lease('h', signal, async (record) => {
      await record.save();
      begun.open();
      await end.passed;
    });
    await begun.passed;
    const before = (await kv.get('h'))!.revision;
    broker.signal('SIGSTOP');
    await eventually('ten renewals to fall due', countTo((10 * leaseMs) / 3));
    broker.signal('SIGCONT');
    end.open();
    await working;
    const writes = (await kv.get('h'))!.revision - before;
    assert.ok(writes <= 3, `${writes} writes`);
  });

  it('is interrupted by a newer message', async () => {
    const begun = gate();
    const working = one.lease('e', signal, (record) => {
      begun.open();
      return new Promise((_, reject) =>
        record.signal.addEventListener('abort', () => reject(record.signal.reason)),
      );
    });
    const refused = assert.rejects(working, /interrupted: a decision/);
    await begun.passed;
    // A copy of the message that it works for.
    await one.interrupt('e', 0);
    assert.equal(await Promise.race([working, Promise.resolve('goes on')]), 'goes on');
    await one.interrupt('e', 1);
    await refused;
  });
});

/** As a process does that is suspended, or whose event loop is busy. */
const standStill = (ms: number) => void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);

function countTo(ms: number): () => true | undefined {
  const began = Date.now();
  return () => (Date.now() - began > ms ? true : undefined);
}

function gate(): { open: () => void; passed: Promise<void> } {
  let open = (): void => undefined;
  const passed = new Promise<void>((resolve) => (open = resolve));
  return { open, passed };
}
