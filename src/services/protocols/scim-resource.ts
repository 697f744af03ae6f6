/** What is read of SCIM resources (RFC 7643), checked where it comes in: a workflow must not meet a number where a name is expected. */
import { z } from 'zod';

const ENTERPRISE_USER = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';

/** RFC 7643 §2.5: null is the same as not there. */
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
  /** RFC 7643 §4.1.1: in the format of Accept-Language, as in "de-DE". */
  preferredLanguage: text,
  /** RFC 7643 §4.1.1. Absent means that the server does not say; some servers write it as a string. */
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

/** What a PATCH needs to know of a resource. */
export type ScimResource = { id: string; meta?: { version?: string | undefined } | undefined };

/** RFC 7643 gives `active` no default; only an explicit false is a suspended account. */
export const isActive = (user: ScimUser): boolean => String(user.active).toLowerCase() !== 'false';

export function primaryEmail(user: ScimUser): string | undefined {
  const { emails = [] } = user;
  return (emails.find(({ primary }) => primary) ?? emails.find(({ type }) => type !== 'home'))?.value;
}

/** RFC 7643 §4.1.2: the address of type "home". */
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
