/**
 * The CalDAV server of the embedded default: one calendar of one HR partner, in one JSON file. Its settings come from the environment, so
 * that no process list shows the password.
 */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import caldavAdapter, { type Event } from 'caldav-adapter';
import ICAL from 'ical.js';
import Koa, { type Context } from 'koa';
import writeFileAtomic from 'write-file-atomic';
import { basicTime } from '../services/protocols/caldav-reports.js';
import { eventsOf } from '../services/protocols/icalendar.js';
import { ifFound } from './if-found.js';

const {
  CALENDAR_PASSWORD: password,
  CALENDAR_USER: user,
  CALENDAR_PORT: port,
  CALENDAR_DATA_FILE: dataFile,
} = process.env;
if (!password || !user || !dataFile)
  throw new Error('CALENDAR_PASSWORD, CALENDAR_USER or CALENDAR_DATA_FILE is not set');

const CALENDAR = 'interviews';
const stored = await ifFound(readFile(dataFile, 'utf8'));
const events = new Map(stored === undefined ? [] : (JSON.parse(stored) as [string, Event][]));
const save = (): Promise<void> => writeFileAtomic(dataFile, JSON.stringify([...events], null, 1));

async function store({ request, path }: Context, { eventId }: { eventId: string }): Promise<Event> {
  const event = { eventId, href: path, ical: String((request as { body?: unknown }).body) };
  // One unreadable object would spoil the calendar as a whole.
  wholeOf([event]);
  events.set(eventId, event);
  await save();
  return event;
}

/** One object with the components of all. */
function wholeOf(all: readonly Event[]): string {
  const whole = new ICAL.Component('vcalendar');
  whole.addPropertyWithValue('version', '2.0');
  whole.addPropertyWithValue('prodid', '-//EMS//EN');
  for (const { ical } of all)
    for (const component of new ICAL.Component(ICAL.parse(ical) as unknown[]).getAllSubcomponents())
      whole.addSubcomponent(component);
  return whole.toString();
}

const contentOf = (of: object): string => ('ical' in of ? String(of.ical) : wholeOf([...events.values()]));

/** When the calendar is busy (RFC 4791 §7.10). The adapter knows no such report, and refuses it after the login. */
async function answerFreeBusy(context: Context, next: () => Promise<void>): Promise<void> {
  await next();
  const body = String((context.request as { body?: unknown }).body);
  if (context.status !== 403 || !/<([\w-]+:)?free-busy-query\b/.test(body)) return;
  const [, start, end] = /\bstart="(\w+)"\s+end="(\w+)"/.exec(body) ?? [];
  if (!start || !end) return;
  const at = (time: string): number =>
    Date.parse(time.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'));
  const within = { start: at(start), end: at(end) };
  const periods = [...events.values()]
    .flatMap(({ ical }) => eventsOf(ical, 'UTC', within))
    .flatMap(({ blocks, time, perhaps }) =>
      blocks ? ((typeof time === 'string' ? perhaps : time) ?? []) : [],
    );
  const busy = periods.map((period) => `FREEBUSY:${basicTime(period.start)}/${basicTime(period.end)}`);
  const lines = ['BEGIN:VCALENDAR', 'VERSION:2.0', 'PRODID:-//EMS//EN', 'BEGIN:VFREEBUSY', ...busy];
  context.status = 200;
  context.type = 'text/calendar';
  context.body = [...lines, 'END:VFREEBUSY', 'END:VCALENDAR', ''].join('\r\n');
}

const app = new Koa();
app.use(answerFreeBusy);
app.use(
  caldavAdapter({
    authRealm: 'the interviews of EMS',
    authenticate: (_context, { username, password: given }) =>
      Promise.resolve(username === user && given === password ? { principalId: user } : undefined),
    data: {
      getCalendar: (_context, { calendarId }) =>
        Promise.resolve(calendarId === CALENDAR ? { calendarId } : undefined),
      getCalendarId: () => CALENDAR,
      getEvent: (_context, { eventId }) => Promise.resolve(events.get(eventId)),
      getEventsForCalendar: () => Promise.resolve([...events.values()]),
      getEventsByDate: (_context, { start, end }) => {
        const all = [...events.values()];
        if (!start && !end) return Promise.resolve(all);
        const within = { start: start?.getTime() ?? 0, end: end?.getTime() ?? Date.UTC(2200, 0) };
        return Promise.resolve(all.filter(({ ical }) => eventsOf(ical, 'UTC', within).length > 0));
      },
      createEvent: store,
      updateEvent: store,
      async deleteEvent(_context, { eventId }) {
        events.delete(eventId);
        await save();
      },
      getETag: (_context, of) => `"${createHash('sha256').update(contentOf(of)).digest('hex').slice(0, 32)}"`,
      buildICS: (_context, of) => Promise.resolve(Array.isArray(of) ? wholeOf(of) : contentOf(of)),
    },
  }),
);

const server = app.listen(Number(port ?? 0), '127.0.0.1');
await once(server, 'listening');
process.send?.({ port: (server.address() as AddressInfo).port });
// The parent has ended, perhaps by SIGKILL.
process.on('disconnect', () => process.exit(0));
process.on('SIGTERM', () => process.exit(0));
