import assert from 'node:assert/strict';
import { describeWindow, slotsWithin, type Slot } from '../../src/services/hr/slots.js';
import { sampleConfig } from '../support/sample-config.js';

const HOUR = 3_600_000;
/** 45 minutes between 09:00 and 17:00 in Berlin, Monday to Friday, 24 hours to 5 working days ahead. */
const policy = sampleConfig.interview;
type Policy = typeof policy;

/** Every slot that there is. */
const all = (openedAt: string, changes: Partial<Policy> = {}, lastWorkingDay?: string): Slot[] =>
  slotsWithin({ ...policy, ...changes }, { since: openedAt, lastWorkingDay, after: new Date(openedAt) });

const first = (...args: Parameters<typeof all>): Slot => all(...args)[0]!;

function local(time: string, timeZone: string = policy.timeZone) {
  const format = new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short', timeStyle: 'short' });
  const [date, clock] = format.format(new Date(time)).split(' ') as [string, string];
  const weekday = new Date(`${date}T00:00Z`).getUTCDay();
  return { date, clock, isWeekend: weekday === 0 || weekday === 6 };
}

describe('the time of the interview', () => {
  it('is the first half hour after the lead time', () => {
    // Monday, 11:10 in Berlin.
    assert.deepEqual(first('2026-11-23T10:10:00Z'), {
      index: 0,
      start: '2026-11-24T10:30:00Z',
      end: '2026-11-24T11:15:00Z',
    });
    assert.equal(first('2026-11-23T10:30:00Z').start, '2026-11-24T10:30:00Z', 'exactly the lead time');
    assert.equal(first('2026-11-23T10:10:00Z', { leadTime: HOUR }).start, '2026-11-23T11:30:00Z', 'today');
  });

  it('keeps to the working hours of the time zone, whichever it is', () => {
    for (const timeZone of ['Pacific/Auckland', 'Asia/Kolkata', 'Europe/Berlin', 'America/Los_Angeles']) {
      const slots = all('2026-11-20T21:45:00Z', { timeZone });
      assert.ok(slots.length > 50);
      for (const { start, end } of slots) {
        const [from, to] = [local(start, timeZone), local(end, timeZone)];
        assert.ok(
          from.clock >= '09:00' && to.clock <= '17:00' && from.date === to.date,
          `${start} ${timeZone}`,
        );
        assert.ok(!from.isWeekend, `${start} is a weekend in ${timeZone}`);
      }
    }
  });

  it('ends within the working hours', () => {
    const ends = (duration: number) =>
      all('2026-11-23T10:10:00Z', { duration }).map(({ end }) => local(end).clock);
    assert.equal(ends(HOUR).toSorted().at(-1), '17:00');
    assert.equal(
      ends(0.75 * HOUR)
        .toSorted()
        .at(-1),
      '16:45',
    );
    assert.deepEqual(new Set(ends(8 * HOUR)), new Set(['17:00']), 'the whole day');
  });

  it('is within the configured working days, counted after the day of the resignation', () => {
    const days = (openedAt: string, withinWorkingDays: number) => [
      ...new Set(all(openedAt, { withinWorkingDays }).map(({ start }) => local(start).date)),
    ];
    assert.deepEqual(days('2026-11-23T10:10:00Z', 1), ['2026-11-24']);
    assert.deepEqual(days('2026-11-26T10:10:00Z', 2), ['2026-11-27', '2026-11-30'], 'over a weekend');
    assert.deepEqual(days('2026-11-28T10:10:00Z', 1), ['2026-11-30'], 'from a Saturday');
    assert.deepEqual(days('2026-12-23T10:10:00Z', 2), ['2026-12-28', '2026-12-29'], 'over holidays');
  });

  it('is before the last working day', () => {
    const slots = all('2026-11-23T10:10:00Z', {}, '2026-11-26');
    assert.equal(local(slots.at(-1)!.start).date, '2026-11-25');
    assert.equal(local(slots.at(-1)!.end).clock, '16:45');
    assert.deepEqual(all('2026-11-23T10:10:00Z', {}, '2026-11-24'), [], 'the first day that it could be on');
    // 23:30 in UTC is the next day in Berlin already.
    assert.deepEqual(all('2026-11-23T23:30:00Z', { leadTime: HOUR }, '2026-11-24'), []);
  });

  it('stays at the same time of day when the clocks go forward or back', () => {
    assert.equal(first('2026-03-27T12:00:00Z').start, '2026-03-30T07:00:00Z');
    assert.equal(first('2026-10-23T12:00:00Z').start, '2026-10-26T08:00:00Z');
    for (const openedAt of ['2026-03-25T12:00:00Z', '2026-10-21T12:00:00Z']) {
      const slots = all(openedAt);
      assert.deepEqual(
        [...new Set(slots.map(({ start }) => local(start).clock))].toSorted(),
        [...new Set(all('2026-11-18T12:00:00Z').map(({ start }) => local(start).clock))].toSorted(),
      );
      for (const { start, end } of slots) assert.equal(Date.parse(end) - Date.parse(start), policy.duration);
    }
  });

  it('is right in the night in which the clocks change', () => {
    const night = {
      workingDays: ['sunday'] as Policy['workingDays'],
      workingHours: { from: '00:00', to: '06:00' },
      withinWorkingDays: 1,
    };
    const count = (openedAt: string) => all(openedAt, night).map(({ start }) => local(start).date);
    assert.equal(count('2026-03-27T12:00:00Z').length, 9, 'five hours');
    assert.equal(count('2026-10-16T12:00:00Z').length, 11, 'six hours');
    assert.equal(count('2026-10-23T12:00:00Z').length, 13, 'seven hours');
    assert.deepEqual(new Set(count('2026-10-23T12:00:00Z')), new Set(['2026-10-25']));
  });

  it('is found on every day of a year, and is never on a weekend or a holiday', () => {
    for (let day = Date.parse('2026-01-01T00:00Z'); day < Date.parse('2027-01-01T00:00Z'); day += 24 * HOUR) {
      const openedAt = new Date(day + 14.2 * HOUR).toISOString();
      const { start, index } = first(openedAt);
      const { clock, date, isWeekend } = local(start);
      assert.equal(index, 0);
      assert.ok(clock >= '09:00' && clock <= '16:00' && !isWeekend && !policy.holidays.includes(date), start);
      assert.ok(Date.parse(start) >= Date.parse(openedAt) + policy.leadTime, start);
    }
  });

  it('is numbered from the resignation, and is never in the past', () => {
    const since = '2026-11-23T10:10:00Z';
    const slots = all(since);
    slots.forEach(({ index, start }, i) => {
      assert.equal(index, i);
      if (i > 0) assert.ok(start > slots[i - 1]!.start);
    });
    const after = (now: string) => slotsWithin(policy, { since, after: new Date(now) });
    assert.deepEqual(after('2026-11-24T10:29:59.999Z'), slots);
    assert.deepEqual(after('2026-11-24T10:30:00Z'), slots.slice(1));
    assert.equal(local(after('2026-11-24T20:00:00Z')[0]!.start).date, '2026-11-25', 'the next morning');
    assert.deepEqual(after('2026-12-01T08:00:00Z'), []);
  });

  it('does not exist where the policy leaves no slot, and the window can be described', () => {
    const since = '2026-11-23T10:10:00Z';
    assert.deepEqual(all(since, { duration: 9 * HOUR }), []);
    assert.deepEqual(all(since, { leadTime: 30 * 24 * HOUR }), []);
    const window = { since, after: new Date(since) };
    assert.equal(
      describeWindow(policy, { ...window, lastWorkingDay: '2026-11-24' }),
      'within 5 working days of 2026-11-23T10:10:00Z and before the last working day 2026-11-24, 09:00 to 17:00 Europe/Berlin',
    );
    assert.doesNotMatch(describeWindow(policy, window), /last working day/);
  });

  describe('of an employee in another time zone', () => {
    const since = '2026-11-23T10:10:00Z';
    const slots = (employeeTimeZone: string | undefined, changes: Partial<Policy> = {}) =>
      slotsWithin({ ...policy, ...changes }, { since, employeeTimeZone, after: new Date(since) });

    it('is within the working hours of both zones where there is such a time, also on the later days', () => {
      // In New York nine o'clock is three in Berlin, which leaves three and four o'clock minus the interview.
      const clocks = slots('America/New_York')
        .slice(0, 15)
        .map(({ start }) => [local(start).clock, local(start, 'America/New_York').clock]);
      const both = [
        ['15:00', '09:00'],
        ['15:30', '09:30'],
        ['16:00', '10:00'],
      ];
      assert.deepEqual(clocks, [...both, ...both, ...both, ...both, ...both]);
    });

    it('is otherwise within the company’s working hours, and no slot is lost', () => {
      const all = slots(undefined);
      for (const zone of ['Pacific/Auckland', 'America/New_York', 'Asia/Kolkata', 'Europe/Berlin']) {
        const found = slots(zone);
        assert.deepEqual(
          found.map(({ start }) => start).toSorted(),
          all.map(({ start }) => start),
        );
        assert.deepEqual(
          found.map(({ index }) => index),
          all.map(({ index }) => index),
        );
      }
      assert.deepEqual(slots('Pacific/Auckland'), all);
    });

    it('is on a working day there as well', () => {
      const [first] = slots('Asia/Tokyo', {
        workingDays: ['sunday'],
        workingHours: { from: '00:00', to: '23:00' },
      });
      assert.equal(local(first!.start, 'Asia/Tokyo').isWeekend, true);
    });
  });
});
