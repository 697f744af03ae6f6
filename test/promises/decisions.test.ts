import assert from 'node:assert/strict';
import type { Decision } from '../../src/exit/decision.js';
import { Refusal } from '../../src/exit/refusal.js';
import { gate } from '../support/gate.js';
import { HR, stateOf, stepOf } from '../support/world.js';
import { inBothForms, type Company } from './both-forms.js';
import { hasAccess, opened, pastEveryCheck, untilRefused, untilStep, waiting } from './on-the-way.js';

const retained: Decision = { outcome: 'retained', decidedBy: HR };
const leaving: Decision = { outcome: 'leaving', decidedBy: HR };

inBothForms('a decision', {}, (company) => {
  let world: Company;
  beforeEach(() => (world = company()));

  it('stands once it is made: the second is refused at once, and recorded where it went past every check', async () => {
    const nora = await waiting(world);
    world.proxies.payroll.fault(() => ({ kind: 'unreachable' }));
    await pastEveryCheck(world, nora, leaving);
    await world.untilPhase(nora, 'revoking');
    await assert.rejects(
      world.exits.decide(nora.employeeId, retained),
      (error) =>
        error instanceof Refusal &&
        /hr@acme.example has already decided "leaving"; the first decision stands/.test(error.message),
    );
    await pastEveryCheck(world, nora, retained);
    const { rejectedDecisions } = await untilRefused(world, nora);
    assert.match(rejectedDecisions[0]!.reason, /the first decision stands/);
    await world.mend();
    const { decision } = await world.untilPhase(nora, 'closed');
    assert.equal(decision?.outcome, 'leaving');
    assert.equal((await world.account(nora, 'payroll')).active, false);
  });

  it('by the employee concerned, or with an outcome that does not exist, is refused and changes nothing', async () => {
    const { exits } = world;
    const nora = await waiting(world, { on: ['payroll'] });
    const { employeeId } = nora;
    const own = { ...retained, decidedBy: nora.email.toUpperCase() };
    const fired = { ...leaving, outcome: 'fired' } as unknown as Decision;
    const refusals: [Decision, RegExp][] = [
      [own, /is the employee concerned/],
      [fired, /outcome: must be "retained", "leaving"/],
    ];
    for (const [decision, why] of refusals) {
      await assert.rejects(exits.decide(employeeId, decision), why);
      assert.match((await exits.weigh(employeeId, decision)).problem!, why);
    }
    assert.equal((await exits.weigh(employeeId, leaving)).problem, undefined);
    await assert.rejects(exits.decide('T-unheard-of', leaving), /T-unheard-of has no exit/);
    const { phase, decision } = await exits.status(employeeId);
    assert.deepEqual([phase, decision], ['awaiting-decision', undefined]);
  });

  it('that comes with the resignation waits until the employee is known, and is then weighed', async () => {
    await world.stopServing();
    const nora = await opened(world);
    await pastEveryCheck(world, nora, { ...retained, decidedBy: nora.email });
    await pastEveryCheck(world, nora, leaving);
    await world.startServing();
    const closed = await world.untilPhase(nora, 'closed');
    assert.match(closed.rejectedDecisions[0]!.reason, /is the employee concerned/);
    assert.equal(closed.decision?.decidedBy, HR);
    assert.equal((await world.account(nora, 'payroll')).active, false);
  });

  describe('before the block is complete', () => {
    const halfBlocked = async () => {
      world.proxies.code.fault(({ method }) => (method === 'PATCH' ? { kind: 'unreachable' } : undefined));
      world.proxies.production.fault(() => ({ kind: 'unreachable' }));
      const nora = await opened(world);
      await untilStep(world, nora, 'block-access:payroll', 'done');
      return nora;
    };

    it('of "retained" stops the block and undoes what was done', async () => {
      const nora = await halfBlocked();
      await world.exits.decide(nora.employeeId, retained);
      const stopped = await untilStep(world, nora, 'block-access:code', 'skipped');
      assert.equal(stepOf(stopped, 'block-access:code')?.note, 'the decision came first');
      await world.mend();
      await world.untilPhase(nora, 'closed');
      await hasAccess(world, nora);
    });

    it('of "leaving" goes straight to revoking, even where the block never succeeded', async () => {
      const nora = await halfBlocked();
      await world.exits.decide(nora.employeeId, leaving);
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
      await world.exits.decide(nora.employeeId, retained);
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
});
