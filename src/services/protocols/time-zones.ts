/** Time zones by the names that other programs write. */
import { Temporal } from 'temporal-polyfill';
import { WINDOWS_TO_IANA_MAP } from 'windows-iana';

/** CLDR's table of Windows names, in lower case; its territory `001` has the zone that the name stands for anywhere. */
const windows = new Map(
  WINDOWS_TO_IANA_MAP.filter(({ territory }) => territory === '001').map(({ windowsName, iana }) => [
    windowsName.toLowerCase(),
    iana[0],
  ]),
);

/** "(UTC+01:00) Amsterdam, Berlin, Bern", "(GMT-05.00) Eastern Time (US & Canada)", "GMT-08:00 Pacific Time": programs show people a zone so. */
const DISPLAYED = /^\(?(?:UTC|GMT)(?:([+-])(\d\d)[:.](\d\d))?(?:\)\s*|\s+)(.+)$/i;
/** "Pacific Time (US & Canada)" */
const OF_TIME = /^([a-z .]+) Time\b/i;
/** "UTC+01:00", "GMT+0100", "+1" */
const OFFSET = /^(?:UTC|GMT)?([+-])(\d{1,2})(?::?(\d\d))?$/i;

/**
 * @param name an IANA name, a Windows name (CLDR) or what Windows shows for it, an offset, or a globally unique TZID that ends in a
 *   name (RFC 5545 §3.8.3.1)
 * @returns the IANA name; undefined where the name is not known
 */
export function timeZoneNamed(name: unknown): string | undefined {
  if (typeof name !== 'string') return undefined;
  const whole = name.trim();
  const parts = whole.split('/');
  const isUnique = whole.startsWith('/') || whole.includes('://');
  const ends = isUnique ? parts.map((_, i) => parts.slice(i).join('/')) : [whole];
  return ends
    .map(
      (end) =>
        windows.get(end.toLowerCase()) ??
        offsetNamed(end) ??
        ianaNamed(end) ??
        displayedAs(end) ??
        standardNamed(OF_TIME.exec(end)?.[1] ?? ''),
    )
    .find((zone) => zone !== undefined);
}

function offsetNamed(name: string): string | undefined {
  const [, sign, hours = '', minutes = '00'] = OFFSET.exec(name) ?? [];
  if (!sign) return undefined;
  // An offset is no name of a zone everywhere. These have their signs the other way round.
  if (minutes === '00') return ianaNamed(`Etc/GMT${sign === '+' ? '-' : '+'}${Number(hours)}`);
  const offset = `${sign}${hours.padStart(2, '0')}:${minutes}`;
  return Intl.supportedValuesOf('timeZone').find((zone) => offsetsOf(zone).every((each) => each === offset));
}

/** By its cities, or as "… Standard Time", and only where the offset agrees. */
function displayedAs(name: string): string | undefined {
  const [, sign = '+', hours = '00', minutes = '00', places] = DISPLAYED.exec(name) ?? [];
  if (places === undefined) return undefined;
  const offset = `${sign}${hours}:${minutes}`;
  const cities = places.split(/[,/]/).map((place) => `/${place.trim().replaceAll(' ', '_')}`.toLowerCase());
  const named = Intl.supportedValuesOf('timeZone').filter((zone) =>
    cities.some((city) => zone.toLowerCase().endsWith(city)),
  );
  const standard = standardNamed(places.replace(/ Time.*$/i, ''));
  return [...named, ...(standard === undefined ? [] : [standard])].find(
    (zone) => standardOffset(zone) === offset,
  );
}

const standardNamed = (place: string): string | undefined =>
  windows.get(`${place} standard time`.toLowerCase());

/** Outside daylight-saving time, as "+01:00". */
function standardOffset(zone: string): string {
  const [january, july] = inYear(zone);
  return (january!.offsetNanoseconds < july!.offsetNanoseconds ? january! : july!).offset;
}

const offsetsOf = (zone: string): string[] => inYear(zone).map(({ offset }) => offset);

const inYear = (zone: string): Temporal.ZonedDateTime[] =>
  ['2026-01-01T00:00Z', '2026-07-01T00:00Z'].map((instant) =>
    Temporal.Instant.from(instant).toZonedDateTimeISO(zone),
  );

function ianaNamed(name: string): string | undefined {
  try {
    return Temporal.Instant.fromEpochMilliseconds(0).toZonedDateTimeISO(name).timeZoneId;
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}
