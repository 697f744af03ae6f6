/** Looks for an active account among the members of a group of a directory server, and of the groups among them. */
import { FailureType, isFinalFailure } from '../../../exit/failures.js';
import { and, equals, NONE, not, or, present, type Entry, type LdapSession } from '../../protocols/ldap.js';
import type { Dialect } from './ldap-dialects.js';
import { memberIn } from './ldap-entries.js';
import type { LdapGroups } from './ldap-groups.js';
import type { Listing } from './ldap-listings.js';

/** How many members are looked at. */
const MOST_MEMBERS = 200;

interface Accounts {
  userBase: string;
  /** What the functions below read of an account. */
  attributes: readonly string[];
  isOwn: (account: Entry) => boolean;
  /** @returns undefined where the server does not show it */
  canLogIn: (account: Entry) => Promise<boolean | undefined>;
}

/** @returns whether the group has an active member besides the own account; `no` only where all members are told */
export async function hasOtherActive(
  session: LdapSession,
  dialect: Dialect,
  groups: LdapGroups,
  group: Listing,
  { userBase, attributes: ofAccounts, isOwn, canLogIn }: Accounts,
): Promise<'yes' | 'no' | 'cannot tell'> {
  const mayBePerson = or(dialect.isPerson, ...(dialect.principals ? [dialect.principals.any] : []));
  const lists = dialect.lists.map(({ attribute }) => attribute);
  const attributes = [...ofAccounts, ...groups.attributes, ...lists];
  let isDoubtful = false;
  let isListed = false;
  let looked = 0;
  const met = new Set<string>();
  const whole = await session.read(group.entry.dn, attributes);
  // The iteration includes the groups among the members, which are added meanwhile.
  const inner = whole ? [whole] : [];
  for (const each of inner) {
    for await (const member of membersOf(each)) {
      if (met.has(member.dn)) continue;
      met.add(member.dn);
      if (groups.listingsOf(member).length > 0) inner.push(member);
      else if (isOwn(member)) isListed = true;
      else {
        const can = await canLogIn(member);
        if (can) return 'yes';
        isDoubtful ||= can === undefined;
      }
      if (looked > MOST_MEMBERS) return 'cannot tell';
    }
  }
  return isListed && !isDoubtful ? 'no' : 'cannot tell';

  async function* membersOf(entry: Entry): AsyncGenerator<Entry> {
    for (const { list } of groups.listingsOf(entry)) {
      const names = entry.all(list.attribute);
      isDoubtful ||= list.holds === 'a search' || entry.isPartial(list.attribute);
      if (names.length === 0)
        isDoubtful ||= !(await session.read(entry.dn, NONE, not(present(list.attribute))));
      if (names.length === 0 && dialect.backlink)
        yield* await accountsWhere(equals(dialect.backlink, entry.dn));
      for (const name of names.slice(0, MOST_MEMBERS + 1)) {
        looked += 1;
        if (list.holds === 'names') yield* named(memberIn(list, name));
        else if (list.holds === 'logins') yield* called(name);
      }
    }
    const primary = dialect.primaryMembers(entry);
    if (primary) yield* await accountsWhere(primary);
  }

  /** What is no person is left out, and what was deleted: OpenLDAP does not remove its name from groups by itself. */
  async function* named(name: string): AsyncGenerator<Entry> {
    try {
      const entry = await session.read(name, attributes);
      // With back links the server removes the name of what was deleted: this one is not shown, or of another domain.
      if (!entry) isDoubtful ||= dialect.backlink !== undefined;
      else if (groups.listingsOf(entry).length > 0 || (await session.read(name, NONE, dialect.isPerson)))
        yield entry;
      else isDoubtful ||= !(await session.read(name, NONE, not(mayBePerson)));
    } catch (error) {
      // It is on another server.
      if (!isFinalFailure(error, FailureType.Refused)) throw error;
      isDoubtful = true;
    }
  }

  /** Where several accounts have the login, the list may mean the own one. */
  async function* called(login: string): AsyncGenerator<Entry> {
    const found = await accountsWhere(equals(dialect.login, login));
    const spelt = found.filter((each) => each.all(dialect.login).includes(login));
    const meant = spelt.length > 0 ? spelt : found;
    isDoubtful ||= meant.length > 1;
    yield* meant.length > 1 ? meant.filter(isOwn) : meant;
  }

  async function accountsWhere(filter: ReturnType<typeof equals>): Promise<Entry[]> {
    const options = { sizeLimit: MOST_MEMBERS };
    const found = await session.search(userBase, and(dialect.isPerson, filter), attributes, options);
    isDoubtful ||= found.length === MOST_MEMBERS;
    return found;
  }
}
