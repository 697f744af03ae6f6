import assert from 'node:assert/strict';
import { readInvitation } from '../support/interview.js';
import { HR, stateOf, stepOf, type Hired } from '../support/world.js';
import { inBothForms, type Company } from './both-forms.js';
import { ended, waiting } from './on-the-way.js';

const IDA = { name: 'Ida Berg', email: 'ida.berg@acme.example' };
const config: [string, string][] = [['remindAfter: [PT24H, PT48H, PT72H]', 'remindAfter: [PT6S]']];

inBothForms('an exit that is handed over', { systems: ['payroll'], config }, (company) => {
  let world: Company;
  beforeEach(() => (world = company()));
  const invitations = ({ employeeId }: Hired, recipient: string) =>
    world.mail
      .invitationsTo(recipient)
      .map(readInvitation)
      .filter(
        ({ people }) =>
          people.some(({ address }) => address.includes(employeeId.toLowerCase())) || recipient !== HR,
      )
      .map(({ method, event }) => [method, event.startDate.toJSDate().toISOString().replace('.000Z', 'Z')]);

  it('is decided by the successor, who gets the interview at the same time, the reminders, and may decide', async () => {
    const nora = await waiting(world, { on: ['payroll'] });
    const { interview: first } = await world.exits.status(nora.employeeId);
    const handed = await world.exits.handOver(nora.employeeId, { to: IDA, by: HR });
    assert.deepEqual([handed.from.email, handed.to.email, handed.by], [HR, IDA.email, HR]);
    const status = await world.until(
      nora,
      'the interview with the successor',
      ({ interview }) => interview?.with === IDA.email,
    );
    assert.equal(status.interview!.start, first!.start);
    assert.equal(status.hrPartner?.email, IDA.email);
    assert.match(status.awaiting, /Ida Berg \(ida\.berg@acme\.example\) is to decide/);
    assert.deepEqual(invitations(nora, IDA.email).slice(-1), [['REQUEST', first!.start]]);
    assert.deepEqual(
      world.mail
        .invitationsTo(HR)
        .map(readInvitation)
        .filter(({ event }) => event.uid.includes(status.exitId))
        .map(({ method }) => method),
      ['REQUEST', 'CANCEL'],
    );
    const subjectTo = (recipient: string) =>
      world.mail.invitationsTo(recipient).findLast(({ text }) => text?.includes('Ida Berg'))!.subject!;
    assert.match(subjectTo(IDA.email), /^Exit interview: /);
    assert.match(subjectTo(nora.email), /^Now with Ida Berg: Exit interview: /);
    const reminded = await world.until(
      nora,
      'the reminder',
      (each) => stateOf(each, 'remind-hr-partner') === 'done',
    );
    assert.match(stepOf(reminded, 'remind-hr-partner')!.note!, /to ida\.berg@acme\.example/);
    await world.exits.decide(nora.employeeId, { outcome: 'retained', decidedBy: IDA.email });
    await world.untilPhase(nora, 'closed');
    assert.deepEqual(
      invitations(nora, IDA.email)
        .slice(-2)
        .map(([method]) => method),
      ['REQUEST', 'CANCEL'],
    );
    const report = await world.exits.report(nora.employeeId, 'test');
    assert.deepEqual(
      report.handOvers.map(({ by, to }) => [by, to.email]),
      [[HR, IDA.email]],
    );
  });

  it('goes to no employee on their own exit, to none who has it, and by no stranger', async () => {
    const nora = await waiting(world, { on: ['payroll'] });
    const refused = (to: object, by: string, why: RegExp) =>
      assert.rejects(world.exits.handOver(nora.employeeId, { to: { ...IDA, ...to }, by }), why);
    await refused({ email: nora.email }, HR, /is the employee concerned/);
    await refused({ email: HR }, HR, /has the exit already/);
    await refused({}, nora.email, /is the employee concerned/);
    await refused({}, 'eva@evil.example', /the directory knows no such address/);
    assert.deepEqual((await world.exits.status(nora.employeeId)).handOvers, []);
    await ended(world, nora, 'retained');
  });
});
