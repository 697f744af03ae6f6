import assert from 'node:assert/strict';
import { exitWorkflowId } from '../../src/exit/ids.js';
import { eventually } from '../support/eventually.js';
import { startWorld } from '../support/world.js';

const HEAD = 'head-of-hr@acme.example';

describe('the ladder of an orchestrated exit', () => {
  it('costs at most eleven events a rung', async () => {
    const world = await startWorld({
      systems: ['payroll'],
      config: [
        ['remindAfter: [PT24H, PT48H, PT72H]', 'remindAfter: [PT1S, PT2S]'],
        ['within: PT120H, escalateEvery: PT168H', 'within: PT3S, escalateEvery: PT1S'],
      ],
    });
    try {
      const { employeeId } = await world.hire({ on: ['payroll'] });
      await world.exits.open({ employeeId });
      const written = () =>
        world.mail.mails.filter(({ messageId }) => /remind-hr-partner|escalate/.test(messageId ?? '')).length;
      await eventually('two escalations', () => (world.mail.to(HEAD).length >= 2 ? true : undefined));
      const { historyLength } = await world.client.workflow.getHandle(exitWorkflowId(employeeId)).describe();
      // Of these, 72 are what an exit costs that is decided before the first reminder (cost.test.ts).
      const [rungs, budget] = [written(), 72 + 11 * written()];
      assert.ok(historyLength <= budget, `${historyLength} events, ${rungs} rungs`);
    } finally {
      await world.stop();
    }
  });
});
