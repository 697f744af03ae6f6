/** Reads the XML answers of WebDAV (RFC 4918): by local names, since some servers get the namespaces wrong. */
import { DOMParser, type Element, type Node } from '@xmldom/xmldom';

/** One object of a collection. */
export interface DavItem {
  href: string;
  /** Of the object as a whole. That of one property is not it: a server may keep back the data alone. */
  status: number;
  /** Of the first property that is not given. */
  refused?: number | undefined;
  etag?: string | undefined;
  /** Its iCalendar text, where the server gave it. */
  data?: string | undefined;
}

/** @throws Error where the text is no multistatus (§13): any other text would read as "nothing found" */
export function itemsIn(text: string): DavItem[] {
  const root = rootOf(text);
  if (root?.localName !== 'multistatus') throw new Error('without a multistatus');
  return childrenOf(root, 'response').map((response) => {
    const given = childrenOf(response, 'propstat').filter((each) => isGiven(statusOf(each)));
    const property = (name: string) =>
      given.flatMap((each) => [...each.getElementsByTagNameNS('*', name)])[0]?.textContent ?? undefined;
    const [href] = childrenOf(response, 'href');
    const refused = childrenOf(response, 'propstat')
      .map(statusOf)
      .find((status) => !isGiven(status));
    return {
      href: href?.textContent?.trim() ?? '',
      status: statusOf(response) ?? 200,
      refused,
      etag: property('getetag')?.trim() || undefined,
      data: property('calendar-data')?.trim() || undefined,
    };
  });
}

/** What a server says of its refusal: the precondition (RFC 4918 §16) with the address in it, and its words. */
export interface DavError {
  condition?: string | undefined;
  href?: string | undefined;
  words?: string | undefined;
}

export function errorIn(text: string): DavError {
  let root: Element | null;
  try {
    root = rootOf(text);
  } catch {
    // A page, or JSON: the message has the status code.
    return {};
  }
  if (root?.localName !== 'error') return {};
  const elements = [...root.childNodes].filter(isElement);
  const words = elements.find(({ localName }) => /^(message|responsedescription)$/.test(localName ?? ''));
  // sabre/dav puts its own elements beside the condition.
  const condition = elements.find(({ namespaceURI }) => !namespaceURI?.includes('sabredav'));
  const [href] = condition ? [...condition.getElementsByTagNameNS('*', 'href')] : [];
  return {
    condition: condition === words ? undefined : (condition?.localName ?? undefined),
    href: href?.textContent?.trim() || undefined,
    words: words?.textContent?.replaceAll(/\s+/g, ' ').trim() || undefined,
  };
}

/** @throws Error where it is no XML, or declares entities (XXE) */
function rootOf(text: string): Element | null {
  // WebDAV needs no DTD, whose entities could name files or grow without limit.
  if (/<!DOCTYPE/i.test(text)) throw new Error('with a DTD, which WebDAV does not have');
  const parser = new DOMParser({
    onError(level, message) {
      if (level === 'fatalError') throw new Error(`with malformed XML: ${message}`);
    },
  });
  return parser.parseFromString(text.replace(/^\uFEFF/, '').trimStart(), 'application/xml').documentElement;
}

const isElement = (node: Node): node is Element => node.nodeType === 1;

const childrenOf = (element: Element, name: string): Element[] =>
  [...element.childNodes].filter(isElement).filter(({ localName }) => localName === name);

function statusOf(element: Element): number | undefined {
  const [status] = childrenOf(element, 'status');
  const [, code] = /\s(\d{3})\b/.exec(status?.textContent ?? '') ?? [];
  return code === undefined ? undefined : Number(code);
}

const isGiven = (status: number | undefined): boolean =>
  status === undefined || Math.floor(status / 100) === 2;
