import assert from 'node:assert/strict';
import type { ExitStatus } from '../../src/exit/status.js';
import { eventually } from '../support/eventually.js';
import { gate } from '../support/gate.js';
import { HR, stepOf, type Hired } from '../support/world.js';
import { inBothForms, type Company } from './both-forms.js';
import { ended, opened, settle, untilStep } from './on-the-way.js';

const HEAD = 'head-of-hr@acme.example';

const ladder: [string, string][] = [
  ['remindAfter: [PT24H, PT48H, PT72H]', 'remindAfter: [PT1S, PT2S, PT3S]'],
  ['within: PT120H, escalateEvery: PT168H', 'within: PT5S, escalateEvery: PT2S'],
];

const written = ({ mail }: Company, { employeeId }: Hired, to: string, step: string) =>
  mail.to(to).filter(({ text, messageId }) => text?.includes(employeeId) && messageId?.includes(step));

inBothForms('while the decision is open', { systems: ['payroll'], config: ladder }, (company) => {
  let world: Company;
  beforeEach(() => (world = company()));

  const noteOf = (status: ExitStatus, step: string) => stepOf(status, step)?.note ?? '';
  const reminders = (nora: Hired) => written(world, nora, HR, 'remind-hr-partner');
  const escalations = (nora: Hired) => written(world, nora, HEAD, 'escalate');

  it('HR is reminded on the ladder, then the decision is escalated until it is made', async () => {
    const nora = await opened(world, { on: ['payroll'] });
    const waiting = await world.until(
      nora,
      'a second escalation',
      (status) => Number(/^number (\d+), to /.exec(noteOf(status, 'escalate-decision'))?.[1]) >= 2,
    );
    assert.equal(waiting.phase, 'awaiting-decision');
    assert.equal((await world.account(nora, 'payroll')).active, false, 'silence gives nothing back');
    assert.ok(noteOf(waiting, 'escalate-decision').endsWith(`, to ${HEAD}`));
    // On a busy machine a later rung stands for one that could not be sent in time.
    const numbers = reminders(nora).map(({ messageId }) =>
      Number(/remind-hr-partner\.(\d)/.exec(messageId!)![1]),
    );
    assert.deepEqual(
      numbers,
      [...new Set(numbers)].toSorted((a, b) => a - b),
    );
    assert.match(noteOf(waiting, 'remind-hr-partner'), new RegExp(`^${numbers.at(-1)} of 3, to ${HR}$`));
    const [first] = escalations(nora);
    const times = numbers.length === 1 ? 'once' : `${numbers.length} times`;
    assert.ok(first!.text!.includes(`was reminded of it ${times}`), first!.text);
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
    assert.equal(Date.parse(reviewBy!) - Date.parse(openedAt), 5_000);
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
      Date.now() > Date.parse(openedAt) + 7_100 ? true : undefined,
    );
    const before = reminders(nora).length;
    await world.startServing();
    await untilStep(world, nora, 'escalate-decision', 'done');
    // A reminder that was under way when the outage began may still come through.
    assert.ok(reminders(nora).length <= before + 1, `${before} before`);
    const isFirst = ({ messageId }: { messageId?: string | undefined }) => /escalate\.1\D/.test(messageId!);
    assert.ok(!escalations(nora).some(isFirst), 'a later one stands for it');
    await ended(world, nora, 'leaving');
  });
});

// Of its own, since a mail that is under way when its step comes to need attention may be sent again.
inBothForms(
  'while no mail goes out and the decision is open',
  {
    systems: ['payroll'],
    // The escalation comes long after the decision, also on a busy machine.
    config: [
      ['attentionAfter: PT15M', 'attentionAfter: PT0.5S'],
      ladder[0]!,
      ['within: PT120H, escalateEvery: PT168H', 'within: PT5M, escalateEvery: PT168H'],
    ],
  },
  (company) => {
    it('a reminder that fails needs attention, delays nothing, and is skipped with the decision', async () => {
      const world = company();
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
      assert.equal(written(world, nora, HR, 'remind-hr-partner').length, 0);
    });
  },
);

inBothForms(
  'while a reminder is under way',
  // The test is over before a request is given up by its time.
  { systems: ['payroll'], config: [...ladder, ['requestTimeout: PT3S', 'requestTimeout: PT60S']] },
  (company) => {
    it('a decision comes first, and the reminder is not sent any more', async () => {
      const world = company();
      const nora = await opened(world, { on: ['payroll'] });
      await world.untilPhase(nora, 'awaiting-decision');
      const { directory } = world.proxies;
      const answered = gate();
      // The reminder asks the directory who of those that it reminds is leaving.
      const isAsked = directory.next(() => true);
      const from = directory.seen.length;
      directory.fault(() =>
        directory.seen.length === from + 1 ? { kind: 'held', until: answered.passed } : undefined,
      );
      const asked = await isAsked;
      const before = written(world, nora, HR, 'remind-hr-partner').length;
      await ended(world, nora, 'leaving');
      await eventually('the reminder given up', () => asked.isGivenUp);
      answered.open();
      assert.equal(written(world, nora, HR, 'remind-hr-partner').length, before);
    });
  },
);
