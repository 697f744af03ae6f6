/** SCIM resources (RFC 7643), validated on receipt, so that no wrong type reaches a workflow. */
import { z } from 'zod';

const ENTERPRISE_USER = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';

/** Null means unassigned (RFC 7643 §2.5). */
const optional = <T extends z.ZodType>(type: T) => type.nullish().transform((value) => value ?? undefined);
const text = optional(z.string());

const Resource = z.looseObject({
  id: z.string().min(1),
  meta: optional(z.looseObject({ version: text })),
});

export const ScimUser = Resource.extend({
  userName: z.string(),
  externalId: text,
  displayName: text,
  name: optional(z.looseObject({ formatted: text, givenName: text, familyName: text })),
  emails: optional(z.array(z.looseObject({ value: text, type: text, primary: optional(z.boolean()) }))),
  /** In the format of Accept-Language (RFC 7643 §4.1.1): "de-DE". */
  preferredLanguage: text,
  /** RFC 7643 §4.1.1. Some servers omit it, and some return a string. */
  active: optional(z.union([z.boolean(), z.string()])),
  [ENTERPRISE_USER]: optional(
    z.looseObject({ employeeNumber: text, manager: optional(z.looseObject({ value: text })) }),
  ),
});
export type ScimUser = z.output<typeof ScimUser>;

export const ScimGroup = Resource.extend({
  displayName: z.string(),
  members: optional(z.array(z.looseObject({ value: z.string() }))),
});
export type ScimGroup = z.output<typeof ScimGroup>;

/** The part of a resource that a PATCH needs. */
export type ScimResource = { id: string; meta?: { version?: string | undefined } | undefined };

/** `active` has no default (RFC 7643 §4.1.1): only an explicit false suspends an account. */
export const isActive = (user: ScimUser): boolean => String(user.active).toLowerCase() !== 'false';

export function primaryEmail(user: ScimUser): string | undefined {
  const { emails = [] } = user;
  return (emails.find(({ primary }) => primary) ?? emails.find(({ type }) => type !== 'home'))?.value;
}

/** @returns the address of type "home" (RFC 7643 §4.1.2) */
export function personalEmail(user: ScimUser): string | undefined {
  const email = user.emails?.find(({ type }) => type === 'home')?.value;
  return email === primaryEmail(user) ? undefined : email;
}

export function displayNameOf(user: ScimUser): string {
  const { displayName, name } = user;
  return (
    displayName ||
    name?.formatted ||
    [name?.givenName, name?.familyName].filter(Boolean).join(' ') ||
    user.userName
  );
}

export const identitiesOf = ({ userName, emails = [] }: ScimUser): string[] => [
  ...new Set([userName, ...emails.flatMap(({ value }) => value || [])]),
];

export const managerIdOf = (user: ScimUser): string | undefined => user[ENTERPRISE_USER]?.manager?.value;

export function attributeOf(user: ScimUser, path: string): unknown {
  const extension = path.startsWith(`${ENTERPRISE_USER}:`);
  const holder: object | undefined = extension ? user[ENTERPRISE_USER] : user;
  const attribute = extension ? path.slice(ENTERPRISE_USER.length + 1) : path;
  // Attribute names are case-insensitive (RFC 7643 §2.1).
  return Object.entries(holder ?? {}).find(([key]) => sameText(key, attribute))?.[1];
}

export const sameText = (a: unknown, b: string): boolean =>
  typeof a === 'string' && a.toLowerCase() === b.toLowerCase();
