import assert from 'node:assert/strict';
import { HR, stepOf } from '../support/world.js';
import { inBothForms } from './both-forms.js';
import { ended, untilStep, waiting } from './on-the-way.js';

const HEAD = 'head-of-hr@acme.example';
const IDA = 'ida.berg@acme.example';
const config: [string, string][] = [
  ['secondPerson: []', 'secondPerson: [leaving]'],
  ['hrPartners:\n', `hrPartners:\n    - { name: Ida Berg, email: ${IDA} }\n`],
  ['remindAfter: [PT24H, PT48H, PT72H]', 'remindAfter: [PT7S, PT9S]'],
  ['within: PT120H, escalateEvery: PT168H', 'within: PT11S, escalateEvery: PT168H'],
];

inBothForms('while a proposal waits', { systems: ['payroll'], config }, (company) => {
  it('the reminders go to those who can confirm it, in turn, and the escalation names who proposed it', async () => {
    const world = company();
    const nora = await waiting(world, { on: ['payroll'] });
    await world.exits.decide(nora.employeeId, { outcome: 'leaving', decidedBy: IDA });
    const status = await untilStep(world, nora, 'escalate-decision', 'done');
    const mails = (to: string, step: string) =>
      world.mail
        .to(to)
        .filter(({ text, messageId }) => text?.includes(nora.employeeId) && messageId?.includes(`.${step}.`));
    assert.equal(mails(IDA, 'remind-hr-partner').length, 0, 'who proposed it is not reminded');
    const reminded = [HR, HEAD].flatMap((to) => mails(to, 'remind-hr-partner'));
    assert.ok(reminded.length > 0);
    for (const { subject, text } of reminded) {
      assert.match(subject!, /^Please confirm/);
      assert.ok(text!.includes(`${IDA} proposed on`) && text!.includes('--confirm'), text);
    }
    const note = stepOf(status, 'remind-hr-partner')!.note!;
    assert.match(note, /^1 of 2, to hr@acme\.example$|^2 of 2, to head-of-hr@acme\.example$/);
    const [escalation] = mails(HEAD, 'escalate');
    assert.match(escalation!.text!, /ida\.berg@acme\.example has proposed that they are leaving/);
    await ended(world, nora, { outcome: 'leaving', decidedBy: HR });
  });
});
