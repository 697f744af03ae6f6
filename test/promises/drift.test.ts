import assert from 'node:assert/strict';
import type { Drift } from '../../src/exit/drift.js';
import { eventually } from '../support/eventually.js';
import { CRITICAL_GROUPS, IT, stateOf, stepOf, type Hired } from '../support/world.js';
import { inBothForms, type Company } from './both-forms.js';
import { ended, settle, untilStep, waiting } from './on-the-way.js';

const often: [string, string] = ['recheckEvery: PT15M', 'recheckEvery: PT1S'];

/** Temporal's list of exits with their holds, which a sweep starts from, is a moment behind. */
const found = (company: Company, nora: Hired, times = 1) =>
  eventually(`drift ${times}`, async () => {
    await company.sweep();
    const { drifts, blockedAt } = await company.exits.status(nora.employeeId);
    return drifts.length === times && blockedAt ? drifts : undefined;
  });

inBothForms('a hold that is undone while the decision is open', { config: [often] }, (company) => {
  it('is found, reported and asserted again each time: an account', async () => {
    const { admin, account, exits } = company();
    const nora = await waiting(company());
    for (const times of [1, 2]) {
      await admin.payroll.setActive(nora.accounts.payroll!, true);
      const { system, what } = (await found(company(), nora, times)).at(-1)!;
      assert.deepEqual([system, what], ['payroll', 'the account is active again']);
      assert.equal((await account(nora, 'payroll')).active, false);
    }
    assert.equal((await exits.status(nora.employeeId)).phase, 'awaiting-decision');
    await ended(company(), nora, 'retained');
    assert.equal((await account(nora, 'payroll')).active, true);
  });

  it('is told to the operator, once per cause, and nothing is to be done', async () => {
    const { admin, mail } = company();
    const nora = await waiting(company());
    for (const times of [1, 2]) {
      await admin.payroll.setActive(nora.accounts.payroll!, true);
      await found(company(), nora, times);
    }
    await ended(company(), nora, 'retained');
    const told = await eventually('the mail to the operator', () => {
      const all = mail.to(IT).filter(({ text }) => text?.includes(nora.employeeId));
      return Promise.resolve(all.length > 0 ? all : undefined);
    });
    assert.equal(new Set(told.map(({ messageId }) => messageId)).size, 1);
    assert.match(told[0]!.subject!, /^Access came back/);
    assert.match(told[0]!.text!, /block-access:payroll: the account is active again/);
  });

  it('needs attention where a system gives access back again and again, and is blocked all the same', async () => {
    const { admin, account, exits } = company();
    const nora = await waiting(company());
    for (const times of [1, 2, 3, 4]) {
      await admin.payroll.setActive(nora.accounts.payroll!, true);
      // Until the block has ended, access that comes back is its own to take: that is no drift.
      await eventually(`drift ${times}`, async () => {
        await company().sweep();
        const status = await exits.status(nora.employeeId);
        const hasEnded = stateOf(status, 'block-access:payroll') !== 'running';
        return status.drifts.length === times && hasEnded ? true : undefined;
      });
      assert.equal((await account(nora, 'payroll')).active, false);
    }
    const restless = await untilStep(company(), nora, 'block-access:payroll');
    assert.match(stepOf(restless, 'block-access:payroll')!.error!, /gives the access back again and again/);
    await settle(company(), nora, 'block-access:payroll', 'retry');
    await untilStep(company(), nora, 'block-access:payroll', 'done');
    await ended(company(), nora, 'retained');
    assert.equal((await account(nora, 'payroll')).active, true);
  });

  it('is found, reported and asserted again: a critical group', async () => {
    const { admin, account } = company();
    const nora = await waiting(company());
    const groups = await admin.production.groupIds();
    const { id } = groups.find(({ displayName }) => displayName === CRITICAL_GROUPS[0])!;
    await admin.production.addMember(id, nora.accounts.production!);
    await found(company(), nora);
    assert.deepEqual((await account(nora, 'production')).groups, ['readers']);
    await ended(company(), nora, 'retained');
    const all = [...CRITICAL_GROUPS, 'readers'].toSorted();
    assert.deepEqual((await account(nora, 'production')).groups, all);
  });

  it('is found, blocked and given back: the first account on a system where the employee had none', async () => {
    const { admin, account, exits } = company();
    const nora = await waiting(company(), { on: ['payroll', 'production'] });
    const { employeeId, email } = nora;
    const code = await admin.code.createUser({ employeeId, displayName: 'Nora', email });
    const [{ system, what }] = (await found(company(), nora)) as [Drift];
    assert.deepEqual([system, what], ['code', `an account of the employee is active: ${email} (${code})`]);
    const late = { ...nora, accounts: { ...nora.accounts, code } };
    assert.equal((await account(late, 'code')).active, false);
    // From then on it is held as any other.
    await admin.code.setActive(code, true);
    const again = (await found(company(), nora, 2)).at(-1)!;
    assert.deepEqual([again.system, again.what], ['code', 'the account is active again']);
    assert.equal(stateOf(await exits.status(employeeId), 'block-access:code'), 'done');
    await ended(company(), nora, 'retained');
    assert.equal((await account(late, 'code')).active, true);
  });

  it('on a system that is down is found once it is back, and the outage needs no attention', async () => {
    const { admin, exits, proxies, mend, sweep } = company();
    const nora = await waiting(company());
    await admin.code.setActive(nora.accounts.code!, true);
    const reads = () => proxies.code.seen.filter(({ path }) => path.includes(nora.accounts.code!)).length;
    proxies.code.fault(() => ({ kind: 'answer', status: 503 }));
    const before = reads();
    await eventually('two looks in vain', async () => {
      // A sweep that could not look everywhere says so by failing.
      await sweep(1_000).catch(() => undefined);
      return reads() >= before + 2 ? true : undefined;
    });
    const meanwhile = await exits.status(nora.employeeId);
    assert.deepEqual([meanwhile.drifts, stateOf(meanwhile, 'block-access:code')], [[], 'done']);
    await mend();
    await found(company(), nora);
    await ended(company(), nora, 'retained');
  });

  it('is not looked for once the exit is over', async () => {
    const { bus, exits, sweep } = company();
    const nora = await waiting(company());
    await ended(company(), nora, 'retained');
    await sweep();
    await eventually('nothing to wait for', async () => {
      const consumer = await bus?.jsm.consumers.info('EXITS', 'drift-payroll');
      return consumer && consumer.num_pending + consumer.num_ack_pending > 0 ? undefined : true;
    });
    assert.deepEqual((await exits.status(nora.employeeId)).drifts, []);
  });
});

