/**
 * A SCIM 2.0 client (RFC 7643, RFC 7644) for the requests of the hold and the directory. A status code does not prove the effect of a
 * write: the caller reads it back.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { cannotTell, FailureType, isFinalFailure, whereUntold } from '../../exit/failures.js';
import { isPage } from './http-answer.js';
import type { HttpServer } from './http-exchange.js';
import { isSameId } from './resource-id.js';
import { Remainders } from './remainders.js';
import { createScimLists, type ResourceType } from './scim-list.js';
import {
  attribute,
  groupOf,
  inactiveTypeOf,
  isObject,
  sameText,
  userOf,
  valuesOf,
  type Reference,
  type ScimGroup,
  type ScimUser,
} from './scim-resource.js';
import { usersNamed } from './scim-names.js';
import { createScimSearch } from './scim-search.js';
import { createScimWire, queryString } from './scim-wire.js';
import { createScimWrites } from './scim-write.js';

interface ScimOptions extends Omit<HttpServer, 'base'> {
  scimUrl: string;
  /** How long a read may show the value from before a write, in milliseconds. Default: a second. */
  settleMs?: number | undefined;
}

/** A user whose attribute has the value that was asked for. */
export interface FoundUser {
  user: ScimUser;
  /** In the server's own spelling. */
  value: string;
}

export type ScimClient = ReturnType<typeof createScimClient>;

const WITHOUT_MEMBERS = { excludedAttributes: 'members' };
const WITH_GROUPS = { attributes: 'userName,active,userType,groups' };
const WITH_MEMBERS = { attributes: 'displayName,members,meta' };
/** How many groups are read one by one for a member that they show. */
const MAX_TRIED = 3;
const MAX_LISTED = 2000;
/** Servers of several nodes, or with a search index, show a write some moments late. */
const USUAL_SETTLE_MS = 1_000;
const MOST_REMEMBERED = 10_000;

