import assert from 'node:assert/strict';
import type { Decision } from '../../src/exit/decision.js';
import { eventually } from '../support/eventually.js';
import { HR, IT, stepOf, type Hired } from '../support/world.js';
import { inBothForms, type Company } from './both-forms.js';
import { ended, opened, settle, untilStep, waiting } from './on-the-way.js';

const NORA = 'nora.partner@acme.example';
const BOARD = 'nora.board@acme.example';
const IDA = 'ida.berg@acme.example';
const ladder: [string, string][] = [
  ['remindAfter: [PT24H, PT48H, PT72H]', 'remindAfter: [PT1S]'],
  ['within: PT120H, escalateEvery: PT168H', 'within: PT3S, escalateEvery: PT168H'],
];
const roles: [string, string][] = [
  ['hrPartners:\n', `hrPartners:\n    - { name: Nora Partner, email: ${NORA} }\n`],
  ['operator: { name: Acme IT, email: it@acme.example }', `operator: { name: Nora Partner, email: ${NORA} }`],
  [
    'escalation: { name: Acme Head of HR, email: head-of-hr@acme.example }',
    `escalation: { name: Nora Partner, email: ${NORA} }`,
  ],
];
const OWN_EXIT = /has an open exit of their own/;
const inAYear = new Date(Date.now() + 365 * 24 * 3_600_000).toISOString().slice(0, 10);

/** Ends the exit of a person with a role, who then has the role again. */
async function stays(world: Company, person: Hired): Promise<void> {
  await ended(world, person, 'retained');
  await eventually('the exit to be over', async () =>
    (await world.exits.find(person.employeeId))?.isOpen ? undefined : true,
  );
}

inBothForms(
  'an HR partner, operator and escalation contact with an open exit of their own',
  { systems: ['payroll'], config: [...roles, ...ladder] },
  (company) => {
    let world: Company;
    beforeEach(() => (world = company()));

    it('hears nothing of other exits: the next one stands in for the interview, the reminders and the notices', async () => {
      const nora = await opened(world, { on: ['payroll'], email: NORA });
      world.mail.refuse((to) =>
        to.startsWith('boss-of') ? { code: 550, message: 'no such user' } : undefined,
      );
      const dana = await opened(world, { on: ['payroll'] });
      await untilStep(world, dana, 'notify-manager');
      await untilStep(world, dana, 'schedule-hr-interview', 'done');
      const status = await untilStep(world, dana, 'escalate-decision', 'done');
      assert.equal(status.interview?.with, HR);
      assert.match(stepOf(status, 'remind-hr-partner')!.note!, /to hr@acme\.example$/);
      assert.equal(status.decider?.email, HR);
      assert.match(status.awaiting, /^Acme HR \(hr@acme\.example\) is to decide by /);
      const overdue = world.mail.to(HR).find(({ messageId }) => messageId?.includes('.escalate.'));
      assert.match(overdue!.text!, /Acme HR, hr@acme\.example, was reminded of it once/);
      assert.match(stepOf(status, 'escalate-decision')!.note!, /to hr@acme\.example$/);
      const notice = await untilStep(world, dana, 'notify-operator', 'done');
      assert.match(stepOf(notice, 'notify-operator')!.note!, /^told hr@acme\.example of notify-manager/);
      const blocked = world.mail
        .to(dana.email)
        .find(({ messageId }) => messageId?.includes('.notify-employee.'));
      assert.ok(blocked!.text!.includes(HR) && !blocked!.text!.includes(NORA), blocked!.text);
      const about = world.mail.to(NORA).filter(({ messageId }) => messageId?.includes(dana.exitId));
      assert.deepEqual(about, []);
      world.mail.refuse(undefined);
      await settle(world, dana, 'notify-manager', 'retry');
      await untilStep(world, dana, 'notify-manager', 'done');
      await stays(world, nora);

      const kim = await opened(world, { on: ['payroll'] });
      const reminded = await untilStep(world, kim, 'remind-hr-partner', 'done');
      assert.match(
        stepOf(reminded, 'remind-hr-partner')!.note!,
        /to nora\.partner@acme\.example$/,
        'the role is theirs again',
      );
      assert.equal(reminded.decider?.email, NORA);
      for (const each of [dana, kim]) await ended(world, each, 'retained');
    });
  },
);

