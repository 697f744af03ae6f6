/**
 * One CalDAV calendar (RFC 4791). Each object is judged by itself, and recurrences are followed here, so that a server need neither expand
 * them nor report free-busy. A precondition tells whether a write took effect.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { davRequest } from 'tsdav';
import { FailureType, FinalFailure } from '../../exit/failures.js';
import { unanswered } from './fetch-failure.js';
import type { HttpAnswer } from './http-answer.js';
import { busyPeriodsOf, eventsOf, overlap, without, type CalendarEvent, type Period } from './icalendar.js';
import { RetryAfter, waitAskedIn } from './retry-after.js';

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
  etag: string | undefined;
  content: string;
}

export interface Busy {
  periods: Period[];
  /** The objects whose time cannot be told, each with the reason. */
  leftOut: string[];
}

/** `conflict`: another client wrote in between, so that the caller must read again. */
type WriteOutcome = 'written' | 'conflict';

export type Calendar = ReturnType<typeof createCalendar>;

const DAY_MS = 86_400_000;
/** The pauses before a read is repeated that does not show the write before it: 3.1 s in all. */
const SETTLING_MS = [100, 200, 400, 800, 1_600];

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
          // A followed redirect could send the password to another host.
          redirect: 'manual',
          signal: AbortSignal.any([signal, deadline]),
        });
        const text = await response.text();
        const { status, headers } = response;
        if (!expected.includes(status)) throw failure({ status, headers, text }, what);
        return new Response(text || null, { status, headers });
      } catch (error) {
        if (signal.aborted || error instanceof Answered || error instanceof FinalFailure) throw error;
        if (error instanceof RetryAfter) throw error;
        throw unanswered(error, { name, at: collection, deadline, requestTimeoutMs, secret: password });
      }
    };
  }

  /** Final where a retry would get the same answer. Of the body only the DAV condition is shown: the rest may echo credentials. */
  function failure(answer: HttpAnswer, what: string): Error {
    const { status, text } = answer;
    const condition = /<(?:[\w-]+:)?error\b[^>]*>\s*<(?:[\w-]+:)?([\w-]+)/.exec(text)?.[1];
    const said = condition === undefined ? status : `${status} (${condition})`;
    const sentence = `${name} answered ${said} to "${what}" at ${collection}`;
    const wait = waitAskedIn(answer, sentence);
    if (wait) return wait;
    const isTransient =
      status < 300 || [408, 409, 423, 425, 429].includes(status) || (status >= 500 && status !== 501);
    return isTransient
      ? new Answered(sentence)
      : new FinalFailure(FailureType.Refused, sentence + adviceOn(status, condition));
  }

  /** @throws Answered, since a proxy may have answered with its maintenance page */
  function parsed<T>(what: string, content: string, read: (content: string) => T): T {
    try {
      return read(content);
    } catch (error) {
      throw new Answered(
        `${name} answered "${what}" with something that is not iCalendar: ${(error as Error).message}`,
        { cause: error },
      );
    }
  }

  /** @returns the entry with this UID; undefined where there is none */
  async function read(uid: string, signal: AbortSignal): Promise<Entry | undefined> {
    const what = `read ${uid}`;
    const response = await requestFor(what, [200, 404, 410], signal)(urlOf(uid));
    if (response.status !== 200) return undefined;
    const content = await response.text();
    const [event] = parsed(what, content, (text) => eventsOf(text, timeZone));
    if (!event) throw new Answered(`${name} answered "${what}" without an event`);
    const time = event.isAllDay ? 'it is on a whole day, without a time' : event.time;
    return { ...event, time, content, etag: response.headers.get('etag') ?? undefined };
  }

  /**
   * Sends a write on condition that the entry is as seen. After a 412 without a change it was no race: some servers refuse each
   * precondition, such as a weak ETag, so it is sent once without.
   */
  async function conditionally(
    uid: string,
    seen: Entry | undefined,
    send: (precondition: Record<string, string>) => Promise<Response>,
    signal: AbortSignal,
  ): Promise<WriteOutcome> {
    const precondition = seen
      ? seen.etag === undefined
        ? undefined
        : { 'if-match': seen.etag }
      : { 'if-none-match': '*' };
    if (precondition && (await send(precondition)).status !== 412) return 'written';
    if ((await read(uid, signal))?.content !== seen?.content) return 'conflict';
    if ((await send({})).status !== 412) return 'written';
    throw new Answered(
      `${name} answers 412 to each change of ${urlOf(uid)}, though no other client changes it`,
    );
  }

  /** @returns the events of a period, and what is left out */
  async function query(within: Period, signal: AbortSignal): Promise<Found> {
    const what = 'calendar-query';
    // A server may treat an all-day event as a day in UTC instead of in our time zone.
    const range = { start: basic(within.start - DAY_MS), end: basic(within.end + DAY_MS) };
    const answers = await davRequest({
      url: collection,
      init: {
        method: 'REPORT',
        namespace: 'c',
        headers: { depth: '1' },
        body: {
          'calendar-query': {
            _attributes: { 'xmlns:c': 'urn:ietf:params:xml:ns:caldav', 'xmlns:d': 'DAV:' },
            'd:prop': { 'd:getetag': {}, 'c:calendar-data': {} },
            filter: {
              'comp-filter': {
                _attributes: { name: 'VCALENDAR' },
                'comp-filter': {
                  _attributes: { name: 'VEVENT' },
                  'time-range': { _attributes: range },
                },
              },
            },
          },
        },
      },
      fetch: requestFor(what, [207], signal),
    });
    const found: Found = { events: [], leftOut: [] };
    for (const { raw, href, status, props } of answers) {
      // Any text that is not a multistatus would otherwise read as "no events".
      if (typeof raw !== 'object' || raw === null || !('multistatus' in raw))
        throw new Answered(`${name} answered "${what}" without a multistatus`);
      const data = textOf(props?.['calendarData'] as CalendarData | undefined);
      if (data !== undefined) judge(String(href), data, within, found);
      else if (href === undefined || status === 404) continue;
      else if (status === 507) return halves(within, signal);
      else if (!isCollection(href)) found.leftOut.push(`${shown(href)}: answered ${status} without its data`);
    }
    return found;
  }

  /** The server lists no more than a part (RFC 4791 §7.8.1: `number-of-matches-within-limits`). */
  async function halves({ start, end }: Period, signal: AbortSignal): Promise<Found> {
    if (end - start <= DAY_MS)
      throw new FinalFailure(
        FailureType.Refused,
        `${name} lists only a part of its events between ${new Date(start).toISOString()} and ${new Date(end).toISOString()}: raise its limit`,
      );
    const middle = (start + end) / 2;
    const [first, second] = [
      await query({ start, end: middle }, signal),
      await query({ start: middle, end }, signal),
    ];
    return {
      events: [...first.events, ...second.events],
      leftOut: [...new Set([...first.leftOut, ...second.leftOut])],
    };
  }

  function judge(href: string, content: string, within: Period, { events, leftOut }: Found): void {
    try {
      for (const { time, ...event } of eventsOf(content, timeZone, within)) {
        if (typeof time !== 'string') events.push({ ...event, time });
        else if (event.blocks) leftOut.push(`${shown(href)}: ${time}`);
      }
    } catch {
      // The reason would quote the object, which may be private.
      leftOut.push(`${shown(href)}: it is no iCalendar object`);
    }
  }

  /** @returns the busy periods (RFC 4791 §7.10) */
  async function freeBusy(within: Period, signal: AbortSignal): Promise<Period[]> {
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
  }

  const isCollection = (href: string): boolean => new URL(href, collection).href === collection;

  return {
    name,
    urlOf,
    read,

    /**
     * The times that other events take: from the events, or where the server refuses those, from the free-busy report.
     * @param own our entry, which does not count
     * @throws FinalFailure Refused where the server refuses both
     */
    async busy(
      within: Period,
      own: Pick<Entry, 'uid' | 'time'> | undefined,
      signal: AbortSignal,
    ): Promise<Busy> {
      let refusal: Error;
      try {
        const { events, leftOut } = await query(within, signal);
        const periods = events
          .filter(({ blocks, uid }) => blocks && uid !== own?.uid)
          .map(({ time }) => time as Period)
          .filter((period) => overlap(period, within));
        return { periods, leftOut };
      } catch (error) {
        if (!(error instanceof FinalFailure || error instanceof Answered)) throw error;
        refusal = error;
      }
      try {
        const periods = await freeBusy(within, signal);
        // Free-busy includes our entry and does not tell it apart, so its time is cut out.
        const hole = own && typeof own.time !== 'string' ? own.time : undefined;
        return { periods: hole ? periods.flatMap((period) => without(period, hole)) : periods, leftOut: [] };
      } catch (error) {
        if (!(error instanceof FinalFailure || error instanceof Answered)) throw error;
        const both = `${name} cannot be asked for its events: ${refusal.message}; ${error.message}`;
        if (refusal instanceof FinalFailure && error instanceof FinalFailure)
          throw new FinalFailure(FailureType.Refused, both, { cause: error });
        throw new Error(both, { cause: error });
      }
    },

    /**
     * Creates the entry, or changes the seen one, and reads it back until it is no longer as seen: reads of some servers lag.
     * @param isWritten whether an entry is as wanted
     * @returns the entry as the server keeps it, or `conflict`
     */
    async write(
      uid: string,
      content: string,
      seen: Entry | undefined,
      isWritten: (entry: Entry | undefined) => boolean,
      signal: AbortSignal,
    ): Promise<Entry | undefined | 'conflict'> {
      const ask = requestFor(`write ${uid}`, [200, 201, 204, 412], signal);
      const put = (precondition: Record<string, string>) =>
        ask(urlOf(uid), {
          method: 'PUT',
          body: content,
          headers: { 'content-type': 'text/calendar; charset=utf-8', ...precondition },
        });
      if ((await conditionally(uid, seen, put, signal)) === 'conflict') return 'conflict';
      for (const waitMs of SETTLING_MS) {
        const entry = await read(uid, signal);
        if (isWritten(entry) || (entry && entry.content !== seen?.content)) return entry;
        await pause(waitMs, undefined, { signal });
      }
      return read(uid, signal);
    },

    /** Deletes the seen entry. */
    remove(uid: string, seen: Entry, signal: AbortSignal): Promise<WriteOutcome> {
      const ask = requestFor(`remove ${uid}`, [200, 202, 204, 404, 410, 412], signal);
      // EMS sends the cancellation itself: the server must not send a reply for the HR partner (RFC 6638 §8.1).
      const remove = (precondition: Record<string, string>) =>
        ask(urlOf(uid), { method: 'DELETE', headers: { 'schedule-reply': 'F', ...precondition } });
      return conditionally(uid, seen, remove, signal);
    },
  };
}

/** An answer that a retry may change. */
class Answered extends Error {}

interface Found {
  events: CalendarEvent[];
  leftOut: string[];
}

function adviceOn(status: number, condition: string | undefined): string {
  if (status === 404 || status === 410) return ': there is no such calendar, check its url';
  if (status < 400) return ', a redirect: check its url';
  const isOnRights = status === 401 || (status === 403 && condition === undefined);
  return isOnRights ? ': check its user and password, and their permissions' : '';
}

/** The name of an object: the last part of its path. */
const shown = (href: string): string => href.split('/').findLast(Boolean) ?? href;

/** tsdav unwraps text, but not a CDATA section. */
type CalendarData = string | Record<'_cdata', string>;
const textOf = (data: CalendarData | undefined) => (typeof data === 'object' ? data['_cdata'] : data);

/** `20261124T103000Z` (RFC 5545 §3.3.5). */
const basic = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19).replace(/[-:]/g, '')}Z`;
