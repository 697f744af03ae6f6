/** The possible times of an exit interview, by the policy's working hours, time zone, holidays and lead time. */
import { Temporal } from 'temporal-polyfill';
import type { InterviewPolicy } from '../../config/config.js';
import type { Period } from '../protocols/icalendar.js';

/** ISO 8601, UTC. */
export interface Time {
  start: string;
  end: string;
}

export interface Slot extends Time {
  /** Its position in the order of preference among all slots of the policy, from 0. */
  index: number;
}

export interface Window {
  /** Lead time and working days count from here: the resignation, or the reschedule request. ISO 8601. */
  since: string;
  /** `YYYY-MM-DD`; the interview is on an earlier day. */
  lastWorkingDay?: string | undefined;
  /** Only slots that begin later. */
  after: Date;
  /** How often the search has gone on: 0 for the policy's working days, 1 for as many after them, and so on. */
  stretch?: number | undefined;
  /** IANA name of the employee's time zone. Slots within the working hours there as well come first. */
  employeeTimeZone?: string | undefined;
}

/** The search for a free slot goes on this far where the policy's working days have none. */
const LAST_WORKING_DAY = 60;
/** Slots begin every half hour, as calendars show them. */
const STEP_MS = 30 * 60_000;

const weekdays = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'] as const;

export const periodOf = ({ start, end }: Time): Period => ({
  start: Date.parse(start),
  end: Date.parse(end),
});

export const slotOf = ({ start, end }: Period): Time => ({ start: iso(start), end: iso(end) });

const iso = (ms: number): string => new Date(ms).toISOString().replace('.000Z', 'Z');

export const isSamePeriod = (a: Period, b: Period): boolean => a.start === b.start && a.end === b.end;

/** `20261124T103000Z` (RFC 5545 §3.3.5), of milliseconds since the epoch. */
export const compact = (ms: number): string =>
  `${new Date(ms).toISOString().slice(0, 19).replaceAll(/[-:]/g, '')}Z`;

/** An instant in ISO 8601, with its offset, as milliseconds; to the second, since calendars know no finer time. */
export function secondOf(text: string): number | undefined {
  try {
    return Temporal.Instant.from(text).round({ smallestUnit: 'second', roundingMode: 'floor' })
      .epochMilliseconds;
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/**
 * @returns the slots after `after`, in the order of preference: those within the working hours of the employee's time zone as well, then
 *   the others, each by time. The index also counts earlier ones
 */
export function slotsWithin(policy: InterviewPolicy, window: Window): Slot[] {
  const { since, lastWorkingDay, after, stretch = 0, employeeTimeZone: zone } = window;
  const { withinWorkingDays } = policy;
  const until = [...periodsOf(policy, since, lastWorkingDay, (stretch + 1) * withinWorkingDays)];
  const all = until.filter(({ workingDay }) => stretch === 0 || workingDay > stretch * withinWorkingDays);
  const earlier = until.length - all.length;
  const isFirst = (slot: Period): boolean => zone === undefined || suits(policy, zone, slot);
  return [...all.filter(isFirst), ...all.filter((slot) => !isFirst(slot))]
    .map((slot, i) => ({ index: earlier + i, ...slotOf(slot) }))
    .filter(({ start }) => Date.parse(start) > after.getTime());
}

/** Whether a slot is within the working hours of the employee's time zone as well. */
export const suits = (policy: InterviewPolicy, zone: string, slot: Period): boolean =>
  zone === policy.timeZone || isWorkingTime(policy, zone, slot);

/** How many stretches a search has. */
export const stretchesOf = ({ withinWorkingDays }: InterviewPolicy): number =>
  Math.max(1, Math.floor(LAST_WORKING_DAY / withinWorkingDays));

/** Whether the clocks of two time zones differ at an instant, ISO 8601. */
export function isAtAnotherTime(instant: string, zone: string, other: string): boolean {
  const [here, there] = [zone, other].map((each) => Temporal.Instant.from(instant).toZonedDateTimeISO(each));
  return here!.offsetNanoseconds !== there!.offsetNanoseconds;
}

/** Holidays are the company's, so that they do not count elsewhere. */
function isWorkingTime({ workingDays, workingHours }: InterviewPolicy, zone: string, slot: Period): boolean {
  const at = (ms: number) => Temporal.Instant.fromEpochMilliseconds(ms).toZonedDateTimeISO(zone);
  const [from, to] = [at(slot.start), at(slot.end)];
  const clock = (time: Temporal.ZonedDateTime): string => time.toPlainTime().toString().slice(0, 5);
  return (
    from.toPlainDate().equals(to.toPlainDate()) &&
    workingDays.includes(weekdays[from.dayOfWeek - 1]!) &&
    clock(from) >= workingHours.from &&
    clock(to) <= workingHours.to
  );
}

/** Whether an instant, ISO 8601, is on a day before the last working day. */
export const isBeforeLastDay = (instant: string, lastWorkingDay: string | undefined, zone: string): boolean =>
  lastWorkingDay === undefined ||
  Temporal.Instant.from(instant).toZonedDateTimeISO(zone).toPlainDate().toString() < lastWorkingDay;

/** Describes the window for an error message. */
export function describeWindow(
  policy: InterviewPolicy,
  { since, lastWorkingDay, stretch = 0 }: Window,
): string {
  const { workingHours, timeZone } = policy;
  const days = (stretch + 1) * policy.withinWorkingDays;
  const limit = lastWorkingDay ? ` and before the last working day ${lastWorkingDay}` : '';
  const hours = `${workingHours.from} to ${workingHours.to} ${timeZone}`;
  return `within ${days} working days of ${since}${limit}, ${hours}`;
}

function* periodsOf(
  policy: InterviewPolicy,
  since: string,
  lastWorkingDay: string | undefined,
  lastDay: number,
): Generator<Period & { workingDay: number }> {
  const { timeZone, workingHours, duration, leadTime, workingDays, holidays } = policy;
  const opened = Temporal.Instant.from(since).toZonedDateTimeISO(timeZone);
  const earliest = opened.epochMilliseconds + leadTime;
  const [opens, closes] = [workingHours.from, workingHours.to].map((time) => Temporal.PlainTime.from(time));

  let day = opened.toPlainDate();
  for (let passed = 0; ; day = day.add({ days: 1 })) {
    if (lastWorkingDay !== undefined && day.toString() >= lastWorkingDay) return;
    if (!workingDays.includes(weekdays[day.dayOfWeek - 1]!) || holidays.includes(day.toString())) continue;
    if (!day.equals(opened.toPlainDate())) passed += 1;
    if (passed > lastDay) return;

    const [first, last] = [opens, closes].map(
      (plainTime) => day.toZonedDateTime({ timeZone, plainTime: plainTime! }).epochMilliseconds,
    );
    for (let start = first!; start + duration <= last!; start += STEP_MS)
      if (start >= earliest) yield { start, end: start + duration, workingDay: passed };
  }
}
