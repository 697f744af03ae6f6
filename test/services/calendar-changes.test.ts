/** An interview that is moved and withdrawn, while people edit their calendar. */
import assert from 'node:assert/strict';
import { FailureType } from '../../src/exit/failures.js';
import type { Interview } from '../../src/exit/interview.js';
import { AWAY, between, calendarOfHr, HOME, toTheNextDay, UID } from '../support/calendar.js';
import { finalFailure, outage } from '../support/failures.js';
import { HR, hrAt, memory, partnerWith, readInvitation, type Asked } from '../support/interview.js';
import { addressesOf, DANA } from '../support/message.js';
import { sampleConfig } from '../support/sample-config.js';
import { mailServer } from '../support/smtp.js';

const everybody = [DANA, HOME, HR];
const employee = { personalEmail: HOME };
const EDITED = { [UID]: '2026-11-25T10:30:00.000Z' };
const withNewSequence = (content: string) => toTheNextDay(content).replace('SEQUENCE:0', 'SEQUENCE:3');

describe('@long an interview in a calendar', () => {
  const calendar = calendarOfHr();
  const { mail } = calendar;
  let interview: Interview;
  beforeEach(async () => {
    interview = await calendar.schedule({ employee });
    assert.equal(interview.start, '2026-11-24T10:30:00Z');
  });

  const reschedule = (asked: Asked = {}, present = interview) =>
    calendar.reschedule(present, { employee, ...asked });
  const withdraw = (asked: Asked = {}, present: Interview | undefined = interview) =>
    calendar.withdraw(present, { employee, ...asked });
  const lastTo = (recipient: string) => readInvitation(mail.to(recipient).at(-1)!);

  it('is REQUESTed, REQUESTed anew and CANCELled as RFC 5546 asks', async () => {
    const moved = await reschedule();
    const { withdrawn, sent } = await withdraw({}, moved);
    assert.equal(withdrawn, true);
    assert.deepEqual(addressesOf(sent!), everybody);
    for (const recipient of everybody) {
      const messages = mail.to(recipient).map(readInvitation);
      const property = (name: string) =>
        messages.map(({ component }) => String(component.getFirstPropertyValue(name)));
      assert.deepEqual(
        messages.map(({ method }) => method),
        ['REQUEST', 'REQUEST', 'CANCEL'],
      );
      assert.deepEqual(property('uid'), [UID, UID, UID]);
      assert.deepEqual(property('sequence'), ['0', '1', '2']);
      assert.deepEqual(property('status'), ['CONFIRMED', 'CONFIRMED', 'CANCELLED']);
      assert.deepEqual(property('organizer'), Array(3).fill(`mailto:${sampleConfig.mail.from.email}`));
      const [first, second] = ['2026-11-24T10:30:00Z', '2026-11-24T11:30:00Z'];
      assert.deepEqual(property('dtstart'), [first, second, second]);
      const stamps = property('dtstamp');
      assert.deepEqual(stamps, stamps.toSorted());
      for (const stamp of stamps) assert.match(stamp, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
      for (const { addresses } of messages)
        assert.deepEqual(
          addresses,
          everybody.map((email) => `mailto:${email}`),
        );
      assert.match(mail.to(recipient).at(-1)!.subject!, /^Cancelled: /);
    }
    assert.equal(new Set(mail.mails.map(({ messageId }) => messageId)).size, 9, 'none is dropped as known');
    assert.deepEqual(await calendar.events(), []);
  });

  it('moves to the next free slot after the present one', async () => {
    await calendar.add('lunch', between('1130', '1300'));
    const moved = await reschedule();
    assert.deepEqual([moved.start, moved.sequence], ['2026-11-24T13:00:00Z', 1]);
    assert.deepEqual(await calendar.interviews(), { [UID]: '2026-11-24T13:00:00.000Z' });
  });

  it('moves to a given time, which may be taken but must be in the future', async () => {
    await calendar.add('away', AWAY);
    const { start, end, sequence, hrPartner } = await reschedule({ at: '2026-11-29T20:00:00Z' });
    assert.deepEqual([start, end, sequence], ['2026-11-29T20:00:00Z', '2026-11-29T20:45:00Z', 1]);
    assert.deepEqual(await calendar.interviews(), { [UID]: '2026-11-29T20:00:00.000Z' });
    assert.equal(hrPartner?.email, HR);
    const missed = reschedule({ at: '2026-11-22T20:00:00Z' });
    assert.match(await finalFailure(FailureType.NoInterviewSlot, missed), /22T20:00:00Z, which has passed/);
  });

  it('stays where it is when no other time is free, and the failure says so', async () => {
    await calendar.add('before', ['DTSTART:20261120T100000Z', 'DTEND:20261124T103000Z']);
    await calendar.add('after', ['DTSTART:20261124T111500Z', 'DTEND:20270501T100000Z']);
    const message = await finalFailure(FailureType.NoInterviewSlot, reschedule());
    assert.match(message, /taken in the calendar of Acme HR; it stays at 2026-11-24T10:30:00Z/);
    assert.deepEqual(await calendar.interviews(), { [UID]: '2026-11-24T10:30:00.000Z' });
    assert.equal(mail.mails.length, 3, 'the invitations');
  });

  it('that was missed gets a slot by the policy, counted from the request', async () => {
    const moved = await reschedule({ now: '2026-12-07T09:10:00Z' });
    assert.equal(moved.start, '2026-12-08T09:30:00Z');
  });

  it('moves once over several attempts, with and without their memory', async () => {
    const done = memory();
    mail.refuseWith(450, HR);
    await outage(reschedule({ done }));
    await outage(reschedule({ done }));
    mail.refuse(undefined);
    assert.equal((await reschedule({ done })).sequence, 1);
    assert.equal((await reschedule()).sequence, 1);
    const at = '2026-11-26T10:00:00Z';
    assert.equal((await reschedule({ at })).sequence, 2);
    assert.equal((await reschedule({ at })).sequence, 2, 'again');
  });

  it('gets another time when the new one passes during an outage', async () => {
    const done = memory();
    mail.refuseWith(450, HR);
    await outage(reschedule({ done }));
    mail.refuse(undefined);
    const now = '2026-11-24T12:00:00Z';
    const moved = await reschedule({ now, done });
    assert.deepEqual([moved.start, moved.sequence], ['2026-11-25T12:00:00Z', 2]);
    assert.deepEqual(await calendar.interviews(), { [UID]: '2026-11-25T12:00:00.000Z' });
    await finalFailure(FailureType.NoInterviewSlot, reschedule({ at: '2026-11-24T11:00:00Z', now }, moved));
  });

  it('that the HR partner deleted is written again by a reschedule, and cancelled by a withdrawal', async () => {
    await calendar.remove();
    const moved = await reschedule();
    assert.equal(moved.sequence, 1);
    assert.deepEqual(await calendar.interviews(), { [UID]: new Date(moved.start).toISOString() });
    await calendar.remove();
    assert.equal((await withdraw({}, moved)).withdrawn, true);
    assert.deepEqual([lastTo(DANA).method, lastTo(DANA).event.sequence], ['CANCEL', 2]);
  });

  for (const edit of [toTheNextDay, withNewSequence])
    it(`that the HR partner moved is announced at that time by the next reschedule (${edit.name})`, async () => {
      await calendar.edit(edit);
      const moved = await reschedule();
      assert.equal(moved.start, '2026-11-25T10:30:00Z');
      assert.ok(moved.sequence > interview.sequence);
      assert.deepEqual(await calendar.interviews(), EDITED);
      for (const recipient of everybody)
        assert.equal(lastTo(recipient).event.startDate.toJSDate().toISOString(), EDITED[UID]);
    });

  it('that the HR partner moved still moves to a given time', async () => {
    await calendar.edit(withNewSequence);
    const moved = await reschedule({ at: '2026-11-26T10:00:00Z' });
    assert.deepEqual([moved.start, moved.sequence], ['2026-11-26T10:00:00Z', 4]);
    assert.deepEqual(await calendar.interviews(), { [UID]: '2026-11-26T10:00:00.000Z' });
  });

  it('that the HR partner moved is withdrawn by its present time', async () => {
    await calendar.edit(withNewSequence);
    // By the recorded time, it would have begun.
    assert.equal((await withdraw({ now: '2026-11-24T12:00:00Z' })).withdrawn, true);
    assert.deepEqual(await calendar.events(), []);
    assert.equal(lastTo(DANA).event.sequence, 4);
  });

  it('that has begun is not withdrawn, and stays in the calendar', async () => {
    const withdrawal = await withdraw({ now: interview.start });
    assert.deepEqual(withdrawal, { withdrawn: false, note: 'the interview had already begun' });
    assert.deepEqual([(await calendar.events()).length, mail.mails.length], [1, 3]);
  });

  it('whose record was lost is found in the calendar, removed and withdrawn', async () => {
    assert.equal((await calendar.withdraw(undefined, { employee })).withdrawn, true);
    assert.deepEqual(await calendar.events(), []);
    for (const recipient of everybody) assert.equal(lastTo(recipient).method, 'CANCEL');
  });

  it('that never reached the calendar needs no withdrawal', async () => {
    assert.equal((await calendar.withdraw(undefined, { exitId: 'exit-9' })).withdrawn, false);
    assert.equal(mail.mails.length, 3, 'the invitations of the other exit');
  });

  it('is withdrawn once over several attempts', async () => {
    const done = memory();
    mail.refuseWith(450, HR);
    await outage(withdraw({ done }));
    assert.deepEqual(await calendar.events(), []);
    mail.refuse(undefined);
    assert.equal((await withdraw({ done })).sent!.length, 3);
    assert.equal(mail.to(DANA).length, 2, 'invited, and withdrawn');
  });

  it('whose calendar left the configuration fails for good, and names the calendar', async () => {
    const other = partnerWith(await calendar.another('hr'));
    const running = [hrAt(mail), hrAt(mail, () => [other])].flatMap((hr) => [
      hr.reschedule(interview, { employee }),
      hr.withdraw(interview, { employee }),
    ]);
    for (const one of running)
      assert.ok((await finalFailure(FailureType.NothingToGoOn, one)).includes(interview.calendarUrl!));
  });
});

describe('an interview without a calendar', () => {
  const mail = mailServer();

  it('moves and is withdrawn alike, under increasing SEQUENCE', async () => {
    const { schedule, reschedule, withdraw } = hrAt(mail);
    const moved = await reschedule(await schedule());
    assert.deepEqual([moved.start, moved.sequence], ['2026-11-24T11:30:00Z', 1]);
    const at = '2026-11-27T18:00:00Z';
    const given = await reschedule(moved, { at });
    assert.deepEqual([given.start, given.sequence], [at, 2]);
    assert.doesNotMatch(mail.to(DANA).at(-1)!.text!, /working hours/);
    await withdraw(given);
    assert.deepEqual(
      mail.to(DANA).map((one) => readInvitation(one).event.sequence),
      [0, 1, 2, 3],
    );
  });
});
