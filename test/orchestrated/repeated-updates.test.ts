import assert from 'node:assert/strict';
import type { Outcome } from '../../src/exit/decision.js';
import { exitWorkflowId } from '../../src/exit/ids.js';
import { opened, waiting } from '../promises/on-the-way.js';
import { replays } from '../support/replays.js';
import { HR, startWorld, type Hired, type World } from '../support/world.js';

/** More than the ten that the server hands over at a time. */
const REPETITIONS = 12;

describe('decisions that are repeated by update while no worker runs', () => {
  let world: World;
  before(async () => {
    world = await startWorld();
  });
  after(() => world.stop());

  async function assertReplays({ employeeId }: Hired): Promise<void> {
    const { events } = await replays(world.client, exitWorkflowId(employeeId));
    const markers = events!.filter((event) => event.markerRecordedEventAttributes);
    assert.equal(markers.length, 0, 'a local activity is reordered with updates');
  }

  it('are one update, where a person repeats what got no answer', async () => {
    const nora = await waiting(world);
    await world.stopWorkers();
    const decide = () => world.exits.decide(nora.employeeId, { outcome: 'retained', decidedBy: HR });
    await assert.rejects(decide(), /the decision is not confirmed/);
    const repeated = Promise.all([decide(), decide()]);
    await world.startWorkers();
    const answers = await repeated;
    assert.deepEqual(
      answers.map(({ decidedAt }) => decidedAt),
      [answers[0].decidedAt, answers[0].decidedAt],
    );
    assert.ok(answers[0].decidedAt !== undefined);
    await assert.rejects(decide(), /has already decided/);
    await world.untilPhase(nora, 'closed');
    const history = await world.client.workflow.getHandle(exitWorkflowId(nora.employeeId)).fetchHistory();
    const accepted = history.events!.filter((event) => event.workflowExecutionUpdateAcceptedEventAttributes);
    assert.equal(accepted.length, 1);
    await assertReplays(nora);
  });

  for (const [when, begin] of [
    ['once the exit awaits its decision', waiting],
    ['while its start is under way', opened],
  ] as const)
    for (const outcome of ['retained', 'leaving'] satisfies Outcome[])
      it(`count once, and leave a history that replays: ${outcome}, ${when}`, async () => {
        const nora = await begin(world);
        await world.stopWorkers();
        const handle = world.client.workflow.getHandle(exitWorkflowId(nora.employeeId));
        const decision = { outcome, decidedBy: HR };
        const updates = Array.from({ length: REPETITIONS }, () =>
          handle.executeUpdate('finaliseDecision', { args: [decision] }),
        );
        const settled = Promise.allSettled(updates);
        await handle.signal('decisionFinalised', decision);
        await world.startWorkers();
        await world.untilPhase(nora, 'closed');
        const kept = (await settled).filter(({ status }) => status === 'fulfilled');
        assert.ok(kept.length <= 1, `${kept.length} were accepted`);
        await assertReplays(nora);
      });
});
