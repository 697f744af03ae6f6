import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { setTimeout as pause } from 'node:timers/promises';
import type { StepConfig } from '../../src/config/config.js';
import type { ExitStatus } from '../../src/exit/status.js';
import { eventually } from '../support/eventually.js';
import { HR, IT, stateOf, stepOf, type Hired } from '../support/world.js';
import { inBothForms, type Company } from './both-forms.js';
import { settle, untilStep, waiting } from './on-the-way.js';

/** The company's payroll system, as the steps of the configuration call it. */
const heard: { headers: IncomingHttpHeaders; data: Record<string, unknown> }[] = [];
const answers: number[] = [];
const payroll = createServer((request, response) => {
  void json(request).then((data) => {
    heard.push({ headers: request.headers, data: data as Record<string, unknown> });
    response.writeHead(answers.shift() ?? 200).end('{"note":"payslip 17"}');
  });
});
await once(payroll.listen(0, '127.0.0.1').unref(), 'listening');
const { port } = payroll.address() as AddressInfo;

const steps = [
  'steps:',
  `  - { name: final-pay, begins: leaving, gates: true, call: { url: 'http://127.0.0.1:${port}/pay' } }`,
  'systems:\n',
].join('\n');

const DESK = 'desk@acme.example';
const receiver = { url: `http://127.0.0.1:${port}/pay`, token: undefined };
const badge: StepConfig = {
  ...{ name: 'final-pay', begins: 'leaving', gates: true },
  task: {
    to: { name: 'Front Desk', email: DESK },
    ask: 'Collect the badge.',
    remindEvery: 60_000,
    within: 60_000,
  },
};
const saysUnknown = (status: ExitStatus, step: string): boolean =>
  stepOf(status, step)?.error ===
  `the configuration has no step "${step}" any more; put it back or settle the step by hand`;

inBothForms('a call of the configuration', { config: [['systems:\n', steps]] }, (company) => {
  const callsOf = (exitId: string) => heard.filter(({ data }) => data['exitId'] === exitId);

  it('is made when the employee leaves, is retried until it is done, and gates the close', async () => {
    const { exits, untilPhase } = company();
    const nora = await waiting(company(), { on: ['payroll'] });
    const { exitId } = nora;
    assert.deepEqual(callsOf(exitId), []);
    answers.push(503, 202);
    await exits.decide(nora.employeeId, { outcome: 'leaving', decidedBy: HR });
    const closed = await untilPhase(nora, 'closed');
    const step = stepOf(closed, 'final-pay')!;
    assert.deepEqual([step.state, step.note], ['done', 'payslip 17']);
    const calls = callsOf(exitId);
    assert.equal(calls.length, 3);
    for (const { headers, data } of calls) {
      assert.equal(headers['ce-specversion'], '1.0');
      assert.equal(headers['ce-id'], `${exitId}/final-pay`, 'the same id each time');
      assert.deepEqual(
        [data['employeeId'], data['outcome'], data['decidedBy']],
        [nora.employeeId, 'leaving', HR],
      );
    }
    const times = calls.map(({ headers }) => headers['ce-time']);
    assert.deepEqual(times, Array(3).fill(step.startedAt), 'when the step began');
  });

  it('is not made when the employee is retained', async () => {
    const { exits, untilPhase } = company();
    const nora = await waiting(company(), { on: ['payroll'] });
    const { exitId } = nora;
    await exits.decide(nora.employeeId, { outcome: 'retained', decidedBy: HR });
    const closed = await untilPhase(nora, 'closed');
    assert.equal(stepOf(closed, 'final-pay'), undefined);
    assert.deepEqual(callsOf(exitId), []);
  });

  it('that is refused asks for attention, tells the operator, and is made again by "retry"', async () => {
    const { exits, until, untilPhase, mail } = company();
    const nora = await waiting(company(), { on: ['payroll'] });
    const { exitId } = nora;
    answers.push(422);
    await exits.decide(nora.employeeId, { outcome: 'leaving', decidedBy: HR });
    const stuck = await until(
      nora,
      'attention',
      (status) => stateOf(status, 'final-pay') === 'needs-attention',
    );
    assert.match(stepOf(stuck, 'final-pay')!.error!, /final-pay answered 422: .*payslip 17/);
    await eventually('the mail', () =>
      mail.to(IT).find(({ text }) => text?.includes('final-pay') && text.includes(nora.employeeId)),
    );
    assert.notEqual(stuck.phase, 'closed');
    await exits.resolve(nora.employeeId, { step: 'final-pay', action: 'retry', by: IT });
    await untilPhase(nora, 'closed');
    assert.equal(callsOf(exitId).length, 2);
  });
  it('does not become a task when the configuration later has one of its name', async () => {
    const { exits, until, untilPhase, restart, config, mail } = company();
    const nora = await waiting(company(), { on: ['payroll'] });
    const { steps } = config;
    await restart(() => (config.steps = [badge]));
    await exits.decide(nora.employeeId, { outcome: 'leaving', decidedBy: HR });
    await until(nora, 'the missing call', (status) => saysUnknown(status, 'final-pay'));
    assert.deepEqual(mail.to(DESK), []);
    await restart(() => (config.steps = steps));
    await settle(company(), nora, 'final-pay', 'retry');
    await untilPhase(nora, 'closed');
    assert.equal(callsOf(nora.exitId).length, 1);
  });
});

