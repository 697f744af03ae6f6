/** What is read of SCIM resources (RFC 7643), checked where it comes in: a workflow must not meet a number where a name is expected. */
import { z } from 'zod';

export const ENTERPRISE_USER = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';

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
  emails: optional(z.array(z.looseObject({ value: text, primary: optional(z.boolean()) }))),
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
