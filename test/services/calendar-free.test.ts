/** Which times a real calendar leaves for the interview. */
import assert from 'node:assert/strict';
import { FailureType } from '../../src/exit/failures.js';
import { AWAY, between, calendarOfHr } from '../support/calendar.js';
import { finalFailure } from '../support/failures.js';
import { HR, partnerWith, readInvitation } from '../support/interview.js';
import { DANA } from '../support/message.js';
import { BERLIN, fill } from '../support/radicale.js';

const FIRST = '2026-11-24T10:30:00Z';
const NEXT = '2026-11-24T11:30:00Z';
const WEEKLY = 'RRULE:FREQ=WEEKLY;BYDAY=TU';
const TAKEN = between('1030', '1115');
const inZone = (zone: string, from: string, to: string) => [
  `DTSTART;TZID=${zone}:${from}00`,
  `DTEND;TZID=${zone}:${to}00`,
];
const days = (from: string, to: string) => [`DTSTART;VALUE=DATE:${from}`, `DTEND;VALUE=DATE:${to}`];
/** Half a year ago, and ever since. */
const since = (from: string, to: string) => [
  `DTSTART:20260602T${from}00Z`,
  `DTEND:20260602T${to}00Z`,
  WEEKLY,
];
const elsewhere = ['END:VEVENT', 'BEGIN:VEVENT', 'UID:event', 'DTSTAMP:20261101T000000Z'];

/** What the calendar has at the first slot, Tuesday 11:30 to 12:15 in Berlin, and when the interview is then. */
const cases: [what: string, start: string, event: string[], zones?: string[]][] = [
  ['a meeting in UTC', NEXT, TAKEN],
  ['a meeting that ends when the slot begins', FIRST, between('0930', '1030')],
  ['a meeting that begins when the slot ends', FIRST, between('1115', '1200')],
  [
    'a meeting that ends a minute into the slot',
    '2026-11-24T11:00:00Z',
    ['DTSTART:20261124T090000Z', 'DURATION:PT1H31M'],
  ],
  ['a meeting of another time zone', NEXT, inZone('America/New_York', '20261124T0530', '20261124T0615')],
  [
    'a meeting in a zone that it defines itself',
    NEXT,
    inZone('Europe/Berlin', '20261124T1130', '20261124T1215'),
    BERLIN,
  ],
  [
    'a weekly meeting that was put in half a year ago, in summer',
    NEXT,
    [...inZone('Europe/Berlin', '20260602T1130', '20260602T1215'), WEEKLY],
    BERLIN,
  ],
  [
    'a weekly meeting that is left out this week',
    FIRST,
    [...since('1030', '1115'), 'EXDATE:20261124T103000Z'],
  ],
  [
    'a weekly meeting that is elsewhere this week',
    NEXT,
    [...since('1300', '1345'), ...elsewhere, 'RECURRENCE-ID:20261124T130000Z', ...TAKEN],
  ],
  ['a whole day off', '2026-11-25T08:00:00Z', [...days('20261124', '20261125'), 'TRANSP:OPAQUE']],
  [
    'a note for the whole day, which blocks nothing (RFC 5545 §3.8.2.7)',
    FIRST,
    [...days('20261124', '20261125'), 'TRANSP:TRANSPARENT'],
  ],
  [
    'a meeting at a floating time, read in the time zone of the policy',
    NEXT,
    ['DTSTART:20261124T113000', 'DTEND:20261124T121500'],
  ],
  ['a cancelled meeting', FIRST, [...TAKEN, 'STATUS:CANCELLED']],
  ['a tentative meeting', NEXT, [...TAKEN, 'STATUS:TENTATIVE']],
  ['a fortnight of holidays, beyond the last slot', '2026-11-30T08:00:00Z', days('20261118', '20261130')],
];

describe('@long in a calendar with', () => {
  const calendar = calendarOfHr();
  const { mail, schedule } = calendar;

  for (const [what, start, event, zones] of cases) {
    it(`${what}, the interview takes ${start === FIRST ? 'the first slot' : 'another slot'}`, async () => {
      await calendar.add('event', event, zones);
      assert.equal((await schedule()).start, start);
      for (const recipient of [DANA, HR]) {
        const { event } = readInvitation(mail.to(recipient)[0]!);
        assert.equal(event.startDate.toJSDate().getTime(), Date.parse(start));
      }
    });
  }

  it('a daily meeting, the interview keeps the free local time across clock changes and holidays', async () => {
    const weekly = inZone('Europe/Berlin', '20260105T0900', '20260105T1000');
    await calendar.add('daily', [...weekly, 'RRULE:FREQ=DAILY'], BERLIN);
    const at = async (now: string, exitId: string, holidays: string[] = []) =>
      (await schedule({ now, openedAt: now, exitId, policy: { holidays } })).start;
    // From nine to ten there is the meeting: at seven in UTC before the 25th of October, and at eight after it.
    assert.equal(await at('2026-10-21T18:00:00Z', 'exit-1'), '2026-10-23T08:00:00Z');
    assert.equal(await at('2026-10-23T18:00:00Z', 'exit-2'), '2026-10-26T09:00:00Z');
    // The clocks go forward on the 28th of March 2027, Easter Sunday.
    assert.equal(await at('2027-03-24T08:30:00Z', 'exit-3'), '2027-03-25T09:00:00Z');
    const easter = ['2027-03-26', '2027-03-29'];
    assert.equal(await at('2027-03-25T18:00:00Z', 'exit-4', easter), '2027-03-30T08:00:00Z');
  });

  it('a whole day off, the interview avoids that day of its own time zone', async () => {
    await calendar.add('off', days('20261125', '20261126'));
    const timeZone = 'Pacific/Auckland';
    const partner = partnerWith(calendar.account, undefined, timeZone);
    const interview = await schedule({ partners: [partner], policy: { timeZone } });
    assert.equal(interview.start, '2026-11-25T20:00:00Z');
  });

  it('hundreds of meetings, the interview avoids each of them', async () => {
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
    await fill(calendar.account, events);
    // Without the proxy: the server alone is slow enough.
    const partner = partnerWith(calendar.account);
    assert.equal((await schedule({ partners: [partner] })).start, '2026-11-30T11:00:00Z');
  });

  it('no free slot within the policy, scheduling fails for good, names the slots, and sends no mail', async () => {
    await calendar.add('away', AWAY);
    const message = await finalFailure(FailureType.NoInterviewSlot, schedule());
    assert.match(message, /within 60 working days of 2026-11-23T10:10:00Z, 09:00 to 17:00 Europe\/Berlin/);
    assert.match(
      message,
      /all 895 slots from 2026-11-24T10:30:00Z to 2027-02-19T15:45:00Z are taken in the calendar of Acme HR/,
    );
    assert.equal(mail.mails.length, 0);
  });

  it('free slots on the last working day only, scheduling fails: the interview comes before it', async () => {
    await calendar.add('away', days('20261120', '20261126'));
    const leaving = schedule({ lastWorkingDay: '2026-11-26' });
    const message = await finalFailure(FailureType.NoInterviewSlot, leaving);
    assert.match(message, /before the last working day 2026-11-26/);
    assert.equal((await schedule({ lastWorkingDay: '2026-11-27' })).start, '2026-11-26T08:00:00Z');
  });
});
