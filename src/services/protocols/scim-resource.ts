/**
 * Resources of SCIM (RFC 7643), read leniently: each value by itself, so that an odd one makes no other unreadable. Names and URNs are
 * compared without regard to case (RFC 7643 §2.1), and numbers count as their text. What is not shown is undefined.
 */
export type Json = Record<string, unknown>;

export const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export interface ScimResource {
  id: string;
  /** The ETag, or `meta.version` where the server sends no header. */
  version?: string | undefined;
}

export interface ScimUser extends ScimResource {
  userName: string;
  displayName?: string | undefined;
  /** In the format of Accept-Language (RFC 7643 §4.1.1): "de-DE". */
  preferredLanguage?: string | undefined;
  /** An IANA name (RFC 7643 §4.1.1), as the server writes it. */
  timezone?: string | undefined;
  emails: { value: string; type?: string | undefined; isPrimary: boolean }[];
  active?: boolean | undefined;
  managerId?: string | undefined;
  /** Undefined where the server does not show them. */
  groups?: Reference[] | undefined;
  json: Json;
}

export interface ScimGroup extends ScimResource {
  displayName: string;
  /** Undefined where the server does not show them. */
  members?: Reference[] | undefined;
  json: Json;
}

/** An element of `members` or `groups`. Its value is undefined where it cannot be read. */
export interface Reference {
  value?: string | undefined;
  display?: string | undefined;
  /** "user", "group", "direct", "indirect", in lower case. */
  type?: string | undefined;
  /** What else it has, such as a role or an end. */
  more?: Json | undefined;
}

const ENTERPRISE_USER = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:user';

/** @returns undefined where it has no id, and so is no resource */
export function userOf(json: unknown, etag?: string | null): ScimUser | undefined {
  const resource = resourceOf(json, etag);
  if (!resource) return undefined;
  const emails = listOf(attribute(resource.json, 'emails')).flatMap(emailOf);
  const user = {
    ...resource,
    displayName: textOf(attribute(resource.json, 'displayName')),
    preferredLanguage: textOf(attribute(resource.json, 'preferredLanguage')),
    timezone: textOf(attribute(resource.json, 'timezone')),
    emails,
    active: flagOf(attribute(resource.json, 'active')),
    managerId: managerOf(resource.json),
    groups: referencesOf(attribute(resource.json, 'groups')),
  };
  const userName = textOf(attribute(resource.json, 'userName'));
  return { ...user, userName: userName ?? user.displayName ?? emails[0]?.value ?? user.id };
}

/** @returns undefined where it has no id, and so is no resource */
export function groupOf(json: unknown, etag?: string | null): ScimGroup | undefined {
  const resource = resourceOf(json, etag);
  if (!resource) return undefined;
  return {
    ...resource,
    displayName: textOf(attribute(resource.json, 'displayName')) ?? resource.id,
    members: referencesOf(attribute(resource.json, 'members')),
  };
}

function resourceOf(json: unknown, etag: string | null | undefined) {
  const id = textOf(attribute(json, 'id'));
  if (!isObject(json) || id === undefined) return undefined;
  // The header first: some servers give `meta.version` in another form, which `If-Match` refuses.
  return { id, version: etag || textOf(attribute(attribute(json, 'meta'), 'version')), json };
}

/** @returns the value of an attribute, whatever the case of its name */
export function attribute(holder: unknown, name: string): unknown {
  if (!isObject(holder)) return undefined;
  if (holder[name] !== undefined) return holder[name];
  return Object.entries(holder).find(([key]) => sameText(key, name))?.[1];
}

/** @param path "externalId", "name.familyName", "emails.value" or "urn:…:User:employeeNumber" @returns the values shown there */
export const valuesOf = (json: unknown, path: string): string[] =>
  // `emails[type eq "work"].value`: which of them, the server has chosen.
  valuesAt(json, path.replaceAll(/\[[^\]]*\]/g, ''));

function valuesAt(holder: unknown, path: string): string[] {
  if (Array.isArray(holder)) return holder.flatMap((each) => valuesAt(each, path));
  if (path === '') {
    const value = textOf(isObject(holder) ? attribute(holder, 'value') : holder);
    return value === undefined ? [] : [value];
  }
  if (!isObject(holder)) return path === 'value' ? valuesAt(holder, '') : [];
  const whole = attribute(holder, path);
  if (whole !== undefined) return valuesAt(whole, '');
  // The longest name first: one URN may begin another.
  const keys = Object.keys(holder).toSorted((a, b) => b.length - a.length);
  const key = keys.find((each) => /^[:.]/.test(path.slice(each.length)) && startsWith(path, each));
  if (key !== undefined) return valuesAt(holder[key], path.slice(key.length + 1));
  // A core attribute under the URN of its schema (RFC 7644 §3.10).
  const [, core] = /^urn:ietf:params:scim:schemas:core:2\.0:(?:user|group):(.+)$/i.exec(path) ?? [];
  return core === undefined ? [] : valuesAt(holder, core);
}

