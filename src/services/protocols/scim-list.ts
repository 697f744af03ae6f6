/**
 * Lists of SCIM (RFC 7644 §3.4.2), which are doubted: `totalResults` may be small although a page is full, large although it is empty,
 * and paging may be refused or ignored.
 */
import { cannotTell } from '../../exit/failures.js';
import { isPage } from './http-answer.js';
import { RetryAfter } from './retry-after.js';
import { attribute } from './scim-resource.js';
import { queryString, type ScimAnswer, type ScimWire } from './scim-wire.js';

export type ResourceType = 'Users' | 'Groups';
type Query = Record<string, string>;

const PAGE_SIZE = 100;
/** A list that goes on is read in few requests, which a rate limit counts. */
const NEXT_PAGE_SIZE = 1000;
/** A server that gives ever new pages has no end. */
const MAX_ELEMENTS = 100_000;
/** A server that does not understand a request, or not so long an address, as opposed to one that refuses it. */
const NOT_UNDERSTOOD = new Set([400, 413, 414, 431, 501]);
/** With these some servers answer a filter that they do not have. */
const MAYBE_FILTER = new Set([403, 405, 422, 500]);
const MOST_BROKEN = 3;
/** A shorter list is not suspected to be the first part of a longer one. */
const SHORTEST_CUT = 50;
/** A server cuts at a round number, such as 100, 256 or 1500, or one below it. */
const isUsualLimit = (length: number): boolean =>
  [length, length + 1].some((each) => each % 50 === 0 || Number.isInteger(Math.log2(each)));
/** Whether a list of so many members may be the first part of a longer one. */
export const mayBeLimit = (length: number): boolean => length >= SHORTEST_CUT && isUsualLimit(length);
/** The type and the attribute. */
const filterKey = (type: ResourceType, filter: string): string => `${type} ${filter.split(' ')[0]}`;

export interface Listing {
  /** As they came: one without an id is no resource, and the caller judges it. */
  elements: unknown[];
  isComplete: boolean;
}

export type ScimLists = ReturnType<typeof createScimLists>;

