import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { WorkflowNotFoundError } from '@temporalio/client';
import { exitWorkflowId } from '../../src/exit/ids.js';
import { publishedTypes } from '../../src/exit/published-events.js';
import { eventually } from '../support/eventually.js';
import { startEventReceiver, type EventReceiver } from '../support/event-receiver.js';
import { HR, startWorld, type Hired, type World } from '../support/world.js';
import { resetWorkflow } from '../support/reset-workflow.js';

describe('the workflow that tells subscribers', () => {
  let world: World;
  let receiver: EventReceiver;
  before(async () => {
    [world, receiver] = await Promise.all([startWorld({ systems: ['payroll'] }), startEventReceiver()]);
    await world.stopWorkers();
    const secrets = [`whsec_${randomBytes(24).toString('base64')}`];
    world.config.subscribers = [
      { name: 'one', url: receiver.url, secrets, events: publishedTypes, giveUpAfter: 3_600_000 },
    ];
    await world.startWorkers();
  });
  after(async () => {
    await world.stop();
    await receiver.takeDown();
  });

  async function waiting(): Promise<Hired & { exitId: string }> {
    const nora = await world.hire({ on: ['payroll'] });
    const { exitId } = await world.exits.open({ employeeId: nora.employeeId });
    await world.untilPhase(nora, 'awaiting-decision');
    return { ...nora, exitId };
  }
  const telling = (exitId: string) => world.client.workflow.getHandle(`events-${exitId}`);
  const hears = (exitId: string, type: string) =>
    eventually(type, () =>
      Promise.resolve(receiver.taken(exitId).some((event) => event.type === type) || undefined),
    );

  it('delivers what is left of an exit that was terminated, and ends', async () => {
    receiver.answers(503);
    const nora = await waiting();
    await world.client.workflow.getHandle(exitWorkflowId(nora.employeeId)).terminate('a test');
    assert.deepEqual(receiver.taken(nora.exitId), []);
    receiver.answers(200);
    await telling(nora.exitId).result();
    await hears(nora.exitId, 'access.blocked');
  });

  for (const [where, at] of [
    ['beginning', 0],
    ['latest task', -1],
  ] as const)
    it(`goes on after a reset of the exit to its ${where}, and ends with it`, async () => {
      const nora = await waiting();
      await resetWorkflow(world.client, exitWorkflowId(nora.employeeId), at);
      await world.untilPhase(nora, 'awaiting-decision');
      await world.exits.decide(nora.employeeId, { outcome: 'retained', decidedBy: HR });
      await world.untilPhase(nora, 'closed');
      await hears(nora.exitId, 'access.restored');
      await telling(nora.exitId).result();
    });

  it('is none where the configuration has no subscriber', async () => {
    await world.stopWorkers();
    const { subscribers } = world.config;
    world.config.subscribers = [];
    await world.startWorkers();
    const { exitId } = await waiting();
    await assert.rejects(telling(exitId).describe(), WorkflowNotFoundError);
    world.config.subscribers = subscribers;
  });
});
