/**
 * One CalDAV calendar (RFC 4791). Each object is judged by itself, and recurrences are followed here, so that a server need neither expand
 * them nor report free-busy. A precondition tells whether a write took effect.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { FailureType, FinalFailure } from '../../exit/failures.js';
import { isInterviewUid } from '../../exit/ids.js';
import {
  eventsWithin,
  eventsWithUid,
  freeBusyWithin,
  objectsAt,
  propertiesOfObjects,
} from './caldav-reports.js';
import { Answered, createDavExchange, isAbsent, Refused, TooMuch } from './dav-exchange.js';
import type { HttpAnswer } from './http-answer.js';
import {
  busyPeriodsOf,
  eventsOf,
  isBare,
  NotTold,
  overlap,
  without,
  type CalendarEvent,
  type Period,
} from './icalendar.js';
import { itemsIn, type DavItem } from './multistatus.js';

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
  url: string;
  etag: string | undefined;
  content: string;
}

/** Our entry: a server may keep it under another address, and under another UID. */
export interface Sought {
  uid: string;
  /** Where it was last. */
  url?: string | undefined;
  /** As it was written. */
  known?: { time: Period; summary: string } | undefined;
}

export interface Busy {
  periods: Period[];
  /** The objects whose time cannot be told, each with the reason and what follows. */
  unclear: string[];
  /** Why other events may be missing, though the server answered. */
  doubt?: string | undefined;
}

interface Written {
  /** `conflict`: another client wrote in between, or the entry is elsewhere. */
  outcome: 'written' | 'conflict';
  /** As the server has it now. */
  entry: Entry | undefined;
}

export type Calendar = ReturnType<typeof createCalendar>;

const DAY_MS = 86_400_000;
/** The pauses before a read is repeated that does not show the write before it: 3.1 s in all. */
const SETTLING_MS = [100, 200, 400, 800, 1_600];
/** The pauses before a list is asked for again that does not have our entry. */
const LISTING_MS = [200, 1_000];
/** How many objects are asked for by their addresses at once. */
const OBJECTS = 100;

