import assert from 'node:assert/strict';
import type { ExitStatus } from '../../src/exit/status.js';
import { eventually } from '../support/eventually.js';
import { HR, IT, stateOf, stepOf, type Hired } from '../support/world.js';
import { inBothForms, type Company } from './both-forms.js';
import { opened, settle, untilStep, waiting } from './on-the-way.js';

const OWNER = 'lena.vogt@acme.example';

/** The system `ledger`, which no program reaches. */
const ledger = (remindEvery: string, within: string, lookAgainEvery?: string): [string, string] => [
  'systems:\n',
  [
    'systems:',
    '  - name: ledger',
    '    protocol: manual',
    '    hold: suspend',
    `    owner: { name: Lena Vogt, email: ${OWNER} }`,
    `    remindEvery: ${remindEvery}`,
    `    within: ${within}`,
    ...(lookAgainEvery === undefined ? [] : [`    lookAgainEvery: ${lookAgainEvery}`]),
    '',
  ].join('\n'),
];

/** A mail that is sent again is the same one. */
const mailsOf = ({ mail }: Company, { employeeId }: Hired, step: string) => {
  const mails = mail
    .to(OWNER)
    .filter(({ text, messageId }) => text?.includes(employeeId) && messageId?.includes(`.${step}.ledger.`));
  return [...new Map(mails.map((each) => [each.messageId, each])).values()];
};
const untilAsked = (company: Company, nora: Hired, step: string, times = 1) =>
  eventually(`mail ${times} on ${step}`, () => {
    const mails = mailsOf(company, nora, step);
    return mails.length >= times ? mails : undefined;
  });
/** Waits until the owner has been asked again after a confirmation. */
const untilLookedAtAgain = (world: Company, nora: Hired, times: number) =>
  eventually(`${times} mails to look again`, () => {
    const mails = mailsOf(world, nora, 'block-access').filter(({ subject }) =>
      subject!.startsWith('Look again'),
    );
    return mails.length >= times ? mails : undefined;
  });
const confirm = ({ exits }: Company, { employeeId }: Hired, step: string, evidence?: string) =>
  exits.resolve(employeeId, { step, system: 'ledger', action: 'done-by-hand', by: OWNER, evidence });
/** Without line breaks of the mail. */
const wordsOf = ({ text = '' }: { text?: string | undefined }) => text.replaceAll(/\s+/g, ' ');
const recordOf = async ({ exits }: Company, { employeeId }: Hired) =>
  (await exits.report(employeeId, 'test')).systems.find(({ system }) => system === 'ledger')!;

