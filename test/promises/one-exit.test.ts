import assert from 'node:assert/strict';
import { statusPage } from '../../src/cli/output.js';
import { Refusal } from '../../src/exit/refusal.js';
import { eventually } from '../support/eventually.js';
import { HR, IT, stepOf } from '../support/world.js';
import { inBothForms } from './both-forms.js';
import { ended, hasAccess, opened, settle, untilStep, waiting } from './on-the-way.js';
import { inDays } from '../support/in-days.js';

const retained = { outcome: 'retained', decidedBy: HR } as const;
const leaving = { outcome: 'leaving', decidedBy: HR } as const;

inBothForms('an exit', { config: [['attentionAfter: PT15M', 'attentionAfter: PT2S']] }, (company) => {
  it('is the only open one of the employee: a second resignation is refused, and the first exit goes on', async () => {
    const { exits } = company();
    const nora = await opened(company(), { on: ['payroll'] });
    await assert.rejects(
      exits.open({ employeeId: nora.employeeId }),
      (error) => error instanceof Refusal && /already has an open exit/.test(error.message),
    );
    await company().untilPhase(nora, 'awaiting-decision');
    const found = await eventually('the phase', async () => {
      const exit = await exits.find(nora.employeeId);
      return exit?.phase === 'awaiting-decision' ? exit : undefined;
    });
    assert.deepEqual([found.exitId, found.isOpen], [nora.exitId, true]);
    assert.ok(Date.parse(found.since) <= Date.now());
    await ended(company(), nora, 'leaving');
  });

  it('accepts "retained" right after "leaving" with a later date', async () => {
    const { exits, untilPhase } = company();
    const nora = await waiting(company());
    await exits.decide(nora.employeeId, { ...leaving, effectiveOn: inDays(9) });
    const { outcome } = await exits.decide(nora.employeeId, retained);
    assert.equal(outcome, 'retained');
    await untilPhase(nora, 'closed');
    await hasAccess(company(), nora);
  });

  it('withdraws no invitation to an interview that has begun', async () => {
    const { exits, untilPhase, mail } = company();
    const nora = await waiting(company(), { on: ['payroll'] });
    const at = new Date(Math.ceil(Date.now() / 1000 + 4) * 1000).toISOString();
    await exits.reschedule(nora.employeeId, { at });
    await eventually('the interview to have begun', () =>
      Date.now() > Date.parse(at) + 50 ? true : undefined,
    );
    await exits.decide(nora.employeeId, retained);
    const closed = await untilPhase(nora, 'closed');
    assert.equal(stepOf(closed, 'cancel-hr-interview'), undefined);
    assert.match(statusPage(closed, ''), /^ *interview .*, with hr@acme\.example$/m);
    assert.equal(
      mail.invitationsTo(nora.email).filter(({ source }) => source.includes('METHOD:CANCEL')).length,
      0,
    );
  });

  it('says of a system that left the configuration what to do, tells the operator, and can be settled', async () => {
    const { exits, untilPhase, restart, mail } = company();
    const nora = await waiting(company());
    const { systems } = company().config;
    await restart((config) => (config.systems = config.systems.filter(({ name }) => name !== 'code')));
    await exits.decide(nora.employeeId, leaving);
    const { error } = stepOf(await untilStep(company(), nora, 'revoke-access:code'), 'revoke-access:code')!;
    assert.match(error!, /no system "code" any more; put it back or settle/);
    await eventually('the mail', () =>
      mail.to(IT).find(({ text }) => text?.includes('revoke-access:code') && text.includes(nora.employeeId)),
    );
    await restart((config) => (config.systems = systems));
    await settle(company(), nora, 'revoke-access:code', 'retry');
    await untilPhase(nora, 'closed');
    assert.equal((await company().account(nora, 'code')).active, false);
  });

  it('says the same of a system that left while a step was retried on it', async () => {
    const { exits, hire, until, restart, proxies } = company();
    const { systems, policy } = company().config;
    await restart((config) => (config.policy = { ...policy, attentionAfter: 4_000 }));
    const nora = await hire({ on: ['payroll', 'code'] });
    proxies.code.fault(({ method }) => (method === 'PATCH' ? { kind: 'unreachable' } : undefined));
    await exits.open({ employeeId: nora.employeeId });
    await until(nora, 'a first attempt', (status) => Boolean(stepOf(status, 'block-access:code')?.error));
    await restart((config) => (config.systems = systems.filter(({ name }) => name !== 'code')));
    await until(nora, 'attention', (status) => {
      const { state, error } = stepOf(status, 'block-access:code')!;
      return state === 'needs-attention' && error!.includes('no system "code" any more');
    });
    await restart((config) => Object.assign(config, { systems, policy }));
    await settle(company(), nora, 'block-access:code', 'retry');
    // The message from before may block it as well, once it can.
    proxies.code.fault(undefined);
    await untilStep(company(), nora, 'block-access:code', 'done');
    assert.equal((await company().account(nora, 'code')).active, false);
  });

  it('keeps the systems and the policy that it began with, whatever is configured later', async () => {
    const { exits, untilPhase, restart, account } = company();
    const nora = await waiting(company(), { on: ['payroll', 'code'] });
    const { systems, contacts } = company().config;
    const { hrPartners } = contacts;
    await restart((config) => {
      config.systems = config.systems.toSorted((a, b) => b.name.localeCompare(a.name));
      config.contacts.hrPartners = [{ name: 'Another HR', email: 'other-hr@acme.example' }];
    });
    assert.match((await exits.status(nora.employeeId)).awaiting, new RegExp(HR));
    await exits.decide(nora.employeeId, retained);
    const { steps } = await untilPhase(nora, 'closed');
    const restored = steps.filter(({ name }) => name === 'restore-access').map(({ system }) => system);
    assert.deepEqual(
      restored,
      systems.map(({ name }) => name),
    );
    assert.equal((await account(nora, 'code')).active, true);
    await restart((config) => Object.assign(config, { systems, contacts: { ...contacts, hrPartners } }));
  });
});
