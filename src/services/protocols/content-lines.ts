/**
 * Reads iCalendar objects (RFC 5545) of other programs line by line: a line that breaks the syntax spoils no other, and only the properties
 * that the interview needs are kept.
 */
import ICAL from 'ical.js';

/** jCal (RFC 7265): a name, parameters, a type and values. */
type Property = [name: string, parameters: Record<string, string>, type: string, ...values: unknown[]];
type Component = [name: string, properties: Property[], components: Component[]];

/** The properties whose values are times. */
const TIMES = /^(DTSTART|DTEND|RECURRENCE-ID|EXDATE|RDATE)[;:]/i;
const NEEDED =
  /^(DTSTART|DTEND|DURATION|RECURRENCE-ID|RRULE|EXDATE|RDATE|UID|SEQUENCE|STATUS|TRANSP|SUMMARY|CLASS|ATTENDEE|FREEBUSY|REQUEST-STATUS|TZID|TZOFFSETFROM|TZOFFSETTO|X-MICROSOFT-CDO-BUSYSTATUS)[;:]/i;

/** The property of a component that has no END. */
export const UNCLOSED = 'x-unclosed';

/** @returns the VCALENDARs @throws Error where there is none */
export function calendarsIn(content: string): ICAL.Component[] {
  const root: Component = ['', [], []];
  const open = [root];
  for (const line of linesOf(content)) {
    const [, mark, name = ''] = /^(BEGIN|END):\s*([\w-]+)\s*$/i.exec(line) ?? [];
    const component = open.at(-1)!;
    if (mark?.toUpperCase() === 'BEGIN') {
      const inner: Component = [name.toLowerCase(), [], []];
      component[2].push(inner);
      open.push(inner);
    } else if (mark) close(open, name.toLowerCase());
    else if (NEEDED.test(line)) component[1].push(propertyOf(line, component[0]));
  }
  close(open, root[0]);
  const calendars = root[2].filter(([name]) => name === 'vcalendar');
  if (calendars.length === 0) throw new Error('it has no VCALENDAR');
  return calendars.map((calendar) => new ICAL.Component(calendar));
}

/** Unfolded (RFC 5545 §3.1), without a byte order mark, whatever ends the lines. */
const linesOf = (content: string): string[] =>
  content
    .replace(/^\uFEFF/, '')
    .replaceAll(/\r\n?/g, '\n')
    .replaceAll(/\n[ \t]/g, '')
    .split('\n');

/** Closes a component, and marks those within it that have no END. */
function close(open: Component[], name: string): void {
  const index = open.findLastIndex((component) => component[0] === name);
  if (index === -1) return;
  for (const [, properties] of open.splice(Math.max(index, 1)).slice(index === 0 ? 0 : 1))
    properties.push([UNCLOSED, {}, 'unknown', '']);
}

/** @returns of type `unknown`, with the raw value, where the value cannot be read, and for the rules of events */
function propertyOf(line: string, component: string): Property {
  const [, name = '', value = ''] = /^([\w-]+)[^:]*:(.*)$/.exec(line) ?? [];
  const raw: Property = [name.toLowerCase(), {}, 'unknown', value.trim()];
  // Not with ical.js, which refuses a rule in lower case, and follows some rules without an end.
  if (component === 'vevent' && raw[0] === 'rrule') return raw;
  try {
    return ICAL.parse.property(TIMES.test(line) ? asStandard(line) : line) as Property;
  } catch {
    return raw;
  }
}

/** Mends what programs get wrong: ISO 8601, lower case, a time without seconds, a date without VALUE, a TZID with a colon outside quotes. */
function asStandard(line: string): string {
  const basic = line
    .replaceAll(/(\d{4})-(\d\d)-(\d\d)/g, '$1$2$3')
    .replaceAll(
      /(\d{8}T)(\d\d):?(\d\d)(?::?(\d\d))?(?:\.\d+)?(?=Z|$|[,/])/gi,
      (_, date: string, hour: string, minute: string, second = '00') => `${date}${hour}${minute}${second}`,
    );
  const colon = basic.lastIndexOf(':');
  const value = basic
    .slice(colon + 1)
    .trim()
    .toUpperCase();
  const isDate = /^\d{8}(,\d{8})*$/.test(value);
  const parameters = basic
    .slice(0, colon)
    .replace(/;VALUE=DATE(-TIME)?(?=;|$)/i, (parameter, isTime) => (isDate || isTime ? '' : parameter))
    .replace(/;TZID=([^";]+)/i, ';TZID="$1"');
  return `${parameters}${isDate ? ';VALUE=DATE' : ''}:${value}`;
}
