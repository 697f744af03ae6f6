/** What an exit costs in durable writes: the budget of docs/decisions/0012. `npm run bench` has the same on three systems. */
import assert from 'node:assert/strict';
import { startChoreographedWorld, type ChoreographedWorld } from '../support/choreographed-world.js';
import { HR } from '../support/world.js';

describe('an exit on one system that ends as retained', () => {
  let world: ChoreographedWorld;
  before(async () => {
    world = await startChoreographedWorld({ systems: ['payroll'] });
  });
  after(() => world.stop());

  const written = async (): Promise<Record<string, number>> => {
    const all: Record<string, number> = {};
    for await (const { config, state } of world.bus.jsm.streams.list()) {
      const [, bucket] = /^KV_(.+)/.exec(config.name) ?? [];
      // The list of exits is a view, which its keeper writes at its own pace.
      if (bucket !== undefined && bucket !== 'exit-list' && state.last_seq > 0) all[bucket] = state.last_seq;
    }
    return all;
  };

  it('writes each record no more often than its promises need', async () => {
    const nora = await world.open({ on: ['payroll'] });
    await world.untilPhase(nora, 'awaiting-decision');
    await world.exits.decide(nora.employeeId, { outcome: 'retained', decidedBy: HR });
    await world.untilPhase(nora, 'closed');
    // A service publishes last: what closes the exit comes after every write.
    assert.deepEqual(await written(), {
      // The capture with the intent, what was taken, the lease of the restore.
      'exit-access': 3,
      // The lease of each mail.
      'exit-notification': 2,
      // The lease; each further address costs one more.
      'exit-notification-employee': 1,
      // The lease, the time before the calendar changes, a mail before the next one; of the withdrawal the latter two.
      'exit-hr': 5,
      // All half hours at once: taken, and released.
      'exit-interview-slots': 2,
    });
  });
});
