import assert from 'node:assert/strict';
import type { Outcome } from '../../src/exit/decision.js';
import { gate } from '../support/gate.js';
import { HR, IT, stateOf, stepOf } from '../support/world.js';
import { inBothForms, type Company } from './both-forms.js';
import { ended, opened, settle, untilStep, waiting } from './on-the-way.js';

const forbidden = { kind: 'answer', status: 403, body: { detail: 'not for this token' } } as const;

const noAccess = ({ proxies }: Company): void => proxies.code.fault(() => forbidden);
const noMailTo =
  (start: string) =>
  ({ mail }: Company): void =>
    mail.refuse((recipient) =>
      recipient.startsWith(start) ? { code: 550, message: 'no such mailbox' } : undefined,
    );

inBothForms('a step that cannot succeed', {}, (company) => {
  let world: Company;
  beforeEach(() => (world = company()));

  /** What makes each step fail for good, and the decision after which it does. */
  const failures: [key: string, fail: (world: Company) => void, error: RegExp, decision?: Outcome][] = [
    ['notify-manager', noMailTo('boss-of'), /Mail to boss-of-.* was refused: .*no such mailbox/],
    ['schedule-hr-interview', noMailTo(HR), /Mail to hr@acme.example .* was refused: .*no such mailbox/],
    ['block-access:code', noAccess, /code .*not for this token/],
    ['restore-access:code', noAccess, /code .*not for this token/, 'retained'],
    ['revoke-access:code', noAccess, /code .*not for this token/, 'leaving'],
    ['cancel-hr-interview', noMailTo('t-'), /Mail to t-.* was refused: .*no such mailbox/, 'retained'],
    ['notify-manager-of-outcome', noMailTo('boss-of'), /boss-of-.* was refused: .*mailbox/, 'leaving'],
  ];
  for (const [key, fail, error, outcome] of failures) {
    it(`needs attention with its reason, and succeeds on a retry once it is mended: ${key}`, async () => {
      if (!outcome) fail(world);
      const nora = outcome ? await waiting(world) : await opened(world);
      if (outcome) {
        fail(world);
        await world.exits.decide(nora.employeeId, { outcome, decidedBy: HR });
      }
      const stuck = await untilStep(world, nora, key);
      assert.match(stepOf(stuck, key)!.error!, error);
      assert.equal(stuck.needsAttention, true);
      await world.mend();
      assert.equal((await settle(world, nora, key, 'retry')).state, 'running');
      assert.equal((await untilStep(world, nora, key, 'done')).needsAttention, false);
    });
  }

  it('is waited for again once it is retried: the exit closes only when the access is seen to be back', async () => {
    const nora = await waiting(world, { on: ['payroll', 'code'] });
    noAccess(world);
    await world.exits.decide(nora.employeeId, { outcome: 'retained', decidedBy: HR });
    const stuck = await untilStep(world, nora, 'restore-access:code');
    assert.match(stuck.awaiting, /^Access is being restored\. An operator is to look at restore-access:code/);
    await settle(world, nora, 'restore-access:code', 'retry');
    await untilStep(world, nora, 'restore-access:code');

    const { passed: until, open: land } = gate();
    world.proxies.code.fault(({ method }) => (method === 'PATCH' ? { kind: 'held', until } : undefined));
    const sent = world.proxies.code.next(({ method }) => method === 'PATCH');
    await settle(world, nora, 'restore-access:code', 'retry');
    await sent;
    const again = await world.until(
      nora,
      'all but the restore of code',
      (status) =>
        stateOf(status, 'restore-access:payroll') === 'done' &&
        stateOf(status, 'cancel-hr-interview') === 'done',
    );
    assert.deepEqual(
      [stateOf(again, 'restore-access:code'), again.phase, again.closedAt, again.needsAttention],
      ['running', 'restoring', undefined, false],
    );
    assert.equal(again.awaiting, 'Access is being restored.');
    assert.equal((await world.account(nora, 'code')).active, false);
    assert.equal(world.mail.to(nora.manager).length, 1, 'the outcome is not told before it is so');

    land();
    await world.untilPhase(nora, 'closed');
    assert.equal((await world.account(nora, 'code')).active, true);
    assert.equal(world.mail.to(nora.manager).length, 2);
  });

  it('is skipped while it is still being tried, and no attempt follows', async () => {
    world.proxies.code.fault(() => ({ kind: 'unreachable' }));
    const [nora, nils] = [await opened(world), await world.hire()];
    await world.until(
      nora,
      'a second attempt on code',
      (status) => (stepOf(status, 'block-access:code')?.attempt ?? 0) > 1,
    );
    await settle(world, nora, 'block-access:code', 'skip');
    await world.untilPhase(nora, 'awaiting-decision');
    const closed = await ended(world, nora, 'retained');
    assert.equal(stateOf(closed, 'block-access:code'), 'skipped');

    await world.mend();
    // Whatever was still tried for the first exit would come through before the second one is over.
    await world.exits.open({ employeeId: nils.employeeId });
    await world.untilPhase(nils, 'awaiting-decision');
    await ended(world, nils, 'leaving');
    const writes = world.proxies.code.seen.filter(
      ({ method, path }) => method === 'PATCH' && path.includes(nora.accounts.code!),
    );
    assert.deepEqual(writes, []);
    assert.equal((await world.account(nora, 'code')).active, true);
  });

  it('is skipped by a named person, and the exit closes without it', async () => {
    noMailTo('boss-of')(world);
    const nora = await opened(world);
    await untilStep(world, nora, 'notify-manager');
    const step = await settle(world, nora, 'notify-manager', 'skip');
    assert.deepEqual([step.state, step.by], ['skipped', IT]);
    await world.exits.decide(nora.employeeId, { outcome: 'leaving', decidedBy: HR });
    await untilStep(world, nora, 'notify-manager-of-outcome');
    await settle(world, nora, 'notify-manager-of-outcome', 'skip');
    await world.untilPhase(nora, 'closed');
    assert.equal(world.mail.to(nora.manager).length, 0);
  });

  it('that was done by hand has to be undone by hand', async () => {
    noAccess(world);
    noMailTo('t-')(world);
    const nora = await opened(world);
    await untilStep(world, nora, 'block-access:code');
    await untilStep(world, nora, 'schedule-hr-interview');
    const step = await settle(world, nora, 'block-access:code', 'done-by-hand', 'ticket SEC-1');
    assert.deepEqual([step.state, step.by, step.evidence], ['done-by-hand', IT, 'ticket SEC-1']);
    await settle(world, nora, 'schedule-hr-interview', 'done-by-hand', 'invited by telephone');
    const blocked = await world.untilPhase(nora, 'awaiting-decision');
    assert.ok(blocked.blockedAt);
    await world.mend();

    await world.exits.decide(nora.employeeId, { outcome: 'retained', decidedBy: HR });
    const restoring = await untilStep(world, nora, 'restore-access:code');
    assert.match(
      stepOf(restoring, 'restore-access:code')!.error!,
      /it@acme.example blocked .* by hand: give the access back by hand/,
    );
    const both = await untilStep(world, nora, 'cancel-hr-interview');
    assert.match(
      stepOf(both, 'cancel-hr-interview')!.error!,
      /arranged the interview by hand: withdraw it by hand/,
    );
    await settle(world, nora, 'restore-access:code', 'done-by-hand', 'ticket SEC-2');
    await settle(world, nora, 'cancel-hr-interview', 'done-by-hand');
    await world.untilPhase(nora, 'closed');
    assert.equal((await world.account(nora, 'code')).active, true, 'it was never touched');
  });

  it('names what cannot be given back, and gives back the rest', async () => {
    const nora = await waiting(world, { on: ['payroll', 'production'] });
    await world.admin.production.deleteUser(nora.accounts.production!);
    await world.exits.decide(nora.employeeId, { outcome: 'retained', decidedBy: HR });
    const stuck = await untilStep(world, nora, 'restore-access:production');
    assert.match(stepOf(stuck, 'restore-access:production')!.error!, /cannot give back .* deleted meanwhile/);
    await settle(world, nora, 'restore-access:production', 'done-by-hand', 'a new account was made');
    await world.untilPhase(nora, 'closed');
    assert.equal((await world.account(nora, 'payroll')).active, true);
  });

  const code = { step: 'block-access', system: 'code' };
  const refusals: [what: string, resolution: Record<string, unknown>, problem: RegExp][] = [
    ['no such step', { step: 'block-everything', action: 'retry', by: IT }, /there is no step block-every/],
    ['no system', { step: 'block-access', action: 'retry', by: IT }, /open steps: .*block-access:code/],
    ['is done', { ...code, system: 'payroll', action: 'skip', by: IT }, /is already done/],
    ['no name', { ...code, action: 'skip' }, /by: must be a mail address/],
    ['no such action', { ...code, action: 'undo', by: IT }, /action: must be "retry"/],
  ];
  it('refuses an invalid resolution with the reason', async () => {
    noAccess(world);
    const nora = await opened(world);
    await untilStep(world, nora, 'block-access:code');
    await untilStep(world, nora, 'block-access:payroll', 'done');
    for (const [what, resolution, problem] of refusals)
      await assert.rejects(world.exits.resolve(nora.employeeId, resolution as never), problem, what);
    const status = await world.exits.status(nora.employeeId);
    assert.equal(stateOf(status, 'block-access:code'), 'needs-attention');
    await world.mend();
    await settle(world, nora, 'block-access:code', 'retry');
    await ended(world, nora, 'leaving');
  });
});
