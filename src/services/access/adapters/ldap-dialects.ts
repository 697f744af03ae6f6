/** How Active Directory and OpenLDAP differ for the hold. */
import {
  addValue,
  and,
  deleteValue,
  equals,
  NONE,
  not,
  or,
  present,
  type Change,
  type Entry,
  type Filter,
  type LdapSession,
} from '../../protocols/ldap.js';
import type { Capabilities } from '../access-port.js';

/** An attribute of groups that lists members. */
export interface MemberList {
  attribute: string;
  /** The object classes of the groups that have it. */
  classes: readonly string[];
  /** What it calls a member by: the name of the entry, or the login of the account. A search computes its members. */
  holds: 'names' | 'logins' | 'a search';
  /** Accounts may be in such a group by a number of their own, which the list does not show. */
  hasPrimary?: true;
  /** A name may have an optional UID (RFC 4517 §3.3.21). */
  hasUids?: true;
}

export interface Dialect {
  capabilities: Omit<Capabilities, 'settleMs'>;
  /** The attributes of the immutable id, of the login, and of the version that a write is conditional on. */
  id: string;
  login: string;
  version?: string;
  /** Further names and addresses of an account. */
  identities: readonly string[];
  /** The attribute that a suspension changes. */
  state: string;
  /** What else the functions below read of an account. */
  reads: readonly string[];
  isAccount: Filter;
  /** Those of which one is a person who may log in: no computer, and no placeholder. */
  isPerson: Filter;
  /** Those that a group may have. A group has the id of its entry by the first one. */
  lists: readonly [MemberList, ...MemberList[]];
  /** Where a member itself shows the groups that list it, also one whose members bindDn may not read. */
  backlink?: string;
  /**
   * What a group may list that is neither an account nor a group of the server, and stands for some who log in: it does not show for whom.
   * `all`: those that stand for all of them.
   */
  principals?: { any: Filter; all: Filter };
  /** What the functions below read of a group. */
  groupReads: readonly string[];
  /** @returns undefined where the server does not show it */
  idOf: (entry: Entry) => string | undefined;
  /** @param context the naming context, below which the server has the entry */
  byId: (
    session: LdapSession,
    id: string,
    attributes: readonly string[],
    context: string,
  ) => Promise<Entry | undefined>;
  /** Whether the server itself says that the entry was deleted. Absent where it keeps no trace. */
  isDeleted?: (session: LdapSession, id: string) => Promise<boolean>;
  /** The name to write to: by the id, where the server takes it, since a name changes. */
  nameOf: (entry: Entry, id: string) => string;
  /** @returns whether the account is active; undefined where the server does not show it */
  stateOf: (session: LdapSession, entry: Entry) => Promise<boolean | undefined>;
  /** @returns when the account expires by itself, in milliseconds; undefined where the server does not show it */
  endOf?: (entry: Entry) => number | undefined;
  /** @returns why a suspension would not keep the person out */
  obstacle?: (session: LdapSession, entry: Entry) => Promise<string | undefined>;
  /** @returns another value of the attribute, which a suspension replaces */
  replacedIn?: (entry: Entry) => string | undefined;
  /** @param replaced what a reactivation puts back */
  suspension: (entry: Entry, active: boolean, replaced: string | undefined) => Change[];
  /** @returns the groups that the account is in without being listed as a member */
  primaryGroups: (
    session: LdapSession,
    entry: Entry,
    context: string,
    attributes: readonly string[],
  ) => Promise<Entry[]>;
  /** Finds the accounts that are in a group without being listed. */
  primaryMembers: (group: Entry) => Filter | undefined;
  /** What to do where bindDn may not suspend this account. */
  adviceOf?: (entry: Entry) => string | undefined;
}

const DISABLED = 2;
const isUser = and(equals('objectCategory', 'person'), equals('objectClass', 'user'));

