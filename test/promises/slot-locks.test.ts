/** What both forms promise of a lock on half an hour, whichever process asks. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { MockActivityEnvironment } from '@temporalio/testing';
import { slotWorkflows } from '../../src/activities/slot-workflows.js';
import { connectBus, type Bus } from '../../src/choreography/jetstream/bus.js';
import { openSlotKeys } from '../../src/choreography/jetstream/slot-keys.js';
import type { SlotLocks } from '../../src/services/hr/slot-locks.js';
import { startBroker, type Broker } from '../support/nats.js';
import { temporal } from '../support/temporal.js';

/** Two processes, each with its own connection or activity. */
interface Form {
  processes: [SlotLocks, SlotLocks];
  stop: () => Promise<void>;
}

const forms: Record<string, () => Promise<Form>> = {
  async orchestrated() {
    const { client } = await temporal();
    const inActivity = (): SlotLocks => {
      const run = <T>(call: () => Promise<T>): Promise<T> =>
        new MockActivityEnvironment(undefined, { client }).run(call) as Promise<T>;
      return {
        take: (...args) => run(() => slotWorkflows.take(...args)),
        holderOf: (key) => run(() => slotWorkflows.holderOf(key)),
        release: (...args) => run(() => slotWorkflows.release(...args)),
      };
    };
    return { processes: [inActivity(), inActivity()], stop: () => Promise.resolve() };
  },
  async choreographed() {
    const broker: Broker = await startBroker();
    const connect = (): Promise<Bus> => connectBus({ servers: [broker.address] }, 'a process');
    const buses = await Promise.all([connect(), connect()]);
    const [first, second] = await Promise.all(buses.map(openSlotKeys));
    return {
      processes: [first!, second!],
      async stop() {
        await Promise.all(buses.map((bus) => bus.close()));
        await broker.stop();
      },
    };
  },
};

for (const [form, start] of Object.entries(forms))
  describe(`the lock of half an hour, ${form},`, () => {
    let here: SlotLocks;
    let there: SlotLocks;
    let stop: Form['stop'];
    let keys: [string, string];
    const until = Date.now() + 60 * 60_000;
    before(async () => {
      const started = await start();
      [here, there] = started.processes;
      stop = started.stop;
    });
    // Over midnight.
    beforeEach(() => {
      const partner = randomUUID();
      keys = [`${partner}.20261124T233000Z`, `${partner}.20261125T000000Z`];
    });
    after(() => stop());

    it('goes to one of twenty that take it at once, and each hears which', async () => {
      const [key] = keys;
      const asked = Array.from({ length: 20 }, (_, i) => `exit-${i}`);
      const heard = await Promise.all(
        asked.map((holder, i) => (i % 2 === 0 ? here : there).take([key], holder, until)),
      );
      const holder = await here.holderOf(key);
      assert.deepEqual(
        heard,
        asked.map((each) => (each === holder ? undefined : { key, holder })),
      );
    });

    it('is its holder’s again and again, after a crash as well', async () => {
      const [key] = keys;
      assert.equal(await here.take([key], 'exit-1', until), undefined);
      assert.equal(await there.take([key], 'exit-1', until), undefined);
      assert.deepEqual(await there.take([key], 'exit-2', until), { key, holder: 'exit-1' });
    });

    it('is taken with all others of an interview, or not at all', async () => {
      const [first, second] = keys;
      assert.equal(await here.take([second], 'exit-1', until), undefined);
      assert.deepEqual(await there.take(keys, 'exit-2', until), { key: second, holder: 'exit-1' });
      assert.equal(await here.holderOf(first), undefined);
      await here.release([second], 'exit-1');
      assert.equal(await there.take(keys, 'exit-2', until), undefined);
      assert.deepEqual(await Promise.all(keys.map((key) => here.holderOf(key))), ['exit-2', 'exit-2']);
    });

    it('is released by its holder alone, and can be taken then', async () => {
      const [key] = keys;
      await here.take(keys, 'exit-1', until);
      await there.release(keys, 'exit-2');
      assert.equal(await there.holderOf(key), 'exit-1');
      await there.release(keys, 'exit-1');
      await there.release(keys, 'exit-1');
      assert.equal(await here.holderOf(key), undefined);
      assert.equal(await there.take(keys, 'exit-2', until), undefined);
    });
  });
