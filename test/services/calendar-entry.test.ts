/** What stands in the HR partner's calendar, read from the server by plain requests. */
import assert from 'node:assert/strict';
import ICAL from 'ical.js';
import { FailureType } from '../../src/exit/failures.js';
import { AWAY, calendarOfHr, HOME, PATH, toTheNextDay, UID } from '../support/calendar.js';
import { finalFailure, outage } from '../support/failures.js';
import { HR, memory, readInvitation } from '../support/interview.js';
import { addressesOf, DANA } from '../support/message.js';
import { ask } from '../support/radicale.js';

describe('@long the entry in the calendar', () => {
  const calendar = calendarOfHr();
  const { mail, schedule } = calendar;
  const { recipients } = mail;

  it('matches the invitation, with no METHOD (RFC 4791 §4.1) and SCHEDULE-AGENT=CLIENT (RFC 6638 §7.1)', async () => {
    const interview = await schedule();
    assert.equal(interview.calendarUrl, `${calendar.proxied().url}${PATH}`);
    const stored = await ask(calendar.account, 'GET', PATH);
    const content = new ICAL.Component(ICAL.parse(stored) as unknown[]);
    assert.equal(content.getFirstPropertyValue('method'), null);
    const [entry, ...others] = content.getAllSubcomponents('vevent');
    assert.deepEqual(others, []);
    const { component } = readInvitation(mail.to(HR)[0]!);
    const same = ['uid', 'sequence', 'dtstart', 'dtend', 'summary', 'description', 'status', 'organizer'];
    for (const name of same) {
      const [ours, theirs] = [entry!, component].map((each) => String(each.getFirstPropertyValue(name)));
      assert.equal(ours, theirs, name);
    }
    assert.equal(entry!.getFirstPropertyValue('status'), 'CONFIRMED');
    const attendees = entry!.getAllProperties('attendee');
    assert.deepEqual(
      attendees.map((attendee) => String(attendee.getFirstValue()).toLowerCase()),
      [`mailto:${DANA}`, `mailto:${HR}`],
    );
    for (const attendee of attendees) assert.equal(attendee.getFirstParameter('schedule-agent'), 'CLIENT');
  });

  it('is written before the first mail, and the step returns what it sent', async () => {
    const done = memory();
    mail.refuseWith(450);
    await outage(schedule({ done }));
    assert.equal(done.interview?.calendarUrl?.endsWith(PATH), true);
    assert.deepEqual(await calendar.interviews(), { [UID]: '2026-11-24T10:30:00.000Z' });
    mail.refuse(undefined);
    const { sent } = await schedule({ done });
    assert.deepEqual(
      sent,
      mail.mails.map(({ recipient, messageId }) => ({ to: recipient, messageId })),
    );
    assert.equal(sent.length, 2);
  });

  it('is found by an attempt without memory, which keeps its time', async () => {
    mail.refuseWith(450);
    await outage(schedule());
    mail.refuse(undefined);
    // An attempt that searched again would find an earlier slot.
    const { start, sequence } = await schedule({ openedAt: '2026-11-20T10:10:00Z' });
    assert.deepEqual([start, sequence], ['2026-11-24T10:30:00Z', 0]);
    assert.equal((await calendar.events()).length, 1);
  });

  for (const done of [memory(), undefined])
    it(`moves on under the next SEQUENCE when its time passes before the invitation is out (${done ? 'remembered' : 'forgotten'})`, async () => {
      mail.refuseWith(450);
      await outage(schedule({ ...(done && { done }) }));
      mail.refuse(undefined);
      const interview = await schedule({ now: '2026-11-24T11:00:00Z', ...(done && { done }) });
      assert.deepEqual([interview.start, interview.sequence], ['2026-11-24T11:30:00Z', 1]);
      assert.deepEqual(await calendar.interviews(), { [UID]: '2026-11-24T11:30:00.000Z' });
      assert.deepEqual(
        mail.mails.map((one) => readInvitation(one).event.sequence),
        [1, 1],
      );
    });

  it('takes any given time in the future, free or not, inside working hours or not', async () => {
    await calendar.add('away', AWAY);
    const at = '2026-11-28T20:15:00.250Z';
    const interview = await schedule({ at });
    assert.deepEqual([interview.start, interview.end], ['2026-11-28T20:15:00Z', '2026-11-28T21:00:00Z']);
    assert.deepEqual(await calendar.interviews(), { [UID]: '2026-11-28T20:15:00.000Z' });
    assert.equal((await schedule({ at })).sequence, 0, 'again');
    for (const at of ['2026-11-23T10:10:00Z', '2026-11-20T10:00:00Z', '2026-11-29T10:00', 'tomorrow']) {
      const message = await finalFailure(FailureType.NoInterviewSlot, schedule({ at }));
      assert.match(message, /give a future time/);
    }
  });

  it('keeps the time to which the HR partner moved it before all invitations were out', async () => {
    const done = memory();
    mail.refuseWith(450, HR);
    await outage(schedule({ done }));
    mail.refuse(undefined);
    await calendar.edit(toTheNextDay);
    assert.equal((await schedule({ done })).start, '2026-11-25T10:30:00Z');
    assert.deepEqual(await calendar.interviews(), { [UID]: '2026-11-25T10:30:00.000Z' });
    const [first, second] = mail.to(DANA).map((one) => readInvitation(one).event);
    assert.ok(second!.sequence > first!.sequence);
    assert.equal(second!.startDate.toJSDate().toISOString(), '2026-11-25T10:30:00.000Z');
  });

  it('lists every address of the employee, and each gets the invitation', async () => {
    const { attendees } = await schedule({ employee: { personalEmail: HOME } });
    const everybody = [DANA, HOME, HR];
    assert.deepEqual(
      attendees.map(({ email }) => email),
      everybody,
    );
    assert.deepEqual(recipients(), everybody);
    for (const one of mail.mails)
      assert.deepEqual(
        readInvitation(one).addresses,
        everybody.map((email) => `mailto:${email}`),
      );
    await schedule({ employee: { email: undefined, personalEmail: HOME }, exitId: 'exit-2' });
    assert.equal(mail.to(HOME).length, 2);
    const same = await schedule({ employee: { personalEmail: DANA.toUpperCase() }, exitId: 'exit-3' });
    assert.equal(same.attendees.length, 2);
  });

  it('is made when one address refuses the mail; the step fails when all refuse', async () => {
    const employee = { personalEmail: HOME };
    mail.refuseWith(550, DANA);
    const { sent } = await schedule({ employee });
    assert.deepEqual(addressesOf(sent!), [HOME, HR]);
    mail.refuseWith(550, DANA, HOME);
    await finalFailure(FailureType.AddressRefused, schedule({ employee, exitId: 'exit-2' }));
    assert.deepEqual(recipients(), [HOME, HR], 'those of the first exit');
  });

  it('is not made for an employee without a usable address, and no mail goes out', async () => {
    for (const email of [undefined, '', `${DANA}\r\nATTENDEE:mailto:evil@acme.example`])
      assert.match(await finalFailure(FailureType.AddressRefused, schedule({ employee: { email } })), /Dana/);
    assert.deepEqual([await calendar.events(), recipients()], [[], []]);
  });
});
