/** What stands in the HR partner's calendar, read from the server by plain requests. */
import assert from 'node:assert/strict';
import ICAL from 'ical.js';
import { FailureType } from '../../src/exit/failures.js';
import { finalFailure, outage } from '../support/failures.js';
import { hostileNames, unprintable } from '../support/hostile-names.js';
import { about, HR, hrAt, memory, openedAt, partnerWith, readInvitation } from '../support/interview.js';
import { DANA } from '../support/message.js';
import {
  addEvent,
  ask,
  eventsIn,
  interviewsIn,
  startRadicale,
  type Account,
  type CalendarServer,
} from '../support/radicale.js';
import { sampleConfig } from '../support/sample-config.js';
import { startMailServer, type MailServer } from '../support/smtp.js';

const { signal } = new AbortController();
const UID = 'interview.exit-1@acme.example';

describe('the entry in the calendar', () => {
  let mail: MailServer;
  let server: CalendarServer;
  let account: Account;
  before(async () => {
    [mail, server] = await Promise.all([startMailServer(), startRadicale()]);
  });
  beforeEach(async () => {
    mail.mails.length = 0;
    mail.refuse(undefined);
    account = await server.calendar('hr');
  });
  after(() => Promise.all([mail.stop(), server.stop()]));

  const hr = (now = openedAt) => hrAt(mail.port, now, { partners: [partnerWith(account)] });

  it('is that of the invitation, without a METHOD (RFC 4791 §4.1), and leaves inviting to us (RFC 6638 §7.1)', async () => {
    const interview = await hr().scheduleInterview(about(), memory(), signal);
    assert.equal(interview.calendarUrl, `${account.url}/${encodeURIComponent(UID)}.ics`);
    const stored = await ask(account, 'GET', interview.calendarUrl.slice(account.url.length));
    const calendar = new ICAL.Component(ICAL.parse(stored) as unknown[]);
    assert.equal(calendar.getFirstPropertyValue('method'), null);
    const [entry, ...others] = calendar.getAllSubcomponents('vevent');
    assert.deepEqual(others, []);
    const { component } = readInvitation(mail.to(HR)[0]!);
    for (const name of [
      'uid',
      'sequence',
      'dtstart',
      'dtend',
      'summary',
      'description',
      'status',
      'organizer',
    ])
      assert.equal(
        String(entry!.getFirstPropertyValue(name)),
        String(component.getFirstPropertyValue(name)),
        name,
      );
    assert.equal(entry!.getFirstPropertyValue('status'), 'CONFIRMED');
    const attendees = entry!.getAllProperties('attendee');
    assert.deepEqual(
      attendees.map((attendee) => String(attendee.getFirstValue()).toLowerCase()),
      [`mailto:${DANA}`, `mailto:${HR}`],
    );
    for (const attendee of attendees) assert.equal(attendee.getFirstParameter('schedule-agent'), 'CLIENT');
  });

  it('stands before anybody is written to, and what was sent is said', async () => {
    mail.refuse(() => ({ code: 450, message: 'later' }));
    const done = memory();
    await outage(hr().scheduleInterview(about(), done, signal));
    assert.equal(done.interview?.calendarUrl?.startsWith(account.url), true);
    assert.deepEqual(await interviewsIn(account), { [UID]: '2026-11-24T10:30:00.000Z' });
    mail.refuse(undefined);
    const { sent } = await hr().scheduleInterview(about(), done, signal);
    assert.deepEqual(
      sent,
      mail.mails.map(({ recipient, messageId }) => ({ to: recipient, messageId })),
    );
    assert.equal(sent.length, 2);
  });

  it('is found by an attempt that remembers nothing, which goes on with its time', async () => {
    mail.refuse(() => ({ code: 450, message: 'later' }));
    await outage(hr().scheduleInterview(about(), memory(), signal));
    mail.refuse(undefined);
    // Earlier times would be free for an attempt that looked anew.
    const later = { ...about(), openedAt: '2026-11-20T10:10:00Z' };
    const interview = await hr().scheduleInterview(later, memory(), signal);
    assert.equal(interview.start, '2026-11-24T10:30:00Z');
    assert.equal(interview.sequence, 0);
    assert.equal((await eventsIn(account)).length, 1);
  });

  it('moves on when its time passes during an outage, with the next SEQUENCE, and nobody is invited after the fact', async () => {
    for (const done of [memory(), undefined]) {
      account = await server.calendar('hr');
      mail.mails.length = 0;
      mail.refuse(() => ({ code: 450, message: 'later' }));
      await outage(hr().scheduleInterview(about(), done ?? memory(), signal));
      mail.refuse(undefined);
      const now = '2026-11-24T11:00:00Z';
      const interview = await hr(now).scheduleInterview(about(), done ?? memory(), signal);
      assert.deepEqual([interview.start, interview.sequence], ['2026-11-24T11:30:00Z', 1]);
      assert.deepEqual(await interviewsIn(account), { [UID]: '2026-11-24T11:30:00.000Z' });
      assert.deepEqual(
        mail.mails.map((one) => readInvitation(one).component.getFirstPropertyValue('sequence')),
        [1, 1],
      );
    }
  });

  it('takes a given time, free or not, inside the working hours or not, if only it is ahead', async () => {
    await addEvent(account, 'away', ['DTSTART;VALUE=DATE:20261120', 'DTEND;VALUE=DATE:20261210']);
    const at = '2026-11-28T20:15:00.250Z';
    const interview = await hr().scheduleInterview({ ...about(), at }, memory(), signal);
    assert.deepEqual([interview.start, interview.end], ['2026-11-28T20:15:00Z', '2026-11-28T21:00:00Z']);
    assert.deepEqual(await interviewsIn(account), { [UID]: '2026-11-28T20:15:00.000Z' });
    assert.equal((await hr().scheduleInterview({ ...about(), at }, memory(), signal)).sequence, 0, 'again');
    for (const at of [openedAt, '2026-11-20T10:00:00Z', '2026-11-29T10:00', 'tomorrow']) {
      const message = await finalFailure(
        FailureType.NoInterviewSlot,
        hr().scheduleInterview({ ...about(), at }, memory(), signal),
      );
      assert.match(message, /give a time that is ahead/);
    }
  });

  it('that the HR partner moved by hand before everybody was invited: that is the time', async () => {
    const done = memory();
    mail.refuse((recipient) => (recipient === HR ? { code: 450, message: 'later' } : undefined));
    await outage(hr().scheduleInterview(about(), done, signal));
    mail.refuse(undefined);
    const [path] = done.interview!.calendarUrl!.split(account.url).slice(1);
    const stored = await ask(account, 'GET', path!);
    const moved = stored.replaceAll('20261124T10', '20261125T10').replaceAll('20261124T11', '20261125T11');
    await ask(account, 'PUT', path!, moved);
    const interview = await hr().scheduleInterview(about(), done, signal);
    assert.equal(interview.start, '2026-11-25T10:30:00Z');
    assert.deepEqual(await interviewsIn(account), { [UID]: '2026-11-25T10:30:00.000Z' });
    const [first, second] = mail.to(DANA).map(readInvitation);
    assert.ok(second!.event.sequence > first!.event.sequence);
    assert.equal(second!.event.startDate.toJSDate().toISOString(), '2026-11-25T10:30:00.000Z');
  });

  it('is made for every address of the employee, and each is written to', async () => {
    const personalEmail = 'dana@home.example';
    const interview = await hr().scheduleInterview(about({ personalEmail }), memory(), signal);
    const everybody = [DANA, personalEmail, HR];
    assert.deepEqual(
      interview.attendees.map(({ email }) => email),
      everybody,
    );
    assert.deepEqual(
      mail.mails.map(({ recipient }) => recipient),
      everybody,
    );
    for (const one of mail.mails)
      assert.deepEqual(
        readInvitation(one).people.map(({ address }) => address),
        everybody.map((email) => `mailto:${email}`),
      );
    const only = about({ email: undefined, personalEmail }, 'exit-2');
    await hr().scheduleInterview(only, memory(), signal);
    assert.equal(mail.to(personalEmail).length, 2);
    const same = about({ personalEmail: DANA.toUpperCase() }, 'exit-3');
    assert.equal((await hr().scheduleInterview(same, memory(), signal)).attendees.length, 2);
  });

  it('stands although the hold has blocked one of the addresses; not when all of them refuse', async () => {
    const personalEmail = 'dana@home.example';
    const refuse = (...addresses: string[]) =>
      mail.refuse((recipient) =>
        addresses.includes(recipient) ? { code: 550, message: 'no such mailbox' } : undefined,
      );
    refuse(DANA);
    const { sent } = await hr().scheduleInterview(about({ personalEmail }), memory(), signal);
    assert.deepEqual(
      sent!.map(({ to }) => to),
      [personalEmail, HR],
    );
    refuse(DANA, personalEmail);
    const again = about({ personalEmail }, 'exit-2');
    await finalFailure(FailureType.AddressRefused, hr().scheduleInterview(again, memory(), signal));
    assert.equal(mail.to(HR).length, 1, 'of the first');
  });

  it('is not made for somebody who cannot be invited', async () => {
    for (const email of [undefined, 'dana@acme.example\r\nATTENDEE:mailto:evil@acme.example'])
      await finalFailure(
        FailureType.AddressRefused,
        hr().scheduleInterview(about({ email }), memory(), signal),
      );
    assert.deepEqual(await eventsIn(account), []);
  });

  for (const [what, displayName] of Object.entries(hostileNames)) {
    it(`has nothing in it that was not meant to be for a name that holds ${what}`, async () => {
      await hr().scheduleInterview(about(), memory(), signal);
      await hr().scheduleInterview(about({ displayName }, 'exit-2'), memory(), signal);
      const events = await eventsIn(account);
      assert.equal(events.length, 2);
      const shapes = events.map((event) =>
        event
          .getAllProperties()
          .map(
            ({ name, jCal }) =>
              `${name} ${Object.keys(jCal[1] as object)
                .toSorted()
                .join()}`,
          )
          .toSorted(),
      );
      assert.deepEqual(shapes[0], shapes[1]);
      const hostile = events.find((event) => String(event.getFirstPropertyValue('uid')).includes('exit-2'))!;
      const [employee] = hostile.getAllProperties('attendee');
      assert.equal(String(employee!.getFirstValue()).toLowerCase(), `mailto:${DANA}`);
      for (const text of [employee!.getFirstParameter('cn'), hostile.getFirstPropertyValue('summary')])
        assert.doesNotMatch(String(text), unprintable);
      assert.equal(hostile.getFirstPropertyValue('organizer'), `mailto:${sampleConfig.mail.from.email}`);
    });
  }
});
