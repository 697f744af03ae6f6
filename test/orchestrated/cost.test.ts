import assert from 'node:assert/strict';
import { exitWorkflowId } from '../../src/exit/ids.js';
import { ended, waiting } from '../promises/on-the-way.js';
import { HR, startWorld, type System } from '../support/world.js';

/**
 * For an exit without interference, on one system. The mail to the employee is one more activity in turn: 6. The timer of the first
 * reminder is 2, and all else 64.
 */
const BUDGET = 72;
/**
 * Three activities one after another, of 3 events each and 3 of the workflow task that their end sets off. Answers that come
 * together share a task: on an idle machine a further system adds 13 or 14.
 */
const PER_FURTHER_SYSTEM = 18;

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
        const { historyLength } = await handle.describe();
        const budget = BUDGET + (systems.length - 1) * PER_FURTHER_SYSTEM;
        assert.ok(historyLength <= budget, `${historyLength} events, ${budget} allowed`);
      } finally {
        await world.stop();
      }
    });
  }
});
