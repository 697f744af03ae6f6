import assert from 'node:assert/strict';
import { exitWorkflowId } from '../../src/exit/ids.js';
import { ended, waiting } from '../promises/on-the-way.js';
import { eventsOf } from '../support/history-cost.js';
import { HR, startWorld, type System } from '../support/world.js';

/** For an exit without interference, on one system. */
const BUDGET = 44;
/** The capture, the block and the ending: three activities, of 3 events each. */
const PER_FURTHER_SYSTEM = 9;

describe('what an exit costs in history events', () => {
  const cases: [systems: System[], outcome: 'retained' | 'leaving'][] = [
    [['payroll'], 'retained'],
    [['payroll'], 'leaving'],
    [['production'], 'retained'],
    [['payroll', 'code', 'production'], 'retained'],
    [['payroll', 'code', 'production'], 'leaving'],
  ];
  for (const [systems, outcome] of cases) {
    it(`stays in its budget: ${outcome}, on ${systems.join(', ')}`, async () => {
      const world = await startWorld({ systems });
      try {
        const nora = await waiting(world, { on: systems });
        await ended(world, nora, { outcome, decidedBy: HR });
        const handle = world.client.workflow.getHandle(exitWorkflowId(nora.employeeId));
        await handle.result();
        const events = await eventsOf(handle);
        const budget = BUDGET + (systems.length - 1) * PER_FURTHER_SYSTEM;
        assert.ok(events <= budget, `${events} events, ${budget} allowed`);
      } finally {
        await world.stop();
      }
    });
  }
});
