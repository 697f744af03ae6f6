/** What is read of iCalendar objects (RFC 5545) that others have written. */
import ICAL from 'ical.js';
import { Temporal } from 'temporal-polyfill';

/** From `start` up to, and not including, `end`; milliseconds since 1970. */
export interface Period {
  start: number;
  end: number;
}

export interface CalendarEvent extends Period {
  uid: string;
  sequence: number;
  /** TENTATIVE, CONFIRMED, CANCELLED. */
  status: string | undefined;
  /** Whether its time is taken: it is neither cancelled nor transparent. */
  blocks: boolean;
  /** DTSTAMP: when the entry was last written. */
  writtenAt: number;
}

export const overlap = (a: Period, b: Period): boolean => a.start < b.end && b.start < a.end;

/** What is left of `period` without `hole`. */
export const without = (period: Period, hole: Period): Period[] =>
  [
    { start: period.start, end: Math.min(period.end, hole.start) },
    { start: Math.max(period.start, hole.end), end: period.end },
  ].filter(({ start, end }) => start < end);

/** The busy periods of a VFREEBUSY (RFC 5545 §3.8.2.6); BUSY is what a period without a type is. */
export function busyPeriodsOf(content: string): Period[] {
  const freeBusy = parse(content).getFirstSubcomponent('vfreebusy');
  if (!freeBusy) throw new Error('it has no VFREEBUSY');
  return freeBusy
    .getAllProperties('freebusy')
    .filter((property) => /^BUSY/i.test(property.getFirstParameter('fbtype') || 'BUSY'))
    .flatMap((property) => property.getValues() as ICAL.Period[])
    .map((period) => ({ start: utc(period.start), end: utc(period.getEnd()) }));
}

/** @param timeZone of times that name none: all-day events, for instance */
export function eventsOf(content: string, timeZone: string): CalendarEvent[] {
  return parse(content)
    .getAllSubcomponents('vevent')
    .map((component) => {
      const { uid, sequence, startDate, endDate } = new ICAL.Event(component);
      const text = (name: string) =>
        (component.getFirstPropertyValue(name) as string | null)?.toString().toUpperCase();
      const stamp = component.getFirstPropertyValue('dtstamp') as ICAL.Time | null;
      const status = text('status');
      return {
        uid,
        sequence: sequence ?? 0,
        status,
        blocks: status !== 'CANCELLED' && text('transp') !== 'TRANSPARENT',
        writtenAt: stamp ? instantOf(stamp, timeZone) : 0,
        start: instantOf(startDate, timeZone),
        end: instantOf(endDate, timeZone),
      };
    });
}

const parse = (content: string): ICAL.Component => new ICAL.Component(ICAL.parse(content) as unknown[]);

const utc = (time: ICAL.Time): number => time.toUnixTime() * 1000;

function instantOf(time: ICAL.Time, timeZone: string): number {
  // In UTC, or in a zone that the object itself defines (VTIMEZONE).
  if (time.zone && time.zone !== ICAL.Timezone.localTimezone) return utc(time);
  const { year, month, day, hour, minute, second } = time;
  const { timezone } = time as { timezone?: string };
  const local = Temporal.PlainDateTime.from({ year, month, day, hour, minute, second });
  return local.toZonedDateTime(isKnown(timezone) ? timezone : timeZone).epochMilliseconds;
}

/** A TZID without its VTIMEZONE is an IANA name nearly always (RFC 7809). */
function isKnown(tzid: string | undefined): tzid is string {
  try {
    return tzid !== undefined && Temporal.PlainDate.from('2000-01-01').toZonedDateTime(tzid) !== undefined;
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}