function managerOf(json: Json): string | undefined {
  const manager = attribute(attribute(json, ENTERPRISE_USER), 'manager');
  // Some servers send the id alone, some only the reference.
  return isObject(manager) ? referenceOf(manager).value : textOf(manager);
}

function emailOf(email: unknown): ScimUser['emails'] {
  const value = textOf(isObject(email) ? attribute(email, 'value') : email);
  if (value === undefined) return [];
  const type = textOf(attribute(email, 'type'))?.toLowerCase();
  return [{ value, type, isPrimary: flagOf(attribute(email, 'primary')) === true }];
}

const referencesOf = (value: unknown): Reference[] | undefined =>
  value === undefined || value === null ? undefined : listOf(value).map(referenceOf);

/** RFC 7643 §2.4, §4.1.2, §4.2. */
const OF_REFERENCE = /^(value|display|displayName|type|primary|\$ref)$/i;

function referenceOf(element: unknown): Reference {
  if (!isObject(element)) return { value: textOf(element) };
  const [, kind, id] = /(Users|Groups)\/([^/?#]+)\/?$/i.exec(textOf(attribute(element, '$ref')) ?? '') ?? [];
  const more = Object.entries(element).filter(([name]) => !OF_REFERENCE.test(name));
  return {
    value: textOf(attribute(element, 'value')) ?? id,
    display: textOf(attribute(element, 'display')),
    type: textOf(attribute(element, 'type'))?.toLowerCase() ?? kind?.toLowerCase().replace(/s$/, ''),
    ...(more.length > 0 && { more: Object.fromEntries(more) }),
  };
}

/** Some servers send the only element of a list without the list. */
const listOf = (value: unknown): unknown[] =>
  Array.isArray(value) ? value : value === undefined || value === null ? [] : [value];

export function textOf(value: unknown): string | undefined {
  if (typeof value === 'number') return String(value);
  return typeof value === 'string' && value !== '' ? value : undefined;
}

const FLAGS = new Map<unknown, boolean>([
  ...(['true', '1', 'yes'] as const).map((text) => [text, true] as const),
  ...(['false', '0', 'no'] as const).map((text) => [text, false] as const),
]);

/** @returns undefined where the value is absent, or neither true nor false */
function flagOf(value: unknown): boolean | undefined {
  return isObject(value) || Array.isArray(value) ? undefined : FLAGS.get(String(value).trim().toLowerCase());
}

export function primaryEmail({ emails }: ScimUser): string | undefined {
  return (emails.find(({ isPrimary }) => isPrimary) ?? emails.find(({ type }) => type !== 'home'))?.value;
}

/** @returns the address of type "home" (RFC 7643 §4.1.2) */
export function personalEmail(user: ScimUser): string | undefined {
  const email = user.emails.find(({ type }) => type === 'home')?.value;
  return email === primaryEmail(user) ? undefined : email;
}

export function displayNameOf({ displayName, userName, json }: ScimUser): string {
  const name = attribute(json, 'name');
  const part = (of: string): string | undefined => textOf(attribute(name, of));
  return (
    displayName ??
    part('formatted') ??
    ([part('givenName'), part('familyName')].filter(Boolean).join(' ') || userName)
  );
}

export const externalIdOf = ({ json }: ScimUser): string | undefined => textOf(attribute(json, 'externalId'));

export const identitiesOf = ({ userName, emails }: ScimUser): string[] => [
  ...new Set([userName, ...emails.map(({ value }) => value)]),
];

export const sameText = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase();

const startsWith = (text: string, beginning: string): boolean =>
  sameText(text.slice(0, beginning.length), beginning);

/** @returns the type of an inactive user, in lower case or empty: servers may hide those of one type, and show those of another */
export const inactiveTypeOf = (user: ScimUser | undefined): string | undefined =>
  user?.active === false ? (valuesOf(user.json, 'userType')[0] ?? '').toLowerCase() : undefined;
