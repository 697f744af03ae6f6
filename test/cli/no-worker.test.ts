import assert from 'node:assert/strict';
import type { ListedExit } from '../../src/exit/exits.js';
import { untilStep } from '../promises/on-the-way.js';
import { answer, page } from '../support/ems.js';
import { startWorld, type World } from '../support/world.js';

describe('ems while no worker runs', () => {
  let world: World;
  before(async () => {
    world = await startWorld();
  });
  after(() => world.stop());

  it('still lists what needs attention, and says which exit does not answer', async () => {
    const nora = await world.hire();
    world.proxies.code.fault(() => ({ kind: 'answer', status: 403 }));
    await world.exits.open({ employeeId: nora.employeeId });
    await untilStep(world, nora, 'block-access:code');
    await world.stopWorkers();
    const [told, listed] = await Promise.all([
      page(world.env, 'list', '--attention'),
      answer<ListedExit[]>(world.env, 'list', '--attention'),
    ]);
    assert.match(
      told,
      new RegExp(`${nora.employeeId} +not known +No worker answered .* Is a worker running\\?`),
    );
    const ours = listed.find(({ employeeId }) => employeeId === nora.employeeId);
    assert.deepEqual([ours?.needsAttention, ours?.stuckSteps], [true, []]);
  });
});
