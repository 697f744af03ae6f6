import assert from 'node:assert/strict';
import { findsAnotherByName, hidesActive, prefixesNames, resources } from '../contract/quirks.js';
import { CRITICAL_GROUPS, HR, IT, stepOf, type Hired } from '../support/world.js';
import { inBothForms, type Company } from './both-forms.js';
import { ended, opened, settle, untilStep, waiting } from './on-the-way.js';

inBothForms('what a system does not tell', { systems: ['payroll'] }, (company) => {
  it('is a state of its own, needs attention, and is settled by a person alone', async () => {
    const { proxies, exits, account, mail } = company();
    proxies.payroll.quirk(hidesActive);
    const nora = await opened(company(), { on: ['payroll'] });
    const status = await untilStep(company(), nora, 'block-access:payroll', 'cannot-tell');
    assert.match(
      stepOf(status, 'block-access:payroll')!.error!,
      /^cannot tell: payroll does not show whether/,
    );
    assert.deepEqual([status.needsAttention, status.blockedAt], [true, undefined]);
    assert.equal((await account(nora, 'payroll')).active, false, 'it is suspended all the same');

    await settle(company(), nora, 'block-access:payroll', 'done-by-hand', 'looked at it in payroll');
    await company().untilPhase(nora, 'awaiting-decision');
    const { steps } = await exits.status(nora.employeeId);
    assert.equal(steps.find(({ name }) => name === 'block-access')!.by, IT);
    await exits.decide(nora.employeeId, { outcome: 'leaving', decidedBy: HR });
    await untilStep(company(), nora, 'revoke-access:payroll', 'cannot-tell');
    await settle(company(), nora, 'revoke-access:payroll', 'done-by-hand', 'looked at it again');
    await company().untilPhase(nora, 'closed');
    assert.ok(mail.to(IT).some(({ text }) => text?.includes('cannot tell: payroll')));
  });
});

inBothForms('what a system does not tell of its groups', { systems: ['production'] }, (company) => {
  const BLOCK = 'block-access:production';
  const all = [...CRITICAL_GROUPS, 'readers'].toSorted();
  afterEach(() => company().proxies.production.quirk(undefined));

  it('keeps a hold from being called blocked: the group that answers has another name, and both are said', async () => {
    const { proxies, account, exits } = company();
    proxies.production.quirk(prefixesNames);
    const nora = await opened(company(), { on: ['production'] });
    const stuck = await untilStep(company(), nora, BLOCK, 'cannot-tell');
    assert.match(
      stepOf(stuck, BLOCK)!.error!,
      /answers "production-admins" with the group "PRIMARY\/production-admins"/,
    );
    assert.equal(stuck.blockedAt, undefined);
    const { systems, verdict } = await exits.report(nora.employeeId, 'test');
    assert.equal(systems[0]!.block.how, 'cannot-tell');
    assert.match(verdict, /it could not be told whether it is blocked on production/);
    proxies.production.quirk(undefined);
    assert.deepEqual((await account(nora, 'production')).groups, all, 'nothing was taken');
    await settle(company(), nora, BLOCK, 'retry');
    await untilStep(company(), nora, BLOCK, 'done');
    assert.deepEqual((await account(nora, 'production')).groups, ['readers']);
    await ended(company(), nora, 'leaving');
  });

  for (const [what, members] of Object.entries({ 'leaves out': undefined, 'shows as null': null }))
    it(`keeps a hold from the protected group whose members it ${what}, until a person has looked`, async () => {
      const { proxies, account, exits } = company();
      proxies.production.quirk(
        resources((resource) => {
          if ('members' in resource) Object.assign(resource, { members });
        }),
      );
      const nora = await opened(company(), { on: ['production'] });
      const stuck = await untilStep(company(), nora, BLOCK, 'cannot-tell');
      const { error } = stepOf(stuck, BLOCK)!;
      assert.match(error!, /^cannot tell: production does not list who else is in production-admins/);
      assert.doesNotMatch(error!, /is the last active member/);
      assert.deepEqual((await account(nora, 'production')).groups, all, 'nothing was taken');
      const which = { step: 'block-access', system: 'production', by: IT } as const;
      await exits.resolve(nora.employeeId, { ...which, action: 'retry', override: true });
      // The lists that do not tell do not show the removal either.
      await company().until(nora, 'taken, and not told', (status) => {
        const { state, error: now } = stepOf(status, BLOCK)!;
        return state === 'cannot-tell' && now !== error;
      });
      assert.deepEqual((await account(nora, 'production')).groups, ['readers']);
      await settle(company(), nora, BLOCK, 'done-by-hand', 'looked at the groups');
      await company().untilPhase(nora, 'awaiting-decision');
      proxies.production.quirk(undefined);
      await ended(company(), nora, 'leaving');
    });

  it('keeps a hold from the protected group of which it shows the first 100 members alone, all inactive', async () => {
    const { proxies, account, admin, standIn } = company();
    const groups = await admin.production.groupIds();
    const { id } = groups.find(({ displayName }) => displayName === 'production-admins')!;
    for (let n = 0; n < 100; n++) {
      const former = { employeeId: `former-${company().form}-${n}`, active: false };
      await admin.production.addMember(id, await admin.production.createUser(former));
    }
    await admin.production.setActive(standIn, false);
    proxies.production.quirk(
      resources((resource) => {
        if (Array.isArray(resource['members'])) resource['members'] = resource['members'].slice(0, 100);
      }),
    );
    const nora = await opened(company(), { on: ['production'] });
    const { error } = stepOf(await untilStep(company(), nora, BLOCK, 'cannot-tell'), BLOCK)!;
    assert.match(error!, /^cannot tell: production does not list who else is in production-admins/);
    proxies.production.quirk(undefined);
    assert.deepEqual((await account(nora, 'production')).groups, all, 'nothing was taken');
    await admin.production.setActive(standIn, true);
    await settle(company(), nora, BLOCK, 'retry');
    await untilStep(company(), nora, BLOCK, 'done');
    await ended(company(), nora, 'leaving');
  });
});

