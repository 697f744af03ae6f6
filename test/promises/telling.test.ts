import assert from 'node:assert/strict';
import { eventually } from '../support/eventually.js';
import { HR, IT, stateOf, stepOf, type Hired } from '../support/world.js';
import { inBothForms, type Company } from './both-forms.js';
import { ended, opened, settle, untilStep } from './on-the-way.js';

const soon: [string, string] = ['attentionAfter: PT15M', 'attentionAfter: PT3S'];

inBothForms('people are told', { config: [soon] }, (company) => {
  let world: Company;
  beforeEach(() => (world = company()));

  const isOrdinary = (mail: { attachments: unknown[] }) => mail.attachments.length === 0;
  /** Of the block on code: on a busy machine another step may be late as well. */
  const notices = ({ employeeId }: Hired) =>
    world.mail.to(IT).filter(({ text }) => text?.includes(`ems resolve ${employeeId} block-access:code`));

  it('the employee: what is blocked, why, until when and whom to ask, at both addresses', async () => {
    const nora = await opened(world, { personalEmail: 'nora@home.example' });
    await untilStep(world, nora, 'schedule-hr-interview', 'done');
    const status = await untilStep(world, nora, 'notify-employee', 'done');
    assert.equal(stepOf(status, 'notify-employee')?.note, `told ${nora.email} and nora@home.example`);
    for (const address of [nora.email, 'nora@home.example']) {
      const [mail, ...more] = world.mail.to(address).filter(isOrdinary);
      assert.equal(more.length, 0, 'once');
      for (const said of ['payroll', 'code', 'production', HR, IT])
        assert.ok(mail?.text?.includes(said), said);
      const [invitation, ...twice] = world.mail.to(address).filter((mail) => !isOrdinary(mail));
      assert.equal(twice.length, 0);
      assert.ok(invitation, 'is invited there as well');
    }
  });

  it('the employee later at an address whose server has reached a limit, and now at the other', async () => {
    const home = 'over-quota@home.example';
    let asked = 0;
    world.mail.refuse((recipient) =>
      recipient === home && ++asked < 3 ? { code: 550, message: '5.4.5 daily quota' } : undefined,
    );
    const nora = await opened(world, { personalEmail: home });
    const status = await untilStep(world, nora, 'notify-employee', 'done');
    assert.equal(stepOf(status, 'notify-employee')?.note, `told ${nora.email} and ${home}`);
    await untilStep(world, nora, 'schedule-hr-interview', 'done');
    assert.equal(world.mail.to(home).length, 2, 'told and invited');
    assert.equal(world.mail.to(nora.email).length, 2, 'once each');
  });

  it('the employee at the good address where the other is none, and the step says so', async () => {
    const nora = await opened(world, { personalEmail: 'nora@home@example' });
    const status = await untilStep(world, nora, 'notify-employee', 'done');
    const note = stepOf(status, 'notify-employee')?.note;
    assert.match(note!, new RegExp(`^told ${nora.email}; "nora@home@example", .* is not valid`));
    await untilStep(world, nora, 'schedule-hr-interview', 'done');
    assert.equal(world.mail.invitationsTo(nora.email).length, 1);
  });

  it('the employee in their language', async () => {
    const nora = await opened(world, { preferredLanguage: 'de-DE' });
    await untilStep(world, nora, 'schedule-hr-interview', 'done');
    await untilStep(world, nora, 'notify-employee', 'done');
    const mails = world.mail.to(nora.email);
    assert.equal(mails.length, 2, 'told of the block, and invited');
    for (const mail of mails) assert.match(String(mail.html), /<html lang="de/);
  });

  it('the operator of each step that needs attention: once for each cause, not for each attempt', async () => {
    const nora = await world.hire();
    world.proxies.code.fault(() => ({ kind: 'answer', status: 503 }));
    await world.exits.open({ employeeId: nora.employeeId });
    await world.until(
      nora,
      'the fifth attempt since',
      (status) =>
        stateOf(status, 'block-access:code') === 'needs-attention' &&
        (stepOf(status, 'block-access:code')!.attempt ?? 0) >= 5,
    );
    const [notice] = await eventually('a notice', () =>
      notices(nora).length > 0 ? notices(nora) : undefined,
    );
    assert.match(notice!.text!, /503/);
    assert.equal(notices(nora).length, 1);

    // Another cause of the same step is news; the same one after a retry is not.
    world.proxies.code.fault(() => ({ kind: 'answer', status: 403 }));
    await eventually('a second notice', () => (notices(nora).length > 1 ? true : undefined));
    assert.match(notices(nora)[1]!.text!, /403/);
    await settle(world, nora, 'block-access:code', 'retry');
    await untilStep(world, nora, 'block-access:code');
    await world.mend();
    await settle(world, nora, 'block-access:code', 'retry');
    await world.until(nora, 'blocked', ({ blockedAt }) => blockedAt !== undefined);
    await ended(world, nora, 'leaving');
    assert.equal(notices(nora).length, 2);
  });

  it('the operator the same again under the same Message-ID, where the answer of the mail server was lost', async () => {
    const nora = await world.hire({ on: ['payroll', 'code'] });
    for (const name of ['payroll', 'code'] as const)
      world.proxies[name].fault(() => ({ kind: 'answer', status: 403 }));
    const toIt = () => world.mail.to(IT).filter(({ text }) => text?.includes(nora.employeeId));
    let isSettled = false;
    const later = { code: 451, message: '4.3.0 try again later' };
    let isReachable = false;
    world.mail.refuse((to) =>
      to === IT && (!isReachable || (toIt().length > 0 && !isSettled)) ? later : undefined,
    );
    await world.exits.open({ employeeId: nora.employeeId });
    for (const step of ['schedule-hr-interview', 'notify-manager', 'notify-employee'])
      await untilStep(world, nora, step, 'done');
    for (const step of ['block-access:payroll', 'block-access:code']) await untilStep(world, nora, step);
    world.mail.loseNextAnswer();
    isReachable = true;
    await eventually('the first copy', () => toIt().length > 0 || undefined);
    await settle(world, nora, 'block-access:code', 'skip');
    isSettled = true;
    await untilStep(world, nora, 'notify-operator', 'done');
    const saidUnder = new Map<string, Set<string>>();
    for (const { messageId, text } of toIt())
      saidUnder.set(messageId!, (saidUnder.get(messageId!) ?? new Set()).add(text!));
    for (const [id, texts] of saidUnder) assert.equal(texts.size, 1, id);
    assert.ok(toIt().length > 1, 'it was sent again');
  });

  it('the operator, whose refused mail delays nothing: the exit closes', async () => {
    const nora = await world.hire({ manager: 'refusing@acme.example' });
    world.mail.refuse((recipient) =>
      recipient === 'refusing@acme.example' || recipient === IT
        ? { code: 550, message: 'no such mailbox' }
        : undefined,
    );
    await world.exits.open({ employeeId: nora.employeeId });
    const stuck = await world.until(
      nora,
      'both stuck',
      (status) =>
        stateOf(status, 'notify-manager') === 'needs-attention' &&
        stateOf(status, 'notify-operator') === 'needs-attention',
    );
    assert.match(stepOf(stuck, 'notify-operator')!.error!, /it@acme.example.*refused/);
    await settle(world, nora, 'notify-manager', 'skip');
    await world.exits.decide(nora.employeeId, { outcome: 'leaving', decidedBy: HR });
    await untilStep(world, nora, 'notify-manager-of-outcome');
    await settle(world, nora, 'notify-manager-of-outcome', 'skip');
    const closed = await world.untilPhase(nora, 'closed');
    assert.equal(stateOf(closed, 'notify-operator'), 'skipped');
  });
});
