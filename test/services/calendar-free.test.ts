/** Which times a real calendar leaves for the interview. */
import assert from 'node:assert/strict';
import { FailureType } from '../../src/exit/failures.js';
import type { HrPartner } from '../../src/services/hr/hr.js';
import { finalFailure } from '../support/failures.js';
import { about, HR, hrAt, memory, openedAt, partnerWith, readInvitation } from '../support/interview.js';
import { DANA } from '../support/message.js';
import {
  addEvent,
  BERLIN,
  fill,
  startRadicale,
  type Account,
  type CalendarServer,
} from '../support/radicale.js';
import { startMailServer, type MailServer } from '../support/smtp.js';

const { signal } = new AbortController();
const FIRST = '2026-11-24T10:30:00Z';
const NEXT = '2026-11-24T11:30:00Z';

/** What is in the calendar from 11:30 to 12:15 in Berlin on Tuesday, the first slot of the policy, and when the interview is then. */
const cases: Record<string, { event: string[]; zones?: string[]; start: string }> = {
  'a meeting in UTC': { event: ['DTSTART:20261124T103000Z', 'DTEND:20261124T111500Z'], start: NEXT },
  'a meeting that ends when the slot begins': {
    event: ['DTSTART:20261124T093000Z', 'DTEND:20261124T103000Z'],
    start: FIRST,
  },
  'a meeting that begins when the slot ends': {
    event: ['DTSTART:20261124T111500Z', 'DTEND:20261124T120000Z'],
    start: FIRST,
  },
  'a meeting that ends a minute into the slot': {
    event: ['DTSTART:20261124T090000Z', 'DURATION:PT1H31M'],
    start: '2026-11-24T11:00:00Z',
  },
  'a meeting of another time zone': {
    event: ['DTSTART;TZID=America/New_York:20261124T053000', 'DTEND;TZID=America/New_York:20261124T061500'],
    start: NEXT,
  },
  'a meeting in a zone that it defines itself': {
    event: ['DTSTART;TZID=Europe/Berlin:20261124T113000', 'DTEND;TZID=Europe/Berlin:20261124T121500'],
    zones: BERLIN,
    start: NEXT,
  },
  'a weekly meeting that was put in half a year ago, in summer': {
    event: [
      'DTSTART;TZID=Europe/Berlin:20260602T113000',
      'DTEND;TZID=Europe/Berlin:20260602T121500',
      'RRULE:FREQ=WEEKLY;BYDAY=TU',
    ],
    zones: BERLIN,
    start: NEXT,
  },
  'a weekly meeting that is left out this week': {
    event: [
      'DTSTART:20260602T103000Z',
      'DTEND:20260602T111500Z',
      'RRULE:FREQ=WEEKLY;BYDAY=TU',
      'EXDATE:20261124T103000Z',
    ],
    start: FIRST,
  },
  'a weekly meeting that is elsewhere this week': {
    event: [
      'DTSTART:20260602T130000Z',
      'DTEND:20260602T134500Z',
      'RRULE:FREQ=WEEKLY;BYDAY=TU',
      'END:VEVENT',
      'BEGIN:VEVENT',
      'UID:event',
      'DTSTAMP:20261101T000000Z',
      'RECURRENCE-ID:20261124T130000Z',
      'DTSTART:20261124T103000Z',
      'DTEND:20261124T111500Z',
    ],
    start: NEXT,
  },
  'a whole day off': {
    event: ['DTSTART;VALUE=DATE:20261124', 'DTEND;VALUE=DATE:20261125', 'TRANSP:OPAQUE'],
    start: '2026-11-25T08:00:00Z',
  },
  'a note for the whole day, which blocks nothing (RFC 5545 §3.8.2.7)': {
    event: ['DTSTART;VALUE=DATE:20261124', 'DTEND;VALUE=DATE:20261125', 'TRANSP:TRANSPARENT'],
    start: FIRST,
  },
  'a cancelled meeting': {
    event: ['DTSTART:20261124T103000Z', 'DTEND:20261124T111500Z', 'STATUS:CANCELLED'],
    start: FIRST,
  },
  'a meeting that is not certain yet': {
    event: ['DTSTART:20261124T103000Z', 'DTEND:20261124T111500Z', 'STATUS:TENTATIVE'],
    start: NEXT,
  },
  'a fortnight of holidays, beyond the last slot': {
    event: ['DTSTART;VALUE=DATE:20261118', 'DTEND;VALUE=DATE:20261130'],
    start: '2026-11-30T08:00:00Z',
  },
};