const often: [string, string] = ['recheckEvery: PT15M', 'recheckEvery: PT1S'];

inBothForms(
  'the accounts of an employee on a system',
  { systems: ['payroll'], config: [often] },
  (company) => {
    /** A second record of the same employee, as after a rehire. */
    const again = ({ admin }: Company, { employeeId }: Hired): Promise<string> =>
      admin.payroll.createUser({ employeeId, userName: `${employeeId}-again@acme.example` });

    it('are held as the operator says, where several match', async () => {
      const { admin, exits, hire } = company();
      const nora = await hire({ on: ['payroll'] });
      const second = await again(company(), nora);
      await exits.open({ employeeId: nora.employeeId });
      const stuck = await untilStep(company(), nora, 'block-access:payroll');
      const { error } = stepOf(stuck, 'block-access:payroll')!;
      for (const id of [nora.accounts.payroll!, second]) assert.ok(error!.includes(`${id} (`), error);

      const answer = { step: 'block-access', system: 'payroll', action: 'retry', by: IT } as const;
      await exits.resolve(nora.employeeId, { ...answer, accounts: ['all'] });
      await untilStep(company(), nora, 'block-access:payroll', 'done');
      const active = async (id: string) => (await admin.payroll.account(id)).active;
      assert.deepEqual([await active(nora.accounts.payroll!), await active(second)], [false, false]);
      await ended(company(), nora, 'retained');
      assert.deepEqual([await active(nora.accounts.payroll!), await active(second)], [true, true]);
    });

    it('are asked for again where one that an operator chose has passed to another person', async () => {
      const { admin, exits, hire } = company();
      const nora = await hire({ on: ['payroll'] });
      const [chosen, second] = [nora.accounts.payroll!, await again(company(), nora)];
      await exits.open({ employeeId: nora.employeeId });
      await untilStep(company(), nora, 'block-access:payroll');
      const answer = { system: 'payroll', action: 'retry', by: IT } as const;
      await exits.resolve(nora.employeeId, { ...answer, step: 'block-access', accounts: [chosen] });
      await untilStep(company(), nora, 'block-access:payroll', 'done');
      await admin.payroll.setExternalId(chosen, `next-${nora.employeeId}`);
      await admin.payroll.setEmployeeNumber(chosen, `next-${nora.employeeId}`);
      await admin.payroll.setActive(chosen, true);
      await exits.decide(nora.employeeId, { outcome: 'leaving', decidedBy: HR });
      const stuck = await untilStep(company(), nora, 'revoke-access:payroll', 'cannot-tell');
      assert.match(stepOf(stuck, 'revoke-access:payroll')!.error!, /look whose it is/);
      const active = async (id: string) => (await admin.payroll.account(id)).active;
      assert.deepEqual([await active(chosen), await active(second)], [true, true]);
      // The answer after it acts.
      await exits.resolve(nora.employeeId, { ...answer, step: 'revoke-access', accounts: [chosen] });
      await company().untilPhase(nora, 'closed');
      assert.equal(await active(chosen), false);
    });

    it('are held when they appear during the hold, and given back with the others', async () => {
      const { admin, exits } = company();
      const nora = await waiting(company(), { on: ['payroll'] });
      const second = await again(company(), nora);
      const active = async (id: string) => (await admin.payroll.account(id)).active;
      await company().until(nora, 'the drift', ({ drifts }) => {
        void company().sweep();
        return drifts.length > 0;
      });
      await company().until(nora, 'blocked again', ({ blockedAt }) => blockedAt !== undefined);
      assert.deepEqual([await active(nora.accounts.payroll!), await active(second)], [false, false]);
      const { drifts } = await exits.status(nora.employeeId);
      assert.match(drifts[0]!.what, /another account of the employee is active/);
      await ended(company(), nora, 'retained');
      assert.deepEqual([await active(nora.accounts.payroll!), await active(second)], [true, true]);
    });

    it('are the active one alone where the other was inactive, which is named', async () => {
      const { admin, exits, hire } = company();
      const nora = await hire({ on: ['payroll'] });
      const second = await again(company(), nora);
      await admin.payroll.setActive(nora.accounts.payroll!, false);
      await exits.open({ employeeId: nora.employeeId });
      await company().untilPhase(nora, 'awaiting-decision');
      const { steps } = await exits.status(nora.employeeId);
      const note = steps.find(({ name }) => name === 'block-access')!.note!;
      assert.match(note, new RegExp(`left out: ${nora.accounts.payroll!} \\(.*inactive\\)`));
      assert.equal((await admin.payroll.account(second)).active, false);
      await ended(company(), nora, 'leaving');
    });
  },
);

