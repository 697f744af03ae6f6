import { Temporal } from 'temporal-polyfill';
import type { Config } from './config.js';
import { days } from './days.js';

type Weekly = NonNullable<Config['digest']>;

/**
 * @param now ISO 8601, UTC
 * @returns when the weekly time was last in a time zone (IANA): its day there, and the instant in UTC
 */
export function lastWeekly(
  { day, at }: Weekly,
  timeZone: string,
  now: string,
): { date: string; instant: string } {
  const here = Temporal.Instant.from(now).toZonedDateTimeISO(timeZone);
  const back = (here.dayOfWeek - (days.indexOf(day) + 1) + 7) % 7;
  const thisWeek = here.subtract({ days: back }).withPlainTime(at);
  const last =
    Temporal.ZonedDateTime.compare(thisWeek, here) > 0 ? thisWeek.subtract({ weeks: 1 }) : thisWeek;
  return { date: last.toPlainDate().toString(), instant: last.toInstant().toString() };
}
