/**
 * Searches by one attribute (RFC 7644 §3.4.2.2), which are doubted. A filter that is not understood may answer everything, or nothing,
 * without an error: an impossible value must have no hit, and a value that a resource shows must find it.
 */
import { randomUUID } from 'node:crypto';
import { cannotTell, FailureType, isFinalFailure } from '../../exit/failures.js';
import { remembered } from './remembered.js';
import { isSameId, isUuid } from './resource-id.js';
import { mayBeLimit, type ScimLists, type ResourceType } from './scim-list.js';
import { attribute, sameText, valuesOf } from './scim-resource.js';
import type { ScimWire } from './scim-wire.js';

/** A system that does not understand a filter is read whole, up to this size. */
const MAX_SCANNED = 2000;
/** What does not show the attribute in a list, or may be cut off there, is read by its id, up to so many. */
const MAX_READ = 100;
const MAX_SAMPLES = 2;
const MAX_WITNESSES = 3;
/** How long the first resources serve further questions, in milliseconds. */
const REMEMBERED_MS = 120_000;

interface Question {
  type: ResourceType;
  /** "externalId", "urn:…:User:employeeNumber", "members.value". */
  attribute: string;
  /** Further parameters of the request, such as `excludedAttributes`. */
  query?: Record<string, string>;
  /** Parameters that make a server show the attribute, where `query` hides it. */
  showing?: Record<string, string>;
  /** Whether the values are ids, which another case makes another one. */
  isId?: boolean;
  /** Reads an element of a list by its id, which may show what lists do not. */
  readWhole?: (element: unknown, signal: AbortSignal) => Promise<unknown>;
}

interface Search extends Question {
  value: string;
}

interface Proof {
  excludes?: boolean;
  finds?: boolean;
  isNumber?: boolean;
  matchesParts?: boolean;
  /** By value, the id of a resource that it has found: asked again before an answer rests on it. */
  witnesses: Map<string, unknown>;
}

