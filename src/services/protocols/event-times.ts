/** When an iCalendar event is (RFC 5545): its length, its recurrence, and in which range a time is that cannot be told. */
import ICAL from 'ical.js';
import { RRuleTemporal } from 'rrule-temporal';
import { Temporal } from 'temporal-polyfill';
import { UNCLOSED } from './content-lines.js';
import { timeZoneNamed } from './time-zones.js';

/** From `start` inclusive to `end` exclusive, in milliseconds since the epoch. */
export interface Period {
  start: number;
  end: number;
}

/** A time, or why it cannot be told. */
export interface Told {
  time: Period | string;
  /** Where a time that cannot be told is at the most. */
  perhaps?: Period | undefined;
}

/** An instant as the range that it is in: of a known one, both ends are the same. */
interface Moment extends Period {
  why?: string;
}

type Wall = Temporal.PlainDateTime;
type Clock = (wall: Wall) => Moment;

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** The offsets of time zones: UTC-12 to UTC+14. */
const [WEST_MS, EAST_MS] = [12 * HOUR_MS, 14 * HOUR_MS];
/** A rule is followed this far within the period that is asked for. */
const MAX_OCCURRENCES = 100_000;

export const overlap = (a: Period, b: Period): boolean => a.start < b.end && b.start < a.end;

/** A time of an event that cannot be told. */
class Untold extends Error {
  constructor(
    why: string,
    readonly perhaps?: Period,
  ) {
    super(why);
  }
}

export const told = (read: () => Told): Told => {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof Untold)) throw error;
    return { time: error.message, perhaps: error.perhaps };
  }
};

/** An event by its component: when it is at a wall-clock time of its own time zone. */
export interface Timing {
  first: Wall;
  at: (wall: Wall) => Told;
  clock: Clock;
}

/** @param timeZone for times without one, such as all-day events @throws Untold where the event has no readable DTSTART */
export function timingOf(component: ICAL.Component, timeZone: string): Timing {
  const property = component.getFirstProperty('dtstart');
  if (!property) throw new Untold('it has no DTSTART');
  const [first] = wallsOf(property, 'DTSTART');
  const clock = clockOf(property, timeZone);
  const endOf = endsOf(component, first!, clock, property.type === 'date', timeZone);
  const at = (wall: Wall): Told => {
    const start = clock(wall);
    const end = endOf(wall, start);
    const perhaps = { start: Math.min(start.start, end.start), end: Math.max(start.end, end.end) };
    const why = start.why ?? end.why ?? (end.end < start.start ? 'it ends before it begins' : undefined);
    return why === undefined ? { time: perhaps } : { time: why, perhaps };
  };
  return { first: first!, at, clock };
}

/** When the event ends that begins at a wall-clock time. The length of DTEND is exact, the days of DURATION are nominal (§3.8.5.3). */
function endsOf(
  component: ICAL.Component,
  first: Wall,
  clock: Clock,
  isAllDay: boolean,
  timeZone: string,
): (wall: Wall, start: Moment) => Moment {
  const unreadable = (why: string) => (_: Wall, start: Moment) => ({
    ...start,
    end: start.end + DAY_MS,
    why,
  });
  if (component.hasProperty(UNCLOSED)) return unreadable('it is cut off');
  const [dtend, duration] = ['dtend', 'duration'].map((name) => component.getFirstProperty(name));
  try {
    if (dtend) {
      const [last] = wallsOf(dtend, 'DTEND');
      // Programs write whole days that end on the day on which they begin.
      const days = Math.max(1, first.until(last!, { largestUnit: 'days' }).days);
      if (isAllDay) return (wall) => clock(wall.add({ days }));
      const [from, to] = [clock(first), clockOf(dtend, timeZone)(last!)];
      return (_, start) => ({
        ...to,
        start: start.start + to.start - from.start,
        end: start.end + to.end - from.end,
      });
    }
    if (duration) {
      const { weeks, days, hours, minutes, seconds, isNegative } = durationOf(duration);
      const sign = isNegative ? -1 : 1;
      const exactMs = sign * 1000 * (hours * 3600 + minutes * 60 + seconds);
      return (wall) => moved(clock(wall.add({ days: sign * (7 * weeks + days) })), exactMs);
    }
  } catch (error) {
    if (error instanceof Untold) return unreadable(error.message);
    throw error;
  }
  if (isAllDay) return (wall) => clock(wall.add({ days: 1 }));
  // Servers leave out properties of what is private, so that the end is not told.
  if (isInPart(component)) return unreadable('it is shown in part, without its end');
  return (_, start) => start;
}

