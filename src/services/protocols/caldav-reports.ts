/** The requests of CalDAV (RFC 4791) in XML. */
import type { Period } from './icalendar.js';

const XML = '<?xml version="1.0" encoding="utf-8"?>';
const NAMES = 'xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"';
const PROPERTIES = '<D:prop><D:getetag/><C:calendar-data/></D:prop>';

/** `20261124T103000Z` (RFC 5545 §3.3.5). */
export const basicTime = (ms: number): string =>
  `${new Date(ms).toISOString().slice(0, 19).replaceAll(/[-:]/g, '')}Z`;

const range = ({ start, end }: Period): string =>
  `<C:time-range start="${basicTime(Math.floor(start / 1000) * 1000)}" end="${basicTime(Math.ceil(end / 1000) * 1000)}"/>`;

/** §7.8 */
const query = (filter: string): string =>
  `${XML}<C:calendar-query ${NAMES}>${PROPERTIES}<C:filter><C:comp-filter name="VCALENDAR">` +
  `<C:comp-filter name="VEVENT">${filter}</C:comp-filter></C:comp-filter></C:filter></C:calendar-query>`;

export const eventsWithin = (period: Period): string => query(range(period));

export const eventsWithUid = (uid: string): string =>
  query(
    `<C:prop-filter name="UID"><C:text-match collation="i;octet">${escaped(uid)}</C:text-match></C:prop-filter>`,
  );

/** §7.9 */
export const objectsAt = (hrefs: readonly string[]): string =>
  `${XML}<C:calendar-multiget ${NAMES}>${PROPERTIES}${hrefs.map((href) => `<D:href>${escaped(href)}</D:href>`).join('')}</C:calendar-multiget>`;

/** RFC 4918 §9.1 */
export const propertiesOfObjects = `${XML}<D:propfind ${NAMES}><D:prop><D:getetag/><D:resourcetype/></D:prop></D:propfind>`;

/** §7.10 */
export const freeBusyWithin = (period: Period): string =>
  `${XML}<C:free-busy-query ${NAMES}>${range(period)}</C:free-busy-query>`;

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