export function createScimSearch({ name }: ScimWire, lists: ScimLists) {
  /** By type and attribute. What one answer has proven is not asked again. */
  const proven = new Map<string, Proof>();
  const proofOf = ({ type, attribute }: Question) => {
    const key = `${type} ${attribute.toLowerCase()}`;
    if (!proven.has(key)) proven.set(key, { witnesses: new Map() });
    return proven.get(key)!;
  };
  /** By type, the first resources. */
  const firsts = new Map<ResourceType, ReturnType<typeof firstsOf>>();
  const firstsOf = (type: ResourceType) =>
    remembered(async (signal) => (await lists.some(type, {}, signal, MAX_SCANNED))!.elements, REMEMBERED_MS);

  const witness = ({ witnesses }: Proof, value: string, found: unknown): void => {
    witnesses.delete(value);
    witnesses.set(value, attribute(found, 'id'));
    for (const oldest of witnesses.keys()) if (witnesses.size > MAX_WITNESSES) witnesses.delete(oldest);
  };

  const filtered = (
    { type, attribute, query }: Question,
    literal: string,
    signal: AbortSignal,
  ): Promise<unknown[] | undefined> =>
    lists.all(type, { filter: `${attribute} eq ${literal}`, ...query }, signal);

  /** The first page of those with the value, which may be a number on the server. */
  function some(question: Question, value: string, signal: AbortSignal) {
    const { type, attribute, query } = question;
    const literal = proofOf(question).isNumber && isNumber(value) ? value : JSON.stringify(value);
    return lists.some(type, { filter: `${attribute} eq ${literal}`, ...query }, signal, 1);
  }

  /** An attribute may be a number on the server, which no string equals. */
  async function equal(search: Question, value: string, signal: AbortSignal): Promise<unknown[] | undefined> {
    const proof = proofOf(search);
    const text = JSON.stringify(value);
    if (!isNumber(value)) return filtered(search, text, signal);
    // Some servers have both: the form of the last hit is asked first, and the other one where there is no hit.
    const [first, other] = proof.isNumber ? [value, text] : [text, value];
    const found = await filtered(search, first, signal);
    if (found?.length || (!found && !proof.isNumber)) return found;
    const foundOtherwise = await filtered(search, other, signal);
    if (foundOtherwise?.length) proof.isNumber = !proof.isNumber;
    return foundOtherwise ?? found;
  }

  /** Whether an impossible value has no hit. */
  async function excludes(search: Search, signal: AbortSignal): Promise<boolean> {
    const proof = proofOf(search);
    // A refusal of the value alone shows that the filter is understood.
    proof.excludes ??= !(await filtered(search, impossible(), signal))?.length;
    return proof.excludes;
  }

  /** Whether a value that a resource shows finds it. True where no resource shows any: then there is nothing to find. */
  async function finds(search: Search, signal: AbortSignal): Promise<boolean> {
    const proof = proofOf(search);
    if (proof.finds !== undefined) return proof.finds;
    const samples = await samplesOf(search, signal);
    const found: boolean[] = [];
    for (const sample of samples.slice(0, MAX_SAMPLES)) {
      const value = valuesOf(sample, search.attribute)[0]!;
      const hits = await equal(search, value, signal);
      const isFound = hits?.some((hit) => sameId(hit, sample)) ?? false;
      if (isFound) witness(proof, value, sample);
      found.push(isFound);
    }
    const isUnderstood = found.every(Boolean);
    // A search that does not know the newest yet is not remembered for it.
    if (new Set(found).size === 1) proof.finds = isUnderstood;
    return isUnderstood;
  }

  /** Those of the first page that show the attribute; without any there, those further on. */
  async function samplesOf({ type, attribute, query, showing }: Question, signal: AbortSignal) {
    for (const atMost of [1, MAX_SCANNED]) {
      const listing = await lists.some(type, showing ?? query ?? {}, signal, atMost);
      const samples = listing?.elements.filter((each) => valuesOf(each, attribute).length > 0) ?? [];
      if (samples.length > 0 || (listing?.isComplete ?? true)) return samples;
    }
    return [];
  }

  /**
   * @returns the elements of a list: each that does not show the attribute, or may be cut off there, as its id shows it; and why that
   *   may not be all
   * @param believesEmpty whether one that shows none beside others that do is empty
   */
  async function whole(elements: unknown[], search: Search, signal: AbortSignal, believesEmpty: boolean) {
    const { type, attribute: path, readWhole } = search;
    const lengthOf = (each: unknown): number => valuesOf(each, path).length;
    const longest = elements.reduce<number>((most, each) => Math.max(most, lengthOf(each)), 0);
    const isLongest = (each: unknown, most: number): boolean =>
      most > 0 && lengthOf(each) >= most && !hasValue(each, search);
    const mayBeCut = (each: unknown, most: number): boolean => mayBeLimit(most) && isLongest(each, most);
    // A list of resources may show the first few of each.
    const sample = elements.find((each) => isLongest(each, longest));
    const isCutInLists =
      readWhole !== undefined &&
      sample !== undefined &&
      lengthOf(await readWhole(sample, signal)) > lengthOf(sample);
    const isUnsure = isCutInLists ? isLongest : mayBeCut;
    const mayBeHidden = (each: unknown): boolean => lengthOf(each) === 0 && (longest === 0 || !believesEmpty);
    const isEmpty = (each: unknown): boolean => Array.isArray(attribute(each, path.split('.')[0]!));
    const doubtful = elements
      .filter((each) => readWhole && (mayBeHidden(each) || isUnsure(each, longest)))
      .toSorted((a, b) => Number(isEmpty(a)) - Number(isEmpty(b)));
    // An empty list is believed where others show members, one that is left out is not.
    if (doubtful.length > MAX_READ && (longest === 0 || !isEmpty(doubtful[MAX_READ])))
      return { all: elements, doubt: `shows no ${path} of ${doubtful.length} ${type} in a list` };
    const read = new Map<unknown, unknown>();
    for (const each of doubtful.slice(0, MAX_READ)) read.set(each, (await readWhole!(each, signal)) ?? each);
    const most = [...read.values()].reduce<number>((so, each) => Math.max(so, lengthOf(each)), 0);
    const isCut = [...read.values()].some((each) => mayBeCut(each, most));
    return {
      all: elements.map((each) => read.get(each) ?? each),
      doubt: isCut ? `shows ${most} of them of one of the ${type}, which may be the first ones` : undefined,
    };
  }

  /** @throws FinalFailure CannotTell where the system is too large, or does not show the attribute */
  async function scan(
    search: Search,
    signal: AbortSignal,
    believesEmpty = false,
    isHit = hasValue,
  ): Promise<unknown[]> {
    const { type, attribute, value, showing, query } = search;
    const listing = await lists.some(type, showing ?? query ?? {}, signal, MAX_SCANNED + 1);
    const { isComplete, elements } = listing!;
    const { all, doubt } = isComplete
      ? await whole(elements, search, signal, believesEmpty)
      : { all: elements, doubt: undefined };
    const shown = all.map((each) => valuesOf(each, attribute));
    // One that shows neither the attribute nor an id may be the one asked for: the caller judges it.
    const hits = all.filter((each, i) =>
      shown[i]!.length > 0 ? isHit(each, search) : valuesOf(each, 'id').length === 0,
    );
    const isShown = shown.some(({ length }) => length > 0);
    if (isComplete && doubt === undefined && (isShown || all.length === 0)) return hits;
    const size = elements.length > MAX_SCANNED ? `has more than ${MAX_SCANNED}` : 'shows only some of its';
    const why = isShown ? `${size} ${type} to read instead` : `does not show ${attribute}`;
    throw cannotTell(
      `${name} cannot be asked for ${attribute} "${value}": it does not understand that filter, and ${doubt ?? why}; let its administrator look, or configure another key or kind of hold`,
    );
  }

  async function stillFinds(question: Question, signal: AbortSignal, except = ''): Promise<boolean> {
    const proof = proofOf(question);
    for (const [value, id] of [...proof.witnesses]) {
      if (sameText(value, except)) continue;
      const isFound = (hits: readonly unknown[] = []): boolean =>
        hits.some((hit) => String(attribute(hit, 'id')) === String(id));
      // One with very many hits is mostly among the first of them.
      const first = await some(question, value, signal);
      if (isFound(first?.elements)) return true;
      if (!first?.isComplete && isFound(await equal(question, value, signal))) return true;
      // It may have changed there.
      proof.witnesses.delete(value);
    }
    delete proof.finds;
    return false;
  }

  async function hits(search: Search, signal: AbortSignal): Promise<unknown[]> {
    const proof = proofOf(search);
    if (proof.excludes === false || proof.finds === false) return scan(search, signal);
    const found = await equal(search, search.value, signal);
    if (!found) {
      // It may be this value alone that the server refuses.
      const isRefused = !proof.excludes && !proof.finds && !(await filtered(search, impossible(), signal));
      if (isRefused) proof.excludes = false;
      return scan(search, signal);
    }
    const isShown = found.length > 0 && found.every((each) => hasValue(each, search));
    const isUnderstood =
      isShown || (found.length > 0 ? await excludes(search, signal) : await finds(search, signal));
    if (!isUnderstood) return scan(search, signal);
    if (found.length > 0) {
      proof.finds = true;
      witness(proof, search.value, found[0]);
    }
    return found;
  }

  return {
    /**
     * @returns the elements that the server finds; they need not show the attribute, and may have another value of it
     * @throws FinalFailure CannotTell
     */
    hits,

    /** @returns those that a list shows with the value; none where the list is too large, or does not show the attribute */
    listed: (search: Search, signal: AbortSignal): Promise<unknown[]> =>
      scan(search, signal, true).catch(noneWhereUntold),

    /** @returns those with the value in another case, by a filter that heeds the case, or else by a list */
    async spelt(search: Search, signal: AbortSignal): Promise<unknown[]> {
      const proof = proofOf(search);
      const { value } = search;
      if (proof.excludes === false || proof.finds === false)
        return scan(search, signal, true, ignoringCase).catch(noneWhereUntold);
      const found: unknown[] = [];
      for (const other of new Set([value.toLowerCase(), value.toUpperCase()]))
        if (other !== value) found.push(...((await equal(search, other, signal)) ?? []));
      return found;
    },

    /**
     * As `hits`, where an earlier proof does not make an answer without hits true: a witness of it is asked again.
     * @param isExpected whether none is no surprise
     */
    async hitsNow(search: Search, signal: AbortSignal, isExpected = () => false): Promise<unknown[]> {
      const isProven = proofOf(search).finds === true;
      const found = await hits(search, signal);
      if (found.length > 0 || !isProven || isExpected()) return found;
      return (await stillFinds(search, signal, search.value)) ? found : hits(search, signal);
    },

    /**
     * Whether the filter still finds what it has found before, by another value than this one: a server may hide later what it showed.
     * Where it does not, what was proven is forgotten.
     */
    stillFinds,

    /**
     * Whether the filter also finds values that only begin or end with the one asked for, or differ from it in case.
     * @param hits what it has found
     * @param isExact whether a hit has exactly this value
     */
    async matchesParts(
      search: Search,
      hits: unknown[],
      isExact: (hit: unknown, value: string) => Promise<boolean>,
      signal: AbortSignal,
    ): Promise<boolean> {
      const proof = proofOf(search);
      const { value } = search;
      // No id is a part of another of this form, and what shows its values is compared.
      if (proof.excludes === false || proof.finds === false || isUuid(value)) return false;
      if (hits.every((hit) => hasValue(hit, search))) return false;
      if (proof.matchesParts !== undefined) return proof.matchesParts;
      const parts = [inOtherCase(value), value.slice(0, -1), value.slice(1)].filter((each) => each !== value);
      // A single letter has no part to ask for.
      if (value.length < 2) return true;
      for (const part of parts) {
        const found = await filtered(search, JSON.stringify(part), signal);
        const hit = found?.find((each) => hits.some((other) => sameId(each, other)));
        if (!hit) continue;
        // The part may be the id of another one.
        if (await isExact(hit, part)) return true;
        proof.matchesParts = true;
        return true;
      }
      proof.matchesParts = false;
      return false;
    },

    /** Resources that show the attribute. Of a large system it reads a part. */
    samplesOf,

    /**
     * Whether a list shows the value, in any spelling. Of a large system it looks at a part, which serves some minutes.
     * @param now resources that were seen just now
     */
    async isListed(search: Search, now: readonly unknown[], signal: AbortSignal): Promise<boolean> {
      const has = (all: readonly unknown[]): boolean =>
        all.some((each) => valuesOf(each, search.attribute).some((shown) => isAlike(shown, search.value)));
      if (has(now)) return true;
      const first = firsts.get(search.type) ?? firstsOf(search.type);
      firsts.set(search.type, first);
      if (!has(await first.get(signal))) return false;
      first.forget();
      return has(await first.get(signal));
    },

    hasSample: async (question: Question, signal: AbortSignal): Promise<boolean> =>
      (await samplesOf(question, signal)).length > 0,

    /** Whether the filter has found a value that a resource shows. */
    isProven: (question: Question): boolean => proofOf(question).finds === true,
  };
}

const hasValue = (element: unknown, { attribute, value, isId }: Search): boolean =>
  valuesOf(element, attribute).some((each) => (isId ? isSameId(each, value) : sameText(each, value)));

const isNumber = (value: string): boolean => /^[1-9]\d{0,14}$/.test(value);

const impossible = (): string => JSON.stringify(randomUUID());

function noneWhereUntold(error: unknown): [] {
  if (isFinalFailure(error, FailureType.CannotTell)) return [];
  throw error;
}

const ignoringCase = (element: unknown, { attribute, value }: Search): boolean =>
  valuesOf(element, attribute).some((each) => sameText(each, value));

/** But for case, space around it, and zeros before it, which a server that keeps numbers loses. */
const isAlike = (one: string, other: string): boolean => sameText(bare(one), bare(other));
const bare = (text: string): string => text.trim().replace(/^0+(?=\d)/, '');

const inOtherCase = (text: string): string =>
  text === text.toUpperCase() ? text.toLowerCase() : text.toUpperCase();

const sameId = (a: unknown, b: unknown): boolean => String(attribute(a, 'id')) === String(attribute(b, 'id'));