/** An unknown class is private (RFC 5545 §3.8.1.3), and each event has a UID (§3.6.1). */
function isInPart(component: ICAL.Component): boolean {
  const [, , , value = 'PUBLIC'] = component.getFirstProperty('class')?.toJSON() ?? [];
  return !component.hasProperty('uid') || String(value).trim().toUpperCase() !== 'PUBLIC';
}

function durationOf(property: ICAL.Property): ICAL.Duration {
  try {
    return property.getFirstValue() as ICAL.Duration;
  } catch {
    throw new Untold('its DURATION cannot be read');
  }
}

const moved = (moment: Moment, ms: number): Moment => ({
  ...moment,
  start: moment.start + ms,
  end: moment.end + ms,
});

/**
 * The occurrences of an event in a period: those of its rules and RDATEs, without its EXDATEs (RFC 5545 §3.8.5).
 * @returns each with its start, and one reason where they cannot all be told
 */
export function occurrencesOf(
  component: ICAL.Component,
  timing: Timing,
  timeZone: string,
  within: Period,
): (Told & { start: number })[] {
  const { first, at, clock } = timing;
  const found: (Told & { start: number })[] = [];
  const excluded = startsOf(component, 'exdate', timeZone);
  const wholeDays = new Set(
    component
      .getAllProperties('exdate')
      .filter(({ type }) => type === 'date')
      .flatMap((property) => wallsIn(property, 'EXDATE').map((wall) => wall.toPlainDate().toString())),
  );
  const seen = new Set<number>();
  const add = (one: Told, start: number, wall: Wall | undefined): void => {
    if (seen.has(start) || excluded.has(start)) return;
    if (wall && wholeDays.has(wall.toPlainDate().toString())) return;
    seen.add(start);
    const period = typeof one.time === 'string' ? one.perhaps : one.time;
    if (!period || overlap(period, within)) found.push({ ...one, start });
  };

  // DTSTART counts, also where it does not match the rule.
  const walls = [first];
  const reasons: string[] = [];
  const maybe: [wall: Wall, why: string][] = [];
  const { time, perhaps } = at(first);
  const length = typeof time === 'string' ? perhaps! : time;
  // A time zone moves the wall clock by less than a day.
  const [from, to] = [within.start - (length.end - length.start) - DAY_MS, within.end + DAY_MS];
  for (const property of component.getAllProperties('rrule')) {
    try {
      walls.push(...ruled(String(property.getFirstValue()), first, { start: from, end: to }, clock));
    } catch (error) {
      const rule = String(property.getFirstValue());
      const why = `its rule ${rule.slice(0, 80)} cannot be followed: ${(error as Error).message}`;
      const often = mostOften(rule, first, { start: from, end: to }, clock);
      for (const wall of often) maybe.push([wall, why]);
      if (often.length === 0) reasons.push(why);
    }
  }
  for (const wall of walls) add(at(wall), clock(wall).start, wall);
  for (const [wall, why] of maybe) add(perhapsAt(at(wall), why), clock(wall).start, wall);
  for (const property of component.getAllProperties('rdate')) {
    try {
      if (property.type === 'period')
        for (const one of periodsIn(property, timeZone)) add({ time: one }, one.start, undefined);
      else {
        const other = clockOf(property, timeZone);
        for (const wall of wallsOf(property, 'RDATE')) {
          const shift = other(wall).start - clock(wall).start;
          add(shifted(at(wall), shift), clock(wall).start + shift, wall);
        }
      }
    } catch (error) {
      if (!(error instanceof Untold)) throw error;
      reasons.push(error.message);
    }
  }
  // After the last day that is asked for, nothing is missing.
  if (clock(first).start < within.end) for (const time of reasons) found.push({ time, start: Number.NaN });
  return found;
}

