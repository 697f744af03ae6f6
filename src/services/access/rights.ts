/** Rights that an account shows of itself, beside its groups: roles, entitlements (RFC 7643 §4.1.2), licences. A write may cost them. */
import { createHash } from 'node:crypto';
import type { Right } from '../../exit/hold-facts.js';
import type { Account } from './access-port.js';

/** A value is a right by the name of its attribute. A server may show others anew at each read, such as a signed address of a photo. */
const OF_ACCESS = /role|entitlement|permission|privilege|licen[cs]e|scope|admin|userType/i;
const LIST_OF_ACCESS = /team|project|tenant|workspace|application|assignment|grant/i;
/** A record has a limit. */
const MOST_RECORDED = 100;

/** @returns what the account had before and has no longer, and what it has since; empty where the adapter does not show it */
export function rightsChanged(before: Account, after: Account): Right[] {
  if (!before.others || !after.others) return [];
  const taken = missing(rightsOf('', before.others), after);
  const added = missing(rightsOf('', after.others), before);
  return [...taken, ...added.map((each): Right => ({ ...each, isAdded: true }))].slice(0, MOST_RECORDED);
}

/** For the record of a block. */
export function changeOf(before: Account, after: Account): { rights?: Right[] } {
  const rights = rightsChanged(before, after);
  return rights.length > 0 ? { rights } : {};
}

/** @returns those that the account does not have */
export function missing(rights: readonly Right[], { others = {} }: Account): Right[] {
  const now = new Set(rightsOf('', others).map(keyOf));
  return rights.filter((right) => !now.has(keyOf(right)));
}

export const isTaken = ({ isAdded }: Right): boolean => !isAdded;
export const namesOfRights = (rights: readonly Right[]): string =>
  [...new Set(rights.map(({ name }) => name))].join(', ');

export const keyOf = ({ name, digest }: Right): string => `${name} ${digest}`;

/** @param path the names of the attributes down to it, without the URN of a schema, in which any word may be */
function rightsOf(path: string, value: unknown): Right[] {
  const name = path.split(' ').at(-1)!;
  if (Array.isArray(value))
    return OF_ACCESS.test(path) || LIST_OF_ACCESS.test(path)
      ? value.map((each) => ({ name, digest: digestOf(each) }))
      : [];
  if (typeof value === 'object' && value !== null)
    return Object.entries(value).flatMap(([key, each]) =>
      rightsOf(key.startsWith('urn:') ? path : `${path} ${key}`, each),
    );
  return OF_ACCESS.test(path) ? [{ name, digest: digestOf(value) }] : [];
}

/** A value is compared, and not recorded, since it may be personal data. What stands beside it, such as when it was used last, is no part of it. */
function digestOf(value: unknown): string {
  const { value: inner, id, $ref, name, display, type } = (value ?? {}) as Record<string, unknown>;
  const what = inner ?? id ?? $ref ?? name ?? display ?? type ?? value;
  return createHash('sha256').update(JSON.stringify(what)).digest('base64url').slice(0, 16);
}
