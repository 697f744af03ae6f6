/** Radicale, a CalDAV server that nobody here wrote. What the tests put into it and read from it goes by plain HTTP. */
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import getPort from 'get-port';
import { startChild, untilAnswered } from '../../src/local/child.js';
import { pythonWith } from './python.js';
import { scratchFolder } from './temporal.js';

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

export const users = ['hr', 'hr-two', 'hr-three'] as const;
/** Such that it would not go unseen in a message, encoded or not. */
export const PASSWORD = 'correct-horse:bättery-staple';

export async function startRadicale(): Promise<CalendarServer> {
  const program = await pythonWith('radicale==3.9.0', 'vobject==0.9.9');
  const folder = await scratchFolder();
  const passwords = path.join(folder, 'htpasswd');
  await writeFile(passwords, users.map((user) => `${user}:${PASSWORD}\n`).join(''));
  // A user's own folder is not made by the server.
  for (const user of users) await mkdir(path.join(folder, 'collection-root', user), { recursive: true });

  const port = await getPort({ host: '127.0.0.1' });
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
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
  return text;
}

/** Puts an event into a calendar, as a person's calendar program would: the lines of the VEVENT. */
export async function addEvent(
  account: Account,
  name: string,
  lines: string[],
  zones: string[] = [],
): Promise<void> {
  const event = [`UID:${name}`, 'DTSTAMP:20261101T000000Z', `SUMMARY:${name}`, ...lines];
  await ask(
    account,
    'PUT',
    `/${name}.ics`,
    [
      'BEGIN:VCALENDAR',
      'VERSION:2.0',
      'PRODID:-//test//EN',
      ...zones,
      'BEGIN:VEVENT',
      ...event,
      'END:VEVENT',
      'END:VCALENDAR',
      '',
    ].join('\r\n'),
  );
}