const task = (remindEvery: string, within: string): [string, string] => [
  'systems:\n',
  [
    'steps:',
    '  - name: collect-badge',
    '    begins: resigned',
    '    gates: true',
    '    task:',
    `      to: { name: Front Desk, email: ${DESK} }`,
    '      ask: Collect the badge.',
    `      remindEvery: ${remindEvery}`,
    `      within: ${within}`,
    'systems:\n',
  ].join('\n'),
];
/** A mail that is sent again is the same one. */
const mailsAbout = ({ mail }: Company, { employeeId }: Hired) => {
  const mails = mail.to(DESK).filter(({ text }) => text?.includes(employeeId));
  return [...new Map(mails.map((each) => [each.messageId, each])).values()];
};
const untilAsked = (company: Company, nora: Hired, times: number) =>
  eventually(`mail ${times}`, () => {
    const mails = mailsAbout(company, nora);
    return mails.length >= times ? mails : undefined;
  });

inBothForms('a task of the configuration', { config: [task('PT1S', 'PT1H')] }, (company) => {
  it('is mailed, reminded, and gates the close until it is confirmed with evidence', async () => {
    const { exits, until, untilPhase } = company();
    const nora = await waiting(company(), { on: ['payroll'] });
    await untilAsked(company(), nora, 2);
    await exits.decide(nora.employeeId, { outcome: 'leaving', decidedBy: HR });
    await until(nora, 'everything else', (status) => stateOf(status, 'notify-manager-of-outcome') === 'done');
    assert.equal((await exits.status(nora.employeeId)).phase, 'revoking');
    const confirmation = { step: 'collect-badge', action: 'done-by-hand', by: DESK } as const;
    await assert.rejects(exits.resolve(nora.employeeId, confirmation), /evidence: is needed to confirm/);
    await exits.resolve(nora.employeeId, { ...confirmation, evidence: 'badge 4711' });
    const closed = await untilPhase(nora, 'closed');
    assert.equal(stepOf(closed, 'collect-badge')!.evidence, 'badge 4711');
  });

  it('whose mail is refused for good waits for "retry", the first mail and a reminder alike', async () => {
    const { mail } = company();
    let tries = 0;
    const refuse = () =>
      mail.refuse((to) => (to === DESK ? (tries++, { code: 550, message: 'no such user' }) : undefined));
    const isLeftAlone = async (nora: Hired) => {
      const stuck = await untilStep(company(), nora, 'collect-badge');
      assert.match(stepOf(stuck, 'collect-badge')!.error!, /no such user/);
      const before = tries;
      await pause(2_500);
      assert.equal(tries, before);
      mail.refuse(undefined);
      await settle(company(), nora, 'collect-badge', 'retry');
    };
    refuse();
    const nora = await waiting(company(), { on: ['payroll'] });
    await isLeftAlone(nora);
    await untilAsked(company(), nora, 1);
    refuse();
    await isLeftAlone(nora);
    await untilAsked(company(), nora, 3);
    await settle(company(), nora, 'collect-badge', 'skip');
  });

  it('keeps its due date, and does not become a call, whatever is configured later', async () => {
    const { until, restart, config } = company();
    const nora = await waiting(company(), { on: ['payroll'] });
    await untilAsked(company(), nora, 1);
    const { steps } = config;
    const [step] = steps;
    const calls = heard.length;
    await restart(() => (config.steps = [{ ...step!, task: { ...step!.task!, within: 90_000_000 } }]));
    const mails = await untilAsked(company(), nora, mailsAbout(company(), nora).length + 1);
    const days = new Set(mails.map(({ text }) => /due by (.*)\./.exec(text!)![1]));
    assert.equal(days.size, 1, 'one day');
    await restart(() => (config.steps = [{ ...step!, task: undefined, call: receiver }]));
    await until(nora, 'the missing task', (status) => saysUnknown(status, 'collect-badge'));
    assert.equal(heard.length, calls);
    await restart(() => (config.steps = steps));
    await settle(company(), nora, 'collect-badge', 'retry');
    await untilAsked(company(), nora, mailsAbout(company(), nora).length + 1);
    await settle(company(), nora, 'collect-badge', 'skip');
  });
});