export const activeDirectory: Dialect = {
  capabilities: {
    // The old value is a condition, and it is the same again after a restore.
    conditionalWrites: false,
    restore: 'exact',
    // The default lifetime of a Kerberos service ticket.
    tokensLiveMs: 10 * 60 * 60 * 1000,
  },
  id: 'objectGUID',
  login: 'sAMAccountName',
  identities: ['userPrincipalName', 'mail'],
  state: 'userAccountControl',
  reads: ['accountExpires', 'adminCount', 'objectSid', 'primaryGroupID', 'memberOf'],
  isAccount: isUser,
  isPerson: isUser,
  lists: [{ attribute: 'member', classes: ['group'], holds: 'names', hasPrimary: true }],
  // Without the right to read it, "member" looks as if it were empty.
  backlink: 'memberOf',
  principals: {
    any: equals('objectClass', 'foreignSecurityPrincipal'),
    // Everyone and Authenticated Users, S-1-1-0 and S-1-5-11 (MS-DTYP §2.4.2.4).
    all: or(equals('objectSid', wellKnown(1, 0)), equals('objectSid', wellKnown(5, 11))),
  },
  groupReads: ['objectSid', 'memberOf'],

  idOf: (entry) => {
    const bytes = entry.bytes('objectGUID');
    return bytes && guidOf(bytes);
  },
  // The server refuses an id of another form, and has no entry with it.
  byId: async (session, id, attributes) =>
    /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i.test(id)
      ? session.read(`<GUID=${id}>`, attributes)
      : undefined,
  // To an account that may read the deleted objects; to any other one they look as if they had never been.
  isDeleted: async (session, id) =>
    (await session.readDeleted(`<GUID=${id}>`, ['isDeleted']))?.one('isDeleted') === 'TRUE',
  nameOf: (_entry, id) => `<GUID=${id}>`,

  stateOf(_session, entry) {
    const control = entry.one('userAccountControl');
    return Promise.resolve(control === undefined ? undefined : (Number(control) & DISABLED) === 0);
  },

  // In units of 100 ns since 1601; 0 and the largest number are never (MS-ADA1 §2.3).
  endOf(entry) {
    const end = entry.one('accountExpires');
    if (end === undefined) return undefined;
    return end === '0' || end === '9223372036854775807'
      ? Infinity
      : Number(end) / 10_000 - 11_644_473_600_000;
  },

  // Compare and swap, of one bit: the others say how the password is treated. Samba also reports success where another administrator
  // set the same value in this moment; whose it was cannot be told, and it counts as ours.
  suspension(entry, active) {
    const control = entry.one('userAccountControl')!;
    const wanted = active ? Number(control) & ~DISABLED : Number(control) | DISABLED;
    return [deleteValue('userAccountControl', control), addValue('userAccountControl', String(wanted))];
  },

  async primaryGroups(session, entry, _context, attributes) {
    const rid = entry.one('primaryGroupID');
    const sid = entry.bytes('objectSid');
    if (!rid || !sid) return [];
    const group = await session.read(`<SID=${[...sidOf(sid).slice(0, -1), rid].join('-')}>`, attributes);
    return group ? [group] : [];
  },

  primaryMembers(group) {
    const sid = group.bytes('objectSid');
    return sid && equals('primaryGroupID', String(sidOf(sid).at(-1)));
  },

  adviceOf: (entry) =>
    Number(entry.one('adminCount') ?? 0) > 0
      ? 'AdminSDHolder protects the account (adminCount) from rights that are delegated on its unit: grant them on AdminSDHolder, or suspend it by hand'
      : undefined,
};

/** The value that locks an account until an administrator removes it (draft-behera-ldap-password-policy §5.3.3). */
const LOCKED = '000001010000Z';
const LOCK = 'pwdAccountLockedTime';
const POLICY = 'pwdPolicySubentry';

