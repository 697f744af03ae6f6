import assert from 'node:assert/strict';
import { HR, stepOf } from '../support/world.js';
import { inBothForms, type Company } from './both-forms.js';
import { ended, opened, settle, untilStep } from './on-the-way.js';

const NORA = 'nora.partner@acme.example';
const config: [string, string][] = [
  ['hrPartners:\n', `hrPartners:\n    - { name: Nora Partner, email: ${NORA} }\n`],
  ['operator: { name: Acme IT, email: it@acme.example }', `operator: { name: Nora Partner, email: ${NORA} }`],
  [
    'escalation: { name: Acme Head of HR, email: head-of-hr@acme.example }',
    `escalation: { name: Nora Partner, email: ${NORA} }`,
  ],
  ['remindAfter: [PT24H, PT48H, PT72H]', 'remindAfter: [PT1S]'],
  ['within: PT120H, escalateEvery: PT168H', 'within: PT3S, escalateEvery: PT168H'],
];

inBothForms(
  'an HR partner, operator and escalation contact who leaves',
  { systems: ['payroll'], config },
  (company) => {
    let world: Company;
    beforeEach(() => (world = company()));

    it('is replaced by the next one in the own exit: for the interview, the reminders, the notices and the decision', async () => {
      world.mail.refuse((to) => (to.startsWith('boss') ? { code: 550, message: 'no such user' } : undefined));
      const nora = await opened(world, { on: ['payroll'], email: NORA });
      await untilStep(world, nora, 'notify-manager');
      await untilStep(world, nora, 'schedule-hr-interview', 'done');
      const status = await untilStep(world, nora, 'escalate-decision', 'done');
      assert.equal(status.hrPartner?.email, HR);
      assert.equal(status.interview?.with, HR);
      assert.match(stepOf(status, 'remind-hr-partner')!.note!, /to hr@acme\.example$/);
      assert.match(stepOf(status, 'escalate-decision')!.note!, /to hr@acme\.example$/);
      assert.match(stepOf(status, 'notify-operator')!.note!, /^told hr@acme\.example of notify-manager/);
      const blocked = world.mail.to(NORA).find(({ messageId }) => messageId?.includes('.notify-employee.'));
      assert.ok(blocked!.text!.includes(HR) && !blocked!.text!.includes(NORA), blocked!.text);
      for (const decidedBy of [NORA, 'Nora.Partner+hr@ACME.example'])
        await assert.rejects(
          world.exits.decide(nora.employeeId, { outcome: 'retained', decidedBy }),
          /is the employee concerned/,
        );
      await assert.rejects(
        world.exits.resolve(nora.employeeId, { step: 'notify-manager', action: 'skip', by: NORA }),
        /is the employee concerned/,
      );
      await settle(world, nora, 'notify-manager', 'skip');
      world.mail.refuse(undefined);
      await ended(world, nora, 'retained');
    });
  },
);
