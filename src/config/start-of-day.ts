import { Temporal } from 'temporal-polyfill';

/** @returns the instant at which a day (`YYYY-MM-DD`) begins in a time zone (IANA): ISO 8601, UTC */
export const startOfDay = (date: string, timeZone: string): string =>
  new Date(Temporal.PlainDate.from(date).toZonedDateTime(timeZone).epochMilliseconds).toISOString();