inBothForms(
  'a system that no program reaches',
  { systems: ['payroll'], config: [ledger('P1D', 'P2D')] },
  (company) => {
    let world: Company;
    beforeEach(() => (world = company()));

    it('is blocked and given back by its owner, who confirms with evidence and looks again in between', async () => {
      const nora = await waiting(world, { on: ['payroll'], displayName: 'Nora Test' });
      const [asked] = await untilAsked(world, nora, 'block-access');
      assert.equal(asked!.subject, 'Block the access of Nora Test to ledger');
      const said = wordsOf(asked!);
      for (const words of [
        `Nora Test (${nora.employeeId}) resigned on`,
        'suspend the account, and delete nothing',
        'The block lasts until HR has decided, which is to happen by',
        'It is due by',
        `ems resolve ${nora.employeeId} block-access:ledger done-by-hand --by ${OWNER} --evidence "…"`,
      ])
        assert.ok(said.includes(words), `${words}\n${said}`);
      const before = await world.exits.status(nora.employeeId);
      assert.equal(before.blockedAt, undefined, 'it is not confirmed yet');
      assert.equal((await recordOf(world, nora)).block.how, 'pending');

      await assert.rejects(
        confirm(world, nora, 'block-access'),
        /evidence: is needed to confirm block-access:ledger/,
      );
      await confirm(world, nora, 'block-access', 'TICKET-42, was in 3 ledgers');
      const blocked = stepOf(await world.exits.status(nora.employeeId), 'block-access:ledger')!;
      assert.deepEqual([blocked.state, blocked.by], ['done-by-hand', OWNER]);

      await world.exits.decide(nora.employeeId, { outcome: 'retained', decidedBy: HR });
      const [back] = await untilAsked(world, nora, 'restore-access');
      assert.equal(back!.subject, 'Give back the access of Nora Test to ledger');
      const saidBack = wordsOf(back!);
      assert.match(
        saidBack,
        /stays\. Please look again, and give back exactly the access to ledger that you took/,
      );
      assert.match(saidBack, /confirmed by lena\.vogt@acme\.example, .*: TICKET-42, was in 3 ledgers/);
      await untilStep(world, nora, 'restore-access:payroll', 'done');
      assert.equal((await world.exits.status(nora.employeeId)).phase, 'restoring');
      await confirm(world, nora, 'restore-access', 'TICKET-43');
      const closed = await world.untilPhase(nora, 'closed');
      assert.equal(stepOf(closed, 'restore-access:ledger')!.evidence, 'TICKET-43');

      const { isManual, block, blocks, end } = await recordOf(world, nora);
      assert.ok(isManual);
      assert.deepEqual(blocks, [], 'nothing was observed');
      assert.equal(block.how, 'confirmed');
      const { at, ...first } = block.confirmed!;
      assert.deepEqual(first, { by: OWNER, evidence: 'TICKET-42, was in 3 ledgers' });
      assert.ok(Date.parse(at) <= Date.parse(end!.confirmed!.at));
      assert.deepEqual(
        [end!.how, end!.what, end!.confirmed!.evidence],
        ['confirmed', 'restored', 'TICKET-43'],
      );
      const { verdict } = await world.exits.report(nora.employeeId, 'test');
      assert.match(
        verdict,
        /observed restored on payroll; a person confirmed it restored, .* not observe, on ledger/,
      );
    });

    it('is revoked by its owner where the employee leaves', async () => {
      const nora = await waiting(world, { on: ['payroll'] });
      await untilAsked(world, nora, 'block-access');
      await confirm(world, nora, 'block-access', 'TICKET-1');
      await world.exits.decide(nora.employeeId, { outcome: 'leaving', decidedBy: HR });
      const [asked] = await untilAsked(world, nora, 'revoke-access');
      assert.match(
        wordsOf(asked!),
        /is leaving\. Please look again, and revoke all access to ledger for good/,
      );
      await confirm(world, nora, 'revoke-access', 'TICKET-2');
      await world.untilPhase(nora, 'closed');
      const told = world.mail.to(nora.manager).find(({ subject }) => subject?.includes('is leaving'))!;
      assert.match(
        wordsOf(told),
        /A person settled what becomes of access to ledger: we have not observed the result ourselves/,
      );
      assert.deepEqual(mailsOf(world, nora, 'restore-access'), []);
    });

    it('is looked at again where the decision came before the owner had confirmed the block', async () => {
      const nora = await waiting(world, { on: ['payroll'] });
      await untilAsked(world, nora, 'block-access');
      await world.exits.decide(nora.employeeId, { outcome: 'retained', decidedBy: HR });
      const [asked] = await untilAsked(world, nora, 'restore-access');
      assert.match(wordsOf(asked!), /was not confirmed, so we do not know whether access was taken/);
      await confirm(world, nora, 'restore-access', 'never blocked');
      const closed = await world.untilPhase(nora, 'closed');
      assert.equal(stateOf(closed, 'block-access:ledger'), 'skipped');
      assert.equal((await recordOf(world, nora)).block.how, 'given-up');
    });

    it('is asked for once, also where the services start anew', async () => {
      const nora = await waiting(world, { on: ['payroll'] });
      await untilAsked(world, nora, 'block-access');
      await untilStep(world, nora, 'block-access:ledger', 'running');
      await world.restart(() => undefined);
      await settle(world, nora, 'block-access:ledger', 'done-by-hand', 'TICKET-1');
      await world.exits.decide(nora.employeeId, { outcome: 'leaving', decidedBy: HR });
      await untilAsked(world, nora, 'revoke-access');
      await settle(world, nora, 'revoke-access:ledger', 'skip');
      await world.untilPhase(nora, 'closed');
      assert.equal(mailsOf(world, nora, 'block-access').length, 1);
      assert.equal((await recordOf(world, nora)).end!.how, 'skipped');
    });

    it('waits for its owner where the mail is refused for good, and asks again by "retry"', async () => {
      world.mail.refuseWith(550, OWNER);
      const nora = await opened(world, { on: ['payroll'] });
      const stuck = await untilStep(world, nora, 'block-access:ledger');
      assert.match(stepOf(stuck, 'block-access:ledger')!.error!, /not you/);
      world.mail.refuse(undefined);
      await settle(world, nora, 'block-access:ledger', 'retry');
      await untilAsked(world, nora, 'block-access');
      await confirm(world, nora, 'block-access', 'TICKET-1');
      await world.untilPhase(nora, 'awaiting-decision');
    });

    it('is never asked by a program, whatever is configured later', async () => {
      const nora = await waiting(world, { on: ['payroll'] });
      await untilAsked(world, nora, 'block-access');
      const { systems } = world.config;
      const payroll = systems.find(({ name }) => name === 'payroll')!;
      const asked = ({ steps }: ExitStatus) =>
        steps.find(({ system, error }) => system === 'ledger' && error !== undefined)?.error;
      await world.restart((config) => (config.systems = [{ ...payroll, name: 'ledger' }, payroll]));
      await settle(world, nora, 'block-access:ledger', 'retry');
      const stuck = await world.until(nora, 'the missing owner', (status) => asked(status) !== undefined);
      assert.equal(
        asked(stuck),
        'the configuration has no system "ledger" any more; put it back or settle the step by hand',
      );
      await world.restart((config) => (config.systems = systems));
      await settle(world, nora, 'block-access:ledger', 'retry');
      await untilAsked(world, nora, 'block-access', 2);
      await settle(world, nora, 'block-access:ledger', 'skip');
    });
  },
);

