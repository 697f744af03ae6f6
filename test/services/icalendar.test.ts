/** What other programs write into a calendar, in the shapes of the public record. */
import assert from 'node:assert/strict';
import { eventsOf } from '../../src/services/protocols/icalendar.js';
import { timeZoneNamed } from '../../src/services/protocols/time-zones.js';

const WEEK = { start: Date.parse('2026-11-23T00:00:00Z'), end: Date.parse('2026-11-30T00:00:00Z') };
const object = (lines: string[], zones: string[] = []): string =>
  [
    ...['BEGIN:VCALENDAR', 'VERSION:2.0', 'PRODID:-//test//EN', ...zones, 'BEGIN:VEVENT', 'UID:one'],
    ...[...lines, 'END:VEVENT', 'END:VCALENDAR', ''],
  ].join('\r\n');
const read = (lines: string[], zones?: string[]) => eventsOf(object(lines, zones), 'Europe/Berlin', WEEK);
const times = (lines: string[], zones?: string[]): string[] =>
  read(lines, zones).map(({ time }) =>
    typeof time === 'string' ? time : [time.start, time.end].map((ms) => new Date(ms).toISOString()).join(),
  );
const at = (from: string, to: string) => [`2026-11-24T${from}:00.000Z,2026-11-24T${to}:00.000Z`];

/** As Exchange writes it: the rules begin in 1601. */
const custom = (tzid: string) => [
  ...['BEGIN:VTIMEZONE', `TZID:${tzid}`, 'BEGIN:STANDARD', 'DTSTART:16010101T030000', 'TZOFFSETFROM:+0300'],
  ...['TZOFFSETTO:+0200', 'RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10', 'END:STANDARD', 'BEGIN:DAYLIGHT'],
  ...['DTSTART:16010101T020000', 'TZOFFSETFROM:+0200', 'TZOFFSETTO:+0300'],
  ...['RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3', 'END:DAYLIGHT', 'END:VTIMEZONE'],
];

describe('the time of an event', () => {
  const zones: [tzid: string, utc: string, zones?: string[]][] = [
    ['Europe/Berlin', '09:30'],
    ['europe/berlin', '09:30'],
    ['GMT Standard Time', '10:30'],
    ['"Eastern Standard Time"', '15:30'],
    ['w. europe standard time', '09:30'],
    ['/freeassociation.sourceforge.net/America/Argentina/Buenos_Aires', '13:30'],
    ['/mozilla.org/20050126_1/Europe/Berlin', '09:30'],
    ['Customized Time Zone', '08:30', custom('Customized Time Zone')],
    // A VTIMEZONE without a rule says nothing.
    ['GMT Standard Time', '10:30', ['BEGIN:VTIMEZONE', 'TZID:GMT Standard Time', 'END:VTIMEZONE']],
  ];
  for (const [tzid, start, zone] of zones)
    it(`is told by TZID=${tzid}${zone ? ' and its VTIMEZONE' : ''}, with DTEND and with DURATION`, () => {
      const end = `${start.slice(0, 3)}45`;
      const from = `DTSTART;TZID=${tzid}:20261124T103000`;
      assert.deepEqual(times([from, `DTEND;TZID=${tzid}:20261124T104500`], zone), at(start, end));
      assert.deepEqual(times([from, 'DURATION:PT15M'], zone), at(start, end));
    });

  it('cannot be told in a time zone that is not known, and the reason names it', () => {
    const zone = ['BEGIN:VTIMEZONE', 'TZID:Planet X', 'END:VTIMEZONE'];
    for (const zones of [[], zone])
      assert.deepEqual(times(['DTSTART;TZID=Planet X:20261124T103000', 'DURATION:PT15M'], zones), [
        'it is at 2026-11-24T10:30:00 in "Planet X", which is no known time zone',
      ]);
  });

  it('is in the given zone where the event names none: whole days and floating times', () => {
    const day = ['2026-11-23T23:00:00.000Z,2026-11-24T23:00:00.000Z'];
    assert.deepEqual(times(['DTSTART;VALUE=DATE:20261124']), day);
    assert.deepEqual(times(['DTSTART;VALUE=DATE:20261124', 'DTEND;VALUE=DATE:20261125']), day);
    assert.deepEqual(times(['DTSTART:20261124T103000', 'DURATION:PT15M']), at('09:30', '09:45'));
  });

  it('follows a recurrence, its exceptions and the occurrences that are elsewhere', () => {
    const daily = ['DTSTART;TZID=GMT Standard Time:20260601T100000', 'DURATION:PT15M', 'RRULE:FREQ=DAILY'];
    assert.equal(times(daily).length, 7);
    assert.ok(times(daily).includes(at('10:00', '10:15')[0]!));
    const moved = [
      ...['EXDATE;TZID=GMT Standard Time:20261125T100000', 'END:VEVENT', 'BEGIN:VEVENT', 'UID:one'],
      ...[
        'RECURRENCE-ID;TZID=GMT Standard Time:20261124T100000',
        'DTSTART:20261124T160000Z',
        'DURATION:PT15M',
      ],
    ];
    const all = times([...daily, ...moved]);
    assert.equal(all.length, 6);
    assert.ok(!all.includes(at('10:00', '10:15')[0]!));
    assert.ok(all.includes(at('16:00', '16:15')[0]!));
  });

  it('is told though a text continues without a leading space, and whatever else is odd', () => {
    const odd = [
      ...['DTSTART:20261124T103000Z', 'DTEND:20261124T104500Z', 'LOCATION:Room 5\\,', 'second floor'],
      ...['SEQUENCE:many', 'X-ODD;X-P="a:b":\u0001', 'PRIORITY:high', 'DTSTAMP:yesterday'],
    ];
    assert.deepEqual(times(odd), at('10:30', '10:45'));
    assert.deepEqual(
      read(odd).map(({ sequence, blocks }) => [sequence, blocks]),
      [[0, true]],
    );
  });

  it('that is broken spoils no other event of the object', () => {
    const other = ['END:VEVENT', 'BEGIN:VEVENT', 'UID:two', 'DTSTART:20261124T103000Z', 'DURATION:PT15M'];
    const broken: [lines: string[], why: RegExp][] = [
      [['SUMMARY:no time'], /no DTSTART/],
      [['DTSTART:soon'], /invalid date-time/],
      [['DTSTART;TZID=Planet X:20261124T103000'], /no known time zone/],
    ];
    for (const [lines, why] of broken) {
      const [first, second] = times([...lines, ...other]);
      assert.match(first!, why);
      assert.equal(second, at('10:30', '10:45')[0]);
    }
  });

  it('is no time at all in what is no iCalendar object', () => {
    assert.throws(() => eventsOf('<html>maintenance</html>', 'Europe/Berlin'));
  });
});

describe('a time zone by name', () => {
  it('is not told by what is no name', () => {
    for (const name of [undefined, null, 7, '', 'Planet X', '/', 'Europe/'])
      assert.equal(timeZoneNamed(name), undefined);
  });
});
