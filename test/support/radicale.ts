/** Radicale, a CalDAV server of another project. What the tests put into it and read from it goes by plain HTTP. */
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import ICAL from 'ical.js';
import { startChild, untilAnswered } from '../../src/local/child.js';
import { pythonWith } from './python.js';
import { scratchFolder } from './temporal.js';
import { freePort } from '../../src/local/ports.js';

export interface Account {
  url: string;
  user: string;
  password: string;
}

export interface CalendarServer {
  url: string;
  /** A new, empty calendar of a user with this name. */
  calendar: (user: string) => Promise<Account>;
  stop: () => Promise<void>;
}

const users = ['hr', 'hr-two', 'hr-three'] as const;
/** Such that it would show in a message, encoded or not. */
export const PASSWORD = 'correct-horse:bättery-staple';

export async function startRadicale(): Promise<CalendarServer> {
  const program = await pythonWith('radicale==3.9.0', 'vobject==0.9.9');
  const folder = await scratchFolder();
  const passwords = path.join(folder, 'htpasswd');
  await writeFile(passwords, users.map((user) => `${user}:${PASSWORD}\n`).join(''));
  // A user's own folder is not made by the server.
  for (const user of users) await mkdir(path.join(folder, 'collection-root', user), { recursive: true });

  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const settings = {
    'server-hosts': `127.0.0.1:${port}`,
    'auth-type': 'htpasswd',
    'auth-htpasswd-filename': passwords,
    'auth-htpasswd-encryption': 'plain',
    'auth-delay': '0',
    'storage-filesystem-folder': folder,
  };
  const args = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]);
  const child = await startChild(
    {
      name: 'radicale',
      program,
      args: ['-m', 'radicale', '--config', '', ...args],
      logFile: path.join(folder, 'log'),
    },
    (_child, signal) =>
      untilAnswered(
        async () => (await fetch(`${url}/.well-known/caldav`, { redirect: 'manual' })).text(),
        signal,
      ),
  );
  let made = 0;
  return {
    url,
    async calendar(user) {
      const account = { url: `${url}/${user}/calendar-${(made += 1)}`, user, password: PASSWORD };
      await ask(account, 'MKCALENDAR', '/');
      return account;
    },
    stop: child.stop,
  };
}

/** A plain request to a calendar, or to an entry in it. */
export async function ask(
  { url, user, password }: Account,
  method: string,
  path: string,
  body?: string,
): Promise<string> {
  const response = await fetch(`${url}${path}`, {
    method,
    headers: {
      authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`,
      ...(body !== undefined && { 'content-type': 'text/calendar; charset=utf-8' }),
    },
    ...(body !== undefined && { body }),
  });
  const text = await response.text();
  if (method === 'GET' && response.status === 404) return '';
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
  return text;
}

/** All events of a calendar, as another program reads them. */
export async function eventsIn(account: Account): Promise<ICAL.Component[]> {
  const content = await ask(account, 'GET', '/');
  return new ICAL.Component(ICAL.parse(content) as unknown[]).getAllSubcomponents('vevent');
}

/** When the interviews are that are in a calendar, by UID. */
export async function interviewsIn(account: Account): Promise<Record<string, string>> {
  const events = (await eventsIn(account)).map((component) => new ICAL.Event(component));
  return Object.fromEntries(
    events
      .filter(({ uid }) => uid.startsWith('interview.'))
      .map(({ uid, startDate }) => [uid, startDate.toJSDate().toISOString()]),
  );
}

/** Puts what a calendar program would put between BEGIN and END of a VCALENDAR: into one entry, or into the calendar as a whole. */
const put = (account: Account, path: string, lines: string[]): Promise<string> => {
  const calendar = ['BEGIN:VCALENDAR', 'VERSION:2.0', 'PRODID:-//test//EN', ...lines, 'END:VCALENDAR', ''];
  return ask(account, 'PUT', path, calendar.join('\r\n'));
};

export const fill = (account: Account, events: string[]): Promise<string> => put(account, '/', events);

/** Puts an event into a calendar, as a person's calendar program would: the lines of the VEVENT. */
export function addEvent(
  account: Account,
  name: string,
  lines: string[],
  zones: string[] = [],
  stamp = '20261101T000000Z',
): Promise<string> {
  const event = [`UID:${name}`, `DTSTAMP:${stamp}`, `SUMMARY:${name}`, ...lines];
  return put(account, `/${name}.ics`, [...zones, 'BEGIN:VEVENT', ...event, 'END:VEVENT']);
}

/** As calendar programs describe it: the daylight-saving rules of the European Union. */
export const BERLIN = [
  'BEGIN:VTIMEZONE',
  'TZID:Europe/Berlin',
  'BEGIN:DAYLIGHT',
  'TZOFFSETFROM:+0100',
  'TZOFFSETTO:+0200',
  'DTSTART:19700329T020000',
  'RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU',
  'END:DAYLIGHT',
  'BEGIN:STANDARD',
  'TZOFFSETFROM:+0200',
  'TZOFFSETTO:+0100',
  'DTSTART:19701025T030000',
  'RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU',
  'END:STANDARD',
  'END:VTIMEZONE',
];