export function createScimLists({ name, ask, failure, isRefusal, strange }: ScimWire) {
  /** The first form of a request that the server has understood. */
  let form = 0;
  const paged =
    (count: number) =>
    (query: Query, startIndex: number): Query => ({
      ...query,
      startIndex: String(startIndex),
      count: String(count),
    });
  const firstForms = [
    paged(PAGE_SIZE),
    (query: Query) => query,
    ({ filter }: Query): Query => (filter === undefined ? {} : { filter }),
  ];
  const nextForms = [paged(NEXT_PAGE_SIZE), paged(PAGE_SIZE)];
  /** A page as long as the longest first page ever seen may be a full one, whatever `totalResults` says. */
  const longest = new Map<ResourceType, number>();

  /** How often in a row a filter broke a server whose list works without it. */
  const broken = new Map<string, number>();

  /** Whether the server refuses, or breaks at, the filter alone: the list without it works. */
  async function isOfFilter(
    type: ResourceType,
    { filter = '', ...query }: Query,
    answer: ScimAnswer,
    what: string,
    signal: AbortSignal,
  ): Promise<boolean> {
    const asksToWait = failure(answer, what) instanceof RetryAfter;
    if (asksToWait || isPage(answer)) return false;
    const plain = await ask(`list ${type}`, 'GET', `/${type}${queryString(paged(1)(query, 1))}`, signal);
    if (!plain.ok || !Array.isArray(attribute(plain.json, 'Resources'))) return false;
    if (answer.status < 500) return true;
    // A search may be down for some moments.
    const key = filterKey(type, filter);
    const times = 1 + (broken.get(key) ?? 0);
    broken.set(key, times);
    return times >= MOST_BROKEN;
  }

  /** @returns the page; undefined where the server does not understand the filter */
  async function page(
    type: ResourceType,
    query: Query,
    startIndex: number,
    signal: AbortSignal,
  ): Promise<{ elements: unknown[]; total?: number; goesOn?: boolean } | undefined> {
    const { filter } = query;
    const what = filter === undefined ? `list ${type}` : `list ${type} where ${filter}`;
    const forms = startIndex > 1 ? nextForms : firstForms;
    let answer: ScimAnswer | undefined;
    let isMissed = true;
    for (let tried = startIndex > 1 ? 0 : form; isMissed && tried < forms.length; tried++) {
      answer = await ask(what, 'GET', `/${type}${queryString(forms[tried]!(query, startIndex))}`, signal);
      isMissed = NOT_UNDERSTOOD.has(answer.status) && isRefusal(answer, what);
      if (answer.ok && startIndex === 1) form = tried;
    }
    if (filter !== undefined && startIndex === 1) {
      if (answer!.ok) broken.delete(filterKey(type, filter));
      if (MAYBE_FILTER.has(answer!.status)) isMissed = await isOfFilter(type, query, answer!, what, signal);
    }
    // The first page was understood: this one is none.
    if (isMissed && startIndex > 1) return { elements: [] };
    if (filter !== undefined && isMissed) return undefined;
    // Some servers answer so where no resource matches. The search doubts every filter without a hit.
    const isNone = answer!.isScimNotFound || answer!.status === 204;
    if (isNone && (filter !== undefined || startIndex > 1)) return { elements: [] };
    if (!answer!.ok) {
      const error = failure(answer!, what);
      throw isMissed ? cannotTell(`${name} cannot be asked: ${error.message}`) : error;
    }
    const told = attribute(answer!.json, 'totalResults');
    const resources = attribute(answer!.json, 'Resources');
    // Another server's answer must not count as an empty list. `totalResults` is required (RFC 7644 §3.4.2).
    if (told === undefined && !Array.isArray(resources)) throw strange(what, 'a SCIM list');
    const elements = Array.isArray(resources) ? (resources as unknown[]) : [];
    // A server may page by cursors alone (RFC 9865).
    const goesOn = !!attribute(answer!.json, 'nextCursor');
    return { elements, total: Number(told ?? 0) || 0, goesOn };
  }

  async function read(
    type: ResourceType,
    query: Query,
    signal: AbortSignal,
    atMost: number,
  ): Promise<Listing | undefined> {
    const elements = new Map<string, unknown>();
    let counted = 0;
    let total = 0;
    let startIndex = 1;
    while (elements.size < atMost) {
      const next = await page(type, query, startIndex, signal);
      if (!next) return undefined;
      const known = elements.size;
      const { length } = next.elements;
      const repeated = length - new Set(next.elements.map(keyOf)).size;
      for (const each of next.elements) elements.set(keyOf(each), each);
      // What comes again on a later page does not count: another resource is missing for it.
      counted += elements.size - known + repeated;
      // A server that ignores `startIndex` gives the same page again.
      const isNew = elements.size > known;
      const mayBeFull = length >= Math.max(2, longest.get(type) ?? 0);
      if (mayBeFull && startIndex === 1) longest.set(type, length);
      if (isNew) startIndex += length;
      total = next.total ?? total;
      // A server that has one page alone may have more than it: it ignores `startIndex`, or takes none.
      // One that gave less than it was asked for, and has no next page, may count no more than that page.
      const isEnd = length === 0 && query['filter'] === undefined && known < PAGE_SIZE;
      const isCut = isEnd ? mayBeLimit(known) : (!isNew || form > 0) && mayBeLimit(length);
      const isWhole = counted >= total && !next.goesOn && !isCut;
      if (!isNew || form > 0 || (isWhole && !mayBeFull))
        return { elements: [...elements.values()], isComplete: isWhole };
    }
    return { elements: [...elements.values()], isComplete: false };
  }

  return {
    /** @returns about as many elements; undefined where the server does not understand the filter */
    some: read,

    /**
     * @returns all elements; undefined where the server does not understand the filter
     * @throws FinalFailure CannotTell where the list stays incomplete
     */
    async all(type: ResourceType, query: Query, signal: AbortSignal): Promise<unknown[] | undefined> {
      // Twice, since a resource may be deleted between two pages.
      for (let round = 0; round < 2; round++) {
        const listing = await read(type, query, signal, MAX_ELEMENTS);
        if (!listing || listing.isComplete) return listing?.elements;
      }
      throw cannotTell(
        `${name} shows only some of the ${type} that it counts${query['filter'] ? ` where ${query['filter']}` : ''}: look at them there`,
      );
    },
  };
}

const keyOf = (element: unknown): string => {
  const id = attribute(element, 'id');
  return typeof id === 'string' || typeof id === 'number' ? `id ${id}` : JSON.stringify(element);
};
