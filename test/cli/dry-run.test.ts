import assert from 'node:assert/strict';
import { answer, page } from '../support/ems.js';
import { HR, systems } from '../support/world.js';
import { inBothForms } from '../promises/both-forms.js';
import { waiting } from '../promises/on-the-way.js';
import { findsAnotherByName } from '../contract/quirks.js';

const task = (name: string, begins: string, ask: string): string =>
  `  - { name: ${name}, begins: ${begins}, gates: true, task: { to: { name: Desk, email: desk@acme.example }, ask: ${ask}, remindEvery: P1D, within: P7D } }`;
const steps = [
  'steps:',
  task('stop-parcels', 'resigned', 'Stop the parcels.'),
  task('collect-laptop', 'leaving', 'Collect the laptop.'),
  task('welcome-back', 'retained', 'Say welcome back.'),
  task('file-decision', 'decided', 'File the decision.'),
  task('close-file', 'access-settled', 'Close the file.'),
  'systems:\n',
].join('\n');

const ledger = [
  '  - name: ledger',
  '    protocol: manual',
  '    hold: suspend',
  '    owner: { name: Lena Vogt, email: lena.vogt@acme.example }',
  '    remindEvery: P1D',
  '    within: P2D',
  '# Steps of your own',
].join('\n');
const config: [string, string][] = [
  ['  - name: code\n', "  - name: code\n    also: [{ userName: 'adm-{login}' }]\n"],
  ['systems:\n', steps],
  ['# Steps of your own', ledger],
];

const inAMonth = new Date(Date.now() + 30 * 24 * 60 * 60 * 1000).toISOString().slice(0, 10);

inBothForms('--dry-run', { config }, (company) => {
  it('of resign shows every step that the resignation sets off, those of the configuration too', async () => {
    const { env, form, hire } = company();
    const nora = await hire({ personalEmail: 'nora@home.example' });
    const told = await page(env, 'resign', nora.employeeId, '--form', form, '--dry-run');
    const shown = told.split('\n').map((line) => line.trim().split(/ {2,}/));
    const of = new Map(shown.map(([step = '', what]) => [step, what]));
    assert.deepEqual(
      [...of.keys()].filter((step) => /^[a-z-]+(:[a-z]+)?$/.test(step)),
      [
        ...(form === 'orchestrated' ? ['look-up-employee'] : []),
        ...['notify-manager', 'notify-employee', 'schedule-hr-interview', 'stop-parcels'],
        ...systems.map((system) => `block-access:${system}`),
        'block-access:ledger',
        ...systems.map((system) => `revoke-access:${system}`),
      ],
    );
    assert.equal(of.get('notify-employee'), `${nora.email} and nora@home.example`);
    assert.equal(of.get('stop-parcels'), 'Stop the parcels.');
    assert.equal(
      of.get('block-access:ledger'),
      'Lena Vogt <lena.vogt@acme.example> is asked to suspend the account, and confirms it',
    );
  });

  it('of resign says of a system that a further account could not be looked for', async () => {
    const { env, form, hire, proxies } = company();
    const [nora, ravi] = [await hire({ on: ['code'] }), await hire({ on: ['payroll'] })];
    proxies.code.quirk(findsAnotherByName);
    const told = async ({ employeeId }: { employeeId: string }) =>
      page(env, 'resign', employeeId, '--form', form, '--dry-run');
    const [held, none] = [await told(nora), await told(ravi)];
    const shown = await answer(env, 'resign', nora.employeeId, '--form', form, '--dry-run');
    proxies.code.quirk(undefined);
    assert.match(held, /block-access:code +.*: suspend the account; cannot tell: .*adm-/);
    assert.match(none, /block-access:code +no account found; cannot tell: .*adm-/);
    assert.doesNotMatch(none, /block-access:code +no account: nothing to block/);
    const { systems } = shown as { systems: { name: string; untold?: string }[] };
    assert.match(systems.find(({ name }) => name === 'code')!.untold!, /adm-/);
    assert.equal(systems.find(({ name }) => name === 'payroll')!.untold, undefined);
  });

  it('of resign says before a hold which memberships a system does not tell', async () => {
    const { env, form, hire, proxies, admin } = company();
    const nora = await hire({ on: ['payroll'] });
    const group = await admin.payroll.createGroup('paymasters', [nora.accounts.payroll!]);
    proxies.payroll.quirk((forward) => async (request) => {
      const answer = await forward(request);
      if (!request.path.includes('/Groups')) return answer;
      if (request.path.includes('filter=')) return { ...answer, status: 501, body: '{}' };
      return { ...answer, body: answer.body.replaceAll('"members"', '"hidden"') };
    });
    const told = await page(env, 'resign', nora.employeeId, '--form', form, '--dry-run');
    proxies.payroll.quirk(undefined);
    await admin.payroll.deleteGroup(group);
    assert.match(told, /block-access:payroll +.*suspend the account/);
    assert.match(
      told,
      /look at payroll before +.*: whether the suspension cost memberships cannot be told: payroll /,
    );
  });

  it('of decide shows every step that the decision sets off, those of the configuration too, and does nothing', async () => {
    const { env, exits } = company();
    const nora = await waiting(company());
    const effects = async (...how: string[]): Promise<[string, string][]> => {
      const args = ['decide', nora.employeeId, ...how, '--by', HR, '--dry-run'];
      return (await answer<{ effects: [string, string][] }>(env, ...args)).effects;
    };
    assert.deepEqual(await effects('leaving', '--effective-on', inAMonth), [
      ...systems.map((system) => [
        `revoke-access:${system}`,
        `when ${inAMonth} begins: account inactive, memberships removed`,
      ]),
      ['revoke-access:ledger', 'its owner is asked, and confirms it'],
      ['collect-laptop', 'Collect the laptop.'],
      ['file-decision', 'File the decision.'],
      ['notify-manager-of-outcome', 'leaving'],
      ['close-file', 'Close the file.'],
    ]);
    assert.deepEqual(await effects('retained'), [
      ...systems.map((system) => [`restore-access:${system}`, 'what the hold took is given back']),
      ['restore-access:ledger', 'its owner is asked, and confirms it'],
      ['cancel-hr-interview', 'the invitation is withdrawn'],
      ['welcome-back', 'Say welcome back.'],
      ['file-decision', 'File the decision.'],
      ['notify-manager-of-outcome', 'retained'],
      ['close-file', 'Close the file.'],
    ]);
    assert.equal((await exits.status(nora.employeeId)).decision, undefined);
  });
});
