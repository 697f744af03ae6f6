import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { startWorld, type World } from '../support/world.js';

const run = promisify(execFile);

describe('the official temporal command line', () => {
  let world: World;
  before(async () => {
    world = await startWorld();
  });
  after(() => world.stop());

  async function temporal<T>(...args: string[]): Promise<T> {
    const { address } = world.server;
    const { stdout } = await run(world.program, ['workflow', ...args, '--address', address, '-o', 'json']);
    return (stdout.trim() ? JSON.parse(stdout) : undefined) as T;
  }

  it('starts an exit with the employee id alone, signals the decision, and reads the status', async () => {
    const nora = await world.hire();
    const id = ['--workflow-id', `exit-${nora.employeeId}`];
    const input = JSON.stringify({ employeeId: nora.employeeId });
    await temporal('start', '--type', 'exitEmployee', '--task-queue', 'ems', ...id, '--input', input);
    await world.untilPhase(nora, 'awaiting-decision');
    assert.equal((await world.account(nora, 'payroll')).active, false);

    const decision = JSON.stringify({ outcome: 'retained', decidedBy: 'hr@acme.example' });
    await temporal('signal', ...id, '--name', 'decisionFinalised', '--input', decision);
    await temporal('result', ...id);
    const { queryResult } = await temporal<{ queryResult: { phase: string }[] | { phase: string } }>(
      'query',
      ...id,
      '--type',
      'status',
    );
    assert.equal([queryResult].flat()[0]?.phase, 'closed');
    assert.equal((await world.account(nora, 'payroll')).active, true);
  });
});
