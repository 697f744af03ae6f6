/** Mail addresses as servers use them: `r&d@acme.example`, `jürgen@müller.example`, `eva@acme.xn--p1ai`. One string is one address. */
import { z } from 'zod';

/**
 * An atom (RFC 5322 §3.2.3) with letters of every script (RFC 6531 §3.3). Dots may stand anywhere: some mailboxes end in one. A quoted
 * string may have spaces, but nothing that begins another address.
 */
const LOCAL_PART =
  /^(?:[\p{L}\p{M}\p{N}\p{So}!#$%&'*+/=?^_`{|}~.-]+|"[\p{L}\p{M}\p{N}\p{So}!#$%&'*+/=?^_`{|}~. -]+")$/u;
/** Before the conversion, which would decode `%40` and drop a path. */
const DOMAIN = /^[\p{L}\p{M}\p{N}\p{So}_.-]+$/u;
/** RFC 1123 §2.1, with the `_` of internal hosts; a number at the end would be an IPv4 address. */
const HOST_NAME = /^(?:(?!-)[a-z0-9_-]{1,63}(?<!-)\.)*(?!-|\d+$)[a-z0-9_-]{1,63}(?<!-)$/;
/** RFC 5321 §4.5.3.1.3, without the angle brackets. */
const LONGEST = 254;

const EXAMPLE = 'must be a mail address, for example hr@acme.example';
export const MailAddress = z
  .string(EXAMPLE)
  .max(LONGEST, EXAMPLE)
  .refine((text) => split(text) !== undefined, EXAMPLE);

/** @returns the address with its domain in ASCII (RFC 5890 §2.3.2.1); undefined where the text is not one address */
export function transportAddress(text: string): string | undefined {
  const parts = split(text);
  return parts && `${parts.local}@${parts.domain}`;
}

/** Whether only a server with SMTPUTF8 (RFC 6531) takes the address. */
export const needsSmtpUtf8 = (address: string): boolean => /[^\p{ASCII}]/u.test(address.replace(/@.*/s, ''));

/**
 * Whether two names or addresses are the same person's. Servers compare local parts case-insensitively, and a domain has two spellings:
 * Unicode and ASCII.
 */
export const isSameIdentity = (a: string, b: string): boolean => canonical(a) === canonical(b);

function canonical(text: string): string {
  const { local, domain } = canonicalParts(text);
  return domain === undefined ? local : `${local}@${domain}`;
}

function canonicalParts(text: string): { local: string; domain: string | undefined } {
  const parts = split(text.trim());
  const name = parts ? parts.local.replace(/^"(.*)"$/s, '$1') : text.trim();
  return { local: name.normalize('NFKC').toLowerCase(), domain: parts?.domain };
}

/** The address without its sub-address (RFC 5233): `dana+exit@acme.example` is `dana@acme.example`. */
export const withoutDetail = (address: string): string => address.replace(/(?<=.)\+.*(?=@[^@]*$)/s, '');

/**
 * Whether a mail address reaches the person with these identities: also as a sub-address (RFC 5233, `dana+exit@acme.example`), and as
 * their login at one of their domains, or at any where none is known.
 */
export function reaches(address: string, identities: readonly string[]): boolean {
  const { local, domain } = canonicalParts(withoutDetail(address));
  const known = identities.map((identity) => canonicalParts(withoutDetail(identity)));
  const domains = known.flatMap((each) => each.domain ?? []);
  const isTheirs = domain === undefined || domains.length === 0 || domains.includes(domain);
  return known.some(
    (each) => each.local === local && (each.domain === undefined ? isTheirs : each.domain === domain),
  );
}

function split(text: string): { local: string; domain: string } | undefined {
  const at = text.lastIndexOf('@');
  const local = text.slice(0, at);
  if (text.length > LONGEST || at < 1 || !LOCAL_PART.test(local)) return undefined;
  const domain = asciiDomain(text.slice(at + 1));
  return domain !== undefined && local.length + 1 + domain.length <= LONGEST ? { local, domain } : undefined;
}

/** @returns the domain in ASCII and lower case; undefined where it is none */
export function asciiDomain(text: string): string | undefined {
  const url = `http://${text}`;
  const domain = DOMAIN.test(text) && URL.canParse(url) ? new URL(url).hostname : '';
  return HOST_NAME.test(domain) ? domain : undefined;
}