inBothForms('a task that is late, and reminded', { config: [task('PT4S', 'PT1S')] }, (company) => {
  it('is reminded no sooner for it', async () => {
    const nora = await waiting(company(), { on: ['payroll'] });
    await untilStep(company(), nora, 'collect-badge');
    const [asked, reminded] = await untilAsked(company(), nora, 2);
    // The header of a mail has whole seconds.
    assert.ok(reminded!.date!.getTime() - asked!.date!.getTime() >= 3_000, 'the whole pause');
    company().mail.refuseWith(550, DESK);
    await company().until(nora, 'the refused reminder', (status) =>
      Boolean(stepOf(status, 'collect-badge')?.error?.includes('not you')),
    );
    await settle(company(), nora, 'collect-badge', 'skip');
  });
});

inBothForms('a task that is late', { config: [task('P1D', 'PT1S')] }, (company) => {
  it('needs attention, and is asked of again at once by "retry"', async () => {
    const nora = await waiting(company(), { on: ['payroll'] });
    const late = `${DESK} has not confirmed collect-badge in time: ask them, or settle the step`;
    await company().until(nora, late, (status) => stepOf(status, 'collect-badge')?.error === late);
    assert.equal(mailsAbout(company(), nora).length, 1);
    await settle(company(), nora, 'collect-badge', 'retry');
    await untilAsked(company(), nora, 2);
    await untilStep(company(), nora, 'collect-badge');
    await settle(company(), nora, 'collect-badge', 'skip');
  });

  it('names the outage of the mail until the mail has gone, and then the person who has not confirmed', async () => {
    const { mail, until } = company();
    mail.refuse((to) => (to === DESK ? { code: 450, message: 'come back later' } : undefined));
    const nora = await waiting(company(), { on: ['payroll'] });
    const stuck = await untilStep(company(), nora, 'collect-badge');
    assert.match(stepOf(stuck, 'collect-badge')!.error!, /come back later/);
    mail.refuse(undefined);
    await untilAsked(company(), nora, 1);
    const asked = await until(
      nora,
      'the mail in the status',
      (status) => stepOf(status, 'collect-badge')?.note === `asked ${DESK}`,
    );
    const { state, error, attempt, nextAttemptAt } = stepOf(asked, 'collect-badge')!;
    assert.equal(state, 'needs-attention');
    assert.match(error!, /^desk@.* has not confirmed collect-badge in time: ask them/);
    assert.deepEqual([attempt, nextAttemptAt], [undefined, undefined]);
    await settle(company(), nora, 'collect-badge', 'skip');
  });
});

inBothForms('a task with time left', { config: [task('P1D', 'PT1H')] }, (company) => {
  it('shows the outage of its mail while that is retried, and not when it has gone', async () => {
    const { mail, until } = company();
    mail.refuse((to) => (to === DESK ? { code: 450, message: 'come back later' } : undefined));
    const nora = await waiting(company(), { on: ['payroll'] });
    await until(nora, 'the outage', (status) =>
      Boolean(stepOf(status, 'collect-badge')?.error?.includes('come back later')),
    );
    mail.refuse(undefined);
    const asked = await until(
      nora,
      'the mail in the status',
      (status) => stepOf(status, 'collect-badge')?.note === `asked ${DESK}`,
    );
    const { state, error, attempt, nextAttemptAt } = stepOf(asked, 'collect-badge')!;
    assert.equal(state, 'running');
    assert.deepEqual([error, attempt, nextAttemptAt], [undefined, undefined, undefined]);
    await settle(company(), nora, 'collect-badge', 'skip');
  });
});
