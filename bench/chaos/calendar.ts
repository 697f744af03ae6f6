/** The calendar of the HR partner, read over plain CalDAV (RFC 4791 §5.1: GET of the collection). */
import ICAL from 'ical.js';

export interface Entry {
  uid: string;
  startMs: number;
  endMs: number;
}

export async function readCalendar(at: { url: string; user: string; password: string }): Promise<Entry[]> {
  const authorization = `Basic ${Buffer.from(`${at.user}:${at.password}`).toString('base64')}`;
  const response = await fetch(`${at.url}/`, { headers: { authorization } });
  const text = await response.text();
  if (!response.ok) throw new Error(`GET ${at.url}/: ${response.status} ${text}`);
  return entriesIn(text);
}

export const entriesIn = (text: string): Entry[] =>
  new ICAL.Component(ICAL.parse(text) as unknown[])
    .getAllSubcomponents('vevent')
    .filter((each) => each.getFirstPropertyValue('status') !== 'CANCELLED')
    .map((each) => new ICAL.Event(each))
    .map(({ uid, startDate, endDate }) => ({
      uid,
      startMs: startDate.toJSDate().getTime(),
      endMs: endDate.toJSDate().getTime(),
    }));
