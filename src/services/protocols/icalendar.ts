/**
 * Reads iCalendar objects (RFC 5545) of other programs: only what the interview needs, and each event by itself. A time that cannot be
 * told is a reason, never a guess.
 */
import type ICAL from 'ical.js';
import { calendarsIn } from './content-lines.js';
import {
  occurrencesOf,
  overlap,
  periodsIn,
  shifted,
  startsOf,
  timingOf,
  told,
  type Period,
  type Told,
} from './event-times.js';

export { overlap, type Period } from './event-times.js';

export interface CalendarEvent extends Told {
  /** Empty where the event has none. */
  uid: string;
  summary: string;
  sequence: number;
  isCancelled: boolean;
  /** Neither cancelled nor free. */
  blocks: boolean;
  /** On whole days, without a time of day. */
  isAllDay: boolean;
  /** Without a time zone of its own, such as on whole days. */
  isFloating: boolean;
  attendees: Attendee[];
}

interface Attendee {
  /** In lower case, without `mailto:`. */
  email: string;
  /** The server has sent this attendee a message of its own, or has tried to (RFC 6638 §7.3: SCHEDULE-STATUS). */
  isScheduled: boolean;
}

/** @returns the parts of `period` outside `hole` */
export const without = (period: Period, hole: Period): Period[] =>
  [
    { start: period.start, end: Math.min(period.end, hole.start) },
    { start: Math.max(period.start, hole.end), end: period.end },
  ].filter(({ start, end }) => start < end);

/** Servers round to whole seconds or minutes. */
const MINUTE_MS = 60_000;

/** The server answers, and does not tell when the time is busy. */
export class NotTold extends Error {}

/**
 * @param asked the time that the report must tell of
 * @returns the busy periods of all VFREEBUSY (RFC 5545 §3.8.2.6); the default FBTYPE is BUSY
 * @throws Error where one cannot be read; NotTold
 */
export function busyPeriodsOf(content: string, asked?: Period): Period[] {
  const reports = calendarsIn(content).flatMap((calendar) => calendar.getAllSubcomponents('vfreebusy'));
  if (reports.length === 0) throw new Error('it has no VFREEBUSY');
  for (const property of reports.flatMap((report) => report.getAllProperties('request-status'))) {
    const status = (property.toJSON() as unknown[]).slice(3).flat().join('; ');
    if (/^[345]/.test(status)) throw new NotTold(`with the status ${status}`);
  }
  // Several reports may tell of one part each.
  const untold =
    asked && reports.map(toldBy).reduce((rest, told) => rest.flatMap((part) => without(part, told)), [asked]);
  const gap = untold?.find(({ start, end }) => end - start >= MINUTE_MS);
  if (gap)
    throw new NotTold(
      `without the time from ${new Date(gap.start).toISOString()} to ${new Date(gap.end).toISOString()}`,
    );
  return (
    reports
      .flatMap((report) => report.getAllProperties('freebusy'))
      // An unknown type is busy (RFC 5545 §3.2.9).
      .filter((property) => !/^FREE$/i.test(property.getFirstParameter('fbtype') || 'BUSY'))
      .flatMap((property) => periodsIn(property, 'UTC'))
  );
}

/** The time that a VFREEBUSY tells of: without its own bounds, all that was asked for. */
function toldBy(report: ICAL.Component): Period {
  const [start = -Infinity] = startsOf(report, 'dtstart', 'UTC');
  const [end = Infinity] = startsOf(report, 'dtend', 'UTC');
  return { start, end };
}

/**
 * @param timeZone for times without one, such as all-day events
 * @param within follows recurrences, and leaves out what is known to be elsewhere
 * @returns the exceptions (§3.8.4.4) last, wherever the object has them
 * @throws Error where the content as a whole is no iCalendar object
 */
export function eventsOf(content: string, timeZone: string, within?: Period): CalendarEvent[] {
  const isException = (component: ICAL.Component) => Number(component.hasProperty('recurrence-id'));
  const components = calendarsIn(content)
    .flatMap((calendar) => calendar.getAllSubcomponents('vevent'))
    .toSorted((a, b) => isException(a) - isException(b));
  const exceptions = new Map<string, Exception[]>();
  const ofUid = (uid: string) => exceptions.get(uid) ?? exceptions.set(uid, []).get(uid)!;
  for (const component of components) {
    const exception = exceptionOf(component, timeZone);
    if (exception) ofUid(exception.event.uid).push(exception);
  }
  return components.flatMap((component) => {
    const about = aboutOf(component);
    const others = component.hasProperty('recurrence-id') ? [] : ofUid(about.uid);
    return eventsIn(component, about, others, timeZone, within);
  });
}

/** Whether an object has no component but time zones: a server may keep the event of a private one back. */
export const isBare = (content: string): boolean =>
  calendarsIn(content)
    .flatMap((calendar) => calendar.getAllSubcomponents())
    .every(({ name }) => name === 'vtimezone');

