import assert from 'node:assert/strict';
import { inBothForms } from './both-forms.js';
import { ended, waiting } from './on-the-way.js';

const costly: [string, string] = [
  '- name: payroll',
  '- name: payroll\n    tokensLive: PT1H\n    restore: { loses: forks of the last day }',
];

inBothForms('what a hold costs', { config: [costly], systems: ['payroll', 'production'] }, (company) => {
  it('stands in the status, for each system with an account', async () => {
    const nora = await waiting(company());
    const { costs, steps } = await company().exits.status(nora.employeeId);
    const of = (system: string) => costs.find((cost) => cost.system === system);
    const { finishedAt } = steps.find(({ name, system }) => name === 'block-access' && system === 'payroll')!;
    assert.deepEqual(of('payroll')!.restore, { loses: 'forks of the last day' });
    assert.equal(Date.parse(of('payroll')!.tokensUntil!) - Date.parse(finishedAt!), 3_600_000);
    assert.equal(of('production')!.restore, 'exact');
    await ended(company(), nora, 'retained');
  });
});
