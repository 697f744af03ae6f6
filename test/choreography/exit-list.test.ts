import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import type { Bus } from '../../src/choreography/jetstream/bus.js';
import { choreographedExits } from '../../src/choreography/client/choreographed-exits.js';
import type { ListedExit } from '../../src/exit/exits.js';
import { ended } from '../promises/on-the-way.js';
import { startChoreographedWorld, type ChoreographedWorld } from '../support/choreographed-world.js';
import { eventually } from '../support/eventually.js';
import { HR, stateOf, type Hired } from '../support/world.js';

const EXITS = 'EXITS';
const KEEPER = 'listing';
const ROWS = 'KV_exit-list';

/** The same connection, which counts the messages of EXITS, and the rows, that are read. */
function counting(bus: Bus): { bus: Bus; count: () => number; rows: () => number } {
  let read = 0;
  let rows = 0;
  const get: Bus['js']['consumers']['get'] = async (stream, options) => {
    const consumer = await bus.js.consumers.get(stream, options);
    const consume = consumer.consume.bind(consumer);
    return Object.assign(consumer, {
      consume: async (...args: Parameters<typeof consume>) => {
        const messages = await consume(...args);
        const all = messages[Symbol.asyncIterator].bind(messages);
        return Object.assign(messages, {
          async *[Symbol.asyncIterator]() {
            for await (const message of { [Symbol.asyncIterator]: all }) {
              if (stream === EXITS) read += 1;
              else if (stream === ROWS) rows += 1;
              yield message;
            }
          },
        });
      },
    });
  };
  const js = Object.assign(Object.create(bus.js) as Bus['js'], { consumers: { get } });
  const log: Bus['read'] = async (employeeId) => {
    const found = await bus.read(employeeId);
    read += found.events.length;
    return found;
  };
  return { bus: { ...bus, js, read: log }, count: () => read, rows: () => rows };
}

const inAMonth = new Date(Date.now() + 30 * 24 * 3_600_000).toISOString().slice(0, 10);
const asJson = (exits: ListedExit[]) => JSON.parse(JSON.stringify(exits)) as ListedExit[];

