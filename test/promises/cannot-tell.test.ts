import assert from 'node:assert/strict';
import type { Quirk } from '../support/fault-proxy.js';
import { IT, stepOf, type Hired } from '../support/world.js';
import { inBothForms, type Company } from './both-forms.js';
import { ended, opened, settle, untilStep, waiting } from './on-the-way.js';

const hidesActive: Quirk = (forward) => async (request) => {
  const answer = await forward(request);
  return { ...answer, body: answer.body.replaceAll(/"active":(true|false),?/g, '') };
};

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
    await ended(company(), nora, 'leaving').catch(() => undefined);
    assert.ok(mail.to(IT).some(({ text }) => text?.includes('cannot tell: payroll')));
  });
});

inBothForms('the accounts of an employee on a system', { systems: ['payroll'] }, (company) => {
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
    await company().untilPhase(nora, 'awaiting-decision');
    const active = async (id: string) => (await admin.payroll.account(id)).active;
    assert.deepEqual([await active(nora.accounts.payroll!), await active(second)], [false, false]);
    await ended(company(), nora, 'retained');
    assert.deepEqual([await active(nora.accounts.payroll!), await active(second)], [true, true]);
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
});