describe('in a calendar with', () => {
  let mail: MailServer;
  let server: CalendarServer;
  let account: Account;
  before(async () => {
    [mail, server] = await Promise.all([startMailServer(), startRadicale()]);
  });
  beforeEach(async () => {
    mail.mails.length = 0;
    account = await server.calendar('hr');
  });
  after(() => Promise.all([mail.stop(), server.stop()]));

  const hr = (policy = {}, now = openedAt) =>
    hrAt(mail.port, now, { partners: [partnerWith(account)], policy });

  for (const [what, { event, zones, start }] of Object.entries(cases)) {
    it(`${what}, the interview is ${start === FIRST ? 'where it would be without' : 'elsewhere'}`, async () => {
      await addEvent(account, 'event', event, zones);
      const interview = await hr().scheduleInterview(about(), memory(), signal);
      assert.equal(interview.start, start);
      for (const recipient of [DANA, HR]) {
        const { event } = readInvitation(mail.to(recipient)[0]!);
        assert.equal(event.startDate.toJSDate().getTime(), Date.parse(start));
      }
    });
  }

  it('a weekly meeting, across the change of the clocks and over holidays, it is at the local time that is free', async () => {
    const weekly = ['DTSTART;TZID=Europe/Berlin:20260105T090000', 'DTEND;TZID=Europe/Berlin:20260105T100000'];
    await addEvent(account, 'daily', [...weekly, 'RRULE:FREQ=DAILY'], BERLIN);
    const at = async (openedAt: string, exitId: string, holidays: string[] = []) => {
      const request = { ...about({}, exitId), openedAt };
      return (await hr({ holidays }, openedAt).scheduleInterview(request, memory(), signal)).start;
    };
    // From nine to ten there is the meeting: at seven in UTC before the 25th of October, and at eight after it.
    assert.equal(await at('2026-10-21T18:00:00Z', 'exit-1'), '2026-10-23T08:00:00Z');
    assert.equal(await at('2026-10-23T18:00:00Z', 'exit-2'), '2026-10-26T09:00:00Z');
    // The clocks go forward on the 28th of March 2027, Easter Sunday.
    assert.equal(await at('2027-03-24T08:30:00Z', 'exit-3'), '2027-03-25T09:00:00Z');
    const easter = ['2027-03-26', '2027-03-29'];
    assert.equal(await at('2027-03-25T18:00:00Z', 'exit-4', easter), '2027-03-30T08:00:00Z');
  });

  it('a whole day off, in a time zone where it is not a day of UTC, it is not on that day', async () => {
    await addEvent(account, 'off', ['DTSTART;VALUE=DATE:20261125', 'DTEND;VALUE=DATE:20261126']);
    const timeZone = 'Pacific/Auckland';
    const partners: [HrPartner] = [partnerWith(account, undefined, timeZone)];
    const hr = hrAt(mail.port, openedAt, { partners, policy: { timeZone } });
    const interview = await hr.scheduleInterview(about(), memory(), signal);
    // Free-busy leaves the morning of the 25th free, and takes that of the 26th.
    assert.equal(interview.start, '2026-11-26T00:00:00Z');
  });

  it('a meeting at a time of no zone, that is taken for one of ours', async () => {
    await addEvent(account, 'floating', ['DTSTART:20261124T113000', 'DTEND:20261124T121500']);
    // The server takes it for UTC; the time that it means here was seen at the second look.
    assert.equal((await hr().scheduleInterview(about(), memory(), signal)).start, '2026-11-24T12:30:00Z');
  });

  it('hundreds of meetings, none is overlooked', async () => {
    const quarter = (n: number) => new Date(Date.parse('2026-11-24T07:00Z') + n * 900_000).toISOString();
    const basic = (time: string) => time.slice(0, 19).replaceAll(/[-:]/g, '') + 'Z';
    // A minute in every quarter of an hour, day and night, until Monday noon in Berlin.
    const count = (6 * 24 + 4) * 4;
    const events = Array.from({ length: count }, (_, n) => [
      'BEGIN:VEVENT',
      `UID:event-${n}`,
      'DTSTAMP:20261101T000000Z',
      `DTSTART:${basic(quarter(n))}`,
      'DURATION:PT1M',
      'END:VEVENT',
    ]).flat();
    await fill(account, events);
    const interview = await hr().scheduleInterview(about(), memory(), signal);
    assert.equal(interview.start, '2026-11-30T11:00:00Z');
  });

  it('no room within the policy, it is a final failure that says what was looked at; and nobody is invited', async () => {
    await addEvent(account, 'away', ['DTSTART;VALUE=DATE:20261120', 'DTEND;VALUE=DATE:20261210']);
    const message = await finalFailure(
      FailureType.NoInterviewSlot,
      hr().scheduleInterview(about(), memory(), signal),
    );
    assert.match(message, /within 5 working days of 2026-11-23T10:10:00Z, 09:00 to 17:00 Europe\/Berlin/);
    assert.match(
      message,
      /all 70 slots from 2026-11-24T10:30:00Z to 2026-11-30T15:45:00Z are taken in the calendar of Acme HR/,
    );
    assert.equal(mail.mails.length, 0);
  });

  it('room on the last working day only, there is none: the interview is before it', async () => {
    await addEvent(account, 'away', ['DTSTART;VALUE=DATE:20261120', 'DTEND;VALUE=DATE:20261126']);
    const leaving = { ...about(), lastWorkingDay: '2026-11-26' };
    const message = await finalFailure(
      FailureType.NoInterviewSlot,
      hr().scheduleInterview(leaving, memory(), signal),
    );
    assert.match(message, /before the last working day 2026-11-26/);
    const later = await hr().scheduleInterview(
      { ...leaving, lastWorkingDay: '2026-11-27' },
      memory(),
      signal,
    );
    assert.equal(later.start, '2026-11-26T08:00:00Z');
  });
});
