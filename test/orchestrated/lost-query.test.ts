import assert from 'node:assert/strict';
import { waiting } from '../promises/on-the-way.js';
import { startQueryWire } from '../support/query-wire.js';
import { startWorld, type World } from '../support/world.js';

describe('a query that the worker drops, as it does with those it holds back while an exit ends', () => {
  let world: World;
  before(async () => {
    world = await startWorld({ systems: ['payroll'] });
  });
  after(() => world.stop());

  it('is asked anew, so the status is told', async () => {
    const { employeeId } = await waiting(world, { on: ['payroll'] });
    const wire = await startQueryWire((number) => number === 1);
    assert.equal((await wire.exits.status(employeeId)).employeeId, employeeId);
    assert.equal(wire.asked(), 2);
    await wire.stop();
  });
});
