import assert from 'node:assert/strict';
import { exitWorkflowId } from '../../src/exit/ids.js';
import { opened } from '../promises/on-the-way.js';
import { emsProcess } from '../support/ems-process.js';
import { startWorld, type World } from '../support/world.js';

describe('ems temporal', () => {
  let world: World;
  let env: Record<string, string>;
  before(async () => {
    world = await startWorld();
    // The home folder has the program that was found or fetched.
    env = { ...world.env, HOME: process.env['HOME']! };
  });
  after(() => world.stop());

  it("runs Temporal's own command on the server of ems, and ends with its exit code", async () => {
    const { employeeId } = await opened(world);
    const workflowId = exitWorkflowId(employeeId);
    const shown = await emsProcess(env, 'temporal', 'workflow', 'describe', '--workflow-id', workflowId);
    assert.equal(shown.code, 0, shown.stderr);
    assert.match(shown.stdout, new RegExp(`WorkflowId +${workflowId}`));

    const missing = await emsProcess(
      env,
      'temporal',
      'workflow',
      'describe',
      '--workflow-id',
      'exit-nowhere',
    );
    assert.deepEqual([missing.code, missing.stdout], [1, '']);
    assert.match(missing.stderr, /workflow not found for ID: exit-nowhere/);
  });

  it('passes on each flag but --help and --json', async () => {
    const { stdout } = await emsProcess(env, 'temporal', '--version');
    assert.match(stdout, /^temporal version /);
  });

  it('prints with --json what the command has as JSON', async () => {
    const { employeeId } = await opened(world);
    const query = `WorkflowId = "${exitWorkflowId(employeeId)}"`;
    const { stdout } = await emsProcess(env, 'temporal', '--json', 'workflow', 'count', '--query', query);
    assert.ok('count' in (JSON.parse(stdout) as object));
  });

  it('says that there is no Temporal where none is configured', async () => {
    const { code, stderr } = await emsProcess({}, 'temporal', 'workflow', 'list');
    assert.equal(code, 1);
    assert.match(stderr, /^ems: The orchestrated form is not configured here/);
  });
});
