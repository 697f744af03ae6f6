import assert from 'node:assert/strict';
import { startChoreographedWorld, type ChoreographedWorld } from '../support/choreographed-world.js';
import { eventually } from '../support/eventually.js';
import { HR, IT, stateOf, stepOf } from '../support/world.js';

describe('where NATS has no room', () => {
  let world: ChoreographedWorld;
  before(async () => {
    world = await startChoreographedWorld();
  });
  after(() => world.stop());

  it('for a record, the step says so and has changed nothing; after a retry with room it is done', async () => {
    const { streams } = world.bus.jsm;
    await streams.update('KV_exit-access', { max_msg_size: 400 });
    const nora = await world.open();
    const systems = ['payroll', 'code', 'production'];
    const stuck = await world.until(nora, 'stuck', (status) =>
      systems.every((system) => stateOf(status, `block-access:${system}`) === 'needs-attention'),
    );
    assert.match(
      stepOf(stuck, 'block-access:payroll')!.error!,
      /is not written: message size exceeds maximum allowed: raise max_msg_size of the bucket exit-access$/,
    );
    assert.equal((await world.account(nora, 'payroll')).active, true);
    assert.equal(
      (await world.deadLetters()).filter(({ consumer }) => consumer === 'access-payroll').length,
      1,
    );
    await streams.update('KV_exit-access', { max_msg_size: -1 });
    for (const system of systems)
      await world.exits.resolve(nora.employeeId, { step: 'block-access', system, action: 'retry', by: IT });
    await world.until(nora, 'blocked', (status) =>
      systems.every((system) => stateOf(status, `block-access:${system}`) === 'done'),
    );
    assert.equal((await world.account(nora, 'payroll')).active, false);
  });

  it('for an event, a resignation is refused with the reason, and an open exit goes on once there is room', async () => {
    const { streams } = world.bus.jsm;
    const nora = await world.open();
    await world.untilPhase(nora, 'awaiting-decision');
    await world.stopServices();
    await world.exits.decide(nora.employeeId, { outcome: 'retained', decidedBy: HR });
    const { bytes } = (await streams.info('EXITS')).state;
    await streams.update('EXITS', { max_bytes: bytes });
    await assert.rejects(
      world.open(),
      /employee\.resigned is not published: maximum bytes exceeded: raise max_bytes of the stream EXITS$/,
    );
    await world.startServices('access', 'notification', 'hr', 'steps');
    await eventually('access to be given back', async () =>
      (await world.account(nora, 'payroll')).active ? true : undefined,
    );
    await streams.update('EXITS', { max_bytes: -1 });
    await world.untilPhase(nora, 'closed');
  });
});