export function shifted({ time, perhaps }: Told, ms: number): Told {
  const move = (period: Period): Period => ({ start: period.start + ms, end: period.end + ms });
  return { time: typeof time === 'string' ? time : move(time), perhaps: perhaps && move(perhaps) };
}

/** The wall-clock times of a rule in a period, by a library that ends, whatever the rule. */
function ruled(rule: string, first: Wall, { start, end }: Period, clock: Clock): Wall[] {
  // UNTIL is an instant, or the last day, in the event's time zone. The library has the wall clock as UTC.
  const [, until] = /(?:^|;)UNTIL=([^;]*)/i.exec(rule) ?? [];
  const endless = rule.replaceAll(/(^|;)UNTIL=[^;]*/gi, '$1X-UNTIL=1');
  // A longer count is followed as if it had no end, which takes rather too much time than too little.
  const text = endless.replace(/(^|;)COUNT=(\d+)/i, (part, before: string, count: string) =>
    Number(count) > MAX_OCCURRENCES ? `${before}X-COUNT=1` : part,
  );
  const dtstart = first.toString({ smallestUnit: 'second' }).replaceAll(/[-:]/g, '');
  const found = new RRuleTemporal({
    rruleString: `DTSTART;TZID=UTC:${dtstart}\nRRULE:${text}`,
    maxIterations: MAX_OCCURRENCES,
    temporal: Temporal,
  }).between(new Date(start), new Date(end), true);
  const isLate = until === undefined ? () => false : lateness(until, clock);
  return found.map((time) => time.toPlainDateTime()).filter((wall) => !isLate(wall));
}

/** Whatever a broken INTERVAL or UNTIL means, the occurrences are among those without it. */
function mostOften(rule: string, first: Wall, within: Period, clock: Clock): Wall[] {
  for (const broken of [/(^|;)INTERVAL=[^;]*/gi, /(^|;)UNTIL=[^;]*/gi, /(^|;)(?:INTERVAL|UNTIL)=[^;]*/gi])
    try {
      return ruled(rule.replaceAll(broken, '$1X-BROKEN=1'), first, within, clock);
    } catch {
      continue;
    }
  return [];
}

const perhapsAt = ({ time, perhaps }: Told, why: string): Told => ({
  time: why,
  perhaps: typeof time === 'string' ? perhaps : time,
});

function lateness(until: string, clock: Clock): (wall: Wall) => boolean {
  const isDay = /^\d{8}$/.test(until);
  const last = Temporal.PlainDateTime.from(until.replace(/Z$/i, ''));
  if (isDay) return (wall) => Temporal.PlainDate.compare(wall, last) > 0;
  if (!/Z$/i.test(until)) return (wall) => Temporal.PlainDateTime.compare(wall, last) > 0;
  const lastMs = utcOf(last);
  return (wall) => clock(wall).start > lastMs;
}

/** The instants of a property: RECURRENCE-ID or EXDATE. What cannot be told is left out, and so takes nothing away. */
export function startsOf(component: ICAL.Component, name: string, timeZone: string): Set<number> {
  return new Set(
    component.getAllProperties(name).flatMap((property) =>
      wallsIn(property, name)
        .map(clockOf(property, timeZone))
        .flatMap(({ start, why }) => (why === undefined ? [start] : [])),
    ),
  );
}

