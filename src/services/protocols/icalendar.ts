/**
 * Reads iCalendar objects (RFC 5545) of other programs: only what the interview needs, and each event by itself. A time that cannot be
 * told is a reason, never a guess.
 */
import ICAL from 'ical.js';
import { Temporal } from 'temporal-polyfill';
import { timeZoneNamed } from './time-zones.js';

/** From `start` inclusive to `end` exclusive, in milliseconds since the epoch. */
export interface Period {
  start: number;
  end: number;
}

export interface CalendarEvent {
  /** Empty where the event has none. */
  uid: string;
  sequence: number;
  isCancelled: boolean;
  /** Neither cancelled nor transparent. */
  blocks: boolean;
  /** On whole days, without a time of day. */
  isAllDay: boolean;
  /** A string says why it cannot be told. */
  time: Period | string;
}

/** A rule without an end is followed this far. */
const OCCURRENCES = 20_000;

export const overlap = (a: Period, b: Period): boolean => a.start < b.end && b.start < a.end;

/** @returns the parts of `period` outside `hole` */
export const without = (period: Period, hole: Period): Period[] =>
  [
    { start: period.start, end: Math.min(period.end, hole.start) },
    { start: Math.max(period.start, hole.end), end: period.end },
  ].filter(({ start, end }) => start < end);

/** @returns the busy periods of a VFREEBUSY (RFC 5545 §3.8.2.6); the default FBTYPE is BUSY */
export function busyPeriodsOf(content: string): Period[] {
  const freeBusy = parse(content).find((calendar) => calendar.getFirstSubcomponent('vfreebusy'));
  if (!freeBusy) throw new Error('it has no VFREEBUSY');
  return (
    freeBusy
      .getFirstSubcomponent('vfreebusy')!
      .getAllProperties('freebusy')
      // An unknown type is busy (RFC 5545 §3.2.9).
      .filter((property) => !/^FREE$/i.test(property.getFirstParameter('fbtype') || 'BUSY'))
      .flatMap((property) => property.getValues() as ICAL.Period[])
      .map((period) => ({ start: utc(period.start), end: utc(period.getEnd()) }))
  );
}

/**
 * @param timeZone for times without one, such as all-day events
 * @param within follows recurrences, and leaves out what is known to be elsewhere
 * @throws Error where the content as a whole is no iCalendar object
 */
export function eventsOf(content: string, timeZone: string, within?: Period): CalendarEvent[] {
  const components = parse(content).flatMap((calendar) => calendar.getAllSubcomponents('vevent'));
  return components.flatMap((component) => {
    const event = new ICAL.Event(component);
    const text = (name: string) => String(component.getFirstPropertyValue(name) ?? '').toUpperCase();
    const isCancelled = text('status') === 'CANCELLED';
    const about = {
      uid: String(component.getFirstPropertyValue('uid') ?? ''),
      sequence: Number.parseInt(text('sequence'), 10) || 0,
      isCancelled,
      isAllDay: component.getFirstProperty('dtstart')?.type === 'date',
      blocks: !isCancelled && text('transp') !== 'TRANSPARENT',
    };
    const others = components.filter((other) => other !== component && uidOf(other) === about.uid);
    return timesOf(event, others, timeZone, within).map((time) => ({ ...about, time }));
  });
}

const uidOf = (component: ICAL.Component): string => String(component.getFirstPropertyValue('uid') ?? '');

/** @param others the components of the same UID, each of which may replace an occurrence (RFC 5545 §3.8.4.4) */
function timesOf(
  event: ICAL.Event,
  others: readonly ICAL.Component[],
  timeZone: string,
  within: Period | undefined,
): (Period | string)[] {
  try {
    const { component } = event;
    const first = periodOf(event, timeZone);
    const isWithin = (period: Period): boolean => !within || overlap(period, within);
    if (!within || !event.isRecurring()) return isWithin(first) ? [first] : [];
    const replaced = new Set(
      others.flatMap((other) => instantOfProperty(other, 'recurrence-id', timeZone) ?? []),
    );
    const tzid = tzidOf(component, 'dtstart');
    const found: Period[] = [];
    const occurrences = event.iterator();
    for (let i = 0; i < OCCURRENCES; i++) {
      const next = occurrences.next() as ICAL.Time | null;
      const start = next ? instantOf(next, tzid, timeZone) : Infinity;
      if (start >= within.end) return found;
      const period = { start, end: start + first.end - first.start };
      if (!replaced.has(start) && isWithin(period)) found.push(period);
    }
    return [`it recurs more than ${OCCURRENCES} times before`];
  } catch (error) {
    return [(error as Error).message];
  }
}

