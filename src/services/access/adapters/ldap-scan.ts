/** What the lists of all groups of a directory server say, and which groups do not tell all of their members. */
import { FailureType, isFinalFailure } from '../../../exit/failures.js';
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
import type { Standing } from '../access-port.js';
import type { Dialect } from './ldap-dialects.js';
import { around, isSameName, memberIn, uidOf, type LdapEntries } from './ldap-entries.js';
import { isOfClass, isOn, type LdapListings, type Listing } from './ldap-listings.js';

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
  /** Those that stand for all who log in. */
  all: Listing[];
  /** By the id of a group, a doubt about it, or about a group that is a member of it, also through others. */
  ways?: Map<string, Doubt>;
  atMs: number;
}

type Above = (session: LdapSession, inner: readonly Listing[]) => Promise<[Listing, Listing][]>;

/** How long it is believed what the lists of groups say, in milliseconds: to find out, all are read, once for many holds. */
const BELIEVED_MS = 30_000;
/** The matching rule that follows a name through others (MS-ADTS §3.1.1.3.4.4.3). */
const IN_CHAIN = '1.2.840.113556.1.4.1941';
const LOOK = 'look there whether it has the account';

export function createLdapScan(
  dialect: Dialect,
  entries: LdapEntries,
  groupBase: string,
  { attributes, isGroup, listingOf, refOf }: LdapListings,
) {
  let scan: Scan | undefined;

  async function scanned(session: LdapSession): Promise<Scan> {
    if (scan && Date.now() - scan.atMs < BELIEVED_MS) return scan;
    const context = await entries.contextOf(session, groupBase);
    const said = dialect.principals
      ? await principals(session, dialect.principals)
      : await lists(session, context);
    scan = { uids: new Set(), all: [], ...said, atMs: Date.now() };
    return scan;
  }

  /** A member itself shows the groups that list it. Only of these it is not known who they are. */
  async function principals(session: LdapSession, { any, all }: NonNullable<Dialect['principals']>) {
    const found = async (filter: Filter): Promise<Listing[]> => {
      const entriesOf = (base: string) =>
        session.search(base, filter, attributes, { ignoresReferences: true });
      const some = [];
      // The well-known ones are in the domain, or in the configuration of the forest.
      for (const context of await entries.contextsOf(session)) some.push(...(await entriesOf(context)));
      return some.map((entry) => listingOf(entry, dialect.lists[0]));
    };
    const doubtOn = (group: Listing): Doubt => ({
      group,
      what: `does not show who is "${refOf(group).displayName}"`,
      advice: LOOK,
    });
    return { all: await found(and(any, all)), doubts: (await found(and(any, not(all)))).map(doubtOn) };
  }

  async function lists(session: LdapSession, context: string): Promise<Pick<Scan, 'uids' | 'doubts'>> {
    const options = { ignoresReferences: true };
    const shown = [...attributes, ...dialect.lists.map(({ attribute }) => attribute)];
    const uids = new Set<string>();
    const doubts: Doubt[] = [];
    const members: { group: Listing; dn: string }[] = [];
    for (const list of dialect.lists) {
      const all = await session.search(context, isOn(list), shown, options);
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
    for (const { group, dn } of members.filter((each) => elsewhere.has(each.dn)))
      doubts.push(beyond(group, dn));
    return { uids, doubts };
  }

  /** The overlay dynlist of OpenLDAP shows the members that it computes in another list. */
  const showsComputed = (entry: Entry): boolean =>
    dialect.lists.some(({ holds, attribute }) => holds === 'names' && entry.all(attribute).length > 0);

  function beyond(group: Listing, dn: string): Doubt {
    const what = `says that "${refOf(group).displayName}" has the member "${dn}", which is in another naming context or on another server`;
    return { group, what, advice: LOOK };
  }

  function silenceOf(group: Listing): Doubt {
    const { attribute, holds } = group.list;
    const members = `the members of "${refOf(group).displayName}"`;
    return holds === 'a search'
      ? {
          group,
          what: `computes ${members} by its ${attribute}`,
          advice: LOOK,
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

  /** @returns by the id of a group, why it may have members by a way that is not seen */
  async function ways(session: LdapSession, above: Above): Promise<Map<string, Doubt>> {
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

  /** A domain may have too many groups to read the lists of all: those of one, and of the groups inside it. */
  async function beyondDomain(session: LdapSession, { entry, list }: Listing): Promise<Doubt | undefined> {
    const context = await entries.contextOf(session, groupBase);
    const isInside = and(isGroup, matches(dialect.backlink!, IN_CHAIN, entry.dn));
    const inner = await session.search(context, isInside, attributes, { ignoresReferences: true });
    for (const group of [entry, ...inner].map((each) => listingOf(each, list)))
      for await (const dn of membersOf(session, group))
        if (!isSameName(domainOf(dn), `,${context}`)) return beyond(group, dn);
    return undefined;
  }

  /** The server gives a long list in ranges (MS-ADTS §3.1.1.3.1.3.3). */
  async function* membersOf(session: LdapSession, { entry, list: { attribute } }: Listing) {
    let isPartial = true;
    for (let from = 0; isPartial;) {
      const asked = from === 0 ? attribute : `${attribute};range=${from}-*`;
      const shown = await session.read(entry.dn, [asked]);
      const names = shown?.all(attribute) ?? [];
      yield* names;
      from += names.length;
      isPartial = names.length > 0 && shown!.isPartial(attribute);
    }
  }

  return {
    /** @returns the members of groups that stand for all who log in */
    all: async (session: LdapSession) => (dialect.principals ? (await scanned(session)).all : []),

    /** @returns the names of the groups that list some member with an optional UID */
    withUids: async (session: LdapSession) => (await scanned(session)).uids,
    knowsUid: (dn: string) => scan?.uids.has(dn) === true,
    forget() {
      scan = undefined;
    },
    silenceOf,

    /**
     * @param above the groups that have some groups as members, each with that one
     * @returns why the group may have members by a way that is not seen
     */
    async doubtOn(session: LdapSession, asked: Listing, above: Above): Promise<Doubt | undefined> {
      const doubt = (await ways(session, above)).get(asked.id);
      return doubt ?? (dialect.principals ? await beyondDomain(session, asked) : undefined);
    },

    doubted({ group, what, advice }: Doubt, asked: Listing): Standing {
      const [inner, outer] = [group, asked].map((each) => refOf(each).displayName);
      const way = group.entry.dn === asked.entry.dn ? '' : `, and "${inner}" is in "${outer}"`;
      return { is: 'cannot tell', because: `${what}${way}: ${advice}`, isSerious: true };
    },
  };
}

/** A child domain is below its parent by name, and is another naming context. */
const domainOf = (dn: string): string => /(,DC=[^,]+)+$/i.exec(dn)?.[0] ?? '';

/** @returns what is said instead where the server refuses an answer, or refers to another server */
const unlessRefused = async <T, R>(asking: Promise<T>, otherwise: R): Promise<T | R> =>
  asking.catch((error: unknown) => {
    if (isFinalFailure(error, FailureType.Refused)) return otherwise;
    throw error;
  });
