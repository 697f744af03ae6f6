import assert from 'node:assert/strict';
import type { Decision } from '../../src/exit/decision.js';
import { exitWorkflowId } from '../../src/exit/ids.js';
import { ended, untilRefused, waiting } from '../promises/on-the-way.js';
import { HR, startWorld, type Hired, type World } from '../support/world.js';

const retained: Decision = { outcome: 'retained', decidedBy: HR };

describe('a decision', () => {
  let world: World;
  before(async () => {
    world = await startWorld({ config: [['requestTimeout: PT10S', 'requestTimeout: PT3S']] });
  });
  afterEach(() => world.mend());
  after(() => world.stop());

  const signal = (who: Hired, ...args: unknown[]) =>
    world.client.workflow.getHandle(exitWorkflowId(who.employeeId)).signal('decisionFinalised', ...args);

  const rubbish: [what: string, args: unknown[]][] = [
    ['nothing at all', []],
    ['null', [null]],
    ['a number', [42]],
    ['an unknown outcome', [{ outcome: 'fired', decidedBy: HR }]],
    ['no decider', [{ outcome: 'leaving' }]],
    ['a deep and long object', [{ outcome: { a: 'x'.repeat(5000) } }]],
  ];
  it('that is invalid never harms the exit, and shows in the status', async () => {
    const nora = await waiting(world);
    for (const [, args] of rubbish) await signal(nora, ...args);
    const status = await untilRefused(world, nora, rubbish.length);
    assert.ok(
      status.rejectedDecisions.every(({ reason, received }) => reason.length > 10 && received.length <= 200),
    );
    assert.equal(status.phase, 'awaiting-decision');
    await ended(world, nora, 'retained');
  });

  it('whose payload is not even JSON, or whose signal has another name, is refused in the same way', async () => {
    const nora = await waiting(world);
    await world.client.workflowService.signalWorkflowExecution({
      namespace: 'default',
      workflowExecution: { workflowId: exitWorkflowId(nora.employeeId) },
      signalName: 'decisionFinalised',
      input: {
        payloads: [{ metadata: { encoding: Buffer.from('json/plain') }, data: Buffer.from('{not json') }],
      },
    });
    const handle = world.client.workflow.getHandle(exitWorkflowId(nora.employeeId));
    await handle.signal('decisionFinalized', retained);
    // A name that Temporal reserves must not stop the exit.
    await handle.signal('__temporal_x', {});
    const status = await untilRefused(world, nora, 3);
    const reasons = status.rejectedDecisions.map(({ reason }) => reason).join('\n');
    assert.match(reasons, /unknown signal "decisionFinalized": a decision is sent as "decisionFinalised"/);
    assert.match(reasons, /outcome: must be "retained", "leaving"/);
    assert.match(reasons, /unknown signal "reserved: __temporal_x"/);
    await ended(world, nora, 'retained');
  });
});