inBothForms(
  'a system whose owner does not confirm',
  { systems: ['payroll'], config: [ledger('PT2S', 'PT6S')] },
  (company) => {
    it('is reminded, the operator hears of it, and the reminders go on', async () => {
      const world = company();
      const nora = await waiting(world, { on: ['payroll'] });
      const late = `${OWNER} has not confirmed block-access:ledger in time: ask them, or settle the step`;
      await world.until(nora, late, (status) => stepOf(status, 'block-access:ledger')?.error === late);
      await eventually('the mail to the operator', () =>
        world.mail
          .to(IT)
          .find(({ text }) => text?.includes(nora.employeeId) && wordsOf({ text }).includes(late)),
      );
      const sent = mailsOf(world, nora, 'block-access').length;
      const mails = await untilAsked(world, nora, 'block-access', sent + 1);
      assert.equal(mails[1]!.subject!.startsWith('Reminder 1: Block the access of'), true);
      assert.match(wordsOf(mails[1]!), /It is not confirmed yet\./);
      await confirm(world, nora, 'block-access', 'TICKET-1');
      await world.exits.decide(nora.employeeId, { outcome: 'retained', decidedBy: HR });
      await untilAsked(world, nora, 'restore-access');
      await confirm(world, nora, 'restore-access', 'TICKET-2');
      await world.untilPhase(nora, 'closed');
    });
  },
);

