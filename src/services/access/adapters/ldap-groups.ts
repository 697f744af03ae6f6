/** The groups of a directory server: which of them list an account, in which of their lists, and by way of which other groups. */
import { cannotTell } from '../../../exit/failures.js';
import {
  and,
  equals,
  isTold,
  matches,
  NONE,
  not,
  or,
  type Entry,
  type Filter,
  type LdapSession,
} from '../../protocols/ldap.js';
import type { Membership, Standing } from '../access-port.js';
import type { Dialect, MemberList } from './ldap-dialects.js';
import { isBelow, isSameName, uidOf, type LdapEntries } from './ldap-entries.js';
import { createLdapListings, isOfClass, isOn, type Listing } from './ldap-listings.js';
import { createLdapScan } from './ldap-scan.js';

/** Names in one filter. */
const NAMES_A_SEARCH = 100;
/** Logins are compared without regard to case (RFC 4519 §2.39), and `memberUid` with it (RFC 2307 §5.3), by one syntax or the other. */
const IGNORING_CASE = ['caseIgnoreIA5Match', 'caseIgnoreMatch'];

export type LdapGroups = ReturnType<typeof createLdapGroups>;

/** @param name of the system, for errors @param ids the attributes with the employee id */
export function createLdapGroups(
  name: string,
  dialect: Dialect,
  entries: LdapEntries,
  { userBase, groupBase }: Record<'userBase' | 'groupBase', string>,
  ids: readonly string[],
) {
  const [first] = dialect.lists;
  const listings = createLdapListings(dialect, entries);
  const { attributes, isGroup, listingOf, listingsOf, refOf } = listings;
  const scan = createLdapScan(dialect, entries, groupBase, listings);
  const versionOf = (entry: Entry) => dialect.version && entry.one(dialect.version);

  /** @param id as in a listing */
  const entryIdOf = (id: string): string => id.split(';')[0]!;

  const membershipOf = (
    listing: Listing,
    via: Membership['via'],
    changeable: Membership['changeable'],
    by?: string,
  ): Membership => ({ group: refOf(listing), via, changeable, by, version: versionOf(listing.entry) });

  /** What a list may call the account, in any case. */
  function namesIn({ holds }: MemberList, account: Entry): string[] {
    if (holds === 'names') return [account.dn];
    return holds === 'logins' ? account.all(dialect.login) : [];
  }

  const nameIn = ({ list, spelling }: Listing, account: Entry): string | undefined =>
    list.hasUids ? account.dn + (spelling ?? '') : (spelling ?? namesIn(list, account)[0]);

  /** @returns the filter that finds the groups with a name in the list */
  const listsName = ({ attribute, holds }: MemberList, name: string): Filter =>
    holds === 'logins'
      ? or(equals(attribute, name), ...IGNORING_CASE.map((rule) => matches(attribute, rule, name)))
      : equals(attribute, name);

  /** @returns the list under each spelling that it has of these names */
  function speltIn(entry: Entry, list: MemberList, names: readonly string[]): Listing[] {
    const listed = entry.all(list.attribute).filter((each) => names.some((name) => isSameName(name, each)));
    if (list.holds !== 'logins' || listed.length === 0) return [listingOf(entry, list)];
    return listed.map((each) => listingOf(entry, list, each === names[0] ? undefined : each));
  }

  /** Logins repeat in different units, and may differ in case alone. @returns how to ask whose login a list has */
  function askingWhose(session: LdapSession, account: Entry) {
    const asked = new Map<string, Promise<'own' | 'another' | Entry>>();
    return (listed: Listing): Promise<'own' | 'another' | Entry> => {
      const login = nameIn(listed, account);
      if (listed.list.holds !== 'logins' || login === undefined) return Promise.resolve('own');
      const answer = asked.get(login) ?? whose(login);
      asked.set(login, answer);
      return answer;
    };

    async function whose(login: string): Promise<'own' | 'another' | Entry> {
      const shown = [dialect.id, dialect.login, 'objectClass', ...ids];
      const options = { ignoresReferences: true };
      const found: Entry[] = [];
      // People and groups may be in two databases, with accounts in each.
      const contexts = [userBase, groupBase].map((base) => entries.contextOf(session, base));
      for (const context of new Set(await Promise.all(contexts)))
        found.push(...(await session.search(context, equals(dialect.login, login), shown, options)));
      const others = found.filter((each) => entries.idOf(each) !== entries.idOf(account));
      const isSpelt = (each: Entry): boolean => each.all(dialect.login).includes(login);
      const namesakes = others.filter(isSpelt);
      if (!isSpelt(account)) return namesakes.length > 0 ? 'another' : (others[0] ?? 'own');
      const isPosix = found.some((each) => !others.includes(each) && isOfClass(each, 'posixAccount'));
      // The list names accounts of that class (RFC 2307 §4).
      const isDoubtful = (each: Entry): boolean =>
        !isOfSame(each) && (!isPosix || isOfClass(each, 'posixAccount'));
      return namesakes.find(isDoubtful) ?? 'own';
    }

    /** A person may have several entries. */
    function isOfSame(other: Entry): boolean {
      return ids.some((id) => account.all(id).some((value) => other.all(id).includes(value)));
    }
  }

  /** @returns the groups below the base that have one of these names in the list */
  async function listing(
    session: LdapSession,
    base: string,
    namesFor: (list: MemberList) => readonly string[],
    ignoresReferences = false,
  ): Promise<Listing[]> {
    const found: Listing[] = [];
    for (const list of dialect.lists) {
      const names = namesFor(list);
      for (let from = 0; from < names.length; from += NAMES_A_SEARCH) {
        const some = names.slice(from, from + NAMES_A_SEARCH);
        const filter = or(...some.map((each) => listsName(list, each)));
        const shown = list.holds === 'logins' ? [...attributes, list.attribute] : attributes;
        const groups = await session.search(base, filter, shown, { ignoresReferences });
        found.push(...groups.flatMap((group) => speltIn(group, list, names)));
      }
      if (list.hasUids && names.length > 0) found.push(...(await withUids(session, base, list, names)));
    }
    return [...new Map(found.map((each) => [each.id, each])).values()];
  }

  /** No search finds a name with an optional UID (RFC 4517 §4.2.31): the groups that have any are looked at. */
  async function withUids(
    session: LdapSession,
    base: string,
    list: MemberList,
    names: readonly string[],
  ): Promise<Listing[]> {
    const found: Listing[] = [];
    for (const dn of await scan.withUids(session)) {
      if (!isBelow(dn, base)) continue;
      const group = await session.read(dn, [...attributes, list.attribute]);
      const listed = group?.all(list.attribute).filter((each) => isWithUid(each, names)) ?? [];
      found.push(...listed.map((each) => listingOf(group!, list, uidOf(each))));
    }
    return found;
  }

  /** @throws Error where the group lists the account with an optional UID, and has listed none with any before */
  async function assertNoNewUid(session: LdapSession, { entry, list }: Listing, account: Entry) {
    if (!list.hasUids || scan.knowsUid(entry.dn)) return;
    const group = await session.read(entry.dn, [list.attribute]);
    if (!group?.all(list.attribute).some((each) => isWithUid(each, [account.dn]))) return;
    scan.forget();
    throw new Error(
      `the group ${entry.dn} on ${name} lists the account with an optional UID, since a moment: its groups are read again`,
    );
  }

  /** @returns the groups below the base that the member itself shows, and that are not found by their members */
  async function shownBy(
    session: LdapSession,
    member: Entry,
    base: string,
    found: readonly Listing[],
  ): Promise<Listing[]> {
    const shown: Listing[] = [];
    for (const dn of dialect.backlink ? member.all(dialect.backlink) : []) {
      if (!isBelow(dn, base) || found.some(({ entry }) => isSameName(entry.dn, dn))) continue;
      const group = await session.read(dn, attributes);
      if (group) shown.push(listingOf(group, first));
    }
    return shown;
  }

  /** @returns each group that one of these is a member of, with that one: by several of them, an account keeps the others' way */
  async function above(session: LdapSession, inner: readonly Listing[]): Promise<[Listing, Listing][]> {
    const context = await entries.contextOf(session, groupBase);
    const outerOf = async (some: readonly Listing[]): Promise<Listing[]> => {
      const names = some.map(({ entry }) => entry.dn);
      const found = await listing(session, context, ({ holds }) => (holds === 'names' ? names : []), true);
      for (const { entry } of some) found.push(...(await shownBy(session, entry, context, found)));
      return found;
    };
    if ((await outerOf(inner)).length === 0) return [];
    const pairs: [Listing, Listing][] = [];
    for (const each of inner) for (const outer of await outerOf([each])) pairs.push([outer, each]);
    return pairs;
  }

  /** @returns whether the list has the account; undefined where the server does not show it (RFC 4511 §4.5.1.7: Undefined) */
  async function isListed(
    session: LdapSession,
    listed: Listing,
    account: Entry,
  ): Promise<boolean | undefined> {
    const { entry, list } = listed;
    const name = nameIn(listed, account);
    if (name === undefined) return list.holds === 'a search' ? undefined : false;
    if (dialect.backlink && account.all(dialect.backlink).some((dn) => isSameName(dn, entry.dn))) return true;
    const isIn = equals(list.attribute, name);
    if (await session.read(entry.dn, NONE, isIn)) return true;
    return (await session.read(entry.dn, NONE, not(isIn))) ? false : undefined;
  }

  /** Without the right to read its members, a filter on them finds no group. */
  async function assertMembersAreShown(session: LdapSession): Promise<void> {
    const isThere = async (filter: Filter): Promise<boolean> =>
      (await session.search(groupBase, filter, NONE, { sizeLimit: 1 })).length > 0;
    if (await isThere(or(...dialect.lists.map((list) => and(isOn(list), isTold(list.attribute)))))) return;
    if (!(await isThere(isGroup))) return;
    throw cannotTell(
      `${name} shows no members of the groups below ${groupBase}: let bindDn read "${first.attribute}"`,
    );
  }

  return {
    attributes,
    listingsOf,
    refOf,
    versionOf,
    nameIn,
    isListed,
    entryIdOf,

    /** @param id as in a listing @returns undefined where the server shows no such group */
    async byId(session: LdapSession, id: string): Promise<Listing | undefined> {
      const entry = await entries.byId(session, groupBase, entryIdOf(id), attributes);
      const [, attribute, spelling] = /;([^=]*)(?:=(.*))?$/s.exec(id) ?? [];
      const list = dialect.lists.find((each) => each.attribute === attribute) ?? first;
      if (entry) return listingOf(entry, list, spelling);
      await entries.baseEntry(session, groupBase);
      return undefined;
    },

    async called(session: LdapSession, cn: string): Promise<Listing[]> {
      const found: Listing[] = [];
      for (const list of dialect.lists) {
        const groups = await session.search(groupBase, and(isOn(list), equals('cn', cn)), attributes);
        found.push(...groups.map((group) => listingOf(group, list)));
      }
      return found;
    },

    async memberships(session: LdapSession, account: Entry): Promise<Membership[]> {
      const base = await entries.baseEntry(session, groupBase);
      const context = await entries.contextOf(session, groupBase);
      const isOurs = ({ entry }: Listing): boolean => isBelow(entry.dn, base.dn);
      const namesFor = (list: MemberList): string[] => namesIn(list, account);
      const whose = askingWhose(session, account);
      const ownOf = async (found: readonly Listing[]): Promise<Listing[]> => {
        const own: Listing[] = [];
        for (const each of found) if ((await whose(each)) !== 'another') own.push(each);
        return own;
      };
      const direct = await ownOf(await listing(session, base.dn, namesFor));
      direct.push(...(await shownBy(session, account, base.dn, direct)));
      const numbered = await dialect.primaryGroups(session, account, context, attributes);
      const primary = dialect.lists
        .filter(({ hasPrimary }) => hasPrimary)
        .flatMap((list) => numbered.map((group) => listingOf(group, list)));
      // A membership may come by way of groups that are not the system's.
      const elsewhere = await ownOf(await listing(session, context, namesFor, true));
      elsewhere.push(...(await shownBy(session, account, context, [...direct, ...elsewhere])));
      const all = await scan.all(session);
      const nested: Membership[] = [];
      const met = new Map<string, Listing>();
      for (let level = [...direct, ...elsewhere, ...primary, ...all]; level.length > 0;) {
        const inner = level.filter(({ id }) => !met.has(id));
        for (const each of inner) met.set(each.id, each);
        const pairs = await above(session, [...new Map(inner.map((each) => [each.id, each])).values()]);
        for (const [outer, by] of pairs.filter(([each]) => isOurs(each))) {
          const way = refOf(by).displayName + (all.includes(by) ? ', which stands for all who log in' : '');
          nested.push(membershipOf(outer, 'nested', `it comes by way of ${way}`, by.id));
        }
        level = pairs.map(([outer]) => outer);
      }
      const found: Membership[] = [];
      for (const each of direct) {
        const other = await whose(each);
        const isOwn = other === 'own' || other === 'another';
        const seen = membershipOf(each, 'direct', isOwn ? asListed(each) : ambiguous(each, account, other));
        found.push(isOwn ? seen : { ...seen, isUntold: true });
      }
      found.push(
        ...primary
          .filter(isOurs)
          .map((each) =>
            membershipOf(each, 'primary', 'it is the primary group: give the account another one first'),
          ),
        ...nested,
      );
      if (found.length === 0) await assertMembersAreShown(session);
      return found;
    },

    /** By the group's own word. @param isThroughOthers whether a membership in a group that is a member counts */
    async standingOf(
      session: LdapSession,
      listed: Listing,
      account: Entry,
      isThroughOthers: boolean,
    ): Promise<Standing> {
      const doubt = isThroughOthers ? await scan.doubtOn(session, listed, above) : undefined;
      if (doubt) return scan.doubted(doubt, listed);
      const isIn = await isListed(session, listed, account);
      if (isIn === false) await assertNoNewUid(session, listed, account);
      const whose = isIn ? await askingWhose(session, account)(listed) : 'another';
      if (typeof whose === 'object')
        return { is: 'cannot tell', because: ambiguous(listed, account, whose), isSerious: true };
      if (isIn !== undefined) return { is: whose === 'own' ? 'direct' : 'out' };
      return scan.doubted(scan.silenceOf(listed), listed);
    },
  };

  function asListed({ entry }: Listing): Membership['changeable'] {
    const computed = listingsOf(entry).find(({ list }) => list.holds === 'a search');
    return computed ? `its members are computed by its ${computed.list.attribute}` : true;
  }

  /** Why it cannot be told whether a membership is the account's, after the name of the system. */
  function ambiguous(listed: Listing, account: Entry, other: Entry): string {
    const login = nameIn(listed, account)!;
    const advice = other.all(dialect.login).includes(login)
      ? 'give one of them a login of its own, and list that one'
      : 'spell it there as one of them does';
    return `lists ${login} in "${refOf(listed).displayName}", which may be ${account.dn} or ${other.dn}: ${advice}`;
  }
}

const isWithUid = (value: string, names: readonly string[]): boolean =>
  uidOf(value) !== '' && names.some((each) => isSameName(each + uidOf(value), value));
