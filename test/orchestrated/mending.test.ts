import assert from 'node:assert/strict';
import { opened, settle, untilStep } from '../promises/on-the-way.js';
import { gate } from '../support/gate.js';
import { HR, startWorld, stepOf, type World } from '../support/world.js';

describe('a step of an orchestrated exit that cannot succeed', () => {
  let world: World;
  before(async () => {
    world = await startWorld();
  });
  afterEach(() => world.mend());
  after(() => world.stop());

  const lookUpStuck = async () => {
    world.proxies.directory.fault(() => ({ kind: 'answer', status: 403, body: { detail: 'not for you' } }));
    const nora = await opened(world);
    const stuck = await untilStep(world, nora, 'look-up-employee');
    assert.match(stepOf(stuck, 'look-up-employee')!.error!, /directory .*not for you/);
    return nora;
  };

  it('succeeds on a retry once the directory is mended', async () => {
    const nora = await lookUpStuck();
    await world.mend();
    await settle(world, nora, 'look-up-employee', 'retry');
    const mended = await untilStep(world, nora, 'look-up-employee', 'done');
    assert.equal(mended.needsAttention, false);
  });

  it('leaves mail to a person when the look-up is skipped, and the hold goes on', async () => {
    const nora = await lookUpStuck();
    await settle(world, nora, 'look-up-employee', 'skip');
    const stuck = await untilStep(world, nora, 'schedule-hr-interview');
    assert.match(stepOf(stuck, 'schedule-hr-interview')!.error!, /no mail address is known/);
    for (const step of ['notify-manager', 'notify-employee', 'schedule-hr-interview'])
      await settle(world, nora, step, 'done-by-hand');
    const leaving = { outcome: 'leaving', decidedBy: HR } as const;
    await assert.rejects(world.exits.decide(nora.employeeId, leaving), /cannot tell whose hr@/);
    await world.mend();
    await world.exits.decide(nora.employeeId, leaving);
    await untilStep(world, nora, 'notify-manager-of-outcome');
    await settle(world, nora, 'notify-manager-of-outcome', 'skip');
    await world.untilPhase(nora, 'closed');
    assert.equal((await world.account(nora, 'payroll')).active, false);
  });

  it('is done by hand only once its running attempt has ended', async () => {
    const { passed: until, open: release } = gate();
    world.proxies.payroll.fault(({ method }) => (method === 'PATCH' ? { kind: 'held', until } : undefined));
    const sent = world.proxies.payroll.next(({ method }) => method === 'PATCH');
    const nora = await opened(world, { on: ['payroll'] });
    await sent;
    await settle(world, nora, 'block-access:payroll', 'done-by-hand', 'suspended in the console');
    const { raw } = await world.client.workflow.getHandle(`exit-${nora.employeeId}`).describe();
    const pending = (raw.pendingActivities ?? []).map(({ activityId }) => activityId);
    assert.ok(!pending.includes('block-access:payroll'), 'the attempt has ended');
    release();
  });
});
