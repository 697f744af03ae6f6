/** Reads iCalendar objects (RFC 5545) of other programs. */
import ICAL from 'ical.js';
import { Temporal } from 'temporal-polyfill';

/** From `start` inclusive to `end` exclusive, in milliseconds since the epoch. */
export interface Period {
  start: number;
  end: number;
}

export interface CalendarEvent extends Period {
  uid: string;
  sequence: number;
  /** TENTATIVE, CONFIRMED, CANCELLED. */
  status: string | undefined;
  /** Neither cancelled nor transparent. */
  blocks: boolean;
  /** DTSTAMP: when the entry was last written, in milliseconds since the epoch. */
  writtenAt: number;
}

export const overlap = (a: Period, b: Period): boolean => a.start < b.end && b.start < a.end;

/** @returns the parts of `period` outside `hole` */
export const without = (period: Period, hole: Period): Period[] =>
  [
    { start: period.start, end: Math.min(period.end, hole.start) },
    { start: Math.max(period.start, hole.end), end: period.end },
  ].filter(({ start, end }) => start < end);

/** @returns the busy periods of a VFREEBUSY (RFC 5545 §3.8.2.6); the default FBTYPE is BUSY */
export function busyPeriodsOf(content: string): Period[] {
  const freeBusy = parse(content).getFirstSubcomponent('vfreebusy');
  if (!freeBusy) throw new Error('it has no VFREEBUSY');
  return freeBusy
    .getAllProperties('freebusy')
    .filter((property) => /^BUSY/i.test(property.getFirstParameter('fbtype') || 'BUSY'))
    .flatMap((property) => property.getValues() as ICAL.Period[])
    .map((period) => ({ start: utc(period.start), end: utc(period.getEnd()) }));
}

/** @param timeZone for times without one, such as all-day events */
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
  // UTC, or a zone that the object defines itself (VTIMEZONE).
  if (time.zone && time.zone !== ICAL.Timezone.localTimezone) return utc(time);
  const { year, month, day, hour, minute, second } = time;
  const { timezone } = time as { timezone?: string };
  const local = Temporal.PlainDateTime.from({ year, month, day, hour, minute, second });
  return local.toZonedDateTime(isKnown(timezone) ? timezone : timeZone).epochMilliseconds;
}

/** A TZID without a VTIMEZONE is usually an IANA name (RFC 7809). */
function isKnown(tzid: string | undefined): tzid is string {
  try {
    return tzid !== undefined && Temporal.PlainDate.from('2000-01-01').toZonedDateTime(tzid) !== undefined;
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}
