import assert from 'node:assert/strict';
import { exitWorkflowId } from '../../src/exit/ids.js';
import { taskQueues } from '../../src/exit/queues.js';
import { startWorld, type World } from '../support/world.js';

describe('the start of an exit', () => {
  let world: World;
  before(async () => {
    world = await startWorld();
  });
  after(() => world.stop());

  /** As a person would in the Web UI. */
  const start = (workflowId: string, ...args: unknown[]) =>
    world.client.workflow.execute('exitEmployee', { workflowId, taskQueue: taskQueues.exit, args });
  async function failureOf(starting: Promise<unknown>): Promise<{ type: string; message: string }> {
    const error = await starting.then(
      () => assert.fail('it did not fail'),
      (error: Error) => error.cause as Error & { type: string },
    );
    return { type: error.type, message: error.message };
  }

  it('needs the employee id and nothing else', async () => {
    const nora = await world.hire();
    await world.client.workflow.start('exitEmployee', {
      workflowId: exitWorkflowId(nora.employeeId),
      taskQueue: taskQueues.exit,
      args: [{ employeeId: nora.employeeId }],
    });
    await world.untilPhase(nora, 'awaiting-decision');
  });

  it('fails under another workflow ID, and says which one to use', async () => {
    const nora = await world.hire();
    const { type, message } = await failureOf(
      start(`my-exit-${nora.employeeId}`, { employeeId: nora.employeeId }),
    );
    assert.equal(type, 'WrongWorkflowId');
    assert.ok(message.includes(`must have the workflow ID "${exitWorkflowId(nora.employeeId)}"`));
    assert.equal((await world.account(nora, 'payroll')).active, true);
  });

  const notResignations: [what: string, args: unknown[], problem: RegExp][] = [
    ['nothing', [], /must be an object/],
    ['a string', ['E-1'], /must be an object/],
    ['no employee id', [{ name: 'Nora' }], /employeeId: must be/],
    [
      'a past date',
      [{ employeeId: 'E-1', lastWorkingDay: '2020-01-31' }],
      /lastWorkingDay: 2020-01-31 lies in the past/,
    ],
  ];
  for (const [what, args, problem] of notResignations) {
    it(`fails at once with an invalid resignation: ${what}`, async () => {
      const { type, message } = await failureOf(start(`exit-bad-${what.replaceAll(' ', '-')}`, ...args));
      assert.equal(type, 'InvalidResignation');
      assert.match(message, problem);
    });
  }

  it('fails for an employee unknown to the directory and to every system', async () => {
    const { type, message } = await failureOf(start('exit-T-unknown', { employeeId: 'T-unknown' }));
    assert.equal(type, 'UnknownEmployee');
    assert.match(message, /knows an employee T-unknown/);
  });
});
