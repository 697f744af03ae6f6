import assert from 'node:assert/strict';
import { HR, IT, stateOf, stepOf } from '../support/world.js';
import { inBothForms, type Company } from './both-forms.js';
import { ended, hasAccess, opened, untilStep, waiting } from './on-the-way.js';

const config: [string, string][] = [['remindAfter: [PT24H, PT48H, PT72H]', 'remindAfter: [PT0.1S]']];

inBothForms('an exit that should not have been', { config }, (company) => {
  let world: Company;
  beforeEach(() => (world = company()));

  for (const outcome of ['withdrawn', 'wrong-person'] as const)
    it(`ends as ${outcome}: access is exact, the interview cancelled, and each address that was told gets a correction`, async () => {
      const personalEmail = `${outcome}-${world.form}@home.example`;
      const nora = await waiting(world, { personalEmail });
      await untilStep(world, nora, 'remind-hr-partner', 'done');
      const closed = await ended(world, nora, { outcome, decidedBy: HR });
      await hasAccess(world, nora);
      assert.equal(closed.decision?.outcome, outcome);
      assert.equal(stateOf(closed, 'cancel-hr-interview'), 'done');
      assert.equal(stepOf(closed, 'notify-manager-of-outcome'), undefined);
      const told = [nora.manager, nora.email, personalEmail, HR];
      const note = stepOf(closed, 'send-correction')?.note ?? '';
      for (const address of told) {
        assert.ok(note.includes(address), note);
        const mails = world.mail
          .to(address)
          .filter(({ messageId }) => messageId?.includes('.send-correction.'));
        assert.equal(mails.filter(({ messageId }) => messageId!.includes(closed.exitId)).length, 1, address);
      }
      const [listed] = await world.exits.list({ employeeId: nora.employeeId });
      assert.equal(listed!.outcome, outcome);
      const report = await world.exits.report(nora.employeeId, 'test');
      assert.equal(report.outcome, outcome);
      assert.match(report.verdict, outcome === 'withdrawn' ? /^Withdrawn/ : /^Never this person/);
    });

  it('corrects also what was on its way when the decision came, and whom a refused mail did not reach is not told', async () => {
    world.mail.refuse((to) => (to.startsWith('boss') ? { code: 550, message: 'no such user' } : undefined));
    const nora = await opened(world, { on: ['payroll'] });
    await untilStep(world, nora, 'notify-manager');
    await untilStep(world, nora, 'notify-operator', 'done');
    await world.until(nora, 'the employee told', (status) => stateOf(status, 'notify-employee') === 'done');
    world.mail.refuse(undefined);
    const closed = await ended(world, nora, { outcome: 'wrong-person', decidedBy: HR });
    const note = stepOf(closed, 'send-correction')!.note!;
    assert.ok(note.includes(nora.email) && note.includes(IT), note);
    assert.ok(!note.includes(nora.manager), note);
  });

  it('waits for a mailbox that is down, and mails the others once', async () => {
    const nora = await waiting(world, { on: ['payroll'] });
    world.mail.refuse((to) => (to === nora.manager ? { code: 450, message: 'try later' } : undefined));
    await world.exits.decide(nora.employeeId, { outcome: 'withdrawn', decidedBy: HR });
    await world.until(
      nora,
      'an attempt failed',
      (status) => (stepOf(status, 'send-correction')?.attempt ?? 0) > 1,
    );
    world.mail.refuse(undefined);
    const { exitId } = await world.untilPhase(nora, 'closed');
    for (const address of [nora.email, nora.manager]) {
      const mails = world.mail
        .to(address)
        .filter(({ messageId }) => messageId?.includes(`${exitId}.send-correction`));
      assert.equal(mails.length, 1, address);
    }
  });

  it('replaces leaving that waits for its day, and nothing else', async () => {
    const lastWorkingDay = new Date(Date.now() + 40 * 86_400_000).toISOString().slice(0, 10);
    const nora = await waiting(world, { on: ['payroll'] }, { lastWorkingDay });
    await world.exits.decide(nora.employeeId, { outcome: 'leaving', decidedBy: HR });
    await ended(world, nora, { outcome: 'withdrawn', decidedBy: HR });
    assert.equal((await world.account(nora, 'payroll')).active, true);
    await assert.rejects(
      world.exits.decide(nora.employeeId, { outcome: 'wrong-person', decidedBy: HR }),
      /has no open exit/,
    );
  });
});
