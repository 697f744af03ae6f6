/** An interview that is moved and withdrawn, while people edit their calendar. */
import assert from 'node:assert/strict';
import { FailureType } from '../../src/exit/failures.js';
import type { Interview } from '../../src/exit/interview.js';
import { finalFailure, outage } from '../support/failures.js';
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
const PATH = `/${encodeURIComponent(UID)}.ics`;
const HOME = 'dana@home.example';
const AWAY = ['DTSTART;VALUE=DATE:20261120', 'DTEND;VALUE=DATE:20261210'];

describe('an interview in a calendar', () => {
  let mail: MailServer;
  let server: CalendarServer;
  let account: Account;
  let interview: Interview;
  before(async () => {
    [mail, server] = await Promise.all([startMailServer(), startRadicale()]);
  });
  beforeEach(async () => {
    mail.mails.length = 0;
    mail.refuse(undefined);
    account = await server.calendar('hr');
    interview = await hr().scheduleInterview(dana(), memory(), signal);
    assert.equal(interview.start, '2026-11-24T10:30:00Z');
  });
  after(() => Promise.all([mail.stop(), server.stop()]));

  const dana = () => about({ personalEmail: HOME });
  const hr = (now = openedAt) => hrAt(mail.port, now, { partners: [partnerWith(account)] });
  const reschedule = (at?: string, now?: string, done = memory(), present = interview) =>
    hr(now).rescheduleInterview({ ...dana(), interview: present, ...(at && { at }) }, done, signal);
  const withdraw = (present: Interview | undefined = interview, now?: string, done = memory()) =>
    hr(now).cancelInterview({ ...dana(), interview: present }, done, signal);
  const lastTo = (recipient: string) => readInvitation(mail.to(recipient).at(-1)!);

  /** As the HR partner's calendar program does it. */
  async function edit(change: (content: string) => string): Promise<void> {
    await ask(account, 'PUT', PATH, change(await ask(account, 'GET', PATH)));
  }
  const toTheNextDay = (content: string) =>
    content.replaceAll('20261124T10', '20261125T10').replaceAll('20261124T11', '20261125T11');

  it('is REQUESTed, REQUESTed anew and CANCELled as RFC 5546 asks', async () => {
    const moved = await reschedule();
    const { withdrawn, sent } = await withdraw(moved);
    assert.equal(withdrawn, true);
    assert.deepEqual(
      sent!.map(({ to }) => to),
      [DANA, HOME, HR],
    );
    for (const recipient of [DANA, HOME, HR]) {
      const messages = mail.to(recipient).map(readInvitation);
      const each = <T>(read: (message: (typeof messages)[number]) => T): T[] => messages.map(read);
      const property = (name: string) =>
        each(({ component }) => String(component.getFirstPropertyValue(name)));
      assert.deepEqual(
        each(({ method }) => method),
        ['REQUEST', 'REQUEST', 'CANCEL'],
      );
      assert.deepEqual(property('uid'), [UID, UID, UID]);
      assert.deepEqual(property('sequence'), ['0', '1', '2']);
      assert.deepEqual(property('status'), ['CONFIRMED', 'CONFIRMED', 'CANCELLED']);
      const organizer = `mailto:${sampleConfig.mail.from.email}`;
      assert.deepEqual(property('organizer'), [organizer, organizer, organizer]);
      assert.deepEqual(property('dtstart'), [
        '2026-11-24T10:30:00Z',
        '2026-11-24T11:30:00Z',
        '2026-11-24T11:30:00Z',
      ]);
      const stamps = property('dtstamp');
      assert.deepEqual(stamps, stamps.toSorted());
      for (const stamp of stamps) assert.match(stamp, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
      for (const { people } of messages)
        assert.deepEqual(
          people.map(({ address }) => address),
          [DANA, HOME, HR].map((email) => `mailto:${email}`),
        );
    }
    assert.equal(new Set(mail.mails.map(({ messageId }) => messageId)).size, 9);
    assert.deepEqual(await eventsIn(account), []);
  });

  it('moves to the next free slot after the present one', async () => {
    await addEvent(account, 'lunch', ['DTSTART:20261124T113000Z', 'DTEND:20261124T130000Z']);
    const moved = await reschedule();
    assert.deepEqual([moved.start, moved.sequence], ['2026-11-24T13:00:00Z', 1]);
    assert.deepEqual(await interviewsIn(account), { [UID]: '2026-11-24T13:00:00.000Z' });
  });

  it('moves to a given time, which need not be free but must be ahead', async () => {
    await addEvent(account, 'away', AWAY);
    const moved = await reschedule('2026-11-29T20:00:00Z');
    assert.deepEqual(
      [moved.start, moved.end, moved.sequence],
      ['2026-11-29T20:00:00Z', '2026-11-29T20:45:00Z', 1],
    );
    assert.deepEqual(await interviewsIn(account), { [UID]: '2026-11-29T20:00:00.000Z' });
    assert.equal(moved.hrPartner?.email, HR);
    const message = await finalFailure(FailureType.NoInterviewSlot, reschedule('2026-11-22T20:00:00Z'));
    assert.match(message, /2026-11-22T20:00:00Z, which has passed/);
  });

  it('stays where it is when there is no other time, and that is said', async () => {
    await addEvent(account, 'before', ['DTSTART:20261120T100000Z', 'DTEND:20261124T103000Z']);
    await addEvent(account, 'after', ['DTSTART:20261124T111500Z', 'DTEND:20261210T100000Z']);
    const count = mail.mails.length;
    const message = await finalFailure(FailureType.NoInterviewSlot, reschedule());
    assert.match(message, /taken in the calendar of Acme HR; it stays at 2026-11-24T10:30:00Z/);
    assert.deepEqual(await interviewsIn(account), { [UID]: '2026-11-24T10:30:00.000Z' });
    assert.equal(mail.mails.length, count);
  });

  it('that was missed gets a slot ahead of now, with the lead time and the working days of the wish', async () => {
    const now = '2026-12-07T09:10:00Z';
    const moved = await reschedule(undefined, now);
    assert.equal(moved.start, '2026-12-08T09:30:00Z');
  });

  it('is moved once, however often it is tried, and by an attempt that remembers nothing', async () => {
    const done = memory();
    mail.refuse((recipient) => (recipient === HR ? { code: 450, message: 'later' } : undefined));
    await outage(reschedule(undefined, undefined, done));
    await outage(reschedule(undefined, undefined, done));
    mail.refuse(undefined);
    assert.equal((await reschedule(undefined, undefined, done)).sequence, 1);
    assert.equal((await reschedule(undefined, undefined, memory())).sequence, 1);
    const at = '2026-11-26T10:00:00Z';
    assert.equal((await reschedule(at)).sequence, 2);
    assert.equal((await reschedule(at)).sequence, 2, 'again');
  });

  it('whose new time passes during an outage gets another one', async () => {
    const done = memory();
    mail.refuse((recipient) => (recipient === HR ? { code: 450, message: 'later' } : undefined));
    await outage(reschedule(undefined, undefined, done));
    mail.refuse(undefined);
    const moved = await reschedule(undefined, '2026-11-24T12:00:00Z', done);
    assert.deepEqual([moved.start, moved.sequence], ['2026-11-25T12:00:00Z', 2]);
    assert.deepEqual(await interviewsIn(account), { [UID]: '2026-11-25T12:00:00.000Z' });
    const missed = reschedule('2026-11-24T11:00:00Z', '2026-11-24T12:00:00Z', memory(), moved);
    await finalFailure(FailureType.NoInterviewSlot, missed);
  });

  it('that the HR partner deleted is written anew when it moves, and just withdrawn when it is withdrawn', async () => {
    await ask(account, 'DELETE', PATH);
    const moved = await reschedule();
    assert.equal(moved.sequence, 1);
    assert.deepEqual(await interviewsIn(account), { [UID]: new Date(moved.start).toISOString() });
    await ask(account, 'DELETE', PATH);
    assert.equal((await withdraw(moved)).withdrawn, true);
    assert.deepEqual([lastTo(DANA).method, lastTo(DANA).event.sequence], ['CANCEL', 2]);
  });

  it('that the HR partner moved is announced at that time, when another is asked for', async () => {
    for (const change of [
      toTheNextDay,
      (content: string) => toTheNextDay(content).replace('SEQUENCE:0', 'SEQUENCE:3'),
    ]) {
      await ask(account, 'DELETE', PATH);
      mail.mails.length = 0;
      interview = await hr().scheduleInterview(dana(), memory(), signal);
      await edit(change);
      const moved = await reschedule();
      assert.equal(moved.start, '2026-11-25T10:30:00Z');
      assert.ok(moved.sequence > interview.sequence);
      assert.deepEqual(await interviewsIn(account), { [UID]: '2026-11-25T10:30:00.000Z' });
      for (const recipient of [DANA, HOME, HR])
        assert.equal(lastTo(recipient).event.startDate.toJSDate().toISOString(), '2026-11-25T10:30:00.000Z');
    }
  });

  it('that the HR partner moved goes to a given time all the same', async () => {
    await edit((content) => toTheNextDay(content).replace('SEQUENCE:0', 'SEQUENCE:3'));
    const moved = await reschedule('2026-11-26T10:00:00Z');
    assert.deepEqual([moved.start, moved.sequence], ['2026-11-26T10:00:00Z', 4]);
    assert.deepEqual(await interviewsIn(account), { [UID]: '2026-11-26T10:00:00.000Z' });
  });

  it('that the HR partner moved is withdrawn at the time that it has now', async () => {
    await edit((content) => toTheNextDay(content).replace('SEQUENCE:0', 'SEQUENCE:3'));
    // By what we knew, it would have begun.
    const { withdrawn } = await withdraw(interview, '2026-11-24T12:00:00Z');
    assert.equal(withdrawn, true);
    assert.deepEqual(await eventsIn(account), []);
    assert.equal(lastTo(DANA).event.sequence, 4);
  });

  it('that has taken place is not withdrawn, and stays in the calendar', async () => {
    assert.equal((await withdraw(interview, interview.start)).withdrawn, false);
    assert.equal((await eventsIn(account)).length, 1);
  });

  it('of which nobody knows is found in the calendar, removed and withdrawn', async () => {
    const { withdrawn } = await hr().cancelInterview(dana(), memory(), signal);
    assert.equal(withdrawn, true);
    assert.deepEqual(await eventsIn(account), []);
    for (const recipient of [DANA, HOME, HR]) assert.equal(lastTo(recipient).method, 'CANCEL');
  });

  it('that never came into the calendar needs no withdrawing', async () => {
    const count = mail.mails.length;
    const { withdrawn } = await hr().cancelInterview(about({}, 'exit-9'), memory(), signal);
    assert.equal(withdrawn, false);
    assert.equal(mail.mails.length, count);
  });

  it('is withdrawn once, however often it is tried', async () => {
    const done = memory();
    mail.refuse((recipient) => (recipient === HR ? { code: 450, message: 'later' } : undefined));
    await outage(withdraw(interview, undefined, done));
    assert.deepEqual(await eventsIn(account), []);
    mail.refuse(undefined);
    const { sent } = await withdraw(interview, undefined, done);
    assert.equal(sent!.length, 3);
    assert.equal(mail.to(DANA).length, 2, 'invited, and withdrawn');
  });

  it('whose calendar the configuration no longer has is changed by hand: final, and it says which', async () => {
    const other = [partnerWith(await server.calendar('hr'))] as const;
    const running = [hrAt(mail.port), hrAt(mail.port, openedAt, { partners: [...other] })].flatMap((hr) => [
      hr.rescheduleInterview({ ...dana(), interview }, memory(), signal),
      hr.cancelInterview({ ...dana(), interview }, memory(), signal),
    ]);
    for (const one of running)
      assert.ok((await finalFailure(FailureType.NothingToGoOn, one)).includes(interview.calendarUrl!));
  });
});

describe('an interview without a calendar', () => {
  let mail: MailServer;
  before(async () => {
    mail = await startMailServer();
  });
  after(() => mail.stop());

  it('moves and is withdrawn just the same, with one SEQUENCE after the other', async () => {
    const hr = hrAt(mail.port);
    const interview = await hr.scheduleInterview(about(), memory(), signal);
    const moved = await hr.rescheduleInterview({ ...about(), interview }, memory(), signal);
    assert.deepEqual([moved.start, moved.sequence], ['2026-11-24T11:30:00Z', 1]);
    const at = '2026-11-27T18:00:00Z';
    const given = await hr.rescheduleInterview({ ...about(), interview: moved, at }, memory(), signal);
    assert.deepEqual([given.start, given.sequence], [at, 2]);
    assert.doesNotMatch(mail.to(DANA).at(-1)!.text!, /working hours/);
    await hr.cancelInterview({ ...about(), interview: given }, memory(), signal);
    assert.deepEqual(
      mail.to(DANA).map((one) => readInvitation(one).event.sequence),
      [0, 1, 2, 3],
    );
  });
});
