/** Entries of a directory server, by the configured bases and by their immutable ids. */
import { cannotTell, FailureType, FinalFailure } from '../../../exit/failures.js';
import { NONE, type Entry, type LdapSession } from '../../protocols/ldap.js';
import type { Dialect, MemberList } from './ldap-dialects.js';

export type LdapEntries = ReturnType<typeof createLdapEntries>;

/** @param name of the system, for errors */
export function createLdapEntries(name: string, dialect: Dialect) {
  const contexts = new Map<string, string>();

  /** @returns the entry of a configured base, which must exist: below a base that is not visible there is nothing to find */
  async function baseEntry(session: LdapSession, base: string): Promise<Entry> {
    const entry = await session.read(base, NONE);
    if (entry) return entry;
    throw new FinalFailure(
      FailureType.Refused,
      `${name} shows no entry ${base}: check userBase and groupBase, and what bindDn may read`,
    );
  }

  const contextsOf = async (session: LdapSession): Promise<string[]> =>
    (await session.read('', ['namingContexts']))?.all('namingContexts') ?? [];

  /** The naming context around a base: what was moved out of the base is not deleted. */
  async function contextOf(session: LdapSession, base: string): Promise<string> {
    const known = contexts.get(base);
    if (known !== undefined) return known;
    // In the server's spelling: the configured one may have spaces, or other escapes.
    const { dn } = await baseEntry(session, base);
    const context = around(dn, await contextsOf(session));
    if (context === undefined)
      throw cannotTell(`${name} has no naming context around ${base}: check userBase and groupBase`);
    contexts.set(base, context);
    return context;
  }

  function idOf(entry: Entry): string {
    const id = dialect.idOf(entry);
    if (id !== undefined) return id;
    throw cannotTell(
      `${name} shows no ${dialect.id} of ${entry.dn}: check "directory", and what bindDn may read`,
    );
  }

  const byId = async (session: LdapSession, base: string, id: string, attributes: readonly string[]) =>
    dialect.byId(session, id, attributes, await contextOf(session, base));

  /**
   * What was moved to where bindDn may not read looks like what was deleted.
   * @returns why it cannot be told, after the name of the system; undefined where the server itself says that the entry was deleted
   */
  async function unseen(session: LdapSession, what: string, id: string): Promise<string | undefined> {
    if (await dialect.isDeleted?.(session, id)) return undefined;
    return `no longer shows ${what} (${id}): it was deleted, or moved to where bindDn may not read`;
  }

  /** @throws FinalFailure CannotTell */
  async function assertDeleted(session: LdapSession, what: string, id: string): Promise<void> {
    const because = await unseen(session, what, id);
    if (because !== undefined) throw cannotTell(`${name} ${because}. Look there, then settle the step`);
  }

  return { assertDeleted, unseen, baseEntry, contextsOf, contextOf, idOf, byId };
}

export const isSameName = (one: string, other: string): boolean => one.toLowerCase() === other.toLowerCase();
/** @param value of a list that has optional UIDs (RFC 4517 §3.3.21): `cn=dana,dc=acme#'0101'B` */
export const uidOf = (value: string): string => /#'[01]*'B$/.exec(value)?.[0] ?? '';

/** @returns the name of a member, without the optional UID that the list may have after it */
export const memberIn = ({ hasUids }: MemberList, value: string): string =>
  hasUids ? value.slice(0, value.length - uidOf(value).length) : value;

/** @returns the innermost of the bases that the entry is, or is below */
export const around = (dn: string, bases: readonly string[]): string | undefined =>
  bases
    .filter((each) => isSameName(each, dn) || isBelow(dn, each))
    .toSorted((one, other) => other.length - one.length)[0];

export const isBelow = (dn: string, base: string): boolean =>
  dn.toLowerCase().endsWith(`,${base.toLowerCase()}`);
