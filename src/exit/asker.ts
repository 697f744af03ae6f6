/**
 * Who asked for an act, as the server saw them that took it: logged in, or with a token. It is for the record alone, since an exit knows
 * people by their mail addresses. A client that reaches an engine itself can leave it out, or make it up.
 */
import { z } from 'zod';

/** In characters: longer ones are cut, and refused where another client sends them. A `sub` has at most 255 (OpenID Connect Core 1.0 §2). */
const LONGEST = { subject: 255, name: 254, address: 64 };

const text = (longest: number) => z.string().max(longest, `must have at most ${longest} characters`);
const AskerFields = z.object({
  /** `sub` of the identity provider. */
  subject: text(LONGEST.subject),
  name: text(LONGEST.name),
  /** Network address of the request. */
  address: text(LONGEST.address),
});
export type Asker = z.output<typeof AskerFields>;

/** In each act of a person. */
export const AskedFields = { asker: AskerFields.optional() };

export const askerOf = (subject: string, name: string, address: string): Asker => ({
  subject: subject.slice(0, LONGEST.subject),
  name: name.slice(0, LONGEST.name),
  address: address.slice(0, LONGEST.address),
});

/** @returns undefined where the value is none: a message can carry any JSON */
export const askerIn = (value: unknown): Asker | undefined => AskerFields.safeParse(value).data;

/** The mail address of the person who has acted, and who that was. */
export interface ActedBy {
  by: string;
  asker?: Asker | undefined;
}

/** "Hanna HR, subject a1b2, from 192.0.2.7" */
export const describeAsker = ({ subject, name, address }: Asker): string =>
  `${name}, subject ${subject}, from ${address}`;

/** "hr@acme.example (Hanna HR, subject a1b2, from 192.0.2.7)" */
export const describeActor = (by: string, asker: Asker | undefined): string =>
  asker ? `${by} (${describeAsker(asker)})` : by;

/** "Hanna HR (hr@acme.example)"; the address alone where no other name is known. */
export const titleOfPerson = (by: string, asker?: Asker): string =>
  asker && asker.name !== by ? `${asker.name} (${by})` : by;

/** The members of a status that hold one. */
const MEMBERS = new Set(['asker', 'proposer', 'ender']);

export const withoutAskers = <T>(value: T): T =>
  JSON.parse(JSON.stringify(value, (name, member: unknown) => (MEMBERS.has(name) ? undefined : member))) as T;
