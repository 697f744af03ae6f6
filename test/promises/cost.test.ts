import assert from 'node:assert/strict';
import { inBothForms } from './both-forms.js';
import { page } from '../support/ems.js';
import { ended, opened, settle, untilStep, waiting } from './on-the-way.js';

const costly = (system: string, ...more: string[]): [string, string] => [
  `- name: ${system}\n`,
  [`- name: ${system}`, ...more.map((each) => `    ${each}`), ''].join('\n'),
];
const config = [
  costly('payroll', 'tokensLive: PT1H', 'restore: { loses: forks of the last day }'),
  costly('code', 'restore: { needs: a new second factor }'),
];

inBothForms('what a hold costs', { config }, (company) => {
  it('is said before it is made, for each system with an account', async () => {
    const { env, form, hire } = company();
    const { employeeId } = await hire({ on: ['payroll', 'code'] });
    const told = await page(env, 'resign', employeeId, '--form', form, '--dry-run');
    const of = (system: string) => new RegExp(`block-access:${system} +(.*)`).exec(told)![1]!;
    assert.match(
      of('payroll'),
      /; a restore loses forks of the last day; tokens live on for up to 60 minutes$/,
    );
    assert.match(
      of('code'),
      /suspend the account; a restore needs the person: a new second factor; how long tokens live on is not known$/,
    );
    assert.equal(of('production'), 'no account: nothing to block');
    const { employeeId: other } = await hire({ on: ['production'] });
    assert.match(
      await page(env, 'resign', other, '--form', form, '--dry-run'),
      /block-access:production +.*; a restore gives back what the system shows, which may not be all; how long tokens live on is not known/,
    );
  });

  it('stands in the status, for each system with an account', async () => {
    const nora = await waiting(company());
    const { costs, steps } = await company().exits.status(nora.employeeId);
    const of = (system: string) => costs.find((cost) => cost.system === system);
    const { finishedAt } = steps.find(({ name, system }) => name === 'block-access' && system === 'payroll')!;
    assert.deepEqual(of('payroll')!.restore, { loses: 'forks of the last day' });
    assert.equal(Date.parse(of('payroll')!.tokensUntil!) - Date.parse(finishedAt!), 3_600_000);
    assert.deepEqual(of('code')!.restore, { needs: 'a new second factor' });
    assert.equal(of('production')!.restore, 'shown');
    assert.equal(of('production')!.tokensUntil, undefined);
    await ended(company(), nora, 'retained');
  });

  it('stands there where the block was refused and skipped, and then no tokens end', async () => {
    const { proxies, exits, untilPhase } = company();
    const detail = 'the last owner cannot be suspended';
    proxies.payroll.quirk(
      (forward) => (request) =>
        request.method === 'PATCH'
          ? Promise.resolve({ status: 403, headers: {}, body: JSON.stringify({ detail, status: '403' }) })
          : forward(request),
    );
    const nora = await opened(company(), { on: ['payroll'] });
    const { costs: before } = await untilStep(company(), nora, 'block-access:payroll');
    await settle(company(), nora, 'block-access:payroll', 'skip', 'TICKET-1');
    await untilPhase(nora, 'awaiting-decision');
    const { costs: after } = await exits.status(nora.employeeId);
    for (const costs of [before, after])
      assert.deepEqual(JSON.parse(JSON.stringify(costs)), [
        { system: 'payroll', restore: { loses: 'forks of the last day' }, tokensLiveMs: 3_600_000 },
      ]);
  });

  it('makes no mail promise that a restore is exact', async () => {
    const nora = await waiting(company(), { on: ['payroll', 'code'], personalEmail: 'nora@home.example' });
    await ended(company(), nora, 'retained');
    const { mail } = company();
    const told = [...mail.to(nora.manager), ...mail.to(nora.email)].map(({ text = '' }) =>
      text.replaceAll(/\s+/g, ' '),
    );
    const onGivingBack = told.filter((text) => text.includes('given back'));
    assert.equal(onGivingBack.length, 3, 'the resignation, the block and the outcome');
    for (const text of onGivingBack)
      assert.match(text, /what (the block|it) took is given back, as far as each system allows\./);
  });
});
