/** The part that calendar-server.ts uses; the package has no types. */
declare module 'caldav-adapter' {
  import type { Context, Middleware } from 'koa';

  export interface Event {
    eventId: string;
    /** The path, percent-encoded. */
    href: string;
    ical: string;
  }

  interface Asked {
    eventId: string;
    start?: Date | null;
    end?: Date | null;
  }

  interface Data {
    getCalendar: (context: Context, asked: { calendarId: string }) => Promise<object | undefined>;
    getCalendarId: () => string;
    getEvent: (context: Context, asked: Asked) => Promise<Event | undefined>;
    getEventsForCalendar: () => Promise<Event[]>;
    getEventsByDate: (context: Context, asked: Asked) => Promise<Event[]>;
    createEvent: (context: Context, asked: Asked) => Promise<Event>;
    updateEvent: (context: Context, asked: Asked) => Promise<Event>;
    deleteEvent: (context: Context, asked: Asked) => Promise<void>;
    /** Of an event, or of the calendar. */
    getETag: (context: Context, of: Event | object) => string;
    buildICS: (context: Context, of: Event | Event[]) => Promise<string>;
  }

  export default function caldavAdapter(options: {
    authenticate: (
      context: Context,
      credentials: { username: string; password: string },
    ) => Promise<{ principalId: string } | undefined>;
    authRealm: string;
    disableWellKnown?: boolean;
    data: Data;
  }): Middleware;
}
