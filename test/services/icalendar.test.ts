/** What other programs write into a calendar, in the shapes of the public record. */
import assert from 'node:assert/strict';
import { busyPeriodsOf, eventsOf, NotTold } from '../../src/services/protocols/icalendar.js';
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
    // Programs keep old or partial rules under a name that everyone knows: here, summer time alone.
    ['Europe/Berlin', '09:30', custom('Europe/Berlin').toSpliced(2, 6)],
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

  it('is that of the series first, where a program writes an exception before it', () => {
    const [own] = eventsOf(
      object([
        ...['RECURRENCE-ID:20261201T103000Z', 'DTSTART:20261201T120000Z', 'DURATION:PT1H', 'END:VEVENT'],
        ...['BEGIN:VEVENT', 'UID:one', 'DTSTART:20261124T103000Z', 'DURATION:PT1H', 'RRULE:FREQ=WEEKLY'],
      ]),
      'Europe/Berlin',
    );
    assert.equal(typeof own!.time === 'object' && own!.time.start, Date.parse('2026-11-24T10:30:00Z'));
  });

  it('moves with all that follow it (RANGE=THISANDFUTURE), until the next exception', () => {
    const daily = ['DTSTART:20261101T090000Z', 'DURATION:PT45M', 'RRULE:FREQ=DAILY'];
    const exception = (...lines: string[]) => ['END:VEVENT', 'BEGIN:VEVENT', 'UID:one', ...lines];
    const later = exception(
      ...['RECURRENCE-ID;RANGE=THISANDFUTURE:20261110T090000Z', 'DTSTART:20261110T100000Z', 'DURATION:PT2H'],
    );
    assert.deepEqual(
      new Set(times([...daily, ...later]).map((time) => time.replaceAll(/2026-11-\d\d/g, ''))),
      new Set(['T10:00:00.000Z,T12:00:00.000Z']),
    );
    const once = exception('RECURRENCE-ID:20261124T090000Z', 'DTSTART:20261124T160000Z', 'DURATION:PT15M');
    const all = times([...daily, ...later, ...once]);
    assert.equal(all.length, 7);
    assert.ok(all.includes(at('16:00', '16:15')[0]!) && !all.includes(at('10:00', '12:00')[0]!));
    const cancelled = exception(
      ...['RECURRENCE-ID;RANGE=THISANDFUTURE:20261124T090000Z', 'DTSTART:20261124T090000Z'],
      'STATUS:CANCELLED',
    );
    const blocking = read([...daily, ...later, ...cancelled]).filter(({ blocks }) => blocks);
    assert.equal(blocking.length, 1, 'only the 23rd is left');
  });

  it('keeps an occurrence whose exception cannot be read: both count', () => {
    const daily = ['DTSTART:20261101T090000Z', 'DURATION:PT45M', 'RRULE:FREQ=DAILY'];
    for (const lines of [
      ['RECURRENCE-ID;TZID=Planet X:20261124T090000', 'DTSTART:20261124T160000Z', 'DURATION:PT15M'],
      ['RECURRENCE-ID:20261124T090000Z', 'SUMMARY:no time'],
    ]) {
      const all = times([...daily, 'END:VEVENT', 'BEGIN:VEVENT', 'UID:one', ...lines]);
      assert.equal(all.filter((time) => time.includes('T09:00')).length, 7);
    }
  });

  it('follows RDATE and EXDATE in their own time zones, and RDATE with periods', () => {
    const start = ['DTSTART;TZID=Europe/Berlin:20261101T100000', 'DURATION:PT45M'];
    assert.deepEqual(
      times([...start, 'RDATE;VALUE=PERIOD:20261124T110000Z/PT1H,20261124T140000Z/20261124T150000Z']),
      [...at('11:00', '12:00'), ...at('14:00', '15:00')],
    );
    assert.deepEqual(times([...start, 'RDATE;TZID=America/New_York:20261124T100000']), at('15:00', '15:45'));
    const left = times([
      ...start,
      'RRULE:FREQ=DAILY',
      'EXDATE:20261124T090000Z',
      'EXDATE;VALUE=DATE:20261125',
    ]);
    assert.equal(left.length, 5);
    assert.match(times([...start, 'RDATE:soon']).join(), /its RDATE cannot be read/);
  });

  it('ends with UNTIL in the time zone of the event, the last day included', () => {
    const nightly = ['DTSTART;TZID=Europe/Berlin:20261101T003000', 'DURATION:PT15M'];
    const count = (until: string) => times([...nightly, `RRULE:FREQ=DAILY;UNTIL=${until}`]).length;
    // The window begins with Monday, the 23rd, at one o'clock in Berlin.
    assert.equal(count('20261124T233000Z'), 2);
    assert.equal(count('20261124T232959Z'), 1);
    assert.equal(count('20261125'), 2);
    assert.equal(times([...nightly, 'RRULE:FREQ=DAILY;COUNT=24;UNTIL=20261130']).length, 1);
  });

  it('is found in an endless, hostile or ancient recurrence without delay', () => {
    const began = Date.now();
    const since = (start: string, rule: string) =>
      read([`DTSTART:${start}`, 'DURATION:PT1M', `RRULE:${rule}`]).length;
    assert.equal(since('20100101T000000Z', 'FREQ=HOURLY'), 7 * 24);
    assert.equal(since('20200101T000000Z', 'FREQ=MINUTELY'), 7 * 24 * 60);
    assert.equal(since('20100101T000000Z', 'FREQ=HOURLY;COUNT=200000'), 7 * 24);
    assert.equal(since('16010101T090000Z', 'FREQ=DAILY'), 7);
    // These never occur: ical.js looks for them without end.
    assert.equal(since('20200101T090000Z', 'FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30'), 0);
    assert.equal(since('20200101T090000Z', 'FREQ=MONTHLY;BYDAY=MO;BYSETPOS=9'), 0);
    const zone = custom('Odd').map((line) => line.replace('FREQ=YEARLY', 'FREQ=DAILY;BYMONTHDAY=30'));
    const [odd] = times(['DTSTART;TZID=Odd:20261124T103000'], zone);
    assert.match(odd!, /no known time zone/);
    assert.ok(Date.now() - began < 10_000);
  });

  it('by a rule that cannot be followed is told for the first time, and the reason names the rule', () => {
    const [first, why] = times(['DTSTART:20261124T103000Z', 'DURATION:PT15M', 'RRULE:FREQ=SOMETIMES']);
    assert.equal(first, at('10:30', '10:45')[0]);
    assert.match(why!, /its rule FREQ=SOMETIMES cannot be followed/);
    assert.equal(times(['DTSTART:20261101T103000Z', 'DURATION:PT15M', 'RRULE:freq=daily']).length, 7);
  });

  for (const [what, part, shown] of [
    ['interval may be at each time that any interval has', 'INTERVAL=0', 'INTERVAL=0'],
    ['end may go on without one', 'UNTIL=20271301T000000Z', 'UNTIL=20271301T000000Z'],
    ['end and interval may be at each time without them', 'INTERVAL=0;UNTIL=', '.*'],
  ] as const)
    it(`by a rule with a broken ${what}`, () => {
      const within = { start: Date.parse('2026-11-24T00:00Z'), end: Date.parse('2026-11-26T00:00Z') };
      const rule = ['DTSTART:20261103T103000Z', 'DURATION:PT1H', `RRULE:FREQ=DAILY;${part}`];
      const content = ['BEGIN:VCALENDAR', 'BEGIN:VEVENT', ...rule, 'END:VEVENT', 'END:VCALENDAR'].join(
        '\r\n',
      );
      const events = eventsOf(content, 'UTC', within);
      assert.deepEqual(
        events.map(({ perhaps }) => new Date(perhaps!.start).toISOString()),
        ['2026-11-24T10:30:00.000Z', '2026-11-25T10:30:00.000Z'],
      );
      assert.match(events[0]!.time as string, new RegExp(`its rule FREQ=DAILY;${shown} cannot be followed`));
    });

  it('is told in spellings that are no standard', () => {
    const same: string[][] = [
      ['DTSTART:2026-11-24T10:30:00Z', 'DTEND:2026-11-24T10:45:00Z'],
      ['DTSTART:20261124T1030Z', 'DTEND:20261124T1045Z'],
      ['dtstart:20261124t103000z', 'dtend:20261124t104500z'],
      ['DTSTART;TZID=UTC+01:00:20261124T113000', 'DURATION:PT15M'],
      ['DTSTART;TZID=GMT-0500:20261124T053000', 'DURATION:PT15M'],
      ['DTSTART;TZID="(UTC+01:00) Amsterdam, Berlin, Bern, Rome":20261124T113000', 'DURATION:PT15M'],
      ['DTSTART;TZID="(UTC-05:00) Eastern Time (US & Canada)":20261124T053000', 'DURATION:PT15M'],
      ['DTSTART;TZID="tzone://Microsoft/Utc":20261124T103000', 'DURATION:PT15M'],
    ];
    for (const lines of same) assert.deepEqual(times(lines), at('10:30', '10:45'), lines[0]);
    const day = ['2026-11-23T23:00:00.000Z,2026-11-24T23:00:00.000Z'];
    assert.deepEqual(times(['DTSTART:20261124', 'DTEND:20261125']), day);
    assert.deepEqual(times(['DTSTART;VALUE=DATE:20261124', 'DTEND;VALUE=DATE:20261124']), day, 'no length');
  });

  it('is told after a byte order mark, and where lines end in CR alone', () => {
    const text = object(['DTSTART:20261124T103000Z', 'DURATION:PT15M']);
    for (const odd of [`\uFEFF${text}`, text.replaceAll('\r\n', '\r')])
      assert.equal(eventsOf(odd, 'Europe/Berlin', WEEK).length, 1);
  });

  it('that cannot be told has a range in which it is', () => {
    const ranges: [lines: string[], from: string, to: string][] = [
      [['DTSTART;TZID=Planet X:20261124T103000', 'DURATION:PT15M'], '23T20:30', '24T22:45'],
      [['DTSTART:20261124T103000Z', 'DTEND:20261124T093000Z'], '24T09:30', '24T10:30'],
      [['DTSTART:20261124T103000Z', 'DTEND:later'], '24T10:30', '25T10:30'],
      [['DTSTART:20261124T103000Z', 'DURATION:long'], '24T10:30', '25T10:30'],
    ];
    for (const [lines, from, to] of ranges) {
      const [event] = read(lines);
      assert.equal(typeof event!.time, 'string');
      const { start, end } = event!.perhaps!;
      assert.deepEqual(
        [start, end].map((ms) => new Date(ms).toISOString()),
        [`2026-11-${from}:00.000Z`, `2026-11-${to}:00.000Z`],
      );
    }
    const cut = object(['DTSTART:20261124T103000Z']).replace(/END:VEVENT[^]*/, '');
    assert.equal(eventsOf(cut, 'Europe/Berlin', WEEK)[0]!.time, 'it is cut off');
  });

  it('blocks by the word of Exchange, then by TRANSP', () => {
    const blocks = (...lines: string[]) => read(['DTSTART:20261124T103000Z', ...lines])[0]!.blocks;
    assert.equal(blocks('TRANSP:OPAQUE', 'X-MICROSOFT-CDO-BUSYSTATUS:FREE'), false);
    assert.equal(blocks('TRANSP:TRANSPARENT', 'X-MICROSOFT-CDO-BUSYSTATUS:OOF'), true);
    assert.equal(blocks('TRANSP:TRANSPARENT'), false);
    assert.equal(blocks('STATUS:TENTATIVE'), true);
  });

  it('that is broken spoils no other event of the object', () => {
    const other = ['END:VEVENT', 'BEGIN:VEVENT', 'UID:two', 'DTSTART:20261124T103000Z', 'DURATION:PT15M'];
    const broken: [lines: string[], why: RegExp][] = [
      [['SUMMARY:no time'], /no DTSTART/],
      [['DTSTART:soon'], /its DTSTART cannot be read/],
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

describe('a free-busy report', () => {
  const report = (...lines: string[]) =>
    busyPeriodsOf(['BEGIN:VCALENDAR', ...lines, 'END:VCALENDAR'].join('\r\n')).map(({ start }) =>
      new Date(start).toISOString().slice(11, 16),
    );
  const part = (...lines: string[]) => ['BEGIN:VFREEBUSY', ...lines, 'END:VFREEBUSY'];

  it('has the busy times of all its parts; an empty list is none', () => {
    const other = part('FREEBUSY;FBTYPE=FREE:20261124T080000Z/PT1H', 'FREEBUSY:');
    const one = part(
      'FREEBUSY;FBTYPE=BUSY-TENTATIVE:20261124T090000Z/PT1H,20261124T120000Z/20261124T130000Z',
    );
    assert.deepEqual(report(...other, ...one, ...part('FREEBUSY:20261124T150000Z/PT1H')), [
      '09:00',
      '12:00',
      '15:00',
    ]);
  });

  const DAY = { start: Date.parse('2026-11-24T00:00:00Z'), end: Date.parse('2026-11-25T00:00:00Z') };
  const told = (...lines: string[]) =>
    busyPeriodsOf(['BEGIN:VCALENDAR', ...lines, 'END:VCALENDAR'].join('\r\n'), DAY).length;
  const hour = 'FREEBUSY:20261124T090000Z/PT1H';

  it('that tells of a part of the time does not tell that the rest is free', () => {
    const first = part('DTSTART:20261124T000000Z', 'DTEND:20261124T120000Z', hour);
    const second = part('DTSTART:20261124T120000Z', 'DTEND:20261124T235959Z');
    assert.throws(() => told(...first), NotTold);
    assert.throws(() => told(...first), /without the time from 2026-11-24T12:00:00.000Z/);
    assert.equal(told(...first, ...second), 1);
    assert.equal(told(...part(hour)), 1);
  });

  it('with a status of failure tells nothing', () => {
    assert.throws(() => told(...part('REQUEST-STATUS:3.8;No authority')), /status 3\.8; ?No authority/);
    assert.equal(told(...part('REQUEST-STATUS:2.0;Success', hour)), 1);
  });

  it('that cannot be read is refused', () => {
    assert.throws(
      () => report(...part('FREEBUSY:20261124T090000Z/PT1H,soon')),
      /its FREEBUSY cannot be read/,
    );
    assert.throws(() => report('BEGIN:VEVENT', 'END:VEVENT'), /no VFREEBUSY/);
  });
});

describe('a time zone by name', () => {
  it('has a name that each program knows, also where it is an offset or as people are shown it', () => {
    const named = {
      '+05:30': /^Asia\/(Kolkata|Calcutta|Colombo)$/,
      'UTC+5:30': /^Asia\/(Kolkata|Calcutta|Colombo)$/,
      'GMT-08:00': /^Etc\/GMT\+8$/,
      '+00:00': /^Etc\/GMT|^UTC$/,
      'GMT-08:00 Pacific Time': /^America\/Los_Angeles$/,
      'Pacific Time (US & Canada)': /^America\/Los_Angeles$/,
      '(UTC+01:00) Amsterdam, Berlin, Bern, Rome, Stockholm, Vienna': /^Europe\/Berlin|^Europe\/Amsterdam/,
    };
    for (const [name, zone] of Object.entries(named)) {
      const found = timeZoneNamed(name);
      assert.match(found ?? 'unknown', zone, name);
      assert.ok(new Intl.DateTimeFormat('en', { timeZone: found }));
    }
  });

  it('is not told by what is no name', () => {
    for (const name of [undefined, null, 7, '', 'Planet X', '/', 'Europe/'])
      assert.equal(timeZoneNamed(name), undefined);
  });
});