/** @returns the periods of a property, each by a start with an end or a duration @throws Untold */
export function periodsIn(property: ICAL.Property, timeZone: string): Period[] {
  // Some servers write an empty list.
  if (property.type === 'unknown' && property.getFirstValue() === '') return [];
  try {
    const clock = clockOf(property, timeZone);
    return (property.toJSON().slice(3) as [string, string][]).map(([from, to]) => {
      const zone = from.endsWith('Z') ? clockIn('UTC') : clock;
      const start = zone(wallOf(from));
      if (!/^[+-]?P/.test(to)) return { start: start.start, end: zone(wallOf(to)).end };
      const ms = 1000 * ICAL.Duration.fromString(to).toSeconds();
      return { start: start.start, end: start.end + ms };
    });
  } catch {
    throw new Untold(`its ${property.name.toUpperCase()} cannot be read`);
  }
}

/** @throws Untold */
function wallsOf(property: ICAL.Property, name: string): Wall[] {
  try {
    const values = property.toJSON().slice(3) as string[];
    if (property.type === 'unknown' || values.length === 0) throw new Untold(`its ${name} cannot be read`);
    return values.map(wallOf);
  } catch {
    throw new Untold(`its ${name} cannot be read`);
  }
}

function wallsIn(property: ICAL.Property, name: string): Wall[] {
  try {
    return wallsOf(property, name);
  } catch (error) {
    if (error instanceof Untold) return [];
    throw error;
  }
}

const wallOf = (value: string): Wall => Temporal.PlainDateTime.from(value.replace(/Z$/, ''));

const utcOf = (wall: Wall): number => wall.toZonedDateTime('UTC').epochMilliseconds;

const clockIn =
  (zone: string): Clock =>
  (wall) => {
    const { epochMilliseconds: ms } = wall.toZonedDateTime(zone);
    return { start: ms, end: ms };
  };

/**
 * What turns the wall-clock times of a property into instants: UTC, its TZID by an IANA name, its VTIMEZONE, its TZID by another name, or the
 * given zone. Under an IANA name programs keep old or partial rules, and show people what the time zone database says.
 */
function clockOf(property: ICAL.Property, timeZone: string): Clock {
  if (String(property.toJSON()[3]).endsWith('Z')) return clockIn('UTC');
  const tzid = property.getFirstParameter('tzid') || undefined;
  if (tzid === undefined) return clockIn(timeZone);
  const zone = timeZoneNamed(tzid);
  const isIana = zone?.includes('/') && tzid.toLowerCase().endsWith(zone.toLowerCase());
  const defined = isIana ? undefined : definedZone(property, tzid);
  if (defined) return defined;
  if (zone !== undefined) return clockIn(zone);
  return (wall) => {
    const why = `it is at ${wall.toString()} in "${tzid}", which is no known time zone`;
    return { start: utcOf(wall) - EAST_MS, end: utcOf(wall) + WEST_MS, why };
  };
}

/** By the object's VTIMEZONE, where it has a complete rule. Time zones change yearly: ical.js follows some other rules without an end. */
function definedZone(property: ICAL.Property, tzid: string): Clock | undefined {
  const calendar = property.parent?.parent;
  const zone = calendar
    ?.getAllSubcomponents('vtimezone')
    .find((each) => each.getFirstPropertyValue('tzid') === tzid);
  const rules = ['standard', 'daylight'].flatMap((name) => zone?.getAllSubcomponents(name) ?? []);
  const isComplete = (rule: ICAL.Component) =>
    ['dtstart', 'tzoffsetfrom', 'tzoffsetto'].every((name) => rule.hasProperty(name));
  const isYearly = (rule: ICAL.Component) =>
    rule.getAllProperties('rrule').every(({ jCal }) => (jCal[3] as { freq?: string }).freq === 'YEARLY');
  if (!zone || !rules.some(isComplete) || !rules.every(isYearly)) return undefined;
  const known = new ICAL.Timezone(zone);
  return ({ year, month, day, hour, minute, second }) => {
    const ms = 1000 * new ICAL.Time({ year, month, day, hour, minute, second }, known).toUnixTime();
    return { start: ms, end: ms };
  };
}