inBothForms(
  'a system where a second account cannot be looked for',
  {
    systems: ['payroll', 'code'],
    config: [['  - name: code\n', "  - name: code\n    also: [{ userName: 'adm-{login}' }]\n"]],
  },
  (company) => {
    it('is not reported as blocked, although the first account is, nor once the decision has come', async () => {
      const { proxies, exits, account } = company();
      proxies.code.quirk(findsAnotherByName);
      const nora = await opened(company(), { on: ['payroll', 'code'] });
      await untilStep(company(), nora, 'block-access:code', 'cannot-tell');
      assert.equal((await account(nora, 'code')).active, false);
      const blocks = async () => {
        const { systems } = await exits.report(nora.employeeId, 'test');
        return systems.map(({ system, block }) => [system, block.how]);
      };
      const hows = [
        ['payroll', 'observed'],
        ['code', 'cannot-tell'],
      ];
      assert.deepEqual(await blocks(), hows);
      proxies.code.quirk(undefined);
      await ended(company(), nora, 'leaving');
      assert.deepEqual(await blocks(), hows);
    });
  },
);

inBothForms(
  'a system that knows no employee id',
  {
    systems: ['payroll', 'code'],
    config: [['  - name: code\n', "  - name: code\n    match: [{ userName: '{login}' }]\n"]],
  },
  (company) => {
    it('is blocked by the login that another system tells, where the directory does not know the employee', async () => {
      const { admin, exits } = company();
      const employeeId = `K-${company().form}`;
      const userName = `keyed-${company().form}@acme.example`;
      const nora = { employeeId, email: userName, manager: '', accounts: {} };
      await admin.payroll.createUser({ employeeId, userName });
      const id = await admin.code.createUser({ employeeId: `other-${employeeId}`, userName });
      await exits.open({ employeeId });
      await untilStep(company(), nora, 'block-access:code', 'done');
      assert.equal((await admin.code.account(id)).active, false);
      const { steps } = await exits.status(employeeId);
      assert.match(steps.find(({ system }) => system === 'code')!.note!, /found by userName/);
    });
  },
);
