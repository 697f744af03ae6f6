import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import { startChoreographedWorld, type ChoreographedWorld } from '../support/choreographed-world.js';
import { HR, type Hired } from '../support/world.js';

const EXITS = 1_000;
/** How many are hired, resign or are decided on at a time: a person each, and not one program that waits for nobody. */
const AT_A_TIME = 50;

type Opened = Hired & { exitId: string };

describe('a thousand choreographed exits at once', function () {
  this.timeout(900_000);
  let world: ChoreographedWorld;
  before(async () => {
    world = await startChoreographedWorld({
      systems: ['payroll'],
      // Patient with servers, so that what happens twice happens because of us, however busy the machine is.
      config: [['requestTimeout: PT1S', 'requestTimeout: PT30S']],
      ackWaitMs: 30_000,
    });
  });
  after(() => world.stop());

  /** One reading of the stream tells of all. */
  async function untilAll(phase: string): Promise<void> {
    for (;;) {
      const listed = await world.exits.list({});
      if (listed.filter((exit) => exit.phase === phase).length === EXITS) return;
      await pause(1_000);
    }
  }

  it('end as decided: nothing is lost, and nothing is seen twice by the outside', async () => {
    const hired = await inBatches([...Array(EXITS).keys()], () =>
      world.hire({ on: ['payroll'], manager: null }),
    );
    const exits = await inBatches(hired, async (each): Promise<Opened> => {
      const { exitId } = await world.exits.open({ employeeId: each.employeeId });
      return { ...each, exitId };
    });
    await untilAll('awaiting-decision');
    const staying = new Set(exits.filter((_, n) => n % 2 === 0));
    await inBatches(exits, async (each) => {
      const outcome = staying.has(each) ? 'retained' : 'leaving';
      await world.exits.decide(each.employeeId, { outcome, decidedBy: HR });
    });
    await untilAll('closed');

    const mails = groupedBy(world.mail.mails, ({ messageId = '' }) => messageId.slice(1).split('.')[0]!);
    const writes = groupedBy(
      world.proxies.payroll.seen.filter(({ method }) => method === 'PATCH'),
      ({ path }) => path.split('/').at(-1)!,
    );
    for (const each of exits) {
      const retained = staying.has(each);
      const told = (mails.get(each.exitId) ?? []).map(({ messageId }) => messageId);
      assert.equal(new Set(told).size, told.length, `a mail of ${each.employeeId} came twice`);
      assert.equal(told.length, retained ? 7 : 5, JSON.stringify(told));
      const ledger = (writes.get(each.accounts.payroll!) ?? []).map(({ body }) => body.includes('true'));
      assert.deepEqual(ledger, retained ? [false, true] : [false], each.employeeId);
      assert.equal((await world.account(each, 'payroll')).active, retained);
    }
    assert.deepEqual(await world.deadLetters(), []);
    assert.deepEqual(await world.exits.list({ attention: true }), []);
  });
});

function groupedBy<T>(all: readonly T[], keyOf: (each: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const each of all) groups.set(keyOf(each), [...(groups.get(keyOf(each)) ?? []), each]);
  return groups;
}

async function inBatches<T, R>(all: readonly T[], work: (each: T) => Promise<R>): Promise<R[]> {
  const done: R[] = [];
  for (let from = 0; from < all.length; from += AT_A_TIME)
    done.push(...(await Promise.all(all.slice(from, from + AT_A_TIME).map(work))));
  return done;
}
