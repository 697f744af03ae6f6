/** The groups of a directory server: which of them list an account, in which of their lists, and by way of which other groups. */
import { cannotTell, FailureType, isFinalFailure } from '../../../exit/failures.js';
import {
  and,
  equals,
  isTold,
  matches,
  NONE,
  not,
  or,
  present,
  type Entry,
  type Filter,
  type LdapSession,
} from '../../protocols/ldap.js';
import type { Membership, Standing } from '../access-port.js';
import type { Dialect, MemberList } from './ldap-dialects.js';
import { around, isBelow, isSameName, memberIn, uidOf, type LdapEntries } from './ldap-entries.js';

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

/** A group that does not tell all of its members: what the server says, after its name, and what to do. */
interface Doubt {
  group: Listing;
  what: string;
  advice: string;
}

/** What the lists of all groups say. */
interface Scan {
  /** The names of the groups that list some member with an optional UID. */
  uids: Set<string>;
  doubts: Doubt[];
  /** By the id of a group, a doubt about it, or about a group that is a member of it, also through others. */
  ways?: Map<string, Doubt>;
  atMs: number;
}

/** How long it is believed what the lists of groups say, in milliseconds: to find out, all are read, once for many holds. */
const BELIEVED_MS = 30_000;
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
  groupBase: string,
  ids: readonly string[],
) {
  const attributes = [dialect.id, 'cn', 'objectClass', ...dialect.groupReads].concat(dialect.version ?? []);
  const [first] = dialect.lists;
  const isGroup = or(...dialect.lists.map((list) => isOn(list)));
  const versionOf = (entry: Entry) => dialect.version && entry.one(dialect.version);

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

  /** @param id as in a listing */
  const entryIdOf = (id: string): string => id.split(';')[0]!;

  const refOf = ({ id, entry }: Listing) => ({ id, displayName: entry.one('cn') ?? entry.dn });

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
  function askingWhose(session: LdapSession, account: Entry, context: string) {
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
      const found = await session.search(context, equals(dialect.login, login), shown, options);
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

  let scan: Scan | undefined;

  async function scanned(session: LdapSession): Promise<Scan> {
    if (scan && Date.now() - scan.atMs < BELIEVED_MS) return scan;
    const context = await entries.contextOf(session, groupBase);
    const options = { ignoresReferences: true };
    const lists = dialect.lists.map(({ attribute }) => attribute);
    const uids = new Set<string>();
    const doubts: Doubt[] = [];
    const members: { group: Listing; dn: string }[] = [];
    for (const list of dialect.lists) {
      const all = await session.search(context, isOn(list), [...attributes, ...lists], options);
      // No search finds what is hidden: the groups that do not tell are those that all are more than those that do.
      const telling = await session.search(context, and(isOn(list), isTold(list.attribute)), NONE, options);
      const told = new Set(telling.map(({ dn }) => dn));
      for (const entry of all) {
        const group = listingOf(entry, list);
        const values = entry.all(list.attribute);
        const isSilent = list.holds === 'a search' ? !showsComputed(entry) : !told.has(entry.dn);
        if (isSilent) doubts.push(silenceOf(group));
        if (list.hasUids && values.some((value) => uidOf(value) !== '')) uids.add(entry.dn);
        if (list.holds === 'names')
          members.push(...values.map((value) => ({ group, dn: memberIn(list, value) })));
      }
    }
    const elsewhere = await groupsElsewhere(session, context, new Set(members.map(({ dn }) => dn)));
    for (const { group, dn } of members.filter((each) => elsewhere.has(each.dn))) {
      const what = `says that "${refOf(group).displayName}" has the member "${dn}", which is in another naming context or on another server`;
      doubts.push({ group, what, advice: 'look there whether it has the account' });
    }
    scan = { uids, doubts, atMs: Date.now() };
    return scan;
  }

  /** The overlay dynlist of OpenLDAP shows the members that it computes in another list. */
  const showsComputed = (entry: Entry): boolean =>
    dialect.lists.some(({ holds, attribute }) => holds === 'names' && entry.all(attribute).length > 0);

  function silenceOf(group: Listing): Doubt {
    const { attribute, holds } = group.list;
    const members = `the members of "${refOf(group).displayName}"`;
    return holds === 'a search'
      ? {
          group,
          what: `computes ${members} by its ${attribute}`,
          advice: 'look there whether it has the account',
        }
      : { group, what: `does not show ${members}`, advice: `let bindDn read ${attribute}` };
  }

  /** @returns those of the names that are groups outside of the context, or that the server has not, and refers for */
  async function groupsElsewhere(
    session: LdapSession,
    own: string,
    names: ReadonlySet<string>,
  ): Promise<Set<string>> {
    const found = new Set<string>();
    const contexts = await entries.contextsOf(session);
    for (const context of [undefined, ...contexts]) {
      const members = [...names].filter((dn) => around(dn, contexts) === context);
      if (members.length === 0) continue;
      if (context === undefined) {
        for (const dn of members)
          if ((await unlessRefused(session.read(dn, NONE), 'refused')) === 'refused') found.add(dn);
        continue;
      }
      const isReferring = equals('objectClass', 'referral');
      const asked = context === own ? isReferring : or(isGroup, isReferring);
      const asking = session.search(context, asked, ['objectClass'], { showsReferring: true });
      const shown = await unlessRefused(asking, undefined);
      const referring = shown?.filter((each) => isOfClass(each, 'referral')).map(({ dn }) => dn) ?? [];
      const groups = new Set(shown?.map(({ dn }) => dn.toLowerCase()));
      for (const dn of members)
        // Where bindDn may not read, each one may be a group.
        if (!shown || groups.has(dn.toLowerCase()) || around(dn, referring)) found.add(dn);
    }
    return found;
  }

  /** No search finds a name with an optional UID (RFC 4517 §4.2.31): the groups that have any are looked at. */
  async function withUids(
    session: LdapSession,
    base: string,
    list: MemberList,
    names: readonly string[],
  ): Promise<Listing[]> {
    const found: Listing[] = [];
    for (const dn of (await scanned(session)).uids) {
      if (!isBelow(dn, base)) continue;
      const group = await session.read(dn, [...attributes, list.attribute]);
      const listed = group?.all(list.attribute).filter((each) => isWithUid(each, names)) ?? [];
      found.push(...listed.map((each) => listingOf(group!, list, uidOf(each))));
    }
    return found;
  }

  /** @throws Error where the group lists the account with an optional UID, and has listed none with any before */
  async function assertNoNewUid(session: LdapSession, { entry, list }: Listing, account: Entry) {
    if (!list.hasUids || scan?.uids.has(entry.dn)) return;
    const group = await session.read(entry.dn, [list.attribute]);
    if (!group?.all(list.attribute).some((each) => isWithUid(each, [account.dn]))) return;
    scan = undefined;
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

  /** @returns by the id of a group, why it may have members by a way that is not seen */
  async function silentWays(session: LdapSession): Promise<Map<string, Doubt>> {
    const known = await scanned(session);
    if (known.ways) return known.ways;
    const ways = new Map(known.doubts.map((each) => [each.group.id, each]));
    for (let level = [...ways.values()].map(({ group }) => group); level.length > 0;) {
      const pairs = (await above(session, level)).filter(([outer]) => !ways.has(outer.id));
      for (const [outer, by] of pairs) ways.set(outer.id, ways.get(by.id)!);
      level = pairs.map(([outer]) => outer);
    }
    known.ways = ways;
    return ways;
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
      const whose = askingWhose(session, account, context);
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
      const nested: Membership[] = [];
      const met = new Map<string, Listing>();
      for (let level = [...direct, ...elsewhere, ...primary]; level.length > 0;) {
        const inner = level.filter(({ id }) => !met.has(id));
        for (const each of inner) met.set(each.id, each);
        const pairs = await above(session, [...new Map(inner.map((each) => [each.id, each])).values()]);
        for (const [outer, by] of pairs.filter(([each]) => isOurs(each)))
          nested.push(membershipOf(outer, 'nested', `it comes by way of ${refOf(by).displayName}`, by.id));
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
      const isAsked = isThroughOthers && dialect.backlink === undefined;
      const doubt = isAsked ? (await silentWays(session)).get(listed.id) : undefined;
      if (doubt) return doubted(doubt, listed);
      const isIn = await isListed(session, listed, account);
      if (isIn === false) await assertNoNewUid(session, listed, account);
      const context = await entries.contextOf(session, groupBase);
      const whose = isIn ? await askingWhose(session, account, context)(listed) : 'another';
      if (typeof whose === 'object')
        return { is: 'cannot tell', because: ambiguous(listed, account, whose), isSerious: true };
      if (isIn !== undefined) return { is: whose === 'own' ? 'direct' : 'out' };
      return doubted(silenceOf(listed), listed);
    },
  };

  function doubted({ group, what, advice }: Doubt, asked: Listing): Standing {
    const [inner, outer] = [group, asked].map((each) => refOf(each).displayName);
    const way = group.entry.dn === asked.entry.dn ? '' : `, and "${inner}" is in "${outer}"`;
    return { is: 'cannot tell', because: `${what}${way}: ${advice}`, isSerious: true };
  }

  /** Groups of any class may have the list: Univention's `posixGroup` has names, as its schema extends it. */
  function isOn({ classes, attribute }: MemberList): Filter {
    return or(...classes.map((each) => equals('objectClass', each)), present(attribute));
  }

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

const isOfClass = (entry: Entry, name: string): boolean =>
  entry.all('objectClass').some((each) => isSameName(each, name));

const isWithUid = (value: string, names: readonly string[]): boolean =>
  uidOf(value) !== '' && names.some((each) => isSameName(each + uidOf(value), value));

/** @returns what is said instead where the server refuses an answer, or refers to another server */
const unlessRefused = async <T, R>(asking: Promise<T>, otherwise: R): Promise<T | R> =>
  asking.catch((error: unknown) => {
    if (isFinalFailure(error, FailureType.Refused)) return otherwise;
    throw error;
  });