export function createCalendar({ name, url, user, password, requestTimeoutMs, timeZone }: CalendarOptions) {
  const collection = `${url.replace(/\/+$/, '')}/`;
  const urlOf = (uid: string): string => `${collection}${encodeURIComponent(uid)}.ics`;
  const { send, failure } = createDavExchange({ name, collection, user, password, requestTimeoutMs });

  /** On this server, whatever host a proxy in front of it makes it believe: no other one gets the password. */
  const here = (href: string): string => new URL(new URL(href, collection).pathname, collection).href;
  const isCollection = (href: string): boolean => `${here(href).replace(/\/+$/, '')}/` === collection;
  /** An object that a search lists is in the collection, also where a proxy changes its path. */
  const objectUrl = (href: string): string => collection + (href.split('/').findLast(Boolean) ?? '');

  /** @throws Answered, since a proxy may have answered with its maintenance page */
  function parsed<T>(what: string, content: string, read: (content: string) => T, kind = 'iCalendar'): T {
    try {
      return read(content);
    } catch (error) {
      const why = (error as Error).message;
      if (error instanceof NotTold)
        throw new FinalFailure(FailureType.Refused, `${name} answered "${what}" ${why}`, { cause: error });
      throw new Answered(`${name} answered "${what}" with something that is not ${kind}: ${why}`, undefined, {
        cause: error,
      });
    }
  }

  const asEntry = (event: CalendarEvent, item: Pick<Entry, 'url' | 'etag' | 'content'>): Entry => ({
    ...event,
    time: event.isAllDay ? 'it is on a whole day, without a time' : event.time,
    ...item,
    // XML has no carriage returns, so that a search would show it changed.
    content: item.content.replaceAll('\r\n', '\n').trim(),
  });

  /** @returns the entry at an address; undefined where the server says that there is none */
  async function read(at: string, signal: AbortSignal): Promise<Entry | undefined> {
    const what = `read ${shown(at)}`;
    const answer = await send({ what, method: 'GET', url: at, expected: [200, 404, 410] }, signal);
    if (answer.status !== 200) return undefined;
    const content = answer.text;
    const [event] = parsed(what, content, (text) => eventsOf(text, timeZone));
    if (!event) throw new Answered(`${name} answered "${what}" without an event`);
    return asEntry(event, { url: at, content, etag: answer.headers.get('etag') ?? undefined });
  }

  /**
   * Our entry at its address, or by a search. A gateway may answer the 404, and some servers answer otherwise to a GET of what does not exist:
   * the search tells, or where the server refuses it, a listing.
   */
  async function find(sought: Sought, signal: AbortSignal): Promise<Entry | undefined> {
    let odd: Error | undefined;
    const addresses = new Set([sought.url ?? urlOf(sought.uid), urlOf(sought.uid)]);
    for (const at of addresses) {
      try {
        const entry = await read(at, signal);
        if (entry && !isOfAnother(entry, sought.uid)) return entry;
      } catch (error) {
        odd ??= searchable(error);
      }
    }
    try {
      return await search(sought, signal);
    } catch (error) {
      if (!isRefusedThere(error)) throw error;
      await assertUnlisted([...addresses], odd, signal);
      return undefined;
    }
  }

  /**
   * @param odd why the addresses do not tell
   * @throws where the calendar lists one of them; `odd` where it refuses to list
   */
  async function assertUnlisted(
    addresses: readonly string[],
    odd: Error | undefined,
    signal: AbortSignal,
  ): Promise<void> {
    let items: DavItem[];
    try {
      items = await itemsOf({ what: 'PROPFIND', method: 'PROPFIND', body: propertiesOfObjects }, signal);
    } catch (error) {
      if (!isRefusedThere(error)) throw error;
      if (odd) throw odd;
      return;
    }
    const names = new Set(addresses.map(shown));
    const listed = items.find(({ href }) => names.has(shown(href)));
    if (!listed) return;
    throw odd ?? new Answered(`${name} lists ${shown(listed.href)}, and answers 404 to a read of it`);
  }

  async function search({ uid, known }: Sought, signal: AbortSignal): Promise<Entry | undefined> {
    const withUid = await searched(eventsWithUid(uid), signal);
    // The filter is not believed: some servers ignore it.
    const found = withUid.find((entry) => entry.uid === uid);
    if (found || !known) return found;
    const { time, summary } = known;
    const then = await searched(eventsWithin(time), signal);
    const isSame = (entry: Entry): boolean =>
      !isOfAnother(entry, uid) &&
      entry.summary === summary &&
      typeof entry.time === 'object' &&
      entry.time.start === time.start;
    const same = then.filter(isSame);
    return then.find((entry) => entry.uid === uid) ?? (same.length === 1 ? same[0] : undefined);
  }

  /** @returns the first event of each object */
  async function searched(body: string, signal: AbortSignal): Promise<Entry[]> {
    const items = await report('search for the entry', body, signal);
    return items.flatMap(({ href, data, etag }) => {
      try {
        const [event] = eventsOf(data ?? '', timeZone);
        return event ? [asEntry(event, { url: objectUrl(href), etag, content: data! })] : [];
      } catch {
        // It is no iCalendar object, so that it is not ours.
        return [];
      }
    });
  }

  /** @throws as on a refusal where the answer is about the calendar itself: it would read as "nothing found" */
  async function itemsOf(
    request: { what: string; method: string; body: string },
    signal: AbortSignal,
    depth = '1',
  ): Promise<DavItem[]> {
    const { what } = request;
    const headers = { depth, 'content-type': 'application/xml; charset=utf-8' };
    const answer = await send({ ...request, url: collection, headers, expected: [207] }, signal);
    const items = parsed(what, answer.text, itemsIn, 'a multistatus');
    // Of a list that is cut off, 507 says so (RFC 4791 §7.8.1).
    const whole = items.find(({ href, status }) => status >= 300 && status !== 507 && isCollection(href));
    if (whole) throw keptBack(what, whole);
    return items;
  }

  /** An item without what it was asked for. */
  const keptBack = (what: string, { href, status, refused }: DavItem): Error =>
    failure({ status: refused ?? status, headers: new Headers(), text: '' }, what, here(href));

  /** @returns the objects that a REPORT lists, with their data where the server gives them at all */
  async function report(what: string, body: string, signal: AbortSignal): Promise<DavItem[]> {
    const ask = (text: string) => itemsOf({ what, method: 'REPORT', body: text }, signal);
    const items = await ask(body);
    const bare = items.filter((item) => lacksData(item) && item.status === 200 && !isCollection(item.href));
    const given = new Map<string, DavItem>();
    for (let i = 0; i < bare.length; i += OBJECTS) {
      const hrefs = bare.slice(i, i + OBJECTS).map(({ href }) => href);
      try {
        for (const item of await ask(objectsAt(hrefs)))
          given.set(item.href, lacksData(item) ? asRefused(item) : item);
      } catch (error) {
        // The objects stay without their data, and are named.
        if (!isRefusal(error)) throw error;
      }
    }
    return items.map((item) => given.get(item.href) ?? item);
  }

  /** @returns the events of a period and the day around it, and the objects that cannot be read */
  async function query(within: Period, signal: AbortSignal): Promise<Found> {
    let items: DavItem[];
    try {
      items = await report('calendar-query', eventsWithin(around(within)), signal);
    } catch (error) {
      if (error instanceof TooMuch) return halves(within, error, signal);
      throw error;
    }
    const found: Found = [];
    for (const item of items) {
      if (item.status === 507) return halves(within, undefined, signal);
      if (item.href === '' || item.status === 404 || (lacksData(item) && isCollection(item.href))) continue;
      found.push(...eventsIn(item, around(within)));
    }
    return found;
  }

  /** The server lists no more than a part (RFC 4791 §7.8.1: `number-of-matches-within-limits`). */
  async function halves({ start, end }: Period, cause: unknown, signal: AbortSignal): Promise<Found> {
    if (end - start <= DAY_MS)
      throw new FinalFailure(
        FailureType.Refused,
        `${name} lists only a part of its events between ${at(start)} and ${at(end)}: raise its limit`,
        { cause },
      );
    const middle = (start + end) / 2;
    return [
      ...(await query({ start, end: middle }, signal)),
      ...(await query({ start: middle, end }, signal)),
    ];
  }

  function eventsIn({ href, status, refused, data }: DavItem, within: Period): Found {
    const about = { object: shown(href), url: objectUrl(href) };
    const unread = (why: string): Found => [{ ...about, uid: undefined, time: why, blocks: true }];
    if (data === undefined) return unread(`answered ${refused ?? status} without its data`);
    try {
      if (isBare(data)) return unread('it shows no event');
      return eventsOf(data, timeZone, within).map((event) => ({ ...about, ...event }));
    } catch {
      // The reason would quote the object, which may be private.
      return unread('it is no iCalendar object');
    }
  }

  /**
   * @param needed the part of the time that the answer must tell of
   * @returns the busy periods (RFC 4791 §7.10)
   */
  async function freeBusy(within: Period, needed: Period, signal: AbortSignal): Promise<Period[]> {
    const busyIn = (content: string): Period[] => busyPeriodsOf(content, needed);
    const what = 'free-busy-query';
    // The default, depth 0, excludes the events of the collection, and answers that all time is free.
    const headers = { depth: '1', 'content-type': 'application/xml; charset=utf-8' };
    const body = freeBusyWithin(within);
    const answer = await send(
      { what, method: 'REPORT', url: collection, headers, body, expected: [200, 207] },
      signal,
    );
    if (answer.status === 200) return parsed(what, answer.text, busyIn);
    // Of a collection of calendars some servers answer for each of them. What one keeps back may be busy.
    const items = parsed(what, answer.text, itemsIn, 'a multistatus');
    if (items.length === 0) throw new Answered(`${name} answered "${what}" with an empty multistatus`, 207);
    return items.flatMap((item) => {
      if (item.data !== undefined) return parsed(what, item.data, busyIn);
      throw keptBack(what, item);
    });
  }

  /**
   * Where the time of an object cannot be told, the free-busy report may know it. It is believed where it shows what the events show. Else
   * the object's time counts as busy as far as it is known. Some servers list too few events, or no private ones, so that what it shows
   * besides them is busy too.
   */
  async function withUnclear(found: Found, within: Period, own: Own, signal: AbortSignal): Promise<Busy> {
    const busy = found.filter((one) => one.blocks && !isOwn(one, own));
    const known = busy.flatMap(({ time }) => (typeof time === 'string' ? [] : [time]));
    const unclear = busy.filter(({ time }) => typeof time === 'string');

    let reported: Period[] | undefined;
    let more: Period[] = [];
    let doubt: string | undefined;
    const doubted = (why: string): string =>
      `${name} ${why}: it cannot be told whether it hides entries at that time`;
    try {
      const all = await freeBusy(around(within), within, signal);
      const isThere = (time: Period): boolean => all.some((period) => overlap(period, time));
      const periods = besides(own, all);
      if (known.every((time) => time.start === time.end || isThere(time))) reported = periods;
      else doubt = doubted('lists events that its free-busy report does not show');
      more = unexplained(periods, found, around(within));
    } catch (error) {
      // An outage of this report alone must not keep back what the events tell.
      const isSpare = unclear.length === 0 && error instanceof Answered;
      if (!isRefusal(error) && !isSpare) throw error;
      doubt = doubted('answers no free-busy report');
    }
    if (unclear.length === 0) return { periods: [...known, ...more], unclear: [], doubt };
    // What it shows besides the known events.
    const rest = known.reduce(
      (left, time) => left.flatMap((period) => without(period, time)),
      reported ?? [],
    );
    const periods = [...known, ...(reported ?? more)];
    const said = new Map<string, string>();
    for (const { object, time, perhaps } of unclear) {
      const isReported = rest.some((period) => !perhaps || overlap(period, perhaps));
      if (!isReported && perhaps) periods.push(perhaps);
      const so = isReported
        ? 'the free-busy report tells when'
        : perhaps
          ? `${at(perhaps.start)} to ${at(perhaps.end)} counts as busy`
          : 'it does not count';
      if (!said.has(object)) said.set(object, `${object}: ${time as string} (${so})`);
    }
    return { periods, unclear: [...said.values()], doubt };
  }

  /**
   * The events at a time at which our entry has been written. A list without it lacks others as well: a search may lag, so it is asked
   * again, then for free-busy.
   */
  async function withOwn(within: Period, own: NonNullable<Own>, signal: AbortSignal): Promise<Busy> {
    const isListed = (found: Found): boolean => found.some((one) => isOwn(one, own));
    let found = await query(within, signal);
    for (const waitMs of LISTING_MS) {
      if (isListed(found)) break;
      await pause(waitMs, undefined, { signal });
      found = await query(within, signal);
    }
    const busy = found.filter((one) => one.blocks && !isOwn(one, own));
    const periods = busy.flatMap(({ time }) => (typeof time === 'string' ? [] : [time]));
    if (isListed(found)) {
      if (periods.length === busy.length) return { periods, unclear: [] };
      return withUnclear(found, within, own, signal);
    }
    const doubt = `${name} does not list the entry that it took: whether it lists other events cannot be told`;
    try {
      const all = await freeBusy(around(within), within, signal);
      const { time } = own;
      const isThere = typeof time !== 'string' && all.some((period) => overlap(period, time));
      return { periods: [...periods, ...besides(own, all)], unclear: [], doubt: isThere ? undefined : doubt };
    } catch (error) {
      if (!isRefusal(error)) throw error;
      return { periods, unclear: [], doubt };
    }
  }

  /** Some servers refuse to create an entry whose UID is elsewhere (RFC 4791 §5.3.2.1), each with another status. */
  async function elsewhere(uid: string, error: unknown, signal: AbortSignal): Promise<Entry | undefined> {
    if (error instanceof Refused && error.said.href) return read(here(error.said.href), signal);
    const isConflict = error instanceof Refused || (error instanceof Answered && error.status === 409);
    if (!isConflict) return undefined;
    return search({ uid }, signal).catch((refusal: unknown) => {
      if (!isRefusal(refusal)) throw refusal;
      return undefined;
    });
  }

  /**
   * Sends a write on condition that the entry is as seen. After a 412 without a change it was no race: some servers refuse each
   * precondition, such as a weak ETag, so it is sent once without.
   * @returns undefined where another client wrote in between
   */
  async function conditionally(
    sought: Sought,
    seen: Entry | undefined,
    ask: (precondition: Record<string, string>) => Promise<HttpAnswer>,
    signal: AbortSignal,
  ): Promise<HttpAnswer | undefined> {
    const precondition = seen
      ? seen.etag === undefined
        ? undefined
        : { 'if-match': seen.etag }
      : { 'if-none-match': '*' };
    if (precondition) {
      const answer = await ask(precondition);
      if (answer.status !== 412) return answer;
    }
    if ((await find(sought, signal))?.content !== seen?.content) return undefined;
    const answer = await ask({});
    if (answer.status !== 412) return answer;
    throw new Answered(
      `${name} answers 412 to each change of ${sought.url ?? urlOf(sought.uid)}, though no other client changes it`,
    );
  }

  /**
   * The times that other events take: from the events, or where the server refuses those, from the free-busy report.
   * @param own our entry, which does not count
   * @param isBooked whether our entry is there by now, so that the server must list it
   * @throws FinalFailure Refused where the server refuses both
   */
  async function busy(within: Period, own: Own, signal: AbortSignal, isBooked = false): Promise<Busy> {
    const inside = ({ periods, ...rest }: Busy): Busy => ({
      ...rest,
      periods: periods.filter((period) => overlap(period, within)),
    });
    let refusal: Error;
    try {
      if (own && isBooked) return inside(await withOwn(within, own, signal));
      return inside(await withUnclear(await query(within, signal), within, own, signal));
    } catch (error) {
      if (!(error instanceof FinalFailure || error instanceof Answered)) throw error;
      refusal = error;
    }
    try {
      return inside({ periods: besides(own, await freeBusy(within, within, signal)), unclear: [] });
    } catch (error) {
      if (!(error instanceof FinalFailure || error instanceof Answered)) throw error;
      const both = `${name} cannot be asked for its events: ${refusal.message}; ${error.message}`;
      if (refusal instanceof FinalFailure && error instanceof FinalFailure)
        throw new FinalFailure(FailureType.Refused, both, { cause: error });
      throw new Error(both, { cause: error });
    }
  }

  return {
    name,
    /** The smallest question that needs the password; some servers answer reports alone. @throws as each request does */
    async probe(signal: AbortSignal): Promise<void> {
      try {
        await itemsOf({ what: 'PROPFIND', method: 'PROPFIND', body: propertiesOfObjects }, signal, '0');
      } catch (error) {
        if (!hasStatus(error) || ![400, 405, 501].includes(error.status ?? 0)) throw error;
        const now = Date.now();
        await busy({ start: now, end: now + DAY_MS }, undefined, signal);
      }
    },
    urlOf,
    find,
    /** Whether an address is in this calendar. */
    has: (address: string): boolean => address.startsWith(collection),

    busy,

    /**
     * Creates the entry, or changes the seen one, and reads it back until it is no longer as seen: reads of some servers lag. A server may
     * name another address for it (RFC 9110 §10.2.2: Location).
     * @param isWritten whether an entry is as wanted
     */
    async write(
      sought: Sought,
      content: string,
      seen: Entry | undefined,
      isWritten: (entry: Entry | undefined) => boolean,
      signal: AbortSignal,
    ): Promise<Written> {
      const at = seen?.url ?? urlOf(sought.uid);
      const put = (precondition: Record<string, string>) =>
        send(
          {
            what: `write ${shown(at)}`,
            method: 'PUT',
            url: at,
            headers: { 'content-type': 'text/calendar; charset=utf-8', ...precondition },
            body: content,
            // It is read back, also where the server writes later.
            expected: [200, 201, 202, 204, 412],
          },
          signal,
        );
      let answer: HttpAnswer | undefined;
      try {
        answer = await conditionally({ ...sought, url: at }, seen, put, signal);
      } catch (error) {
        const entry = seen ? undefined : await elsewhere(sought.uid, error, signal);
        if (!entry) throw error;
        return { outcome: 'conflict', entry };
      }
      const location = answer?.headers.get('location');
      const then = { ...sought, url: location ? here(location) : at };
      if (!answer) return { outcome: 'conflict', entry: await find(then, signal) };
      for (const waitMs of SETTLING_MS) {
        const entry = await find(then, signal);
        if (isWritten(entry) || (entry && entry.content !== seen?.content))
          return { outcome: 'written', entry };
        await pause(waitMs, undefined, { signal });
      }
      return { outcome: 'written', entry: await find(then, signal) };
    },

    /** Deletes the seen entry. */
    async remove(sought: Sought, seen: Entry, signal: AbortSignal): Promise<Written['outcome']> {
      const { url: at } = seen;
      const uid = seen.uid || sought.uid;
      const ask = (precondition: Record<string, string>) =>
        send(
          {
            what: `remove ${shown(at)}`,
            method: 'DELETE',
            url: at,
            // EMS sends the cancellation itself: the server must not send a reply for the HR partner (RFC 6638 §8.1).
            headers: { 'schedule-reply': 'F', ...precondition },
            expected: [200, 202, 204, 404, 410, 412],
          },
          signal,
        );
      if (!(await conditionally({ uid, url: at }, seen, ask, signal))) return 'conflict';
      for (const waitMs of [0, ...SETTLING_MS]) {
        await pause(waitMs, undefined, { signal });
        const entry = await find({ uid, url: at }, signal);
        if (!entry || entry.isCancelled) return 'written';
        if (entry.content !== seen.content) return 'conflict';
      }
      throw new Answered(`${name} took the removal of ${at} and still shows it`);
    },
  };
}

