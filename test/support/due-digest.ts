import { Temporal } from 'temporal-polyfill';
import { days } from '../../src/config/days.js';
import type { Config } from '../../src/config/config.js';

/** A weekly digest whose time came some minutes ago. */
export function dueDigest(timeZone: string): NonNullable<Config['digest']> {
  const at = Temporal.Now.zonedDateTimeISO(timeZone).subtract({ minutes: 5 });
  return { day: days[at.dayOfWeek - 1]!, at: at.toPlainTime().toString({ smallestUnit: 'minute' }) };
}