inBothForms(
  'a system whose owner looks again during the hold',
  { systems: ['payroll'], config: [ledger('PT4S', 'PT1M', 'PT2S')] },
  (company) => {
    let world: Company;
    beforeEach(() => (world = company()));

    const blocked = async (): Promise<Hired> => {
      const nora = await waiting(world, { on: ['payroll'], displayName: 'Nora Test' });
      await untilAsked(world, nora, 'block-access');
      await confirm(world, nora, 'block-access', 'TICKET-1');
      return nora;
    };
    const retained = async (nora: Hired): Promise<string> => {
      await world.exits.decide(nora.employeeId, { outcome: 'retained', decidedBy: HR });
      const [asked] = await untilAsked(world, nora, 'restore-access');
      await confirm(world, nora, 'restore-access', 'TICKET-9');
      await world.untilPhase(nora, 'closed');
      return wordsOf(asked!);
    };

    it('is asked for anew after each confirmation, is reminded, and the report has the latest', async () => {
      const nora = await blocked();
      const [again] = await untilLookedAtAgain(world, nora, 1);
      assert.equal(again!.subject, 'Look again at the access of Nora Test to ledger');
      assert.match(
        wordsOf(again!),
        /is to stay blocked\. Please look again: the account must be suspended\./,
      );
      assert.match(wordsOf(again!), /confirmed by lena\.vogt@acme\.example, .*: TICKET-1/);
      const open = await world.until(nora, 'what the owner was asked', (status) => {
        const { state, note } = stepOf(status, 'block-access:ledger')!;
        return state === 'running' && note !== undefined;
      });
      const step = stepOf(open, 'block-access:ledger')!;
      assert.deepEqual([open.phase, open.blockedAt, step.by], ['awaiting-decision', undefined, undefined]);
      assert.match(step.note!, /^confirmed by lena\.vogt@acme\.example at .*; asked .* to look again/);
      assert.equal((await recordOf(world, nora)).block.confirmed!.evidence, 'TICKET-1');
      await eventually('a reminder', () =>
        mailsOf(world, nora, 'block-access').find(({ subject }) =>
          subject!.startsWith('Reminder 1: Look again at the access'),
        ),
      );
      await confirm(world, nora, 'block-access', 'TICKET-2');
      await untilLookedAtAgain(world, nora, 2);
      assert.match(await retained(nora), /The block was confirmed by .*: TICKET-2/);
      const { block } = await recordOf(world, nora);
      assert.deepEqual([block.how, block.confirmed!.evidence], ['confirmed', 'TICKET-2']);
    });

    it('needs attention where it has left the configuration meanwhile', async () => {
      const nora = await blocked();
      const { systems } = world.config;
      await world.restart((config) => (config.systems = systems.filter(({ name }) => name !== 'ledger')));
      const stuck = await untilStep(world, nora, 'block-access:ledger');
      assert.match(stepOf(stuck, 'block-access:ledger')!.error!, /has no system "ledger" any more/);
      await world.restart((config) => (config.systems = systems));
      await settle(world, nora, 'block-access:ledger', 'retry');
      await untilLookedAtAgain(world, nora, 1);
      assert.match(await retained(nora), /The block was confirmed by .*: TICKET-1/);
    });
  },
);

inBothForms(
  'a system that no program reaches, whose owner resigns,',
  { systems: ['payroll'], config: [ledger('P1D', 'P2D')] },
  (company) => {
    it('is blocked by the operator where its owner is the one who resigns, and also in other exits meanwhile', async () => {
      const lena = await opened(company(), { on: ['payroll'], email: OWNER, displayName: 'Lena Vogt' });
      const nora = await opened(company(), { on: ['payroll'] });
      for (const each of [lena, nora]) {
        const asked = await eventually('the mail to the operator', () =>
          company()
            .mail.to(IT)
            .find(({ text, subject }) => text?.includes(each.employeeId) && subject?.startsWith('Block')),
        );
        assert.match(wordsOf(asked), /Lena Vogt usually does this, and has an open exit of their own\./);
        assert.match(wordsOf(asked), new RegExp(`--by ${IT}`));
        const by = { step: 'block-access', system: 'ledger', action: 'done-by-hand', by: IT } as const;
        await company().exits.resolve(each.employeeId, { ...by, evidence: 'TICKET-7' });
        assert.deepEqual(mailsOf(company(), each, 'block-access'), []);
      }
      await company().until(lena, 'the block', ({ blockedAt }) => blockedAt !== undefined);
    });
  },
);

inBothForms(
  'a system that no program reaches, where each service has a task queue of its own,',
  {
    systems: ['payroll'],
    config: [ledger('P1D', 'P2D'), ['taskQueues: ${EMS_TASK_QUEUES:-shared}', 'taskQueues: per-service']],
  },
  (company) => {
    it('has its owner asked, though no custom step is configured', async () => {
      const world = company();
      const nora = await opened(world, { on: ['payroll'] });
      await untilAsked(world, nora, 'block-access');
      await confirm(world, nora, 'block-access', 'TICKET-43');
      await world.untilPhase(nora, 'awaiting-decision');
    });
  },
);