type Own = Pick<Entry, 'uid' | 'url' | 'time'> | undefined;

/** The events of the objects that a search lists. */
type Found = (Pick<CalendarEvent, 'time' | 'perhaps' | 'blocks'> & {
  isFloating?: boolean;
  /** Undefined where the object cannot be read. */
  uid: string | undefined;
  /** For messages. */
  object: string;
  url: string;
})[];

const isOwn = ({ uid, url }: Found[number], own: Own): boolean =>
  own !== undefined && ((Boolean(uid) && uid === own.uid) || shown(url) === shown(own.url));

/** Free-busy includes our entry and does not tell it apart, so its time is cut out. */
function besides(own: Own, periods: Period[]): Period[] {
  const hole = own?.time;
  return typeof hole === 'object' ? periods.flatMap((period) => without(period, hole)) : periods;
}

/**
 * What the free-busy report shows besides the events. Of free ones it may show the whole; a day may be one of another time zone, and is
 * as long there, unless the report begins or ends in it.
 */
function unexplained(periods: readonly Period[], found: Found, asked: Period): Period[] {
  let left = [...periods];
  for (const { time, blocks, isFloating } of found) {
    if (typeof time === 'string') continue;
    const isShown =
      periods.reduce((rest, one) => rest.flatMap((part) => without(part, one)), [time]).length === 0;
    if (!blocks && !isShown) continue;
    const isItself = ({ start, end }: Period): boolean =>
      end - start === time.end - time.start || start <= asked.start || end >= asked.end;
    left = left.flatMap((period) => without(period, isFloating && isItself(period) ? around(time) : time));
  }
  return left;
}