inBothForms('a hold on a system that has left the configuration', { config: [often] }, (company) => {
  it('keeps no sweep from the others, is named, and is given back once the system is there again', async () => {
    const { admin, account, restart, sweep } = company();
    const nora = await waiting(company());
    const before = company().config.systems;
    await restart((config) => (config.systems = before.filter(({ name }) => name !== 'code')));
    await admin.code.setActive(nora.accounts.code!, true);
    await admin.payroll.setActive(nora.accounts.payroll!, true);
    const [{ system }] = (await found(company(), nora)) as [Drift];
    assert.equal(system, 'payroll');
    assert.equal((await account(nora, 'payroll')).active, false);
    if (company().form === 'orchestrated')
      assert.deepEqual(((await sweep()) as { leftConfiguration: string[] }).leftConfiguration, ['code']);
    await restart((config) => (config.systems = before));
    await ended(company(), nora, 'retained');
    assert.equal((await account(nora, 'code')).active, true);
  });
});

inBothForms(
  'a drift that the policy leaves to an operator',
  { config: [often, ['onDrift: reassert', 'onDrift: report']] },
  (company) => {
    it('needs attention, is reported to the operator, and changes nothing until a retry', async () => {
      const { admin, account, exits, mail, until } = company();
      const nora = await waiting(company());
      await admin.code.setActive(nora.accounts.code!, true);
      const stuck = await eventually('attention', async () => {
        await company().sweep();
        const status = await exits.status(nora.employeeId);
        return status.needsAttention ? status : undefined;
      });
      assert.match(
        stepOf(stuck, 'block-access:code')!.error!,
        /the account is active again\. Retry to block/,
      );
      assert.equal(stuck.blockedAt, undefined);
      assert.equal((await account(nora, 'code')).active, true);
      await eventually('the operator to be told', () =>
        mail.to(IT).find(({ text }) => text?.includes(nora.employeeId) && text.includes('block-access:code')),
      );
      const step = { step: 'block-access', system: 'code', by: IT } as const;
      await exits.resolve(nora.employeeId, { ...step, action: 'retry' });
      const again = await until(nora, 'blocked again', ({ blockedAt }) => blockedAt !== undefined);
      assert.equal(stateOf(again, 'block-access:code'), 'done');
      assert.equal((await account(nora, 'code')).active, false);
      await ended(company(), nora, 'retained');
      assert.equal((await account(nora, 'code')).active, true);
    });
  },
);
