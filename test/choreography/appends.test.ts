import assert from 'node:assert/strict';
import { connectBus, type Bus } from '../../src/choreography/jetstream/bus.js';
import { choreographedExits } from '../../src/choreography/client/choreographed-exits.js';
import type { Decision } from '../../src/exit/decision.js';
import type { EventType } from '../../src/exit/events.js';
import { startChoreographedWorld, type ChoreographedWorld } from '../support/choreographed-world.js';
import { HR } from '../support/world.js';

const retained: Decision = { outcome: 'retained', decidedBy: HR };
const leaving: Decision = { outcome: 'leaving', decidedBy: HR };

describe('an append to the exits', () => {
  let world: ChoreographedWorld;
  let other: Bus;
  before(async () => {
    world = await startChoreographedWorld({ systems: ['payroll'] });
    other = await connectBus({ servers: [world.broker.address] }, 'another client');
  });
  after(async () => {
    await other.close();
    await world.stop();
  });

  const recorded = async (employeeId: string, type: EventType): Promise<number> =>
    (await world.bus.read(employeeId)).events.filter((event) => event.type === type).length;
  const waiting = async () => {
    const nora = await world.open({ on: ['payroll'] });
    await world.untilPhase(nora, 'awaiting-decision');
    return nora;
  };

  it('of the same resignation again makes no second exit, and is not refused', async () => {
    const nora = await world.open();
    const again = await world.exits.open({ employeeId: nora.employeeId }, nora.exitId);
    assert.equal(again.exitId, nora.exitId);
    assert.equal(await recorded(nora.employeeId, 'employee.resigned'), 1);
  });

  it('whose acknowledgement was lost is recorded once', async () => {
    const nora = await world.hire();
    const deaf: Bus = {
      ...world.bus,
      // A client that has no answer publishes again.
      publish: async (event, expect) => {
        await world.bus.publish(event, expect);
        return world.bus.publish(event, expect);
      },
    };
    const exits = await choreographedExits(deaf, world.config);
    const { exitId } = await exits.open({ employeeId: nora.employeeId });
    assert.equal((await world.exits.status(nora.employeeId)).exitId, exitId);
    assert.equal(await recorded(nora.employeeId, 'employee.resigned'), 1);
  });

  it('of simultaneous resignations is accepted once, and the others are refused', async () => {
    const others = await choreographedExits(other, world.config);
    for (let round = 0; round < 5; round++) {
      const { employeeId } = await world.hire({ on: [] });
      const results = await Promise.allSettled(
        [world.exits, others, world.exits, others].map((exits) => exits.open({ employeeId })),
      );
      const refused = results.filter(({ status }) => status === 'rejected');
      assert.equal(refused.length, 3);
      for (const { reason } of refused as PromiseRejectedResult[])
        assert.match(reason.message, /already has/);
      assert.equal(await recorded(employeeId, 'employee.resigned'), 1);
    }
  });

  it('does not conflict with those of other employees', async () => {
    const all = await Promise.all(Array.from({ length: 20 }, () => world.hire({ on: [] })));
    await Promise.all(all.map(({ employeeId }) => world.exits.open({ employeeId })));
    for (const each of all) await world.untilPhase(each, 'awaiting-decision');
  });

  it('of a second decision is refused: the first one stands', async () => {
    const nora = await waiting();
    const results = await Promise.allSettled(
      [retained, leaving].map((decision) => world.exits.decide(nora.employeeId, decision)),
    );
    assert.equal(results.filter(({ status }) => status === 'rejected').length, 1);
    await assert.rejects(world.exits.decide(nora.employeeId, retained), /has already decided|no open exit/);
    assert.equal(await recorded(nora.employeeId, 'exit.decision-finalised'), 1);
    await world.untilPhase(nora, 'closed');
    await assert.rejects(world.exits.decide(nora.employeeId, leaving), /has no open exit: .* ended at 20/);
  });
});
