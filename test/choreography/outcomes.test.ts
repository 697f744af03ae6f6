import assert from 'node:assert/strict';
import { startChoreographedWorld, type ChoreographedWorld } from '../support/choreographed-world.js';
import { calendarOf } from '../support/smtp.js';
import { CRITICAL_GROUPS, HR, stateOf, stepOf, type Hired } from '../support/world.js';

describe('a choreographed exit', () => {
  let world: ChoreographedWorld;
  before(async () => {
    world = await startChoreographedWorld();
  });
  after(() => world.stop());

  const isIn = async (nora: Hired): Promise<unknown> => ({
    payroll: (await world.account(nora, 'payroll')).active,
    code: (await world.account(nora, 'code')).active,
    production: (await world.account(nora, 'production')).groups,
  });
  const everything = {
    payroll: true,
    code: true,
    production: [...CRITICAL_GROUPS, 'readers'].toSorted(),
  };

  it('that ends retained: blocked, told, invited; then everything is exactly as it was', async () => {
    const nora = await world.open();
    const waiting = await world.untilPhase(nora, 'awaiting-decision');
    assert.ok(waiting.blockedAt);
    assert.equal(waiting.form, 'choreographed');
    assert.equal(waiting.exitId, nora.exitId);
    assert.deepEqual(await isIn(nora), { payroll: false, code: false, production: ['readers'] });
    const [told] = await world.mail.waitFor(nora.manager, 1);
    assert.match(told!.subject!, /has resigned/);
    const [invitation] = await world.mail.waitFor(nora.email, 1);
    assert.equal(calendarOf(invitation!).method, 'REQUEST');

    const decided = await world.exits.decide(nora.employeeId, { outcome: 'retained', decidedBy: HR });
    assert.equal(decided.outcome, 'retained');
    const closed = await world.untilPhase(nora, 'closed');
    assert.ok(closed.closedAt && !closed.needsAttention);
    assert.ok(
      closed.steps.every(({ state }) => state === 'done'),
      JSON.stringify(closed.steps),
    );
    assert.deepEqual(await isIn(nora), everything);
    const [, withdrawal] = await world.mail.waitFor(nora.email, 2);
    assert.equal(calendarOf(withdrawal!).method, 'CANCEL');
    const toManager = await world.mail.waitFor(nora.manager, 2);
    assert.match(toManager[1]!.subject!, /stays/);
    assert.equal(toManager.length, 2, 'nobody is told twice');
  });

  it('that ends leaving: access is revoked, the interview takes place', async () => {
    const nora = await world.open();
    await world.untilPhase(nora, 'awaiting-decision');
    await world.exits.decide(nora.employeeId, { outcome: 'leaving', decidedBy: HR });
    const closed = await world.untilPhase(nora, 'closed');
    assert.deepEqual(await isIn(nora), { payroll: false, code: false, production: [] });
    assert.equal(stateOf(closed, 'cancel-hr-interview'), undefined);
    assert.match((await world.mail.waitFor(nora.manager, 2))[1]!.subject!, /is leaving/);
  });

  it('of somebody who was suspended before: stays so', async () => {
    const nora = await world.open({ suspendedOn: 'code' });
    const waiting = await world.untilPhase(nora, 'awaiting-decision');
    assert.equal(stepOf(waiting, 'block-access:code')!.note, 'already suspended before the hold');
    await world.exits.decide(nora.employeeId, { outcome: 'retained', decidedBy: HR });
    await world.untilPhase(nora, 'closed');
    assert.deepEqual(await isIn(nora), { ...everything, code: false });
  });

  it('of somebody who comes back and leaves again is a new one', async () => {
    const nora = await world.open({ on: ['payroll'] });
    await world.untilPhase(nora, 'awaiting-decision');
    await world.exits.decide(nora.employeeId, { outcome: 'retained', decidedBy: HR });
    await world.untilPhase(nora, 'closed');
    const { exitId } = await world.exits.open({ employeeId: nora.employeeId });
    assert.notEqual(exitId, nora.exitId);
    await world.untilPhase(nora, 'awaiting-decision');
    assert.equal((await world.account(nora, 'payroll')).active, false);
    assert.equal(new Set(world.mail.to(nora.manager).map(({ messageId }) => messageId)).size, 3);
  });

  it('shows in the list, open ones first', async () => {
    const nora = await world.open({ on: [] });
    const [first] = await world.exits.list({ open: true });
    assert.equal(first!.employeeId, nora.employeeId);
    assert.ok((await world.exits.list({})).some(({ phase }) => phase === 'closed'));
  });

  it('is followed to its end, a status for each thing that happens', async () => {
    const nora = await world.open({ on: ['payroll'] });
    const phases = new Set<string>();
    for await (const { phase } of world.exits.follow(nora.employeeId, 30_000)) {
      if (phase === 'awaiting-decision' && !phases.has(phase))
        await world.exits.decide(nora.employeeId, { outcome: 'leaving', decidedBy: HR });
      phases.add(phase);
    }
    assert.deepEqual([...phases], ['starting', 'awaiting-decision', 'revoking', 'closed']);
  });
});
