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

/**
 * @param name an IANA name, a Windows name (CLDR), or a globally unique TZID that ends in either (RFC 5545 §3.8.3.1)
 * @returns the IANA name; undefined where the name is not known
 */
export function timeZoneNamed(name: unknown): string | undefined {
  if (typeof name !== 'string') return undefined;
  const parts = name.trim().split('/');
  const ends = parts[0] === '' ? parts.map((_, i) => parts.slice(i).join('/')) : [name.trim()];
  return ends
    .map((end) => windows.get(end.toLowerCase()) ?? ianaNamed(end))
    .find((zone) => zone !== undefined);
}

function ianaNamed(name: string): string | undefined {
  try {
    return Temporal.Instant.fromEpochMilliseconds(0).toZonedDateTimeISO(name).timeZoneId;
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}