/** @param defaultPolicy the name that `ppolicy_default` of the overlay has, which the server does not show */
export const openldap = (defaultPolicy?: string): Dialect => ({
  capabilities: { conditionalWrites: true, restore: 'exact' },
  id: 'entryUUID',
  login: 'uid',
  version: 'entryCSN',
  identities: ['mail'],
  state: LOCK,
  reads: [POLICY, 'gidNumber'],
  isAccount: present('objectClass'),
  // What has a login is one as well, of whatever class.
  isPerson: or(
    ...['person', 'account', 'posixAccount'].map((each) => equals('objectClass', each)),
    present('uid'),
  ),
  lists: [
    { attribute: 'member', classes: ['groupOfNames', 'groupOfMembers'], holds: 'names' },
    { attribute: 'uniqueMember', classes: ['groupOfUniqueNames'], holds: 'names', hasUids: true },
    { attribute: 'memberUid', classes: ['posixGroup'], holds: 'logins', hasPrimary: true },
    { attribute: 'memberURL', classes: ['groupOfURLs'], holds: 'a search' },
  ],
  groupReads: ['gidNumber'],

  idOf: (entry) => entry.one('entryUUID'),
  // A server gives its own ids: no other one has an entry with this one.
  byId: async (session, id, attributes, context) => {
    const options = { ignoresReferences: true };
    return (await session.search(context, equals('entryUUID', id), attributes, options))[0];
  },
  nameOf: ({ dn }) => dn,

  async stateOf(session, entry) {
    const lock = entry.one(LOCK);
    if (lock === LOCKED)
      return (await unlocking(session, entry, defaultPolicy)) === undefined ? false : undefined;
    if (lockOutOf(entry) !== undefined) return true;
    // Without the overlay ppolicy, or the right to read it, the attribute is missing too; then the filter is Undefined (RFC 4511 §4.5.1.7).
    const isUnlocked = await session.read(entry.dn, NONE, not(present(LOCK)));
    return isUnlocked ? true : undefined;
  },

  obstacle: (session, entry) => unlocking(session, entry, defaultPolicy),

  // RFC 2307 §5.3.
  async primaryGroups(session, entry, context, attributes) {
    const number = entry.one('gidNumber');
    if (number === undefined) return [];
    const filter = and(equals('objectClass', 'posixGroup'), equals('gidNumber', number));
    return session.search(context, filter, attributes, { ignoresReferences: true });
  },

  primaryMembers(group) {
    const number = group.one('gidNumber');
    return number === undefined
      ? undefined
      : and(equals('objectClass', 'posixAccount'), equals('gidNumber', number));
  },

  replacedIn: lockOutOf,

  suspension(entry, active, replaced) {
    const [old, now] = active ? [LOCKED, replaced] : [lockOutOf(entry), LOCKED];
    return [
      ...(old === undefined ? [] : [deleteValue(LOCK, old)]),
      ...(now === undefined ? [] : [addValue(LOCK, now)]),
    ];
  },
});

/** A lock-out after failed logins, which may end by itself. */
function lockOutOf(entry: Entry): string | undefined {
  const lock = entry.one(LOCK);
  return lock === LOCKED ? undefined : lock;
}

/** The overlay heeds a lock only where the policy of the account has `pwdLockout: TRUE`. */
async function unlocking(
  session: LdapSession,
  entry: Entry,
  defaultPolicy: string | undefined,
): Promise<string | undefined> {
  const needed = 'a lock keeps the person out only where the password policy has pwdLockout TRUE';
  const own = entry.one(POLICY);
  if (own === undefined && !(await session.read(entry.dn, NONE, not(present(POLICY)))))
    return `${needed}, and the server does not show whether ${entry.dn} has one of its own: let bindDn read ${POLICY}, or hold groups`;
  const policy = own ?? defaultPolicy;
  if (policy === undefined)
    return `${needed}, and ${entry.dn} has none of its own: name that of ppolicy_default as "defaultPolicy" in the configuration, or hold groups`;
  if ((await session.read(policy, ['pwdLockout']))?.one('pwdLockout') === 'TRUE') return undefined;
  return `${needed}, and ${policy} does not show it: set it, or hold groups`;
}

/** The first three fields are little-endian (MS-DTYP §2.3.4.2). */
export function guidOf(bytes: Buffer): string {
  const order = [
    [3, 2, 1, 0],
    [5, 4],
    [7, 6],
    [8, 9],
    [10, 11, 12, 13, 14, 15],
  ];
  return order
    .map((field) => field.map((at) => bytes.subarray(at, at + 1).toString('hex')).join(''))
    .join('-');
}

/** A SID with one number (MS-DTYP §2.4.2.2). */
function wellKnown(authority: number, id: number): Buffer {
  return Buffer.from([1, 1, 0, 0, 0, 0, 0, authority, id, 0, 0, 0]);
}

/** Its parts; in a group's or an account's the last one is the number within the domain (MS-DTYP §2.4.2.2). */
function sidOf(bytes: Buffer): (string | number)[] {
  const authorities = Array.from({ length: bytes[1]! }, (_, i) => bytes.readUInt32LE(8 + 4 * i));
  return ['S', bytes[0]!, bytes.readUIntBE(2, 6), ...authorities];
}
