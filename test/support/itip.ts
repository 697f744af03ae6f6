/** What a calendar program would refuse of an invitation: iCalendar (RFC 5545), iTIP (RFC 5546 §3.2) and iMIP (RFC 6047). */
import ICAL from 'ical.js';

const once = ['uid', 'dtstamp', 'dtstart', 'organizer', 'sequence', 'summary', 'status'];
const statuses: Record<string, string[]> = { REQUEST: ['CONFIRMED', 'TENTATIVE'], CANCEL: ['CANCELLED'] };

/** @returns undefined where there is nothing to refuse */
export function itipProblem(method: string, content: string): string | undefined {
  const problems: string[] = [];
  const must = (what: string, holds: boolean) => void (holds || problems.push(what));
  const lines = content.split('\r\n');
  must('every line ends with CRLF', !/(?<!\r)\n|\r(?!\n)/.test(content));
  must(
    'no line has more than 75 octets',
    lines.every((line) => Buffer.byteLength(line) <= 75),
  );
  const calendar = new ICAL.Component(ICAL.parse(content) as unknown[]);
  const events = calendar.getAllSubcomponents('vevent');
  const [event] = events;
  must(
    'one VCALENDAR with one VEVENT and nothing else',
    events.length === 1 && calendar.getAllSubcomponents().length === 1,
  );
  must(
    'VERSION:2.0 and a PRODID',
    calendar.getFirstPropertyValue('version') === '2.0' && Boolean(calendar.getFirstPropertyValue('prodid')),
  );
  must('the METHOD of the part', calendar.getFirstPropertyValue('method') === method);
  must('a METHOD that we know', method in statuses);
  if (!event) return problems.join('; ');
  for (const name of once) must(`one ${name.toUpperCase()}`, event.getAllProperties(name).length === 1);
  must(
    `a STATUS that goes with ${method}`,
    Boolean(statuses[method]?.includes(String(event.getFirstPropertyValue('status')))),
  );
  const attendees = event.getAllProperties('attendee');
  must('an ATTENDEE', attendees.length > 0);
  const people = [...attendees, ...event.getAllProperties('organizer')];
  must(
    'a mailto: for everybody',
    people.every((person) => /^mailto:[^\s@]+@[^\s@]+$/i.test(String(person.getFirstValue()))),
  );
  const { startDate, endDate } = new ICAL.Event(event);
  must('an end after the start', startDate && endDate && endDate.compare(startDate) > 0);
  const known = new Set([...once, 'dtend', 'attendee', 'description']);
  for (const { name } of event.getAllProperties()) must(`no ${name.toUpperCase()}`, known.has(name));
  return problems.length > 0 ? `not a valid invitation, which must have: ${problems.join('; ')}` : undefined;
}