export function createScimClient({ scimUrl, settleMs = USUAL_SETTLE_MS, ...server }: ScimOptions) {
  const wire = createScimWire({ ...server, base: scimUrl.replace(/\/+$/, '') });
  const { name, ask, failure, isRefusal, strange } = wire;
  const lists = createScimLists(wire);
  const search = createScimSearch(wire, lists);
  const user = (id: string, signal: AbortSignal) => getUser(id, {}, signal);
  const group = (id: string, signal: AbortSignal) => get('Groups', id, WITHOUT_MEMBERS, groupOf, signal);
  const BY_MEMBER = {
    type: 'Groups',
    attribute: 'members.value',
    query: WITHOUT_MEMBERS,
    showing: WITH_MEMBERS,
    isId: true,
    readWhole: async (element: unknown, signal: AbortSignal) => {
      const id = groupOf(element)?.id;
      return id === undefined ? undefined : (await get('Groups', id, WITH_MEMBERS, groupOf, signal))?.json;
    },
  } as const;
  /** Whether a member of a group has been seen to be called by its id. */
  let hasIds = false;
  /** Whether a member of a group was called by the id of a user in another case, or by the login. */
  let hasOtherSpellings = false;
  /** By id, when a user was last seen active, in milliseconds. */
  const activeAtMs = new Map<string, number>();

  /**
   * Waits until no search shows the user as it was when last seen active.
   * @returns false where it had to wait: what was found before is to be asked again
   */
  async function isSettled(id: string, signal: AbortSignal): Promise<boolean> {
    const leftMs = (activeAtMs.get(id) ?? -Infinity) + settleMs - Date.now();
    if (leftMs <= 0) return true;
    await pause(leftMs, undefined, { signal });
    return false;
  }

  /** The types of inactive users of whom the filter has found a group. */
  const findsInactive = new Set<string>();
  /** Whether any user has shown a group. */
  let hasShownGroups = false;
  /** By member, the groups that the filter has found. */
  const memberships = new Remainders();
  /** By group, the members that it has shown. */
  const members = new Remainders();
  const writes = createScimWrites(wire, async (type, id, signal) => {
    const resource = await (type === 'Users' ? user(id, signal) : group(id, signal));
    return resource?.version;
  });

  async function get<T extends { id: string }>(
    type: ResourceType,
    id: string,
    query: Record<string, string>,
    parse: (json: unknown, etag: string | null) => T | undefined,
    signal: AbortSignal,
    isMeant = (resource: T): boolean => isSameId(resource.id, id),
  ): Promise<T | undefined> {
    const what = `read ${type}/${id}`;
    const path = `/${type}/${encodeURIComponent(id)}`;
    const choice = queryString(query);
    let answer = await ask(what, 'GET', path + choice, signal);
    // Some servers do not understand a choice of attributes.
    if (choice && [400, 501].includes(answer.status) && isRefusal(answer, what))
      answer = await ask(what, 'GET', path, signal);
    if (answer.status === 404 || answer.status === 410) return undefined;
    if (!answer.ok) throw failure(answer, what);
    let json = answer.json;
    // Some servers answer only what is chosen, without the id, or nothing at all.
    if (choice && isObject(json) && attribute(json, 'id') === undefined) {
      if (query['attributes']?.split(',').some((each) => attribute(json, each) !== undefined))
        json = { ...(json as object), id };
      else {
        answer = await ask(what, 'GET', path, signal);
        if (!answer.ok) throw failure(answer, what);
        json = answer.json;
      }
    }
    const resource = parse(json, answer.headers.get('etag'));
    if (!resource) throw strange(what, 'a SCIM resource: it has no id');
    if (!isMeant(resource)) throw strange(what, `that resource: its id is ${resource.id}`);
    return resource;
  }

  async function getUser(
    id: string,
    query: Record<string, string>,
    signal: AbortSignal,
    isMeant?: (user: ScimUser) => boolean,
  ) {
    const found = await get('Users', id, query, userOf, signal, isMeant);
    hasShownGroups ||= showsGroups(found);
    if (found?.active) {
      if (activeAtMs.size >= MOST_REMEMBERED) activeAtMs.clear();
      activeAtMs.set(found.id, Date.now());
    }
    return found;
  }

  /** @returns the user that the server itself calls so: by its id, perhaps in another case, or by its login */
  const userCalled = (value: string, signal: AbortSignal): Promise<ScimUser | undefined> =>
    getUser(value, {}, signal, ({ id, userName }) => [id, userName].some((each) => sameText(each, value)));

  /** An element without an id is left out where it has another value of the attribute; otherwise it may be the one asked for. */
  function usable<T>(
    elements: unknown[],
    parse: (json: unknown) => T | undefined,
    type: ResourceType,
    by: string,
    value: string,
  ): T[] {
    return elements.flatMap((element) => {
      const resource = parse(element);
      if (resource) return [resource];
      const shown = valuesOf(element, by);
      if (shown.length > 0 && !shown.some((each) => sameText(each, value))) return [];
      throw cannotTell(
        `${name} lists one of the ${type} where ${by} is "${value}" without a readable id: mend it there and retry`,
      );
    });
  }

  /** Lists may hide members that a group alone, or a user, shows: the filter must find one of these. */
  async function assertFindsMembers(
    someGroups: () => Promise<unknown[]>,
    signal: AbortSignal,
  ): Promise<void> {
    if (search.isProven(BY_MEMBER)) return;
    const listed = await someGroups();
    if (listed.length === 0 || listed.some((each) => valuesOf(each, 'members').length > 0)) return;
    for (const pair of await shownMemberships(listed.slice(0, MAX_TRIED), signal)) {
      const hits = await search.hits({ ...BY_MEMBER, value: pair.memberId }, signal);
      if (hits.some((each) => groupOf(each)?.id === pair.groupId)) return;
      // What the filter leaves out, the account shows by itself: Keycloak hides child groups so.
      if (pair.isShownByUser) return;
      throw cannotTell(
        `${name} has ${pair.memberId} in the group ${pair.groupId}, and does not find it by members.value: look there which groups the account is in`,
      );
    }
    // The first ones may be empty. Where all of them look so, the server may show members nowhere.
    const isShown = listed.some((each) => attribute(each, 'members') !== undefined);
    if (isShown && (await search.hasSample(BY_MEMBER, signal))) return;
    throw cannotTell(
      `${name} shows no member of any group, so that its answer "none" to members.value proves nothing: look there which groups the account is in`,
    );
  }

  /** Whether the values of members are the ids of resources; false where they may be names. */
  async function areIds(members: readonly Reference[], signal: AbortSignal): Promise<boolean> {
    const tried = members.filter(({ value, type }) => value !== undefined && type !== 'group');
    let isDoubtful = false;
    for (const { value } of tried.slice(0, MAX_TRIED)) {
      if (hasIds) return true;
      const member = await userCalled(value!, signal).catch(unlessRefused);
      if (typeof member === 'object') {
        hasIds = true;
        hasOtherSpellings ||= !isSameId(member.id, value!);
      } else isDoubtful ||= !member && !(await group(value!, signal).catch(unlessRefused));
    }
    return hasIds || !isDoubtful;
  }

  /** Where members are called by names, a search by an id finds nothing. */
  async function assertMembersAreIds(
    someGroups: () => Promise<unknown[]>,
    signal: AbortSignal,
  ): Promise<void> {
    if (hasIds) return;
    const members = (await someGroups()).flatMap((each) => groupOf(each)?.members ?? []);
    if (await areIds(members, signal)) return;
    throw cannotTell(
      `${name} lists the members of groups by other values than the ids of users: look there which groups the account is in`,
    );
  }

  /** @returns a membership that one of the groups shows by itself, or else one that some user shows */
  async function shownMemberships(
    groups: unknown[],
    signal: AbortSignal,
  ): Promise<{ memberId: string; groupId: string; isShownByUser: boolean }[]> {
    for (const each of groups) {
      const groupId = groupOf(each)?.id;
      if (groupId === undefined) continue;
      const shown = await get('Groups', groupId, WITH_MEMBERS, groupOf, signal);
      const memberId = shown?.members?.find(({ value }) => value !== undefined)?.value;
      if (memberId !== undefined) return [{ memberId, groupId, isShownByUser: false }];
    }
    const { elements = [] } = (await lists.some('Users', { attributes: 'groups' }, signal, 1)) ?? {};
    for (const user of elements.map((each) => userOf(each)))
      for (const { value, type } of user?.groups ?? [])
        if (value !== undefined && type !== 'indirect')
          return [{ memberId: user!.id, groupId: value, isShownByUser: true }];
    return [];
  }

  /**
   * To a token without rights an empty list, and 404 for each id, are all that some servers say.
   * @param besides one that it answers with 404
   * @throws Error where it lists that one; FinalFailure CannotTell where the server shows no other user
   */
  async function assertShowsUsers(signal: AbortSignal, besides?: string): Promise<void> {
    // A server that refuses a list of all does not say that there is none.
    const listing = await lists.some('Users', {}, signal, 1).catch(whereUntold(undefined));
    const ids = (listing?.elements ?? []).map((each) => userOf(each)?.id);
    if (besides !== undefined && ids.includes(besides))
      throw new Error(`${name} lists the account ${besides}, and answers 404 for its id`);
    if (!listing || ids.length > 0) return;
    throw cannotTell(
      `${name} shows no ${besides === undefined ? '' : 'other '}user at all, so that it may hide the account as well: look there whether EMS may read its users`,
    );
  }

  /** Some servers answer each list with one made-up user. @throws FinalFailure CannotTell */
  async function assertReal(listed: readonly unknown[], signal: AbortSignal): Promise<void> {
    const users = listed.flatMap((each) => userOf(each) ?? []).slice(0, MAX_TRIED);
    for (const { id } of users) if (await user(id, signal)) return;
    throw cannotTell(
      `${name} lists users whose ids it does not know, such as ${users[0]?.userName}, so that it may hide the account as well: match by an attribute that its filter understands`,
    );
  }

  /** @returns the groups that the user shows; undefined where the server shows none there */
  async function groupsShown(userId: string, signal: AbortSignal): Promise<Reference[] | undefined> {
    return (await getUser(userId, { attributes: 'groups' }, signal))?.groups;
  }

  return {
    name,
    settleMs,
    isSettled,
    supportsEtags: writes.supportsEtags,
    /** Told with `supportsEtags`. */
    deniesPatch: writes.deniesPatch,
    patch: (...change: Parameters<typeof writes.patch>) => writes.patch(...change),

    /** The smallest question that needs the token. @throws as each request does */
    async probe(signal: AbortSignal): Promise<void> {
      const what = 'list one user';
      const answer = await ask(what, 'GET', '/Users?count=1', signal);
      // These refuse the paging, and not the token.
      if (!answer.ok && ![400, 501].includes(answer.status)) throw failure(answer, what);
    },

    getUser: user,

    userCalled,

    /** Without its members, which may be many. */
    getGroup: group,

    /**
     * @returns the users with exactly this value but for the case, also where the server ignores the filter
     * @throws FinalFailure CannotTell where the server finds one by another value, or does not show the value
     */
    async findUsers(by: string, value: string, signal: AbortSignal): Promise<FoundUser[]> {
      const question = { type: 'Users', attribute: by, value } as const;
      const hits = await search.hitsNow(question, signal);
      const found: FoundUser[] = [];
      const others: string[] = [];
      for (const hit of usable(hits, userOf, 'Users', by, value)) {
        let values = valuesOf(hit.json, by);
        // An attribute may be returned on request only (RFC 7643 §7).
        if (values.length === 0)
          values = valuesOf((await get('Users', hit.id, { attributes: by }, userOf, signal))?.json, by);
        const exact = values.find((each) => each === value) ?? values.find((each) => sameText(each, value));
        if (exact !== undefined) found.push({ user: hit, value: exact });
        else others.push(`${hit.userName} (${values.length > 0 ? values.join(', ') : 'not shown'})`);
      }
      if (found.length > 0 || others.length === 0) return found;
      throw cannotTell(
        `${name} finds by ${by} "${value}" an account with another value: ${others.join('; ')}. Look there whose it is, and mend ${by}`,
      );
    },

    /**
     * Whether a user shows the attribute.
     * @param value what a search by it has not found
     * @throws FinalFailure CannotTell where the server shows no user at all, or one with the value
     */
    async isShown(by: string, signal: AbortSignal, value?: string): Promise<boolean> {
      const samples = await search.samplesOf({ type: 'Users', attribute: by }, signal);
      // An index may be late, or lack some; a filter may look into one of several stores, or heed the case.
      if (
        value !== undefined &&
        (await search.isListed({ type: 'Users', attribute: by, value }, samples, signal))
      )
        throw cannotTell(
          `${name} lists a user with the ${by} "${value}", and does not find it by that: look at it there`,
        );
      if (samples.length > 0) {
        if (!search.isProven({ type: 'Users', attribute: by })) await assertReal(samples, signal);
        return true;
      }
      await assertShowsUsers(signal);
      return false;
    },

    assertShowsUsers,

    /** @returns the groups that the server finds by this name, each under the name that it has there */
    async findGroups(displayName: string, signal: AbortSignal): Promise<ScimGroup[]> {
      const by = { type: 'Groups', attribute: 'displayName', value: displayName } as const;
      const hits = await search.hits({ ...by, query: WITHOUT_MEMBERS }, signal);
      return usable(hits, groupOf, 'Groups', 'displayName', displayName);
    },

    /** False where SCIM itself answers that it has no such resources, also without paging, and no user shows one. */
    async hasGroups(signal: AbortSignal, userId: string): Promise<boolean> {
      for (const query of [{ count: '1' }, {}]) {
        const answer = await ask('list Groups', 'GET', `/Groups${queryString(query)}`, signal);
        // A gateway answers 404 as well, for a route that it lost.
        if (isPage(answer) || !(answer.isScimNotFound || answer.status === 501)) return true;
      }
      await groupsShown(userId, signal);
      if (hasShownGroups) return true;
      // The suspension may have taken those of this user.
      const others = await lists.some('Users', { attributes: 'groups' }, signal, 1);
      return others!.elements.some((each) => showsGroups(userOf(each)));
    },

    /** @returns the group with its members, where the server shows them; undefined where it is gone */
    async getMembers(id: string, signal: AbortSignal): Promise<ScimGroup | undefined> {
      const ask = () => get('Groups', id, WITH_MEMBERS, groupOf, signal);
      // A gateway may have answered one 404.
      const found = (await ask()) ?? (await ask());
      const shown = found?.members ?? [];
      if (shown.length > 0)
        members.see(
          id,
          shown.map(({ value = '' }) => value),
        );
      return found;
    },

    groupsShown,

    /**
     * @returns the groups that a filter finds by this direct member, without their members
     * @param inactiveType of a member who was inactive when last seen
     * @throws FinalFailure CannotTell where the filter finds none, and no group or user shows a membership that it does find
     */
    async groupsWith(memberId: string, signal: AbortSignal, inactiveType?: string): Promise<ScimGroup[]> {
      const by = { ...BY_MEMBER, value: memberId };
      let hits = await search.hitsNow(by, signal, () => memberships.isNone(memberId));
      if (hits.length === 0 && memberships.isNone(memberId)) return [];
      if (hits.length > 0) {
        hasIds = true;
        // It may be active again since.
        if (inactiveType !== undefined && !findsInactive.has(inactiveType)) await learn(memberId);
        const ids = hits.flatMap((each) => groupOf(each)?.id ?? []);
        memberships.see(memberId, ids);
      } else {
        memberships.forget(memberId);
        let listing: ReturnType<typeof lists.some> | undefined;
        const someGroups = async () =>
          (await (listing ??= lists.some('Groups', WITH_MEMBERS, signal, 1)))!.elements;
        await assertFindsMembers(someGroups, signal);
        await assertMembersAreIds(someGroups, signal);
        // Some filters leave inactive members out, and the lists have them.
        if (inactiveType !== undefined && !findsInactive.has(inactiveType))
          hits = await search.listed(by, signal);
      }
      return usable(hits, groupOf, 'Groups', BY_MEMBER.attribute, memberId);

      async function learn(id: string): Promise<void> {
        const type = inactiveTypeOf(await getUser(id, { attributes: 'active,userType' }, signal));
        if (type === undefined) return;
        if ((await isSettled(id, signal)) || (await search.hits(by, signal)).length > 0)
          findsInactive.add(type);
      }
    },

    /** @returns the groups that have the id of this member in another case, on a server that writes members so */
    async groupsWithSpelling(memberId: string, signal: AbortSignal): Promise<ScimGroup[]> {
      if (!hasOtherSpellings) return [];
      const found = await search.spelt({ ...BY_MEMBER, value: memberId }, signal);
      return found.flatMap((each) => groupOf(each) ?? []);
    },

    /** Whether the filter by members finds the groups of another inactive user of the type: some servers leave inactive members out. */
    async findsInactive(exceptId: string, type: string, signal: AbortSignal): Promise<boolean> {
      if (findsInactive.has(type)) return true;
      const { elements = [] } = (await lists.some('Users', {}, signal, 1)) ?? {};
      const others = elements
        .flatMap((each) => userOf(each) ?? [])
        .filter((each) => inactiveTypeOf(each) === type && each.id !== exceptId);
      for (const { id } of others.slice(0, MAX_TRIED)) {
        const hits = await search.hits({ ...BY_MEMBER, value: id }, signal);
        // A list may lag.
        const now = hits.length > 0 ? await user(id, signal).catch(whereUntold(undefined)) : undefined;
        if (inactiveTypeOf(now) !== type) continue;
        const isLate = !(await isSettled(id, signal));
        if (isLate && (await search.hits({ ...BY_MEMBER, value: id }, signal)).length === 0) continue;
        findsInactive.add(type);
        return true;
      }
      return false;
    },

    /** Whether the filter may have found the groups by other members, whose ids have this one as a part. */
    foundByPart: (memberId: string, groups: readonly ScimGroup[], signal: AbortSignal): Promise<boolean> =>
      search.matchesParts(
        { ...BY_MEMBER, value: memberId },
        groups.map(({ json }) => json),
        async (hit, part) => {
          const shown = await get('Groups', groupOf(hit)!.id, WITH_MEMBERS, groupOf, signal);
          return shown?.members?.some(({ value }) => value !== undefined && isSameId(value, part)) ?? false;
        },
        signal,
      ),

    /** EMS removes a member. */
    noteRemoval(memberId: string, groupId: string): void {
      memberships.remove(memberId, groupId);
      members.remove(groupId, memberId);
    },

    /** Whether EMS has removed all members that the group has shown. */
    isEmptied: (groupId: string): boolean => members.isNone(groupId),

    /** Whether the group shows all members that it has shown, but for those whom EMS has removed. */
    isShortened: (groupId: string): boolean => members.isRest(groupId),

    /** @returns the groups that the filter finds by this member, a user or a group; where it finds none, it may hide some */
    async groupsByMember(memberId: string, signal: AbortSignal): Promise<ScimGroup[]> {
      const hits = await search.hits({ ...BY_MEMBER, value: memberId }, signal);
      return hits.flatMap((each) => groupOf(each) ?? []);
    },

    /** @returns an inner group that one of the first groups shows as its member */
    async innerShown(signal: AbortSignal): Promise<{ groupId: string; memberId: string } | undefined> {
      const groups = (await search.samplesOf(BY_MEMBER, signal)).flatMap((each) => groupOf(each) ?? []);
      const ids = new Set<string | undefined>(groups.map(({ id }) => id));
      for (const { id: groupId, members = [] } of groups) {
        const inner = members.find(({ value, type }) => type === 'group' || ids.has(value));
        if (inner?.value !== undefined) return { groupId, memberId: inner.value };
      }
      return undefined;
    },

    /** @returns the id of the group that shows most members in a list of the first groups */
    async longestShown(signal: AbortSignal): Promise<string | undefined> {
      const groups = (await search.samplesOf(BY_MEMBER, signal)).flatMap((each) => groupOf(each) ?? []);
      const byLength = groups.toSorted((a, b) => b.members!.length - a.members!.length);
      return byLength[0]?.id;
    },

    /** @returns users with the groups that they show, up to a limit, and whether these are all */
    async usersWithGroups(signal: AbortSignal): Promise<{ users: ScimUser[]; isComplete: boolean }> {
      const listing = await lists.some('Users', WITH_GROUPS, signal, MAX_LISTED);
      const { elements, isComplete } = listing ?? { elements: [], isComplete: false };
      return { users: elements.flatMap((each) => userOf(each) ?? []), isComplete };
    },

    /** @returns inactive users among the first ones, or else the first that a filter finds */
    async inactiveUsers(signal: AbortSignal): Promise<ScimUser[]> {
      const first = await lists.some('Users', WITH_GROUPS, signal, 1);
      const found = inactiveAmong(first?.elements);
      if (found.length > 0 || first?.isComplete !== false) return found;
      const query = { ...WITH_GROUPS, filter: 'active eq false' };
      return inactiveAmong((await lists.some('Users', query, signal, 1))?.elements);
    },

    areIds,

    /** Whether a search by a member that has found a group still does. */
    findsMembers: (signal: AbortSignal): Promise<boolean> => search.stillFinds(BY_MEMBER, signal),

    /** Users whose name, login, mail address or employee id has the text as a part. */
    usersNamed: (text: string, signal: AbortSignal) => usersNamed(lists, text, signal),

    /** @returns the ids of all users */
    async userIds(signal: AbortSignal): Promise<string[]> {
      const users = await lists.all('Users', { attributes: 'userName' }, signal);
      return users!.flatMap((each) => userOf(each)?.id ?? []);
    },

    /** Whether some group shows an empty list: where one shows none, that is no empty one. */
    async showsEmptyLists(signal: AbortSignal): Promise<boolean> {
      const { elements = [] } = (await lists.some('Groups', WITH_MEMBERS, signal, 1)) ?? {};
      return elements.some((each) => groupOf(each)?.members?.length === 0);
    },

    /** Whether some group shows a member. */
    showsMembers: (signal: AbortSignal): Promise<boolean> => search.hasSample(BY_MEMBER, signal),

    /** @throws FinalFailure CannotTell where the list stays incomplete */
    async groupIds(signal: AbortSignal): Promise<Set<string>> {
      const groups = await lists.all('Groups', WITHOUT_MEMBERS, signal);
      return new Set(groups!.flatMap((each) => groupOf(each)?.id ?? []));
    },
  };
}

const inactiveAmong = (elements: readonly unknown[] = []): ScimUser[] =>
  elements.flatMap((each) => userOf(each) ?? []).filter(({ active }) => active === false);

const showsGroups = (user: ScimUser | undefined): boolean => (user?.groups ?? []).length > 0;

/** What a server refuses to show may be there. */
function unlessRefused(error: unknown): 'refused' {
  if (isFinalFailure(error, FailureType.Refused)) return 'refused';
  throw error;
}