type About = Omit<CalendarEvent, keyof Told>;

/** A component with a RECURRENCE-ID (§3.8.4.4), which takes the place of an occurrence, or of all from there on (RANGE=THISANDFUTURE). */
interface Exception {
  replaced: number;
  /** How much later the following occurrences are as well; undefined where it is only this one. */
  later: number | undefined;
  event: CalendarEvent;
}

/** @returns undefined for one whose time cannot be told: it takes no place, so that both count */
function exceptionOf(component: ICAL.Component, timeZone: string): Exception | undefined {
  const [replaced] = startsOf(component, 'recurrence-id', timeZone);
  if (replaced === undefined) return undefined;
  const about = aboutOf(component);
  const { time } = told(() => timed(component, timeZone));
  const property = component.getFirstProperty('recurrence-id');
  const isRanged = /^THISANDFUTURE$/i.test(property?.getFirstParameter('range') ?? '');
  if (typeof time === 'string')
    return about.isCancelled && !isRanged
      ? { replaced, later: undefined, event: { ...about, time } }
      : undefined;
  return { replaced, later: isRanged ? time.start - replaced : undefined, event: { ...about, time } };
}

const timed = (component: ICAL.Component, timeZone: string): Told => {
  const { first, at } = timingOf(component, timeZone);
  return at(first);
};

function eventsIn(
  component: ICAL.Component,
  about: About,
  exceptions: readonly Exception[],
  timeZone: string,
  within: Period | undefined,
): CalendarEvent[] {
  const isRecurring = component.hasProperty('rrule') || component.hasProperty('rdate');
  if (!within || !isRecurring) {
    const one = told(() => timed(component, timeZone));
    const period = typeof one.time === 'string' ? one.perhaps : one.time;
    const isElsewhere = within && period && !overlap(period, within);
    const isReplaced =
      typeof one.time === 'object' &&
      exceptions.some(({ replaced }) => replaced === (one.time as Period).start);
    return isElsewhere || (within && isReplaced) ? [] : [{ ...about, ...one }];
  }
  const replaced = new Set(exceptions.map((exception) => exception.replaced));
  const ranged = exceptions
    .filter(({ later }) => later !== undefined)
    .toSorted((a, b) => a.replaced - b.replaced);
  // An occurrence may move into the period from outside of it.
  const moves = ranged.map(({ later }) => later!);
  const wide = { start: within.start - Math.max(0, ...moves), end: within.end - Math.min(0, ...moves) };
  try {
    const timing = timingOf(component, timeZone);
    return occurrencesOf(component, timing, timeZone, wide).flatMap(({ start, ...one }) => {
      if (replaced.has(start)) return [];
      const ruling = ranged.findLast((exception) => exception.replaced <= start);
      const event = ruling ? followed(ruling, one) : { ...about, ...one };
      const isHere = typeof event.time === 'string' || overlap(event.time, within);
      return isHere ? [event] : [];
    });
  } catch (error) {
    return [
      {
        ...about,
        ...told(() => {
          throw error;
        }),
      },
    ];
  }
}

/** An occurrence after a THISANDFUTURE: later, and as long as that. */
function followed({ later, event }: Exception, occurrence: Told): CalendarEvent {
  const moved = shifted(occurrence, later!);
  if (typeof moved.time === 'string' || typeof event.time === 'string') return { ...event, ...moved };
  const { start } = moved.time;
  return { ...event, time: { start, end: start + event.time.end - event.time.start } };
}

function aboutOf(component: ICAL.Component): About {
  const text = (name: string) => textOf(component.getFirstProperty(name));
  const dtstart = component.getFirstProperty('dtstart');
  const isCancelled = text('status').toUpperCase() === 'CANCELLED';
  return {
    uid: text('uid'),
    summary: text('summary'),
    sequence: Number.parseInt(text('sequence'), 10) || 0,
    isCancelled,
    isAllDay: dtstart?.type === 'date',
    isFloating: !dtstart?.getFirstParameter('tzid') && !textOf(dtstart).endsWith('Z'),
    blocks: !isCancelled && !isFree(text('transp'), text('x-microsoft-cdo-busystatus')),
    attendees: component.getAllProperties('attendee').map((attendee) => ({
      email: textOf(attendee)
        .toLowerCase()
        .replace(/^mailto:/, ''),
      isScheduled: attendee.getParameter('schedule-status') !== undefined,
    })),
  };
}

/** Exchange's own word comes before TRANSP (MS-OXCICAL §2.1.3.1.1.20.31). */
const isFree = (transp: string, busyStatus: string): boolean =>
  busyStatus ? /^(FREE|WORKINGELSEWHERE)$/i.test(busyStatus) : /^TRANSPARENT$/i.test(transp);

const textOf = (property: ICAL.Property | null): string => {
  const [, , , value] = (property?.toJSON() ?? []) as unknown[];
  return typeof value === 'string' || typeof value === 'number' ? String(value).trim() : '';
};
