/** Who is asking, and what their role or the token's scope allows. */
import { MailAddress } from '../exit/mail-address.js';
import { acts, actsOf, actsOfPrograms, roles, scopeOf, type Act, type Role } from './roles.js';
import type { Settings } from './settings.js';

export interface User {
  /** `sub` of the identity provider. */
  subject: string;
  name: string;
  /** Absent for a program. */
  email?: string | undefined;
  roles: Role[];
  acts: Act[];
  /** A manager sees the exits of the own reports, whatever the role. */
  mayReadOwnReports: boolean;
}

export type Claims = Readonly<Record<string, unknown>>;

/** @returns undefined where the claims name no usable mail address, with which acts are recorded */
export function personOf(claims: Claims, oidc: Settings['oidc']): User | undefined {
  const email = emailIn(claims);
  if (email === undefined) return undefined;
  const held = rolesIn(claims, oidc);
  return {
    subject: String(claims['sub']),
    name: typeof claims['name'] === 'string' ? claims['name'].slice(0, 200) : email,
    email,
    roles: held,
    acts: acts.filter((act) => held.some((role) => actsOf[role].includes(act))),
    mayReadOwnReports: true,
  };
}

/** A token does what its scope allows; that of a person also no more than the person may. */
export function bearerOf(claims: Claims, oidc: Settings['oidc']): User {
  const granted = scopesIn(claims);
  const isGranted = (act: Act): boolean => granted.includes(scopeOf(act));
  const person = personOf(claims, oidc);
  if (person) return { ...person, acts: person.acts.filter(isGranted), mayReadOwnReports: isGranted('read') };
  const client = String(claims['client_id'] ?? claims['azp']);
  // Many providers leave the address out of a person's token, which must not count as a program's.
  const isProgram = oidc.programs.includes(client);
  return {
    subject: String(claims['sub']),
    name: isProgram ? client : `A token of ${client} without a verified mail address`,
    roles: [],
    acts: isProgram ? actsOfPrograms.filter(isGranted) : [],
    mayReadOwnReports: false,
  };
}

function emailIn(claims: Claims): string | undefined {
  const { email, email_verified: isVerified } = claims;
  if (typeof email !== 'string' || String(isVerified) === 'false') return undefined;
  return MailAddress.safeParse(email).success ? email : undefined;
}

function rolesIn(claims: Claims, { rolesClaim, roleValues }: Settings['oidc']): Role[] {
  const found = rolesClaim
    .split('.')
    .reduce<unknown>((value, name) => (value as Claims | undefined)?.[name], claims);
  const held = Array.isArray(found) ? found : [found];
  return roles.filter((role) => roleValues[role].some((value) => held.includes(value)));
}

/** RFC 8693 §4.2 has `scope`, a text; some providers send `scp`, a list. */
function scopesIn({ scope, scp }: Claims): string[] {
  return [scope, scp].flat().flatMap((each) => (typeof each === 'string' ? each.split(' ') : []));
}
