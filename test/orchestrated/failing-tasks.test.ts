import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { Worker } from '@temporalio/worker';
import type { Report } from '../../src/doctor/examine.js';
import { exitWorkflowId } from '../../src/exit/ids.js';
import { payloadConverterPath, workflowBundlePath } from '../../src/temporal/namespace.js';
import { waiting } from '../promises/on-the-way.js';
import { ems, page, refusal } from '../support/ems.js';
import { eventually } from '../support/eventually.js';
import { HR, startWorld, type World } from '../support/world.js';

describe('@long an exit whose history does not fit the code of the worker', () => {
  let world: World;
  let stopOther = () => Promise.resolve();
  before('a release that names an activity otherwise', async () => {
    world = await startWorld();
  });
  after(async () => {
    await stopOther();
    await world.stop();
  });

  async function startOtherRelease(): Promise<void> {
    const code = await readFile(workflowBundlePath, 'utf8');
    const changed = code.replace('access.blockAccess,', 'access.captureAccess,');
    assert.notEqual(changed, code);
    const worker = await Worker.create({
      ...{ connection: world.native, taskQueue: 'ems', dataConverter: { payloadConverterPath } },
      workflowBundle: { code: changed },
    });
    const running = worker.run();
    stopOther = async () => {
      if (worker.getState() === 'RUNNING') worker.shutdown();
      await running;
    };
  }

  it('needs attention with the reason, and goes on under the release that it began with', async () => {
    const nora = await waiting(world);
    await world.stopWorkers();
    await startOtherRelease();
    const { sentence } = await refusal(world.env, 'decide', nora.employeeId, 'retained', '--by', HR);
    const reason =
      /the worker runs another release of the workflow than the exit did before \(.*blockAccess.*\)/;
    assert.match(sentence, reason);
    const listed = await eventually('the exit in the list', async () => {
      const text = await page(world.env, 'list', '--attention');
      return text.includes(nora.employeeId) ? text : undefined;
    });
    assert.match(listed, reason);
    assert.match((await refusal(world.env, 'status', nora.employeeId)).sentence, reason);

    const { stdout } = await ems(world.env, 'doctor', '--json');
    const { findings } = JSON.parse(stdout) as Report;
    const failing = findings.find(({ name }) => name === `the exit of ${nora.employeeId}`);
    assert.deepEqual([failing?.about, failing?.isWell], ['workflow tasks', 'no']);
    assert.match(failing!.remark!, reason);

    await stopOther();
    await world.startWorkers();
    await eventually('the task to be tried again', async () => {
      const { raw } = await world.client.workflow.getHandle(exitWorkflowId(nora.employeeId)).describe();
      return raw.pendingWorkflowTask ? undefined : true;
    });
    // The decision was not confirmed, and had been received.
    await world.untilPhase(nora, 'closed');
    assert.doesNotMatch(await page(world.env, 'list', '--attention'), new RegExp(nora.employeeId));
  });
});
