import assert from 'node:assert/strict';
import { exitWorkflowId } from '../../src/exit/ids.js';
import { eventually } from '../support/eventually.js';
import { HR, startWorld, stateOf, stepOf, type Hired, type World } from '../support/world.js';

const HEAD = 'head-of-hr@acme.example';
const retry = [
  'initialInterval: PT1S, maximumInterval: PT1M',
  'initialInterval: PT0.05S, maximumInterval: PT0.3S',
] as [string, string];

const written = ({ mail }: World, { employeeId }: Hired, to: string, step: string) =>
  mail.to(to).filter(({ text, messageId }) => text?.includes(employeeId) && messageId?.includes(step));
const remindersOf = (world: World, nora: Hired) => written(world, nora, HR, 'remind-hr-partner');
const escalationsOf = (world: World, nora: Hired) => written(world, nora, HEAD, 'escalate');

describe('while nobody decides', () => {
  let world: World;
  let nora: Hired;
  let other: Hired;
  before(async () => {
    world = await startWorld({
      systems: ['payroll'],
      config: [
        retry,
        ['remindAfter: [PT24H, PT48H, PT72H]', 'remindAfter: [PT2S, PT4S, PT6S]'],
        ['within: PT120H, escalateEvery: PT168H', 'within: PT8S, escalateEvery: PT2S'],
      ],
    });
    [nora, other] = await Promise.all([world.hire({ on: ['payroll'] }), world.hire({ on: ['payroll'] })]);
    for (const { employeeId } of [nora, other]) await world.exits.open({ employeeId });
  });
  after(() => world.stop());

  it('the exit says when the decision is due', async () => {
    const { openedAt, reviewBy, awaiting } = await world.untilPhase(nora, 'awaiting-decision');
    assert.equal(Date.parse(reviewBy!) - Date.parse(openedAt), 8000);
    assert.match(awaiting, new RegExp(`is to decide by ${reviewBy}: retained or leaving`));
  });

  it('HR is reminded on the ladder, then it is escalated again and again, until somebody decides; nobody is written to after that', async () => {
    await eventually('two escalations', () => (escalationsOf(world, nora).length >= 2 ? true : undefined));
    assert.equal(remindersOf(world, nora).length, 3);
    const waiting = await world.exits.status(nora.employeeId);
    assert.equal(waiting.phase, 'awaiting-decision');
    assert.equal((await world.account(nora, 'payroll')).active, false, 'silence gives nothing back');
    assert.equal(stepOf(waiting, 'remind-hr-partner')?.note, `3 of 3, to ${HR}`);
    assert.match(stepOf(waiting, 'escalate-decision')!.note!, new RegExp(`to ${HEAD}$`));

    assert.match(escalationsOf(world, nora)[0]!.text!, /was reminded of it 3 times/);
    for (const mail of [...remindersOf(world, nora), ...escalationsOf(world, nora)]) {
      assert.match(mail.text!, new RegExp(`ems decide ${nora.employeeId} retained --by`));
      assert.match(mail.text!, new RegExp(`ems decide ${nora.employeeId} leaving --by`));
    }
    await world.exits.decide(nora.employeeId, { outcome: 'retained', decidedBy: HR });
    await world.untilPhase(nora, 'closed');
    const all = [...remindersOf(world, nora), ...escalationsOf(world, nora)];
    assert.equal(new Set(all.map(({ messageId }) => messageId)).size, all.length, 'each mail once');
  });

  it('each rung of the ladder costs at most eleven events', async () => {
    const { historyLength } = await world.client.workflow
      .getHandle(exitWorkflowId(nora.employeeId))
      .describe();
    const rungs = remindersOf(world, nora).length + escalationsOf(world, nora).length;
    // Of these, 74 are what an exit costs that is decided before the first reminder (cost.test.ts).
    assert.ok(historyLength <= 74 + 11 * rungs, `${historyLength} events, ${rungs} rungs`);
  });

  it('the exit is in the list of the overdue until it is decided', async () => {
    const find = async () =>
      (await world.exits.list({ overdue: true })).find(({ employeeId }) => employeeId === other.employeeId);
    const { reviewBy } = await eventually('the exit to be overdue', find);
    assert.ok(Date.now() > Date.parse(reviewBy!));
    await world.exits.decide(other.employeeId, { outcome: 'leaving', decidedBy: HR });
    await world.untilPhase(other, 'closed');
    await eventually('the exit to be overdue no more', async () => ((await find()) ? undefined : true));
  });
});

describe('a reminder', () => {
  let world: World;
  before(async () => {
    world = await startWorld({
      systems: ['payroll'],
      config: [
        retry,
        ['attentionAfter: PT15M', 'attentionAfter: PT0.4S'],
        ['remindAfter: [PT24H, PT48H, PT72H]', 'remindAfter: [PT1S]'],
        ['within: PT120H, escalateEvery: PT168H', 'within: PT4S, escalateEvery: PT1S'],
      ],
    });
  });
  afterEach(() => world.mend());
  after(() => world.stop());

  const refuse = (code: number, ...recipients: string[]) =>
    world.mail.refuse((recipient) =>
      recipients.includes(recipient) ? { code, message: 'not now' } : undefined,
    );
  const open = async (): Promise<Hired> => {
    const nora = await world.hire({ on: ['payroll'] });
    await world.exits.open({ employeeId: nora.employeeId });
    return nora;
  };
  const leave = async (nora: Hired): Promise<void> => {
    await world.exits.decide(nora.employeeId, { outcome: 'leaving', decidedBy: HR });
    await world.untilPhase(nora, 'closed');
  };

  it('that does not go out asks for attention, holds nothing up, and is given up with the decision', async () => {
    refuse(450, HR);
    const nora = await open();
    await world.until(
      nora,
      'attention',
      (status) => stateOf(status, 'remind-hr-partner') === 'needs-attention',
    );
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
    assert.equal(remindersOf(world, nora).length, 0);
  });

  it('that a mailbox refuses for good does not hold up the escalation to another one', async () => {
    refuse(550, HR);
    const nora = await open();
    await eventually('an escalation', () => (escalationsOf(world, nora).length > 0 ? true : undefined));
    assert.equal(remindersOf(world, nora).length, 0);
    await world.mend();
    await world.exits.resolve(nora.employeeId, { step: 'schedule-hr-interview', action: 'retry', by: HR });
    await leave(nora);
  });

  it('is not one of several mails at once after an outage of the workers', async () => {
    const nora = await open();
    const { reviewBy } = await world.untilPhase(nora, 'awaiting-decision');
    await world.stopWorkers();
    await eventually('the second escalation to be due', () =>
      Date.now() > Date.parse(reviewBy!) + 1000 ? true : undefined,
    );
    await world.startWorkers();
    const [first] = await eventually('an escalation', () =>
      escalationsOf(world, nora).length > 0 ? escalationsOf(world, nora) : undefined,
    );
    assert.doesNotMatch(
      first!.messageId!,
      /escalate\.1\./,
      'the latest that is due, not the first that was missed',
    );
    assert.ok(remindersOf(world, nora).length <= 1, 'only what went out before the outage');
    await leave(nora);
  });
});
