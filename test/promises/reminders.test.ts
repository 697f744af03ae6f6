import assert from 'node:assert/strict';
import { eventually } from '../support/eventually.js';
import { HR, stepOf, type Hired } from '../support/world.js';
import { inBothForms, type Company } from './both-forms.js';
import { ended, opened, settle, untilStep } from './on-the-way.js';

const HEAD = 'head-of-hr@acme.example';

const config: [string, string][] = [
  ['attentionAfter: PT15M', 'attentionAfter: PT0.4S'],
  ['remindAfter: [PT24H, PT48H, PT72H]', 'remindAfter: [PT1.5S, PT2.3S, PT3.1S]'],
  ['within: PT120H, escalateEvery: PT168H', 'within: PT4S, escalateEvery: PT1S'],
];

inBothForms('while the decision is open', { systems: ['payroll'], config }, (company) => {
  let world: Company;
  beforeEach(() => (world = company()));

  const written = ({ employeeId }: Hired, to: string, step: string) =>
    world.mail
      .to(to)
      .filter(({ text, messageId }) => text?.includes(employeeId) && messageId?.includes(step));
  const reminders = (nora: Hired) => written(nora, HR, 'remind-hr-partner');
  const escalations = (nora: Hired) => written(nora, HEAD, 'escalate');

  it('HR is reminded on the ladder, then the decision is escalated until it is made', async () => {
    const nora = await opened(world, { on: ['payroll'] });
    await eventually('two escalations', () => (escalations(nora).length >= 2 ? true : undefined));
    assert.equal(reminders(nora).length, 3);
    const waiting = await world.exits.status(nora.employeeId);
    assert.equal(waiting.phase, 'awaiting-decision');
    assert.equal((await world.account(nora, 'payroll')).active, false, 'silence gives nothing back');
    assert.equal(stepOf(waiting, 'remind-hr-partner')?.note, `3 of 3, to ${HR}`);
    assert.match(stepOf(waiting, 'escalate-decision')!.note!, new RegExp(`to ${HEAD}$`));

    assert.match(escalations(nora)[0]!.text!, /was reminded of it 3 times/);
    for (const mail of [...reminders(nora), ...escalations(nora)]) {
      assert.match(mail.text!, new RegExp(`ems decide ${nora.employeeId} retained --by`));
      assert.match(mail.text!, new RegExp(`ems decide ${nora.employeeId} leaving --by`));
    }
    await ended(world, nora, 'retained');
    const ids = [...reminders(nora), ...escalations(nora)].map(({ messageId }) => messageId);
    assert.equal(new Set(ids).size, ids.length, 'each mail once');
  });

  it('the exit says when the decision is due, and is listed as overdue from then until the decision', async () => {
    const nora = await opened(world, { on: ['payroll'] });
    const { openedAt, reviewBy, awaiting } = await world.untilPhase(nora, 'awaiting-decision');
    assert.equal(Date.parse(reviewBy!) - Date.parse(openedAt), 4000);
    assert.match(awaiting, new RegExp(`is to decide by ${reviewBy}: retained or leaving`));
    const isListed = async () =>
      (await world.exits.list({ overdue: true })).some(({ employeeId }) => employeeId === nora.employeeId);
    const listed = await eventually('the exit to be overdue', async () =>
      (await world.exits.list({ overdue: true })).find(({ employeeId }) => employeeId === nora.employeeId),
    );
    assert.equal(listed.reviewBy, reviewBy);
    assert.ok(Date.now() > Date.parse(reviewBy!));

    await ended(world, nora, 'leaving');
    await eventually('the exit to be overdue no more', async () => ((await isListed()) ? undefined : true));
  });

  it('a reminder that fails needs attention, delays nothing, and is skipped with the decision', async () => {
    const nora = await world.hire({ on: ['payroll'] });
    world.mail.refuse((recipient) =>
      recipient === HR || recipient === HEAD ? { code: 450, message: 'try again later' } : undefined,
    );
    await world.exits.open({ employeeId: nora.employeeId });
    await untilStep(world, nora, 'remind-hr-partner');
    await world.exits.decide(nora.employeeId, { outcome: 'leaving', decidedBy: HR });
    const decided = await world.until(
      nora,
      'the reminder given up, with nothing of it under way',
      (status) => {
        const step = stepOf(status, 'remind-hr-partner');
        return step?.state === 'skipped' && step.attempt === undefined;
      },
    );
    assert.equal(stepOf(decided, 'remind-hr-partner')?.note, 'the decision came first');
    await world.mend();
    await world.untilPhase(nora, 'closed');
    assert.equal(reminders(nora).length, 0);
  });

  it('a mailbox of HR that takes no mail does not delay the escalation', async () => {
    const nora = await world.hire({ on: ['payroll'] });
    world.mail.refuse((recipient) =>
      recipient === HR ? { code: 550, message: 'no such mailbox' } : undefined,
    );
    await world.exits.open({ employeeId: nora.employeeId });
    await eventually('an escalation', () => (escalations(nora).length > 0 ? true : undefined));
    assert.equal(reminders(nora).length, 0);
    await world.mend();
    await settle(world, nora, 'schedule-hr-interview', 'retry');
    await ended(world, nora, 'leaving');
  });

  it('an outage that outlasts several rungs is not followed by several mails at once', async () => {
    const nora = await opened(world, { on: ['payroll'] });
    const { openedAt } = await world.untilPhase(nora, 'awaiting-decision');
    await world.stopServing();
    await eventually('the second escalation to be due', () =>
      Date.now() > Date.parse(openedAt) + 5100 ? true : undefined,
    );
    await world.startServing();
    await eventually('an escalation', () => (escalations(nora).length > 0 ? true : undefined));
    assert.ok(reminders(nora).length <= 1, 'only what went out before the outage');
    await ended(world, nora, 'leaving');
  });
});