function periodOf(event: ICAL.Event, timeZone: string): Period {
  const start = instantOfProperty(event.component, 'dtstart', timeZone);
  if (start === undefined) throw new Error('it has no DTSTART');
  const end = instantOfProperty(event.component, 'dtend', timeZone);
  if (end !== undefined) return { start, end: Math.max(start, end) };
  const isAllDay = event.startDate.isDate && !event.component.hasProperty('duration');
  if (!isAllDay) return { start, end: start + 1000 * Math.max(0, event.duration.toSeconds()) };
  const nextDay = event.startDate.clone();
  nextDay.adjust(1, 0, 0, 0);
  return { start, end: instantOf(nextDay, undefined, timeZone) };
}

function instantOfProperty(component: ICAL.Component, name: string, timeZone: string): number | undefined {
  const time = component.getFirstPropertyValue(name) as ICAL.Time | null;
  return time ? instantOf(time, tzidOf(component, name), timeZone) : undefined;
}

const tzidOf = (component: ICAL.Component, name: string): string | undefined =>
  component.getFirstProperty(name)?.getFirstParameter('tzid') || undefined;

/** @returns milliseconds since the epoch @throws Error where the time zone is not known */
function instantOf(time: ICAL.Time, tzid: string | undefined, timeZone: string): number {
  if (time.zone === ICAL.Timezone.utcTimezone || isUsable(time.zone)) return utc(time);
  const { year, month, day, hour, minute, second } = time;
  const local = Temporal.PlainDateTime.from({ year, month, day, hour, minute, second });
  const zone = tzid === undefined ? timeZone : timeZoneNamed(tzid);
  if (zone === undefined)
    throw new Error(`it is at ${local.toString()} in "${tzid}", which is no known time zone`);
  return local.toZonedDateTime(zone).epochMilliseconds;
}

/** Whether the object has a VTIMEZONE with at least one complete rule. */
function isUsable(zone: ICAL.Timezone | null | undefined): boolean {
  const component = zone?.component as ICAL.Component | null | undefined;
  const rules = ['standard', 'daylight'].flatMap((name) => component?.getAllSubcomponents(name) ?? []);
  return rules.some((rule) =>
    ['dtstart', 'tzoffsetfrom', 'tzoffsetto'].every((name) => rule.hasProperty(name)),
  );
}

function parse(content: string): ICAL.Component[] {
  const roots = (text: string): ICAL.Component[] => {
    const parsed = ICAL.parse(text) as unknown[];
    const found = (typeof parsed[0] === 'string' ? [parsed] : (parsed as unknown[][])).map(
      (root) => new ICAL.Component(root),
    );
    if (!found.some(({ name }) => name === 'vcalendar')) throw new Error('it has no VCALENDAR');
    return found;
  };
  try {
    return roots(content);
  } catch (error) {
    const repaired = withoutStrayLines(content);
    if (repaired === content) throw error;
    return roots(repaired);
  }
}

/** Without the lines that are neither a content line nor folded (RFC 5545 §3.1), such as a line break within a text. */
function withoutStrayLines(content: string): string {
  let isKept = true;
  const lines = content.split(/\r?\n/).filter((line) => {
    if (!/^[ \t]/.test(line)) isKept = /^[A-Za-z0-9-]+[;:]/.test(line);
    return isKept;
  });
  return lines.join('\r\n');
}

const utc = (time: ICAL.Time): number => time.toUnixTime() * 1000;
