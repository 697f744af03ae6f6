import assert from 'node:assert/strict';
import { exitWorkflowId } from '../../src/exit/ids.js';
import type { Step } from '../../src/exit/status.js';
import { ended, opened, untilStep } from '../promises/on-the-way.js';
import { eventsOf } from '../support/history-cost.js';
import { startWorld } from '../support/world.js';

/** Two reminders and an escalation. */
const RUNGS = 3;

describe('the ladder of an orchestrated exit', () => {
  it('costs at most six events a rung', async () => {
    const world = await startWorld({
      systems: ['payroll'],
      config: [
        ['remindAfter: [PT24H, PT48H, PT72H]', 'remindAfter: [PT1S, PT2S]'],
        ['within: PT120H, escalateEvery: PT168H', 'within: PT3S, escalateEvery: PT168H'],
      ],
    });
    try {
      const nora = await opened(world, { on: ['payroll'] });
      await untilStep(world, nora, 'escalate-decision', 'done');
      // A step that the decision interrupts costs more.
      const isOver = ({ finishedAt }: Step): boolean => finishedAt !== undefined;
      await world.until(nora, 'every step over', ({ steps }) => steps.every(isOver));
      await ended(world, nora, 'retained');
      const handle = world.client.workflow.getHandle(exitWorkflowId(nora.employeeId));
      await handle.result();
      const events = await eventsOf(handle);
      // Of these, 42 are what an exit costs that is decided before the first reminder (cost.test.ts).
      assert.ok(events <= 42 + 6 * RUNGS, `${events} events`);
    } finally {
      await world.stop();
    }
  });
});
