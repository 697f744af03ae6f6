/** The port to a critical system over SCIM 2.0 (RFC 7643, RFC 7644). */
import {
  cannotTell,
  FailureType,
  isFinalFailure,
  whereUntold,
  type FinalFailure,
} from '../../../exit/failures.js';
import type { ScimClient } from '../../protocols/scim.js';
import {
  identitiesOf,
  inactiveTypeOf,
  sameText,
  valuesOf,
  type Reference,
  type ScimGroup,
  type ScimUser,
} from '../../protocols/scim-resource.js';
import type { AccessPort, Account, Candidate, Membership } from '../access-port.js';
import { createScimMembers } from './scim-members.js';

const MOST_NAMES = 10_000;
/** How long what is no id of a group is not asked for again, in milliseconds. */
const REMEMBERED_MS = 600_000;

interface ScimAdapterOptions extends Pick<AccessPort, 'endSessions'> {
  scim: ScimClient;
}

export function createScimAdapter({ scim, endSessions }: ScimAdapterOptions): AccessPort {
  /** By account id, as last seen. */
  const names = new Map<string, readonly string[]>();
  const namesOf = async (accountId: string, signal: AbortSignal) => {
    if (!names.has(accountId)) seen(await scim.getUser(accountId, signal));
    return names.get(accountId) ?? [];
  };
  /** By the id of an account that was inactive when last seen, its type. */
  const inactive = new Map<string, string>();
  /** The ids of accounts that were not shown when last asked for: some servers hide those that are inactive. */
  const unseen = new Set<string>();
  const { listedAs, ...members } = createScimMembers(
    scim,
    namesOf,
    {
      lastSeen: (accountId) => inactive.get(accountId),
      now: async (accountId, signal) => inactiveTypeOf(seen(await scim.getUser(accountId, signal))),
    },
    (accountId) => inactive.has(accountId) || unseen.has(accountId),
  );
  /** What accounts show of groups, and is the id of none, and when that was asked. */
  const noIds = new Map<string, number>();
  let isActiveHidden = false;

  function seen<T extends ScimUser | undefined>(user: T): T {
    if (names.size >= MOST_NAMES) names.clear();
    if (inactive.size >= MOST_NAMES) inactive.clear();
    const type = inactiveTypeOf(user);
    if (user && type !== undefined) inactive.set(user.id, type);
    else if (user) inactive.delete(user.id);
    if (user?.active !== undefined) isActiveHidden = false;
    if (user) unseen.delete(user.id);
    if (user) names.set(user.id, [...identitiesOf(user), ...valuesOf(user.json, 'externalId')]);
    return user;
  }

  /** A list may leave out what the account itself shows. */
  async function withActive(user: ScimUser, signal: AbortSignal): Promise<ScimUser> {
    if (user.active !== undefined || isActiveHidden) return user;
    const { active } = (await scim.getUser(user.id, signal)) ?? user;
    isActiveHidden = active === undefined;
    return { ...user, active };
  }

  /** Without a type, the account may show the groups above its own ones as well. */
  const isOut = async (accountId: string, groupId: string, signal: AbortSignal): Promise<boolean> =>
    ['out', 'gone'].includes((await members.standingIn(accountId, groupId, undefined, signal)).is);

  /** A filter that also finds parts of a value finds the groups of others: these are asked themselves. */
  async function groupsWith(accountId: string, signal: AbortSignal): Promise<ScimGroup[]> {
    let found = await scim.groupsWith(accountId, signal, inactive.get(accountId));
    const isSpeltOtherwise = found.length === 0;
    if (isSpeltOtherwise) found = await scim.groupsWithSpelling(accountId, signal);
    else if (!(await scim.foundByPart(accountId, found, signal))) return found;
    const own: ScimGroup[] = [];
    for (const group of found) {
      const standing = await members.standingIn(accountId, group.id, undefined, signal);
      if (isSpeltOtherwise && standing.is === 'cannot tell')
        throw cannotTell(`${scim.name} ${standing.because}: look there whose it is`);
      const isHidden = standing.is === 'cannot tell' && standing.ofInactive;
      if (!isHidden && standing.is !== 'out' && standing.is !== 'gone') own.push(group);
    }
    return own;
  }

  /** The groups that only the account shows: Keycloak hides child groups from lists and filters. */
  async function shownOnly(
    accountId: string,
    found: readonly Membership[],
    signal: AbortSignal,
  ): Promise<Membership[]> {
    const known = new Set(found.map(({ group }) => group.id));
    const memberships: Membership[] = [];
    for (const reference of (await scim.groupsShown(accountId, signal)) ?? []) {
      const { value, display, type } = reference;
      const id = value ?? display;
      if (id === undefined)
        throw cannotTell(
          `${scim.name} shows a group of account ${accountId} without a readable id: look at its groups there`,
        );
      if (known.has(id)) continue;
      const groups = await groupsCalled(accountId, reference, found, signal);
      for (const group of groups.length > 0 ? groups : [undefined]) {
        const ref = group ? refOf(group) : { id, displayName: display ?? id };
        if (known.has(ref.id)) continue;
        known.add(ref.id);
        const isNested =
          type === 'indirect' || (type === undefined && (await isOut(accountId, ref.id, signal)));
        const indirect = isNested ? `comes by another group, which ${scim.name} does not name` : true;
        memberships.push({
          group: ref,
          via: isNested ? 'nested' : 'direct',
          changeable: group ? indirect : `${scim.name} shows the group on the account only`,
          version: group?.version,
        });
      }
    }
    return memberships;
  }

  /**
   * @param found the groups that are known otherwise: a name that one of them has means that one
   * @returns the groups that an account means: by the id, or where that is none by the name, which stands in its place or beside it
   */
  async function groupsCalled(
    accountId: string,
    { value, display }: Reference,
    found: readonly Membership[],
    signal: AbortSignal,
  ): Promise<Named[]> {
    const isId = value !== undefined && Date.now() - (noIds.get(value) ?? -Infinity) > REMEMBERED_MS;
    let refusal: FinalFailure | undefined;
    const ask = () => (isId ? scim.getGroup(value, signal).catch(onRefusal) : undefined);
    // A gateway may have answered one 404.
    const group = (await ask()) ?? (refusal ? undefined : await ask());
    if (group) return [group];
    if (noIds.size >= MOST_NAMES) noIds.clear();
    if (isId && !refusal) noIds.set(value, Date.now());
    const names = [...new Set([value ?? [], display ?? []].flat())];
    const told = found.find(({ group }) => names.some((name) => sameText(name, group.displayName)));
    if (told) return [told.group];
    const named = new Map<string, ScimGroup>();
    for (const name of names)
      for (const each of await scim.findGroups(name, signal).catch(whereUntold([])))
        if (sameText(each.displayName, name)) named.set(each.id, each);
    if (named.size === 0 && refusal) throw refusal;
    const groups = [...named.values()];
    if (groups.length < 2) return groups;
    const own: ScimGroup[] = [];
    for (const each of groups) if (!(await isOut(accountId, each.id, signal))) own.push(each);
    return own;

    /** A server may refuse what has not the form of its ids. */
    function onRefusal(error: unknown): undefined {
      if (!isFinalFailure(error, FailureType.Refused)) throw error;
      refusal = error;
    }
  }

  return {
    system: scim.name,
    endSessions,

    capabilities: async (signal) => ({
      conditionalWrites: await scim.supportsEtags(signal),
      settleMs: scim.settleMs,
      restore: 'shown',
      ...(scim.deniesPatch() && {
        doubt: `${scim.name} says that it takes no PATCH (ServiceProviderConfig), and may refuse the hold`,
      }),
    }),

    async find({ attribute, value }, signal, others = []) {
      const candidates: Candidate[] = [];
      for (const found of await scim.findUsers(attribute, value, signal))
        candidates.push({
          account: accountOf(seen(await withActive(found.user, signal))),
          value: found.value,
          shown: Object.fromEntries(others.map((other) => [other, valuesOf(found.user.json, other)])),
        });
      return candidates;
    },

    hasKey: (attribute, signal, value) => scim.isShown(attribute, signal, value),

    async read({ id, userName }, signal) {
      const user = seen(await scim.getUser(id, signal));
      if (user) return accountOf(user);
      // A gateway may have answered the 404: only a second request tells that the account was deleted.
      const listed = userName === undefined ? [] : await scim.findUsers('userName', userName, signal);
      if (!listed.some((other) => other.user.id === id)) {
        await scim.assertShowsUsers(signal, id);
        if (unseen.size >= MOST_NAMES) unseen.clear();
        unseen.add(id);
        return undefined;
      }
      throw new Error(`${scim.name} lists the account ${userName}, and answers 404 for its id`);
    },

    setActive: (seen, active, signal, way) =>
      scim.patch(
        'Users',
        seen,
        way === 'other'
          ? { op: 'replace', value: { active } }
          : { op: 'replace', path: 'active', value: active },
        signal,
      ),

    async groupsOf(accountId, signal) {
      const found = await groupsWith(accountId, signal);
      const direct = found.map((group): Membership => ({
        group: refOf(group),
        via: 'direct',
        changeable: true,
        version: group.version,
      }));
      return [...direct, ...(await shownOnly(accountId, direct, signal))];
    },

    hasGroups: (signal, accountId) => scim.hasGroups(signal, accountId),

    findGroup: async (name, signal) => (await scim.findGroups(name, signal)).map(refOf),

    ...members,

    async removeFromGroup(accountId, { group: { id, displayName }, version }, signal, way) {
      const listed = await listedAs(accountId, id, signal);
      const remove = (value: string) => {
        // Before its answer, which may get lost: a membership that is gone then went by it.
        scim.noteRemoval(accountId, id);
        const path = `members[value eq ${value}]`;
        return scim.patch('Groups', { id, version }, { op: 'remove', path }, signal);
      };
      // Some servers have numbers for ids, which no string equals.
      const isNumber = /^[1-9]\d*$/.test(listed);
      if (way !== 'other') {
        const outcome = await remove(JSON.stringify(listed));
        const isMissed = outcome.kind === 'conflict' && outcome.isAbsent === true;
        return isMissed && isNumber ? remove(listed) : outcome;
      }
      if (isNumber) return remove(listed);
      return {
        kind: 'refused',
        why: 'state',
        detail: `the other spelling, "members" with a value, empties ${displayName} on strict servers, so that EMS never sends it`,
      };
    },

    async addToGroup(accountId, { id, displayName, entry }, signal, version) {
      const value = [{ ...entry, value: accountId }];
      const outcome = await scim.patch(
        'Groups',
        { id, version },
        { op: 'add', path: 'members', value },
        signal,
      );
      if (outcome.kind !== 'conflict' || (await scim.getGroup(id, signal))) return outcome;
      // As for an account, the 404 alone may be a gateway's.
      const listed = await scim.findGroups(displayName, signal);
      if (!listed.some((other) => other.id === id)) return { kind: 'gone' };
      throw new Error(`${scim.name} lists the group ${displayName}, and answers 404 for its id`);
    },
  };
}

function accountOf(user: ScimUser): Account {
  const { id, userName, active, version } = user;
  const others = Object.entries(user.json).filter(([name]) => !/^(schemas|meta|active|groups)$/i.test(name));
  return {
    ...{ id, userName, active, version },
    identities: identitiesOf(user),
    others: Object.fromEntries(others),
  };
}

type Named = Pick<ScimGroup, 'id' | 'displayName' | 'version'>;

const refOf = ({ id, displayName }: Named) => ({ id, displayName });
