import assert from 'node:assert/strict';
import { exitWorkflowId } from '../../src/exit/ids.js';
import { taskQueues } from '../../src/exit/queues.js';
import { opened } from '../promises/on-the-way.js';
import { HR, startWorld, stateOf, stepOf, type World } from '../support/world.js';

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

  it('is refused while another exit of the employee is open, and the other goes on', async () => {
    const nora = await opened(world);
    await assert.rejects(world.exits.open({ employeeId: nora.employeeId }), /already has an open exit/);
    await world.untilPhase(nora, 'awaiting-decision');
    const open = await world.exits.find(nora.employeeId);
    assert.ok(open?.isOpen);
    assert.equal(open.phase, 'awaiting-decision');
    assert.ok(Date.parse(open.since) <= Date.now());
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

  it('blocks an employee whom only a critical system knows', async () => {
    const id = await world.admin.payroll.createUser({ employeeId: 'T-ghost', email: 'ghost@acme.example' });
    const ghost = {
      employeeId: 'T-ghost',
      email: 'ghost@acme.example',
      manager: HR,
      accounts: { payroll: id },
    };
    await world.exits.open({ employeeId: 'T-ghost' });
    const status = await world.until(
      ghost,
      'the look-up stuck',
      (status) => status.needsAttention && status.blockedAt !== undefined,
    );
    assert.match(stepOf(status, 'look-up-employee')!.error!, /the directory knows no employee T-ghost/);
    assert.equal(stateOf(status, 'block-access:payroll'), 'done');
    assert.equal((await world.account(ghost, 'payroll')).active, false);
  });

  it('tells HR instead where the directory names no manager', async () => {
    const nora = await opened(world, { manager: null });
    const status = await world.untilPhase(nora, 'awaiting-decision');
    assert.match(stepOf(status, 'look-up-employee')!.note!, /names no manager; Acme HR is told instead/);
    const told = world.mail
      .to(HR)
      .find((mail) => mail.messageId?.includes(`${status.exitId}.notify-manager`));
    assert.match(told!.text!, /in place of the manager: the directory names no manager/);
  });

  it('touches no account where two match one employee id', async () => {
    const nora = await world.hire();
    const twin = await world.admin.code.createUser({
      employeeId: nora.employeeId,
      userName: `twin-of-${nora.employeeId}`,
    });
    await world.exits.open({ employeeId: nora.employeeId });
    const status = await world.until(
      nora,
      'code stuck, payroll blocked',
      (each) =>
        stateOf(each, 'block-access:code') === 'needs-attention' &&
        stateOf(each, 'block-access:payroll') === 'done',
    );
    assert.match(
      stepOf(status, 'block-access:code')!.error!,
      /2 accounts on code have the externalId .*; exactly one must/,
    );
    assert.equal((await world.account(nora, 'code')).active, true);
    assert.equal((await world.admin.code.account(twin)).active, true);
    assert.equal(
      (await world.account(nora, 'payroll')).active,
      false,
      'the other systems are blocked all the same',
    );
  });
});
