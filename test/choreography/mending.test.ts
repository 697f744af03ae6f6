import assert from 'node:assert/strict';
import { startChoreographedWorld, type ChoreographedWorld } from '../support/choreographed-world.js';
import { eventually } from '../support/eventually.js';
import type { Resolution } from '../../src/exit/resolution.js';
import { HR, IT, stateOf, stepOf, type Hired } from '../support/world.js';

const forbidden = { kind: 'answer', status: 403, body: { detail: 'no' } } as const;

describe('a stuck step of a choreographed exit', () => {
  let world: ChoreographedWorld;
  before(async () => {
    world = await startChoreographedWorld();
  });
  afterEach(() => world.mend());
  after(() => world.stop());

  const attention = (nora: Hired, step: string) =>
    world.until(nora, `${step} to need attention`, (status) => stateOf(status, step) === 'needs-attention');
  const resolve = (nora: Hired, key: string, action: Resolution['action']) => {
    const [step = key, system] = key.split(':');
    return world.exits.resolve(nora.employeeId, { step, system, action, by: IT, evidence: 'TICKET-42' });
  };

  it('is in the dead letters with the original and the reason, and heals by "retry"', async () => {
    world.mail.refuse((recipient) =>
      recipient.startsWith('boss') ? { code: 550, message: 'no such user' } : undefined,
    );
    const nora = await world.open();
    const stuck = await attention(nora, 'notify-manager');
    assert.match(stepOf(stuck, 'notify-manager')!.error!, /550|no such user/);
    const letter = await eventually('the dead letter', async () =>
      (await world.deadLetters()).find(({ subject }) => subject.includes(nora.exitId)),
    );
    assert.equal(letter.consumer, 'notification');
    assert.match(letter.reason, /no such user/);
    assert.equal((JSON.parse(letter.data) as { employeeId: string }).employeeId, nora.employeeId);
    world.mail.refuse(undefined);
    assert.equal((await resolve(nora, 'notify-manager', 'retry')).state, 'running');
    await world.until(nora, 'told', (status) => stateOf(status, 'notify-manager') === 'done');
    await world.mail.waitFor(nora.manager, 1);
  });

  it('that JetStream was told to terminate is in its advisories', async () => {
    const advisories = await world.bus.jsm.streams.info('EXITS_ADVISORIES');
    assert.ok(advisories.state.messages > 0);
  });

  it('is settled by hand: recorded with who and why, and tried no more', async () => {
    world.proxies.code.fault(() => forbidden);
    const nora = await world.open();
    await attention(nora, 'block-access:code');
    const settled = await resolve(nora, 'block-access:code', 'done-by-hand');
    assert.deepEqual([settled.state, settled.by, settled.evidence], ['done-by-hand', IT, 'TICKET-42']);
    const waiting = await world.untilPhase(nora, 'awaiting-decision');
    assert.ok(waiting.blockedAt);
    world.proxies.code.fault(undefined);
    await world.exits.decide(nora.employeeId, { outcome: 'retained', decidedBy: HR });
    // What was blocked by hand has to be given back by hand.
    const stuck = await attention(nora, 'restore-access:code');
    assert.match(stepOf(stuck, 'restore-access:code')!.error!, /was blocked by hand by it@acme.example/);
    await resolve(nora, 'restore-access:code', 'done-by-hand');
    await world.untilPhase(nora, 'closed');
    assert.equal((await world.account(nora, 'code')).active, true, 'it was never touched');
  });

  it('that is still being tried can be skipped, and then no attempt follows', async () => {
    world.proxies.code.fault(() => ({ kind: 'unreachable' }));
    const nora = await world.open();
    await world.until(
      nora,
      'attempts on code',
      (status) => (stepOf(status, 'block-access:code')!.attempt ?? 0) > 1,
    );
    await resolve(nora, 'block-access:code', 'skip');
    world.proxies.code.fault(undefined);
    const waiting = await world.untilPhase(nora, 'awaiting-decision');
    assert.equal(stateOf(waiting, 'block-access:code'), 'skipped');
    await eventually('access-code to have nothing left', async () => {
      const { num_pending, num_ack_pending } = await world.bus.jsm.consumers.info('EXITS', 'access-code');
      return num_pending + num_ack_pending === 0 ? true : undefined;
    });
    assert.equal((await world.account(nora, 'code')).active, true);
  });

  it('whose group was deleted is named, and the rest is given back', async () => {
    const nora = await world.open({ on: ['production'] });
    await world.untilPhase(nora, 'awaiting-decision');
    await world.admin.production.deleteUser(nora.accounts.production!);
    await world.exits.decide(nora.employeeId, { outcome: 'retained', decidedBy: HR });
    const stuck = await attention(nora, 'restore-access:production');
    assert.match(stepOf(stuck, 'restore-access:production')!.error!, /cannot give back .* deleted meanwhile/);
    await resolve(nora, 'restore-access:production', 'done-by-hand');
    await world.untilPhase(nora, 'closed');
  });
});
