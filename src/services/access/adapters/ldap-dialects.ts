/** How Active Directory and OpenLDAP differ for the hold. */
import {
  addValue,
  and,
  deleteValue,
  equals,
  not,
  present,
  ResultCode,
  type Change,
  type Entry,
  type Filter,
  type LdapSession,
} from '../../protocols/ldap.js';
import type { Capabilities, Outcome } from '../access-port.js';

export interface Dialect {
  capabilities: Capabilities;
  /** The attributes of the immutable id, of the login, and of the version that a write is conditional on. */
  id: string;
  login: string;
  version?: string;
  /** Further names and addresses of an account. */
  identities: readonly string[];
  /** What `stateOf`, `suspension`, `refusal` and `primaryGroup` read. */
  reads: readonly string[];
  isAccount: Filter;
  isGroup: Filter;
  idOf: (entry: Entry) => string;
  /** @param suffix the naming context, below which the server has all its entries */
  byId: (
    session: LdapSession,
    id: string,
    attributes: readonly string[],
    suffix: string,
  ) => Promise<Entry | undefined>;
  /** The name to write to: by the id, where the server takes it, since a name changes. */
  nameOf: (entry: Entry) => string;
  /** @returns undefined where the server does not show it */
  stateOf: (session: LdapSession, entry: Entry) => Promise<boolean | undefined>;
  suspension: (entry: Entry, active: boolean) => Change[];
  /** The SID of the group that the account is in without being listed as a member. */
  primaryGroup?: (entry: Entry) => string | undefined;
  /** Why the server refuses to suspend. */
  refusal: (code: number, reason: string, entry: Entry) => Outcome;
}

const DISABLED = 2;

export const activeDirectory: Dialect = {
  capabilities: {
    // The old value is a condition, and it is the same again after a restore.
    conditionalWrites: false,
    settleMs: 0,
    restore: 'exact',
    // The default lifetime of a Kerberos service ticket.
    tokensLiveMs: 10 * 60 * 60 * 1000,
  },
  id: 'objectGUID',
  login: 'sAMAccountName',
  identities: ['userPrincipalName', 'mail'],
  reads: ['userAccountControl', 'adminCount', 'objectSid', 'primaryGroupID'],
  isAccount: and(equals('objectCategory', 'person'), equals('objectClass', 'user')),
  isGroup: equals('objectCategory', 'group'),

  idOf: (entry) => guidOf(entry.bytes('objectGUID')),
  byId: (session, id, attributes) => session.read(`<GUID=${id}>`, attributes),
  nameOf: (entry) => `<GUID=${guidOf(entry.bytes('objectGUID'))}>`,

  // eslint-disable-next-line @typescript-eslint/require-await
  stateOf: async (_session, entry) => {
    const control = entry.one('userAccountControl');
    return control === undefined ? undefined : (Number(control) & DISABLED) === 0;
  },

  // Compare and swap, of one bit: the others say how the password is treated. Samba also reports success where another administrator
  // set the same value in this moment; whose it was cannot be told, and it counts as ours.
  suspension(entry, active) {
    const control = entry.one('userAccountControl')!;
    const wanted = active ? Number(control) & ~DISABLED : Number(control) | DISABLED;
    return [deleteValue('userAccountControl', control), addValue('userAccountControl', String(wanted))];
  },

  primaryGroup(entry) {
    const rid = entry.one('primaryGroupID');
    const sid = entry.bytes('objectSid');
    return rid && sid ? [...sidOf(sid).split('-').slice(0, -1), rid].join('-') : undefined;
  },

  refusal(code, reason, entry) {
    const isProtected = Number(entry.one('adminCount') ?? 0) > 0;
    if (code === ResultCode.insufficientAccessRights && isProtected)
      return {
        kind: 'refused',
        why: 'privileged',
        detail: `${reason}; AdminSDHolder protects the account (adminCount), so that rights delegated on its unit do not hold: grant them on AdminSDHolder, or suspend it by hand`,
      };
    return refused(code, reason);
  },
};

/** The value that locks an account until an administrator removes it (draft-behera-ldap-password-policy §5.3.3). */
const LOCKED = '000001010000Z';
const LOCK = 'pwdAccountLockedTime';

export const openldap: Dialect = {
  capabilities: { conditionalWrites: true, settleMs: 0, restore: 'exact' },
  id: 'entryUUID',
  login: 'uid',
  version: 'entryCSN',
  identities: ['mail'],
  reads: [LOCK],
  isAccount: present('objectClass'),
  isGroup: equals('objectClass', 'groupOfNames'),

  idOf: (entry) => entry.one('entryUUID')!,
  byId: async (session, id, attributes, suffix) =>
    (await session.search(suffix, equals('entryUUID', id), attributes))[0],
  nameOf: ({ dn }) => dn,

  async stateOf(session, entry) {
    const lock = entry.one(LOCK);
    // Another value is a lock-out after failed logins, which may end by itself.
    if (lock !== undefined) return lock !== LOCKED;
    // Without the overlay ppolicy, or the right to read it, the attribute is missing too; then the filter is Undefined (RFC 4511 §4.5.1.7).
    const isUnlocked = await session.read(entry.dn, ['1.1'], not(present(LOCK)));
    return isUnlocked ? true : undefined;
  },

  suspension(entry, active) {
    if (active) return [deleteValue(LOCK, LOCKED)];
    const lock = entry.one(LOCK);
    return [...(lock === undefined ? [] : [deleteValue(LOCK, lock)]), addValue(LOCK, LOCKED)];
  },

  refusal: (code, reason) =>
    code === ResultCode.undefinedAttributeType
      ? {
          kind: 'refused',
          why: 'state',
          detail: `${reason}; a suspension needs the overlay ppolicy: load it, or hold groups`,
        }
      : refused(code, reason),
};

const refused = (code: number, detail: string): Outcome => ({
  kind: 'refused',
  why: code === ResultCode.insufficientAccessRights ? 'rights' : 'state',
  detail,
});

/** The first three fields are little-endian (MS-DTYP §2.3.4.2). */
export function guidOf(bytes: Buffer = Buffer.alloc(0)): string {
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

/** MS-DTYP §2.4.2.2. */
function sidOf(bytes: Buffer): string {
  const authorities = Array.from({ length: bytes[1]! }, (_, i) => bytes.readUInt32LE(8 + 4 * i));
  return ['S', bytes[0], bytes.readUIntBE(2, 6), ...authorities].join('-');
}
