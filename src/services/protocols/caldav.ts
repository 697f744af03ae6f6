/**
 * One CalDAV calendar (RFC 4791). Time zones, recurrence and what counts as busy are the server's business; what a write did is
 * told by ETags.
 */
import { calendarQuery, createObject, deleteObject, updateObject } from 'tsdav';
import { FailureType, FinalFailure } from '../../exit/failures.js';
import { reasonOf } from './fetch-failure.js';
import { busyPeriodsOf, eventsOf, overlap, type CalendarEvent, type Period } from './icalendar.js';

interface CalendarOptions {
  /** What errors call the calendar: "the calendar of Acme HR". */
  name: string;
  url: string;
  user: string;
  password: string;
  requestTimeoutMs: number;
  /** Of events that name none: all-day ones, for instance. */
  timeZone: string;
}

export interface Entry extends CalendarEvent {
  etag: string;
}

/** `conflict`: somebody else wrote in between (412), look again. */
type WriteAnswer = 'written' | 'conflict';

export type Calendar = ReturnType<typeof createCalendar>;

const DAY_MS = 86_400_000;

export function createCalendar({ name, url, user, password, requestTimeoutMs, timeZone }: CalendarOptions) {
  const collection = `${url.replace(/\/+$/, '')}/`;
  const urlOf = (uid: string): string => `${collection}${encodeURIComponent(uid)}.ics`;
  const authorization = `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;

  /** One request as the libraries make it, read to its end within the time that it may take; an answer not among `expected` is an error. */
  function requestFor(what: string, expected: readonly number[], signal: AbortSignal): typeof fetch {
    return async (input, init) => {
      const deadline = AbortSignal.timeout(requestTimeoutMs);
      try {
        const response = await fetch(input, {
          ...init,
          headers: { ...(init?.headers as Record<string, string>), authorization },
          // A redirect could carry the password to a stranger.
          redirect: 'error',
          signal: AbortSignal.any([signal, deadline]),
        });
        const text = await response.text();
        const { status, headers } = response;
        if (!expected.includes(status)) throw failure(status, what);
        return new Response(text || null, { status, headers });
      } catch (error) {
        if (signal.aborted || error instanceof Answer || error instanceof FinalFailure) throw error;
        const why = deadline.aborted ? `no answer within ${requestTimeoutMs} ms` : reasonOf(error);
        throw new Error(`${name} cannot be reached at ${collection}: ${why}`, { cause: error });
      }
    };
  }

  /** Final where the same request would get the same answer. What the server says is not shown: it may repeat what it was sent. */
  function failure(status: number, what: string): Error {
    const sentence = `${name} answered ${status} to "${what}" at ${collection}`;
    if (status === 401 || status === 403)
      return new FinalFailure(
        FailureType.Refused,
        `${sentence}: check its user and password and what they may do`,
      );
    if (status === 404 || status === 410)
      return new FinalFailure(FailureType.Refused, `${sentence}: there is no such calendar, check its url`);
    const passing = status < 400 || status >= 500 || [408, 409, 423, 425, 429].includes(status);
    return passing ? new Answer(sentence) : new FinalFailure(FailureType.Refused, sentence);
  }

  /** @throws Error, as for an outage: a proxy's maintenance page, for instance */
  function understood<T>(what: string, content: string, read: (content: string) => T): T {
    try {
      return read(content);
    } catch (error) {
      throw new Error(
        `${name} answered "${what}" with something that is not iCalendar: ${(error as Error).message}`,
        { cause: error },
      );
    }
  }

  async function answered(response: Response): Promise<WriteAnswer> {
    await response.body?.cancel();
    return response.status === 412 ? 'conflict' : 'written';
  }

  return {
    name,
    urlOf,

    /** What the server counts as busy (RFC 4791 §7.10). */
    async busy(within: Period, signal: AbortSignal): Promise<Period[]> {
      const what = 'which times are free';
      // Not through tsdav, which cuts an answer that is not XML off after 4096 characters, and with it the rest of the week.
      const response = await requestFor(
        what,
        [200],
        signal,
      )(collection, {
        method: 'REPORT',
        // Depth 0, the default, is the collection without what is in it: all free.
        headers: { depth: '1', 'content-type': 'application/xml; charset=utf-8' },
        body:
          '<?xml version="1.0" encoding="utf-8"?>' +
          '<C:free-busy-query xmlns:C="urn:ietf:params:xml:ns:caldav">' +
          `<C:time-range start="${basic(within.start)}" end="${basic(within.end)}"/></C:free-busy-query>`,
      });
      return understood(what, await response.text(), busyPeriodsOf);
    },

    /** The events themselves, one by one, recurring ones as the occurrences that they have then (RFC 4791 §9.6.5). */
    async events(within: Period, signal: AbortSignal): Promise<CalendarEvent[]> {
      const what = 'which events there are';
      // A server may take an all-day event for a day of UTC; here it is one of our time zone.
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
        .flatMap((content) => understood(what, content, (text) => eventsOf(text, timeZone)))
        .filter((event) => overlap(event, within));
    },

    /** The entry of this UID; undefined when there is none. */
    async read(uid: string, signal: AbortSignal): Promise<Entry | undefined> {
      const what = `read ${uid}`;
      const response = await requestFor(what, [200, 404, 410], signal)(urlOf(uid));
      if (response.status !== 200) return undefined;
      const [event] = understood(what, await response.text(), (text) => eventsOf(text, timeZone));
      const etag = response.headers.get('etag');
      if (event && etag) return { ...event, etag };
      throw new Error(`${name} answered "${what}" without ${event ? 'an ETag' : 'an event'}`);
    },

    /** Changes the entry that was read, or makes a new one where none was; with `If-Match` and `If-None-Match`, so that nobody's change is lost. */
    async write(
      uid: string,
      content: string,
      seen: { etag: string } | undefined,
      signal: AbortSignal,
    ): Promise<WriteAnswer> {
      const request = {
        url: urlOf(uid),
        data: content,
        headers: { 'content-type': 'text/calendar; charset=utf-8' },
        fetch: requestFor(`write ${uid}`, [200, 201, 204, 412], signal),
      };
      return answered(
        seen
          ? await updateObject({ ...request, etag: seen.etag })
          : await createObject({ ...request, headers: { ...request.headers, 'if-none-match': '*' } }),
      );
    },

    /** Removes the entry that was read. */
    async remove(uid: string, { etag }: { etag: string }, signal: AbortSignal): Promise<WriteAnswer> {
      return answered(
        await deleteObject({
          url: urlOf(uid),
          etag,
          // We tell everybody ourselves: the server is not to decline on behalf of the HR partner (RFC 6638 §8.1).
          headers: { 'schedule-reply': 'F' },
          fetch: requestFor(`remove ${uid}`, [200, 202, 204, 404, 410, 412], signal),
        }),
      );
    },
  };
}

/** An answer that may be another one next time. */
class Answer extends Error {}

/** tsdav unwraps text, but not a CDATA section. */
type CalendarData = string | Record<'_cdata', string>;
const textOf = (data: CalendarData | undefined) => (typeof data === 'object' ? data['_cdata'] : data);

/** `20261124T103000Z` (RFC 5545 §3.3.5). */
const basic = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19).replace(/[-:]/g, '')}Z`;
