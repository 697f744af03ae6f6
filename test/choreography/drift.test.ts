import assert from 'node:assert/strict';
import { startChoreographedWorld, type ChoreographedWorld } from '../support/choreographed-world.js';
import { eventually } from '../support/eventually.js';
import { HR, stateOf, type Hired } from '../support/world.js';

const often: [string, string] = ['recheckEvery: PT15M', 'recheckEvery: PT1S'];

async function blocked(world: ChoreographedWorld): Promise<Hired> {
  const nora = await world.open();
  await world.untilPhase(nora, 'awaiting-decision');
  return nora;
}

async function retain(world: ChoreographedWorld, nora: Hired): Promise<void> {
  await world.exits.decide(nora.employeeId, { outcome: 'retained', decidedBy: HR });
  await world.untilPhase(nora, 'closed');
}

describe('a choreographed hold that somebody undoes while the decision is open', () => {
  let world: ChoreographedWorld;
  before(async () => {
    world = await startChoreographedWorld({ config: [often] });
  });
  afterEach(() => world.mend());
  after(() => world.stop());

  it('is asserted again each time, and is in the evidence', async () => {
    const nora = await blocked(world);
    for (const times of [1, 2]) {
      await world.admin.payroll.setActive(nora.accounts.payroll!, true);
      const status = await world.until(nora, 'blocked again', ({ drifts, blockedAt }) =>
        Boolean(drifts.length === times && blockedAt),
      );
      assert.equal((await world.account(nora, 'payroll')).active, false);
      assert.equal(status.phase, 'awaiting-decision');
      assert.deepEqual(
        [status.drifts.at(-1)!.system, status.drifts.at(-1)!.what],
        ['payroll', 'the account is active again'],
      );
    }
    await retain(world, nora);
    assert.equal((await world.account(nora, 'payroll')).active, true);
    const { systems } = await world.exits.report(nora.employeeId, 'test');
    const { blocks, drifts } = systems.find(({ system }) => system === 'payroll')!;
    assert.equal(blocks.length, 3);
    assert.deepEqual(
      drifts.map(({ blockedAgainAt }) => blockedAgainAt),
      blocks.slice(1).map(({ at }) => at),
    );
  });

  it('on a system that is down is found once it is back, and the outage is none of the exit’s concern', async () => {
    const nora = await blocked(world);
    await world.admin.code.setActive(nora.accounts.code!, true);
    const reads = () =>
      world.proxies.code.seen.filter(({ path }) => path.includes(nora.accounts.code!)).length;
    world.proxies.code.fault(() => ({ kind: 'answer', status: 503 }));
    const before = reads();
    await eventually('two looks in vain', () => (reads() >= before + 2 ? true : undefined));
    const meanwhile = await world.exits.status(nora.employeeId);
    assert.deepEqual([meanwhile.drifts, stateOf(meanwhile, 'block-access:code')], [[], 'done']);
    await world.mend();
    await world.until(nora, 'blocked again', ({ drifts, blockedAt }) => Boolean(drifts.length && blockedAt));
    await retain(world, nora);
  });

  it('is no news once the exit is over: nobody looks any more', async () => {
    const nora = await blocked(world);
    await retain(world, nora);
    await eventually('nothing to wait for', async () => {
      const { num_pending, num_ack_pending } = await world.bus.jsm.consumers.info('EXITS', 'drift-payroll');
      return num_pending + num_ack_pending === 0 ? true : undefined;
    });
    assert.deepEqual((await world.exits.status(nora.employeeId)).drifts, []);
  });
});
