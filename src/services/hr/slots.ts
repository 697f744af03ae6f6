/** When an exit interview can be: by the policy's working hours, time zone, holidays and lead time. */
import { Temporal } from 'temporal-polyfill';
import type { InterviewPolicy } from '../../config.js';
import { FailureType, FinalFailure } from '../../exit/failures.js';

export interface Slot {
  /** How many slots were passed over: the iCalendar SEQUENCE. */
  index: number;
  /** ISO 8601, UTC. */
  start: string;
  end: string;
}

/** Slots begin every half an hour, as calendars show them. */
const STEP_MINUTES = 30;

const weekdays = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'] as const;

/**
 * The first slot that is still ahead. The slots are counted from the resignation, not from now: a retry finds the same slot with
 * the same number, and one that has to move on, because its time passed during an outage, finds a higher number.
 * @throws FinalFailure NoInterviewSlot
 */
export function findSlot(
  policy: InterviewPolicy,
  openedAt: string,
  lastWorkingDay: string | undefined,
  now: Date,
): Slot {
  let index = 0;
  for (const { start, end } of slotsOf(policy, openedAt, lastWorkingDay)) {
    if (start.epochMilliseconds > now.getTime()) {
      return { index, start: utc(start), end: utc(end) };
    }
    index += 1;
  }
  const { withinWorkingDays, workingHours, timeZone } = policy;
  const limit = lastWorkingDay ? ` and not after the last working day ${lastWorkingDay}` : '';
  throw new FinalFailure(
    FailureType.NoInterviewSlot,
    `No interview fits within ${withinWorkingDays} working days of ${openedAt}${limit}, ` +
      `${workingHours.from} to ${workingHours.to} ${timeZone}, that is still ahead: arrange it by hand`,
  );
}

function* slotsOf(policy: InterviewPolicy, openedAt: string, lastWorkingDay: string | undefined) {
  const { timeZone, workingHours, duration, leadTime, withinWorkingDays, workingDays, holidays } = policy;
  const opened = Temporal.Instant.from(openedAt).toZonedDateTimeISO(timeZone);
  const earliest = opened.add({ milliseconds: leadTime });
  const from = Temporal.PlainTime.from(workingHours.from);
  const to = Temporal.PlainTime.from(workingHours.to);

  let day = opened.toPlainDate();
  for (let passed = 0; ; day = day.add({ days: 1 })) {
    if (lastWorkingDay !== undefined && day.toString() > lastWorkingDay) return;
    if (!workingDays.includes(weekdays[day.dayOfWeek - 1]!) || holidays.includes(day.toString())) continue;
    if (!day.equals(opened.toPlainDate())) passed += 1;
    if (passed > withinWorkingDays) return;

    const closes = day.toZonedDateTime({ timeZone, plainTime: to });
    let start = day.toZonedDateTime({ timeZone, plainTime: from });
    for (; ; start = start.add({ minutes: STEP_MINUTES })) {
      const end = start.add({ milliseconds: duration });
      if (Temporal.ZonedDateTime.compare(end, closes) > 0) break;
      if (Temporal.ZonedDateTime.compare(start, earliest) >= 0) yield { start, end };
    }
  }
}

const utc = (time: Temporal.ZonedDateTime): string => time.toInstant().toString();
