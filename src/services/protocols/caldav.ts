/** One CalDAV calendar (RFC 4791). The server resolves time zones, recurrence and busy time. ETags tell whether a write took effect. */
import { calendarQuery, createObject, deleteObject, updateObject } from 'tsdav';
import { FailureType, FinalFailure } from '../../exit/failures.js';
import { reasonOf } from './fetch-failure.js';
import { busyPeriodsOf, eventsOf, overlap, type CalendarEvent, type Period } from './icalendar.js';

interface CalendarOptions {
  /** For error messages: "the calendar of Acme HR". */
  name: string;
  url: string;
  user: string;
  password: string;
  requestTimeoutMs: number;
  /** For events without a time zone, such as all-day events. */
  timeZone: string;
}

export interface Entry extends CalendarEvent {
  etag: string;
}

/** `conflict`: another client wrote in between (412), so that the caller must read again. */
type WriteOutcome = 'written' | 'conflict';

export type Calendar = ReturnType<typeof createCalendar>;

const DAY_MS = 86_400_000;

export function createCalendar({ name, url, user, password, requestTimeoutMs, timeZone }: CalendarOptions) {
  const collection = `${url.replace(/\/+$/, '')}/`;
  const urlOf = (uid: string): string => `${collection}${encodeURIComponent(uid)}.ics`;
  const authorization = `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;

  /** A `fetch` that reads the whole response within the timeout, and throws where its status is not among `expected`. */
  function requestFor(what: string, expected: readonly number[], signal: AbortSignal): typeof fetch {
    return async (input, init) => {
      const deadline = AbortSignal.timeout(requestTimeoutMs);
      try {
        const response = await fetch(input, {
          ...init,
          headers: { ...(init?.headers as Record<string, string>), authorization },
          // A redirect could send the password to another host.
          redirect: 'error',
          signal: AbortSignal.any([signal, deadline]),
        });
        const text = await response.text();
        const { status, headers } = response;
        if (!expected.includes(status)) throw failure(status, what);
        return new Response(text || null, { status, headers });
      } catch (error) {
        if (signal.aborted || error instanceof TransientFailure || error instanceof FinalFailure) throw error;
        const why = deadline.aborted ? `no answer within ${requestTimeoutMs} ms` : reasonOf(error);
        throw new Error(`${name} cannot be reached at ${collection}: ${why}`, { cause: error });
      }
    };
  }

  /** Final where a retry would get the same answer. Omits the response body, which may echo credentials. */
  function failure(status: number, what: string): Error {
    const sentence = `${name} answered ${status} to "${what}" at ${collection}`;
    if (status === 401 || status === 403)
      return new FinalFailure(
        FailureType.Refused,
        `${sentence}: check its user and password, and their permissions`,
      );
    if (status === 404 || status === 410)
      return new FinalFailure(FailureType.Refused, `${sentence}: there is no such calendar, check its url`);
    const isTransient = status < 400 || status >= 500 || [408, 409, 423, 425, 429].includes(status);
    return isTransient ? new TransientFailure(sentence) : new FinalFailure(FailureType.Refused, sentence);
  }

  /** @throws Error as on an outage, since a proxy may have answered with its maintenance page */
  function parsed<T>(what: string, content: string, read: (content: string) => T): T {
    try {
      return read(content);
    } catch (error) {
      throw new Error(
        `${name} answered "${what}" with something that is not iCalendar: ${(error as Error).message}`,
        { cause: error },
      );
    }
  }

  async function outcomeOf(response: Response): Promise<WriteOutcome> {
    await response.body?.cancel();
    return response.status === 412 ? 'conflict' : 'written';
  }

  return {
    name,
    urlOf,

    /** @returns the busy periods (RFC 4791 §7.10) */
    async busy(within: Period, signal: AbortSignal): Promise<Period[]> {
      const what = 'free-busy-query';
      // Not with tsdav, which truncates a response that is not XML to 4096 characters.
      const response = await requestFor(
        what,
        [200],
        signal,
      )(collection, {
        method: 'REPORT',
        // The default, depth 0, excludes the events of the collection, and answers that all time is free.
        headers: { depth: '1', 'content-type': 'application/xml; charset=utf-8' },
        body:
          '<?xml version="1.0" encoding="utf-8"?>' +
          '<C:free-busy-query xmlns:C="urn:ietf:params:xml:ns:caldav">' +
          `<C:time-range start="${basic(within.start)}" end="${basic(within.end)}"/></C:free-busy-query>`,
      });
      return parsed(what, await response.text(), busyPeriodsOf);
    },

    /** @returns the events, recurring ones expanded to their occurrences (RFC 4791 §9.6.5) */
    async events(within: Period, signal: AbortSignal): Promise<CalendarEvent[]> {
      const what = 'calendar-query';
      // A server may treat an all-day event as a day in UTC instead of in our time zone.
      const range = {
        _attributes: { start: basic(within.start - DAY_MS), end: basic(within.end + DAY_MS) },
      };
      const found = await calendarQuery({
        url: collection,
        depth: '1',
        props: { 'd:getetag': {}, 'c:calendar-data': { 'c:expand': range } },
        filters: {
          'c:comp-filter': {
            _attributes: { name: 'VCALENDAR' },
            'c:comp-filter': { _attributes: { name: 'VEVENT' }, 'c:time-range': range },
          },
        },
        fetch: requestFor(what, [207], signal),
      });
      return found
        .flatMap(({ props }) => textOf(props?.['calendarData'] as CalendarData | undefined) ?? [])
        .flatMap((content) => parsed(what, content, (text) => eventsOf(text, timeZone)))
        .filter((event) => overlap(event, within));
    },

    /** @returns the entry with this UID; undefined where there is none */
    async read(uid: string, signal: AbortSignal): Promise<Entry | undefined> {
      const what = `read ${uid}`;
      const response = await requestFor(what, [200, 404, 410], signal)(urlOf(uid));
      if (response.status !== 200) return undefined;
      const [event] = parsed(what, await response.text(), (text) => eventsOf(text, timeZone));
      const etag = response.headers.get('etag');
      if (event && etag) return { ...event, etag };
      throw new Error(`${name} answered "${what}" without ${event ? 'an ETag' : 'an event'}`);
    },

    /** Creates the entry with `If-None-Match: *`, or changes the seen one with `If-Match`, so that no concurrent change is lost. */
    async write(
      uid: string,
      content: string,
      seen: { etag: string } | undefined,
      signal: AbortSignal,
    ): Promise<WriteOutcome> {
      const request = {
        url: urlOf(uid),
        data: content,
        headers: { 'content-type': 'text/calendar; charset=utf-8' },
        fetch: requestFor(`write ${uid}`, [200, 201, 204, 412], signal),
      };
      return outcomeOf(
        seen
          ? await updateObject({ ...request, etag: seen.etag })
          : await createObject({ ...request, headers: { ...request.headers, 'if-none-match': '*' } }),
      );
    },

    /** Deletes the seen entry. */
    async remove(uid: string, { etag }: { etag: string }, signal: AbortSignal): Promise<WriteOutcome> {
      return outcomeOf(
        await deleteObject({
          url: urlOf(uid),
          etag,
          // EMS sends the cancellation itself: the server must not send a reply for the HR partner (RFC 6638 §8.1).
          headers: { 'schedule-reply': 'F' },
          fetch: requestFor(`remove ${uid}`, [200, 202, 204, 404, 410, 412], signal),
        }),
      );
    },
  };
}

/** An error status that a retry may clear. */
class TransientFailure extends Error {}

/** tsdav unwraps text, but not a CDATA section. */
type CalendarData = string | Record<'_cdata', string>;
const textOf = (data: CalendarData | undefined) => (typeof data === 'object' ? data['_cdata'] : data);

/** `20261124T103000Z` (RFC 5545 §3.3.5). */
const basic = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19).replace(/[-:]/g, '')}Z`;