inBothForms(
  'a person with an open exit of their own',
  { systems: ['payroll'], config: [['secondPerson: []', 'secondPerson: [leaving]']] },
  (company) => {
    let world: Company;
    beforeEach(() => (world = company()));

    it('decides, confirms, rejects, amends, hands over and resolves in no other one until it is closed', async () => {
      const { exits } = world;
      world.mail.refuse((to) =>
        to.startsWith('boss-of') ? { code: 550, message: 'no such user' } : undefined,
      );
      const dana = await waiting(world, { on: ['payroll'] });
      world.mail.refuse(undefined);
      const { employeeId } = dana;
      const leaving: Decision = { outcome: 'leaving', decidedBy: 'head-of-hr@acme.example' };
      await exits.decide(employeeId, leaving);
      const ofHr = await opened(world, { on: ['payroll'], email: HR });
      for (const by of [HR, 'Hr+exits@ACME.example']) {
        const refused = (act: Promise<unknown>) => assert.rejects(act, OWN_EXIT);
        await refused(exits.decide(employeeId, { outcome: 'retained', decidedBy: by }));
        await refused(exits.decide(employeeId, { ...leaving, decidedBy: by }));
        await refused(exits.reject(employeeId, { number: 1, by }));
        await refused(exits.amend(employeeId, { lastWorkingDay: inAYear, by }));
        await refused(exits.handOver(employeeId, { to: { name: 'Ida Berg', email: IDA }, by }));
        await refused(exits.resolve(employeeId, { step: 'notify-manager', action: 'skip', by }));
      }
      assert.equal((await exits.status(employeeId)).phase, 'awaiting-confirmation');
      await ended(world, ofHr, { outcome: 'retained', decidedBy: 'head-of-hr@acme.example' });
      await eventually('the exit to be over', async () =>
        (await exits.find(ofHr.employeeId))?.isOpen ? undefined : true,
      );
      await settle(world, dana, 'notify-manager', 'retry');
      await ended(world, dana, { ...leaving, decidedBy: HR });
    });

    it('cannot be told from others while the directory is down: then no person decides, and a step can be resolved', async () => {
      const { exits, proxies } = world;
      world.mail.refuse((to) =>
        to.startsWith('boss-of') ? { code: 550, message: 'no such user' } : undefined,
      );
      const dana = await waiting(world, { on: ['payroll'] });
      world.mail.refuse(undefined);
      proxies.directory.fault(() => ({ kind: 'unreachable' }));
      await assert.rejects(
        exits.decide(dana.employeeId, { outcome: 'retained', decidedBy: HR }),
        /cannot tell whose hr@acme\.example is, and whether they have an open exit themselves: .*Try again/,
      );
      await settle(world, dana, 'notify-manager', 'retry');
      await untilStep(world, dana, 'notify-manager', 'done');
      await world.mend();
      await ended(world, dana, 'retained');
    });

    it('hears nothing of their reports as a manager: their own manager does, also of the outcome', async () => {
      const { admin, exits, mail } = world;
      const create = (name: string, managerId?: string) =>
        admin.directory.createUser({
          ...{ employeeId: `T-${name}`, displayName: name, email: `${name}@acme.example` },
          ...(managerId !== undefined && { managerId }),
        });
      const of = (name: string): Hired => ({
        ...{ employeeId: `T-${name}`, email: `${name}@acme.example`, manager: '', accounts: {} },
      });
      await create('lee', await create('bo', await create('tara')));
      await exits.open({ employeeId: 'T-lee' });
      await untilStep(world, of('lee'), 'notify-manager', 'done');
      const about = (address: string) =>
        mail
          .to(address)
          .filter(
            ({ messageId, subject }) => messageId?.includes('.notify-manager') && subject?.includes('lee'),
          );
      assert.equal(about('bo@acme.example').length, 1);
      await exits.open({ employeeId: 'T-bo' });
      await ended(world, of('lee'), 'retained');
      assert.deepEqual([about('bo@acme.example').length, about('tara@acme.example').length], [1, 1]);

      await exits.open({ employeeId: 'T-lee' });
      const told = await untilStep(world, of('lee'), 'notify-manager', 'done');
      const notes = told.steps.map(({ note }) => note).join('\n');
      assert.match(notes, /the manager, bo, has an open exit of their own; tara is told instead/);
      assert.equal(about('bo@acme.example').length, 1);
      for (const name of ['lee', 'bo']) await ended(world, of(name), 'retained');
    });
  },
);

inBothForms(
  'an exit whose only decider has an open exit of their own',
  {
    systems: ['payroll'],
    config: [['secondPerson: []', `secondPerson: [], deciders: [{ name: Nora Board, email: ${BOARD} }]`]],
  },
  (company) => {
    it('is decided by the next one, until the decider is back', async () => {
      const world = company();
      const dana = await waiting(world, { on: ['payroll'] });
      const retained: Decision = { outcome: 'retained', decidedBy: HR };
      await assert.rejects(
        world.exits.decide(dana.employeeId, retained),
        /does not decide on this exit: ask Nora/,
      );
      const nora = await opened(world, { on: ['payroll'], email: BOARD });
      await assert.rejects(world.exits.decide(dana.employeeId, { ...retained, decidedBy: BOARD }), OWN_EXIT);
      await assert.rejects(
        world.exits.decide(dana.employeeId, { ...retained, decidedBy: IT }),
        /does not decide on this exit: ask Acme HR \(hr@acme\.example\)$/,
      );
      await ended(world, dana, retained);
      await stays(world, nora);
    });
  },
);
