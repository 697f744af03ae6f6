import assert from 'node:assert/strict';
import { HR, startWorld, stateOf, stepOf, type World } from '../support/world.js';

describe('while a server is down', () => {
  let world: World;
  before(async () => {
    world = await startWorld({
      config: [
        ['attentionAfter: PT15M', 'attentionAfter: PT1.5S'],
        ['initialInterval: PT1S, maximumInterval: PT1M', 'initialInterval: PT0.05S, maximumInterval: PT0.3S'],
        ['requestTimeout: PT10S', 'requestTimeout: PT2S'],
      ],
    });
  });
  afterEach(() => world.mend());
  after(() => world.stop());

  it('a critical system is tried until it is back; the others are blocked meanwhile, and the status says what is awaited', async () => {
    const nora = await world.hire();
    await world.takeDown('payroll');
    await world.exits.open({ employeeId: nora.employeeId });
    await world.until(
      nora,
      'attention',
      (status) => stateOf(status, 'block-access:payroll') === 'needs-attention',
    );
    const others = await world.until(nora, 'the others blocked', (status) =>
      ['code', 'production'].every((system) => stateOf(status, `block-access:${system}`) === 'done'),
    );
    assert.equal(others.blockedAt, undefined, 'two of three is not blocked');
    const trying = await world.until(
      nora,
      'attempts shown',
      (status) => (stepOf(status, 'block-access:payroll')?.attempt ?? 0) > 2,
    );
    const step = stepOf(trying, 'block-access:payroll')!;
    assert.match(step.error!, /payroll/);
    assert.ok(step.startedAt);

    const listed = (await world.exits.list({ attention: true })).find(
      ({ employeeId }) => employeeId === nora.employeeId,
    );
    assert.equal(listed?.stuckSteps[0]?.system, 'payroll');

    await world.bringUp('payroll');
    const healed = await world.until(
      nora,
      'healed',
      ({ blockedAt, needsAttention }) => blockedAt !== undefined && !needsAttention,
    );
    assert.equal(stepOf(healed, 'block-access:payroll')?.error, undefined);
    assert.equal((await world.account(nora, 'payroll')).active, false);
  });

  it('a directory that is down does not hold up the block', async () => {
    const nora = await world.hire();
    await world.takeDown('directory');
    await world.exits.open({ employeeId: nora.employeeId });
    const blocked = await world.until(nora, 'blocked', ({ blockedAt }) => blockedAt !== undefined);
    assert.notEqual(stateOf(blocked, 'look-up-employee'), 'done');
    assert.equal(stateOf(blocked, 'notify-manager'), 'pending');
    await world.bringUp('directory');
    await world.until(nora, 'told and invited', (status) =>
      ['notify-manager', 'schedule-hr-interview'].every((step) => stateOf(status, step) === 'done'),
    );
  });

  it('a mail server that is down does not hold up the block, and everybody is written to once when it is back', async () => {
    const nora = await world.hire();
    await world.takeDown('mail');
    await world.exits.open({ employeeId: nora.employeeId });
    await world.until(nora, 'blocked', ({ blockedAt }) => blockedAt !== undefined);
    const stuck = await world.until(
      nora,
      'attention',
      (status) => stateOf(status, 'notify-manager') === 'needs-attention',
    );
    assert.match(
      stepOf(stuck, 'notify-manager')!.error!,
      /Mail to boss-of-.* did not go out: .*ECONNREFUSED/,
    );
    await world.bringUp('mail');
    const healed = await world.until(
      nora,
      'told and invited',
      ({ steps, needsAttention }) => !needsAttention && steps.every(({ state }) => state === 'done'),
    );
    assert.equal(healed.phase, 'awaiting-decision');
    assert.equal(world.mail.to(nora.manager).length, 1);
    assert.equal(world.mail.invitationsTo(nora.email).length, 1);
  });

  it('an invitation that reached one of two is not sent to that one again', async () => {
    const nora = await world.hire();
    let refusals = 0;
    world.mail.refuse((recipient) => {
      if (recipient !== HR || refusals >= 3) return undefined;
      refusals += 1;
      return { code: 450, message: 'greylisted, come back later' };
    });
    await world.exits.open({ employeeId: nora.employeeId });
    const status = await world.until(
      nora,
      'invited',
      (each) => stateOf(each, 'schedule-hr-interview') === 'done',
    );
    assert.equal(refusals, 3);
    assert.equal(world.mail.invitationsTo(nora.email).length, 1, 'one invitation');
    assert.equal(world.mail.to(HR).filter(({ messageId }) => messageId?.includes(status.exitId)).length, 1);
  });

  it('a lost answer is not a lost or a double write', async () => {
    const nora = await world.hire();
    let lost = 0;
    for (const system of ['payroll', 'production'] as const) {
      world.proxies[system].fault(({ method }) => {
        if (method !== 'PATCH' || lost >= 4) return undefined;
        lost += 1;
        return { kind: 'lost-answer' };
      });
    }
    world.mail.loseNextAnswer();
    await world.exits.open({ employeeId: nora.employeeId });
    await world.until(nora, 'blocked', ({ blockedAt }) => blockedAt !== undefined);
    await world.untilPhase(nora, 'awaiting-decision');
    await world.exits.decide(nora.employeeId, { outcome: 'retained', decidedBy: HR });
    await world.untilPhase(nora, 'closed');
    assert.equal(lost, 4);
    assert.equal((await world.account(nora, 'payroll')).active, true);
    assert.equal((await world.account(nora, 'production')).groups.length, 3);
    const ids = [...world.mail.to(nora.manager), ...world.mail.to(nora.email)].map(
      ({ messageId }) => messageId,
    );
    assert.equal(
      new Set(ids).size,
      5,
      'a mail that came twice has the same Message-ID, so that the receiver drops one',
    );
  });

  it('a block that nobody could see succeed is given back all the same, also when the decision comes after its time was up', async () => {
    const nora = await world.hire({ on: ['payroll', 'production'] });
    for (const system of ['payroll', 'production'] as const) {
      let isWritten = false;
      world.proxies[system].fault(({ method }) => {
        isWritten ||= method === 'PATCH';
        return isWritten && method !== 'PATCH' ? { kind: 'unreachable' } : undefined;
      });
    }
    await world.exits.open({ employeeId: nora.employeeId });
    await world.until(nora, 'attention', (status) =>
      ['payroll', 'production'].every(
        (system) => stateOf(status, `block-access:${system}`) === 'needs-attention',
      ),
    );
    await world.exits.decide(nora.employeeId, { outcome: 'retained', decidedBy: HR });
    await world.until(
      nora,
      'the restore begun',
      (status) => stateOf(status, 'restore-access:payroll') !== undefined,
    );
    await world.mend();
    await world.untilPhase(nora, 'closed');
    assert.equal((await world.account(nora, 'payroll')).active, true);
    assert.equal((await world.account(nora, 'production')).groups.length, 3);
  });

  it('the steps after the decision are tried until they come through as well', async () => {
    const nora = await world.hire();
    await world.exits.open({ employeeId: nora.employeeId });
    await world.untilPhase(nora, 'awaiting-decision');
    await world.takeDown('code');
    await world.takeDown('mail');
    await world.exits.decide(nora.employeeId, { outcome: 'retained', decidedBy: HR });
    await world.until(
      nora,
      'attention',
      (status) => stateOf(status, 'restore-access:code') === 'needs-attention',
    );
    await world.bringUp('code');
    await world.bringUp('mail');
    const closed = await world.untilPhase(nora, 'closed');
    assert.equal(closed.needsAttention, false);
    assert.equal((await world.account(nora, 'code')).active, true);
  });

  it('an interview that cannot be withdrawn does not hold up the word to the manager', async () => {
    const nora = await world.hire();
    await world.exits.open({ employeeId: nora.employeeId });
    await world.untilPhase(nora, 'awaiting-decision');
    world.mail.refuse((recipient) =>
      recipient === HR ? { code: 450, message: 'try again later' } : undefined,
    );
    await world.exits.decide(nora.employeeId, { outcome: 'retained', decidedBy: HR });
    const told = await world.until(
      nora,
      'the manager told',
      (status) => stateOf(status, 'notify-manager-of-outcome') === 'done',
    );
    assert.notEqual(stateOf(told, 'cancel-hr-interview'), 'done');
    assert.equal(told.phase, 'restoring', 'the exit is open until the interview is withdrawn');
    assert.match(told.awaiting, /^Access is given back; what is left: cancel-hr-interview\./);
    world.mail.refuse(undefined);
    const closed = await world.untilPhase(nora, 'closed');
    assert.equal(stateOf(closed, 'cancel-hr-interview'), 'done');
  });

  it('workers that are down lose nothing: the exit goes on where it was', async () => {
    const nora = await world.hire();
    await world.stopWorkers();
    await world.exits.open({ employeeId: nora.employeeId });
    await world.startWorkers();
    await world.untilPhase(nora, 'awaiting-decision');
    await world.stopWorkers();
    await world.client.workflow
      .getHandle(`exit-${nora.employeeId}`)
      .signal('decisionFinalised', { outcome: 'retained', decidedBy: HR });
    await world.startWorkers();
    await world.untilPhase(nora, 'closed');
    assert.equal((await world.account(nora, 'payroll')).active, true);
  });
});