/** A server may treat an all-day event as a day in UTC instead of in our time zone. */
const around = ({ start, end }: Period): Period => ({ start: start - DAY_MS, end: end + DAY_MS });

/** The statuses of an outage. Some servers answer 500, or a page, to a report that they do not know. */
const LATER = new Set([408, 409, 421, 423, 425, 429, 502, 503, 504]);

const isRefusal = (error: unknown): boolean =>
  error instanceof FinalFailure || (error instanceof Answered && !LATER.has(error.status ?? 500));

/** The calendar is there, and does not answer this request. */
const isRefusedThere = (error: unknown): boolean =>
  isRefusal(error) && !(hasStatus(error) && isAbsent(error.status));

const hasStatus = (error: unknown): error is Answered | Refused =>
  error instanceof Answered || error instanceof Refused;

/** @returns an answer to a GET after which a search may tell @throws the outage, or the refused password: more tries would lock it */
function searchable(error: unknown): Error {
  const isPassword = error instanceof Refused && error.status === 401;
  if (isRefusal(error) && !isPassword) return error as Error;
  throw error;
}

/** Whether it is the interview of another exit: the same in summary and time, it is still not ours. */
const isOfAnother = (entry: Entry, uid: string): boolean => entry.uid !== uid && isInterviewUid(entry.uid);

/** An object that was listed is there, also where the server refuses its address. */
const asRefused = (item: DavItem): DavItem => ({
  ...item,
  status: 200,
  refused: item.refused ?? item.status,
});

const lacksData = ({ data }: DavItem): boolean => data === undefined;

/** The name of an object: the last part of its path. Servers encode it in different ways. */
function shown(href: string): string {
  const last = href.split('/').findLast(Boolean) ?? href;
  try {
    return decodeURIComponent(last);
  } catch {
    return last;
  }
}

const at = (ms: number): string => new Date(ms).toISOString();
