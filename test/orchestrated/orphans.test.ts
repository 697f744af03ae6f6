import assert from 'node:assert/strict';
import { exitWorkflowId } from '../../src/exit/ids.js';
import { ended, hasAccess, waiting } from '../promises/on-the-way.js';
import { eventually, PATIENCE_MS } from '../support/eventually.js';
import { fast } from '../support/choreographed-world.js';
import { HR, IT, startWorld, stepOf, type Hired, type World } from '../support/world.js';

describe('@long a hold whose exit was terminated', () => {
  let world: World;
  before(async () => {
    world = await startWorld({
      config: fast,
    });
  });
  afterEach(() => world.mend());
  after(() => world.stop());

  async function terminated(): Promise<Hired> {
    const nora = await waiting(world);
    await world.client.workflow.getHandle(exitWorkflowId(nora.employeeId)).terminate('by mistake');
    return nora;
  }
  const sweep = () =>
    world.client.workflow.execute('sweepHolds', {
      workflowId: `sweep-${Date.now()}`,
      taskQueue: 'ems',
      args: [{ giveUpAfterMs: PATIENCE_MS }],
    });
  const reports = ({ employeeId }: Hired) =>
    world.mail
      .to(IT)
      .filter(({ subject, text }) => /hold without an exit/i.test(subject!) && text!.includes(employeeId));

  const found = (nora: Hired) =>
    eventually('the mail', async () => {
      await sweep();
      return reports(nora).length === 1 || undefined;
    });
  /** The new exit goes on beside its hold. */
  const untilTold = (nora: Hired) =>
    world.until(nora, 'the manager told', ({ steps }) =>
      steps.some(({ name, state }) => name === 'notify-manager' && state === 'done'),
    );
  async function restart(systems: World['config']['systems']): Promise<void> {
    await world.stopWorkers();
    world.config.systems = systems;
    await world.startWorkers();
  }

  it('is found by the sweep, which tells the operator once', async () => {
    const nora = await terminated();
    await found(nora);
    const [mail] = reports(nora);
    assert.match(mail!.text!, /code, payroll and production/);
    assert.match(mail!.text!, new RegExp(`ems resign ${nora.employeeId}`));
    await sweep();
    assert.equal(reports(nora).length, 1);
  });

  it('is adopted by a new exit, which gives back exactly what the old one took', async () => {
    const nora = await terminated();
    assert.equal((await world.account(nora, 'payroll')).active, false);
    await world.exits.open({ employeeId: nora.employeeId });
    await world.untilPhase(nora, 'awaiting-decision');
    await sweep();
    assert.equal(reports(nora).length, 0, 'it is reported no longer');
    await ended(world, nora, 'retained');
    await hasAccess(world, nora);
  });

  it('that was being revoked is not given back without a person', async () => {
    const nora = await waiting(world, { on: ['payroll'] });
    world.mail.refuse((to) => (to === nora.manager ? { code: 450, message: 'later' } : undefined));
    await world.exits.decide(nora.employeeId, { outcome: 'leaving', decidedBy: HR });
    await world.until(nora, 'revoked', ({ steps }) =>
      steps.some(({ name, state }) => name === 'revoke-access' && state === 'done'),
    );
    await world.client.workflow.getHandle(exitWorkflowId(nora.employeeId)).terminate('by mistake');
    world.mail.refuse(undefined);
    await world.exits.open({ employeeId: nora.employeeId });
    await world.untilPhase(nora, 'awaiting-decision');
    await world.exits.decide(nora.employeeId, { outcome: 'retained', decidedBy: HR });
    const stuck = await world.until(nora, 'attention', ({ needsAttention }) => needsAttention);
    assert.match(
      stuck.steps.find(({ name }) => name === 'restore-access')!.error!,
      /had begun at .* before "retained" arrived/,
    );
    assert.equal((await world.account(nora, 'payroll')).active, false);
  });

  it('is given back by a new exit that was decided before it could look', async () => {
    const nora = await terminated();
    await world.takeDown('payroll');
    await world.exits.open({ employeeId: nora.employeeId });
    await untilTold(nora);
    await world.exits.decide(nora.employeeId, { outcome: 'retained', decidedBy: HR });
    await world.until(
      nora,
      'a look in vain',
      (status) => stepOf(status, 'restore-access:payroll')?.error !== undefined,
    );
    await world.bringUp('payroll');
    await world.untilPhase(nora, 'closed');
    assert.equal((await world.account(nora, 'payroll')).active, true);
  });

  it('is found although a newer exit failed, or was terminated before it could look', async () => {
    const nora = await terminated();
    const workflowId = exitWorkflowId(nora.employeeId);
    const failing = { employeeId: nora.employeeId, lastWorkingDay: 'tomorrow' };
    await assert.rejects(
      world.client.workflow.execute('exitEmployee', { workflowId, taskQueue: 'ems', args: [failing] }),
    );
    await found(nora);
    for (const system of ['payroll', 'code', 'production'] as const) await world.takeDown(system);
    await world.exits.open({ employeeId: nora.employeeId });
    await untilTold(nora);
    await world.client.workflow.getHandle(workflowId).terminate('again');
    await world.mend();
    await eventually('another mail', async () => {
      await sweep();
      return reports(nora).length === 2 || undefined;
    });
  });

  it('on a system that left the configuration keeps the new exit open until it is put back', async () => {
    const nora = await terminated();
    const { systems } = world.config;
    const without = systems.filter(({ name }) => name !== 'payroll');
    await restart(without);
    await world.exits.open({ employeeId: nora.employeeId });
    await world.exits.decide(nora.employeeId, { outcome: 'retained', decidedBy: HR });
    const stuck = await world.until(nora, 'attention', ({ needsAttention }) => needsAttention);
    assert.match(stuck.steps.find(({ error }) => error)!.error!, /no system "payroll" any more/);
    await restart(systems);
    const retry = { step: 'restore-access', system: 'payroll', action: 'retry', by: IT } as const;
    await world.exits.resolve(nora.employeeId, retry);
    await world.untilPhase(nora, 'closed');
    assert.equal((await world.account(nora, 'payroll')).active, true);
  });
});
