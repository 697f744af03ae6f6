/** The lists of members that the groups of a directory server have. */
import { equals, or, present, type Entry, type Filter } from '../../protocols/ldap.js';
import type { Dialect, MemberList } from './ldap-dialects.js';
import { isSameName, type LdapEntries } from './ldap-entries.js';

/**
 * A list of members of a group. To the hold each is a group of its own, so that it gives back into the list that it took from. So is each
 * way to list the account that is not the plain one, and it is taken, and given back, as it is listed.
 */
export interface Listing {
  id: string;
  entry: Entry;
  list: MemberList;
  /** A login that is not the first one of the account, or the optional UID after its name: `#'0101'B`. */
  spelling?: string | undefined;
}

export type LdapListings = ReturnType<typeof createLdapListings>;

export function createLdapListings(dialect: Dialect, entries: LdapEntries) {
  const [first] = dialect.lists;

  const listingOf = (entry: Entry, list: MemberList, spelling?: string): Listing => {
    const id = entries.idOf(entry);
    const spelt = spelling === undefined ? '' : `=${spelling}`;
    return { id: list === first ? id : `${id};${list.attribute}${spelt}`, entry, list, spelling };
  };

  /** @param entry with its lists: its class may be one that the server derives from those that are known here */
  const listingsOf = (entry: Entry): Listing[] => {
    const has = (list: MemberList): boolean =>
      list.classes.some((each) => isOfClass(entry, each)) || entry.all(list.attribute).length > 0;
    return dialect.lists.filter(has).map((list) => listingOf(entry, list));
  };

  const refOf = ({ id, entry }: Listing) => ({ id, displayName: entry.one('cn') ?? entry.dn });

  return {
    /** What the functions of the dialect read of a group. */
    attributes: [dialect.id, 'cn', 'objectClass', ...dialect.groupReads].concat(dialect.version ?? []),
    isGroup: or(...dialect.lists.map((list) => isOn(list))),
    listingOf,
    listingsOf,
    refOf,
  };
}

/** Groups of any class may have the list: Univention's `posixGroup` has names, as its schema extends it. */
export function isOn({ classes, attribute }: MemberList): Filter {
  return or(...classes.map((each) => equals('objectClass', each)), present(attribute));
}

export const isOfClass = (entry: Entry, name: string): boolean =>
  entry.all('objectClass').some((each) => isSameName(each, name));
