import assert from 'node:assert/strict';
import type { Rescheduling } from '../../src/exit/rescheduling.js';
import { readInvitation } from '../support/interview.js';
import { HR, IT, stateOf, stepOf, type Hired } from '../support/world.js';
import { inBothForms, type Company } from './both-forms.js';
import { ended, opened, settle, untilStep } from './on-the-way.js';

const DAY_MS = 24 * 60 * 60 * 1000;
/** A given time, which need not be within the working hours. */
const at = new Date(Date.now() + 9 * DAY_MS).toISOString().replace(/\.\d+Z/, 'Z');

const soon: [string, string] = ['attentionAfter: PT15M', 'attentionAfter: PT1S'];

inBothForms('the interview of an exit', { systems: ['payroll'], config: [soon] }, (company) => {
  let world: Company;
  beforeEach(() => (world = company()));

  const begun = async (nora: Hired) => {
    await world.exits.open({ employeeId: nora.employeeId });
    return world.untilPhase(nora, 'awaiting-decision');
  };
  /** Every version of the invitation that a recipient was sent, in order. */
  const invitations = ({ employeeId }: Hired, recipient: string) =>
    world.mail
      .to(recipient)
      .filter(({ attachments }) => attachments.length > 0)
      .map(readInvitation)
      .filter(({ people }) => people.some(({ address }) => address.includes(employeeId.toLowerCase())))
      .map(({ method, event }) => ({
        method,
        uid: event.uid,
        sequence: event.sequence,
        start: event.startDate.toJSDate().toISOString().replace('.000Z', 'Z'),
      }));
  const refused = (nora: Hired, wish: unknown, why: RegExp) =>
    assert.rejects(
      world.exits.reschedule(nora.employeeId, wish as Rescheduling),
      (error: Error) => error.name === 'Refusal' && why.test(error.message),
    );

  it('moves to a given time and to the next slot, and is withdrawn: one UID, a higher SEQUENCE each time', async () => {
    const nora = await world.hire({ on: ['payroll'] });
    const { interview: first } = await begun(nora);
    assert.ok(first);
    assert.equal(first.with, HR);
    const next = await world.exits.reschedule(nora.employeeId, { next: true });
    assert.ok(Date.parse(next.start) >= Date.parse(first.end), 'after the first');
    const moved = await world.exits.reschedule(nora.employeeId, { at, by: HR });
    assert.equal(moved.start, at);
    const status = await world.exits.status(nora.employeeId);
    assert.equal(status.interview?.start, at);
    assert.equal(stateOf(status, 'reschedule-hr-interview'), 'done');
    assert.match(stepOf(status, 'reschedule-hr-interview')!.note!, new RegExp(`at the request of ${HR}`));

    await ended(world, nora, 'retained');

    for (const recipient of [nora.email, HR]) {
      const versions = invitations(nora, recipient);
      assert.deepEqual(
        versions.map(({ method, start }) => [method, start]),
        [
          ['REQUEST', first.start],
          ['REQUEST', next.start],
          ['REQUEST', at],
          ['CANCEL', at],
        ],
      );
      assert.equal(new Set(versions.map(({ uid }) => uid)).size, 1);
      const sequences = versions.map(({ sequence }) => sequence);
      assert.ok(
        sequences.every((sequence, i) => i === 0 || sequence > sequences[i - 1]!),
        String(sequences),
      );
    }
  });

  it('refuses a reschedule without a time, into the past, or after *retained*', async () => {
    const nora = await world.hire({ on: ['payroll'] });
    await begun(nora);
    await refused(nora, {}, /must have either "at"/);
    await refused(nora, { at: '2020-01-01T00:00:00Z' }, /lies in the past/);
    await refused(nora, 'tomorrow', /must be an object/);
    world.proxies.payroll.fault(({ method }) => (method === 'PATCH' ? { kind: 'unreachable' } : undefined));
    await world.exits.decide(nora.employeeId, { outcome: 'retained', decidedBy: HR });
    await world.untilPhase(nora, 'restoring');
    await refused(nora, { next: true }, /there is no interview any more/);
    await world.mend();
    await world.untilPhase(nora, 'closed');
    assert.deepEqual(
      invitations(nora, nora.email).map(({ method }) => method),
      ['REQUEST', 'CANCEL'],
    );
  });

  it('without a free slot is scheduled at a given time', async () => {
    const nora = await world.hire({ on: ['payroll'] });
    // Tomorrow is the last working day: there is no slot before it.
    const lastWorkingDay = new Date(Date.now() + DAY_MS).toISOString().slice(0, 10);
    await world.exits.open({ employeeId: nora.employeeId, lastWorkingDay });
    const stuck = await world.untilPhase(nora, 'awaiting-decision');
    assert.equal(stateOf(stuck, 'schedule-hr-interview'), 'needs-attention');
    await world.exits.reschedule(nora.employeeId, { at, by: HR });
    const status = await world.exits.status(nora.employeeId);
    assert.equal(status.interview?.start, at);
    assert.equal(status.needsAttention, false);
    assert.deepEqual(
      invitations(nora, nora.email).map(({ method, start }) => [method, start]),
      [['REQUEST', at]],
    );
  });

  it('whose move is stuck half-way when the employee is retained is withdrawn at its latest time', async () => {
    const nora = await world.hire({ on: ['payroll'] });
    const { interview: first } = await begun(nora);
    world.mail.refuse((recipient) =>
      recipient === HR ? { code: 450, message: 'try again later' } : undefined,
    );
    const moving = world.exits.reschedule(nora.employeeId, { at });
    const failed = assert.rejects(moving, /reschedule-hr-interview is needs-attention/);
    await untilStep(world, nora, 'reschedule-hr-interview');
    await failed;
    await world.until(nora, 'the reason shown', (status) =>
      /450 try again later/.test(stepOf(status, 'reschedule-hr-interview')?.error ?? ''),
    );
    await world.exits.decide(nora.employeeId, { outcome: 'retained', decidedBy: HR });
    await untilStep(world, nora, 'reschedule-hr-interview', 'skipped');
    await world.mend();
    await world.untilPhase(nora, 'closed');
    assert.deepEqual(
      invitations(nora, nora.email).map(({ method, start }) => [method, start]),
      [
        ['REQUEST', first!.start],
        ['REQUEST', at],
        ['CANCEL', at],
      ],
    );
    // HR never got the new time: the withdrawal has the same UID and a higher SEQUENCE.
    const [invited, withdrawn] = invitations(nora, HR);
    assert.equal(invited?.uid, withdrawn?.uid);
    assert.ok(withdrawn!.sequence > invited!.sequence);
  });

  it('of an employee whom the directory does not know needs no withdrawal: no invitation had gone out', async () => {
    const employeeId = `T-no-invitation-${world.form}`;
    const email = `${employeeId.toLowerCase()}@acme.example`;
    const payroll = await world.admin.payroll.createUser({ employeeId, email });
    const ghost = { employeeId, email, manager: HR, accounts: { payroll } };
    await world.exits.open({ employeeId });
    if (world.form === 'orchestrated') {
      await untilStep(world, ghost, 'look-up-employee');
      await settle(world, ghost, 'look-up-employee', 'skip', 'the directory has never had them');
    }
    await untilStep(world, ghost, 'schedule-hr-interview');
    await world.exits.decide(employeeId, { outcome: 'retained', decidedBy: HR });
    const withdrawn = await world.until(ghost, 'the withdrawal settled', (status) =>
      ['done', 'needs-attention'].includes(stateOf(status, 'cancel-hr-interview') ?? ''),
    );
    const { state, note } = stepOf(withdrawn, 'cancel-hr-interview')!;
    assert.deepEqual([state, note], ['done', 'no invitation had gone out']);
  });

  it('that was arranged by hand cannot be moved', async () => {
    const nora = await opened(world, { on: ['payroll'], email: '' });
    await untilStep(world, nora, 'schedule-hr-interview');
    for (const step of ['schedule-hr-interview', 'notify-employee'])
      await world.exits.resolve(nora.employeeId, { step, action: 'done-by-hand', by: IT });
    await refused(nora, { next: true }, /schedule-hr-interview is done-by-hand: EMS knows of no interview/);
  });
});
