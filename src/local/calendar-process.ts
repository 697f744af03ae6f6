/** Starts the CalDAV server of the embedded default as a child process. */
import { fileURLToPath } from 'node:url';
import { firstMessage, startChild } from './child.js';

interface CalendarServerOptions {
  user: string;
  password: string;
  port: number;
  dataFile: string;
  logFile: string;
}

export async function startCalendarServer({
  user,
  password,
  port,
  dataFile,
  logFile,
}: CalendarServerOptions) {
  const child = await startChild(
    {
      name: 'the calendar',
      module: fileURLToPath(new URL('./calendar-server.js', import.meta.url)),
      logFile,
      env: {
        CALENDAR_USER: user,
        CALENDAR_PASSWORD: password,
        CALENDAR_PORT: String(port),
        CALENDAR_DATA_FILE: dataFile,
      },
    },
    (child) => firstMessage<{ port: number }>(child),
  );
  return { ...child, url: `http://127.0.0.1:${child.ready.port}/cal/${user}/interviews`, user, password };
}
