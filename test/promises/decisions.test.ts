import assert from 'node:assert/strict';
import { gate } from '../support/gate.js';
import { HR, stateOf, stepOf } from '../support/world.js';
import { inBothForms, type Company } from './both-forms.js';
import { hasAccess, opened, untilStep } from './on-the-way.js';

inBothForms('a decision before the block is complete', {}, (company) => {
  let world: Company;
  beforeEach(() => (world = company()));

  const halfBlocked = async () => {
    world.proxies.code.fault(({ method }) => (method === 'PATCH' ? { kind: 'unreachable' } : undefined));
    world.proxies.production.fault(() => ({ kind: 'unreachable' }));
    const nora = await opened(world);
    await untilStep(world, nora, 'block-access:payroll', 'done');
    return nora;
  };

  it('of "retained" stops the block and undoes what was done', async () => {
    const nora = await halfBlocked();
    await world.exits.decide(nora.employeeId, { outcome: 'retained', decidedBy: HR });
    const stopped = await untilStep(world, nora, 'block-access:code', 'skipped');
    assert.equal(stepOf(stopped, 'block-access:code')?.note, 'the decision came first');
    await world.mend();
    await world.untilPhase(nora, 'closed');
    await hasAccess(world, nora);
  });

  it('of "leaving" goes straight to revoking, even where the block never succeeded', async () => {
    const nora = await halfBlocked();
    await world.exits.decide(nora.employeeId, { outcome: 'leaving', decidedBy: HR });
    await world.mend();
    const closed = await world.untilPhase(nora, 'closed');
    assert.equal((await world.account(nora, 'code')).active, false);
    assert.equal(stateOf(closed, 'revoke-access:code'), 'done');
  });

  it('of "retained" undoes a block whose request lands after it was cancelled', async () => {
    const { passed: until, open: land } = gate();
    const { payroll } = world.proxies;
    payroll.fault(({ method, body }) =>
      method === 'PATCH' && body.includes('false') ? { kind: 'held', until } : undefined,
    );
    const sent = payroll.next(({ method }) => method === 'PATCH');
    const nora = await opened(world, { on: ['payroll'] });
    await sent;
    const looked = payroll.next(({ path }) => path.includes(nora.accounts.payroll!));
    await world.exits.decide(nora.employeeId, { outcome: 'retained', decidedBy: HR });
    await looked;
    await world.until(
      nora,
      'the restore begun, and nothing left of the block',
      (status) =>
        stateOf(status, 'restore-access:payroll') === 'running' &&
        stepOf(status, 'block-access:payroll')?.attempt === undefined,
    );
    land();
    await world.untilPhase(nora, 'closed');
    assert.equal((await world.account(nora, 'payroll')).active, true);
  });
});