describe('the list of the choreographed exits', () => {
  let world: ChoreographedWorld;
  const hired: Hired[] = [];
  before('some exits are closed, one is stuck, others wait', async () => {
    world = await startChoreographedWorld();
    world.mail.refuse((recipient) =>
      recipient.startsWith('stuck') ? { code: 550, message: 'no' } : undefined,
    );
    const opened = await Promise.all([
      ...Array.from({ length: 5 }, () => world.open({ on: ['payroll'] })),
      world.open({ on: ['payroll'], manager: 'stuck@acme.example' }),
    ]);
    hired.push(...opened);
    await Promise.all(opened.map((nora) => world.untilPhase(nora, 'awaiting-decision')));
    for (const nora of opened.slice(0, 3)) {
      await ended(world, nora, 'leaving');
    }
    await world.until(
      opened[5]!,
      'stuck',
      (status) => stateOf(status, 'notify-manager') === 'needs-attention',
    );
  });
  after(() => world.stop());

  const lastOf = async (): Promise<number> => (await world.bus.jsm.streams.info(EXITS)).state.last_seq;
  const kept = () =>
    eventually('everything to be kept', async () => {
      const { ack_floor } = await world.bus.jsm.consumers.info(EXITS, KEEPER);
      return ack_floor.stream_seq === (await lastOf()) ? true : undefined;
    });
  const rows = (wanted: number) =>
    eventually(`${wanted} rows`, async () => {
      const { state } = await world.bus.jsm.streams.info('KV_exit-list');
      return state.messages === wanted ? true : undefined;
    });
  async function list(): Promise<{ exits: ListedExit[]; read: number }> {
    const { bus, count } = counting(world.bus);
    const exits = await (await choreographedExits(bus, world.config)).list({});
    // The application puts them in order.
    const sorted = exits.toSorted((a, b) => a.exitId.localeCompare(b.exitId));
    return { exits: asJson(sorted), read: count() };
  }
  const phases = (exits: ListedExit[]) => exits.map(({ phase }) => phase).toSorted();

  it('reads nothing that was folded before, and tells the same as the whole stream', async () => {
    // The operator may still be told of the exit that is stuck.
    const exits = await eventually('a list that reads nothing', async () => {
      await kept();
      const { exits, read } = await list();
      return read === 0 ? exits : undefined;
    });
    assert.ok((await lastOf()) > 40, 'there would have been much to read');
    assert.deepEqual(phases(exits), [...Array(3).fill('awaiting-decision'), ...Array(3).fill('closed')]);
    assert.deepEqual(
      exits.filter(({ needsAttention }) => needsAttention).map(({ employeeId }) => employeeId),
      [hired[5]!.employeeId],
    );
    for (const { employeeId } of hired) {
      const mine = exits.filter((exit) => exit.employeeId === employeeId);
      assert.deepEqual(asJson(await world.exits.list({ employeeId })), mine, 'as the stream has it');
    }
  });

  it('is read again by the same process only where it has changed', async () => {
    await kept();
    const { bus, rows: rowsRead } = counting(world.bus);
    const exits = await choreographedExits(bus, world.config);
    const first = asJson(await exits.list({}));
    assert.equal(rowsRead(), 6);
    assert.deepEqual(asJson(await exits.list({})), first);
    assert.equal(rowsRead(), 6, 'no row twice');
    const [nora] = hired.slice(4);
    await world.exits.amend(nora!.employeeId, { lastWorkingDay: inAMonth, by: HR });
    await kept();
    const changed = (await exits.list({})).find(({ employeeId }) => employeeId === nora!.employeeId);
    assert.equal(changed?.lastWorkingDay, inAMonth);
    assert.ok(rowsRead() <= 8, `${rowsRead()} rows`);
  });

  it('is right while no service keeps it, and reads only what is new', async () => {
    await kept();
    await world.stopServices();
    const nora = await world.open({ on: ['payroll'] });
    const { exits, read } = await list();
    assert.equal(exits.find(({ employeeId }) => employeeId === nora.employeeId)?.phase, 'starting');
    assert.equal(exits.length, 7);
    assert.ok(read <= 2, `${read} messages`);
  });

  it('is right when time alone has changed an exit', async () => {
    await world.startServices();
    await kept();
    const nora = hired[3]!;
    const { exitId } = await world.exits.status(nora.employeeId);
    const effectiveAt = new Date(Date.now() + 6_000).toISOString();
    await world.bus.publish({
      ...{ type: 'exit.decision-finalised', id: 'decided', source: '/a/test', exitId },
      ...{ employeeId: nora.employeeId, time: new Date().toISOString() },
      data: { outcome: 'leaving', decidedBy: HR, effectiveOn: effectiveAt.slice(0, 10), effectiveAt },
    });
    await kept();
    const phaseOf = async () =>
      (await list()).exits.find(({ employeeId }) => employeeId === nora.employeeId)?.phase;
    assert.equal(await phaseOf(), 'awaiting-effective-date');
    await pause(Date.parse(effectiveAt) - Date.now() + 100);
    assert.equal(await phaseOf(), 'revoking');
  });

  it('is read from the stream where it was lost, and several services restore it at once', async () => {
    await kept();
    const before = await list();
    await world.stopServices();
    await world.bus.jsm.streams.delete('KV_exit-list');
    const without = await list();
    assert.deepEqual(without.exits, before.exits);
    assert.equal(without.read, await lastOf());
    await Promise.all([world.startServices(), world.startServices()]);
    assert.deepEqual((await list()).exits, before.exits);
    await rows(7);
    await kept();
    const again = await list();
    assert.deepEqual([again.exits, again.read], [before.exits, 0]);
    assert.ok((await world.deadLetters()).every(({ consumer }) => consumer !== KEEPER));
  });
});
