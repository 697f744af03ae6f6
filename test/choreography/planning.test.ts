import assert from 'node:assert/strict';
import { ended, untilStep } from '../promises/on-the-way.js';
import { startChoreographedWorld, type ChoreographedWorld } from '../support/choreographed-world.js';
import { cloudEvent, stranger } from '../support/nats.js';
import { HR, stepOf } from '../support/world.js';

const resigned = 'employee.resigned';

describe('a resignation that another program publishes without a plan', () => {
  let world: ChoreographedWorld;
  let other: Awaited<ReturnType<typeof stranger>>;
  before(async () => {
    world = await startChoreographedWorld({ services: [] });
    other = await stranger(world.broker);
  });
  after(async () => {
    await other.close();
    await world.stop();
  });

  async function resign(): Promise<Awaited<ReturnType<ChoreographedWorld['hire']>>> {
    const nora = await world.hire();
    const { employeeId } = nora;
    const subject = `exit.${employeeId}.bare.${resigned}`;
    await other.publish(subject, JSON.stringify({ employeeId }), cloudEvent(resigned, employeeId));
    return nora;
  }
  async function restart(systems: ChoreographedWorld['config']['systems']): Promise<void> {
    await world.stopServices();
    world.config.systems = systems;
    await world.startServices('access', 'notification', 'hr');
  }

  it('keeps the systems of the first service that plans it, and is not closed while one is held', async () => {
    const { systems } = world.config;
    await restart(systems);
    const nora = await resign();
    await world.untilPhase(nora, 'awaiting-decision');
    await restart(systems.filter(({ name }) => name !== 'code'));
    await world.exits.decide(nora.employeeId, { outcome: 'retained', decidedBy: HR });
    const stuck = await untilStep(world, nora, 'restore-access:code');
    assert.match(stepOf(stuck, 'restore-access:code')!.error!, /no system "code" any more/);
    assert.equal(stuck.phase, 'restoring');
    assert.equal((await world.account(nora, 'code')).active, false, 'still held');
    await restart(systems);
    await world.untilPhase(nora, 'closed');
    assert.equal((await world.account(nora, 'code')).active, true);
  });

  it('is planned once, even by services with different configurations', async () => {
    const { systems } = world.config;
    await world.stopServices();
    await world.startServices('access');
    world.config.systems = systems.slice(0, 1);
    await world.startServices('notification', 'hr');
    world.config.systems = systems;
    const nora = await resign();
    await world.untilPhase(nora, 'awaiting-decision');
    const { events } = await world.bus.read(nora.employeeId);
    const plans = events.filter((event) => event.type === 'exit.planned');
    assert.equal(plans.length, 1);
    const { steps } = await world.exits.status(nora.employeeId);
    const blocked = steps.filter(({ name }) => name === 'block-access').map(({ system }) => system);
    assert.deepEqual([blocked], [plans[0]!.data.plan.systems.map(({ name }) => name)]);
    await ended(world, nora, 'retained');
    assert.equal((await world.account(nora, 'payroll')).active, true);
  });
});
