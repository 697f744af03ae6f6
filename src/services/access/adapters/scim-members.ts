/** What groups tell of their members, walked down through the groups in them (RFC 7643 §4.2: a member may be a group). */
import { FailureType, isFinalFailure } from '../../../exit/failures.js';
import type { ScimClient } from '../../protocols/scim.js';
import { sameText, type Reference, type ScimGroup } from '../../protocols/scim-resource.js';
import type { AccessPort, Members, Standing } from '../access-port.js';

/** How many groups below one are read. */
const MAX_WALKED = 100;
/** How many members are read one by one. */
const MAX_READ = 200;
/** For more of them, the users are listed instead. */
const FEW = 20;
/** A shorter list is not suspected to be the first part of a longer one. */
const SHORTEST_CUT = 50;
/** How many other groups of the account are read for a longer list. */
const MAX_COMPARED = 3;
const MOST_REMEMBERED = 10_000;
const MOST_NO_GROUPS = 200_000;
/** How long the ids of all groups serve the next question, in milliseconds. */
const REMEMBERED_MS = 30_000;

interface Listed extends ScimGroup {
  members: Reference[];
  isShown: boolean;
}

type Asked = 'membersOf' | 'standingIn' | 'hasOtherActiveMember';

export function createScimMembers(scim: ScimClient): { [K in Asked]-?: NonNullable<AccessPort[K]> } {
  /** The longest list that the server has given: a shorter one is not cut off. */
  let longest = 0;
  /** Groups that have shown members: without any they are empty, and do not hide them. */
  const shown = new Set<string>();
  let showsMembers = false;
  /** Members that are no groups. */
  const noGroups = new Set<string>();
  let groupIds: { ids: Promise<Set<string> | undefined>; atMs: number } | undefined;

  /** @returns undefined where the group is gone, or is none */
  async function read(groupId: string, signal: AbortSignal): Promise<Listed | undefined> {
    const group = await scim.getMembers(groupId, signal);
    if (!group) return undefined;
    const { members = [] } = group;
    longest = Math.max(longest, members.length);
    if (shown.size > MOST_REMEMBERED) shown.clear();
    if (members.length > 0) shown.add(groupId);
    return { ...group, members, isShown: group.members !== undefined || shown.has(groupId) };
  }

  const lists = ({ members }: Listed, accountId: string): boolean =>
    members.some(({ value }) => value !== undefined && sameText(value, accountId));
  const membersIn = (listed: Listed): Members => {
    const { members, isShown, version } = listed;
    const ids = members.flatMap(({ value }) => value ?? []);
    return { ids, isComplete: isShown && ids.length === members.length && !mayBeCut(listed), version };
  };
  const untold = (because: string): Standing => ({ is: 'cannot tell', because });

  const mayBeCut = ({ members }: Listed): boolean =>
    members.length >= SHORTEST_CUT && members.length >= longest;

  /** @returns why the group does not tell its members; a list may be left out where it is empty (RFC 7643 §2.5) */
  async function doubtOf(listed: Listed, signal: AbortSignal): Promise<string | undefined> {
    const { displayName, members, isShown } = listed;
    if (members.some(({ value }) => value === undefined))
      return `shows a member of "${displayName}" without a readable id`;
    if (members.length > 0 && !(await scim.areIds(members, signal)))
      return `lists the members of "${displayName}" by other values than the ids of users`;
    // An empty list is believed where some group shows members, or the filter has found some.
    if (shown.has(listed.id) || longest > 0 || (isShown && scim.hasFoundMembers())) return undefined;
    showsMembers ||= await scim.showsMembers(signal);
    return showsMembers ? undefined : `does not show the members of "${displayName}"`;
  }

  /** @returns the ids of all groups; undefined where the server does not list them */
  function allGroups(signal: AbortSignal): Promise<Set<string> | undefined> {
    if (!groupIds || Date.now() - groupIds.atMs > REMEMBERED_MS) {
      const ids = scim.groupIds(signal).catch((error: unknown) => {
        groupIds = undefined;
        if (isFinalFailure(error, FailureType.CannotTell, FailureType.Refused)) return undefined;
        throw error;
      });
      groupIds = { ids, atMs: Date.now() };
    }
    return groupIds.ids;
  }

  /** @returns the ids of all users, as far as the server lists them */
  const allUsers = (signal: AbortSignal): Promise<string[]> =>
    scim.userIds(signal).catch((error: unknown) => {
      if (isFinalFailure(error, FailureType.CannotTell, FailureType.Refused)) return [];
      throw error;
    });

  /** @returns the members that are groups; undefined where there are too many to find out */
  async function groupsAmong({ members }: Listed, signal: AbortSignal): Promise<string[] | undefined> {
    const inner: string[] = [];
    const untyped: string[] = [];
    for (const { value, type } of members) {
      if (value === undefined || type === 'user') continue;
      (type === 'group' ? inner : untyped).push(value);
    }
    if (untyped.length === 0) return inner;
    const all = await allGroups(signal);
    // Some servers leave inner groups out of their lists, perhaps not all of them.
    const isListed = (each: string): boolean => all?.has(each) === true;
    inner.push(...untyped.filter(isListed));
    const unlisted = untyped.filter((each) => !isListed(each));
    if (noGroups.size > MOST_NO_GROUPS) noGroups.clear();
    const unknown = (): string[] => unlisted.filter((each) => !noGroups.has(each));
    if (unknown().length > FEW) for (const each of await allUsers(signal)) noGroups.add(each);
    if (unknown().length > MAX_READ) return undefined;
    for (const each of unknown()) {
      if (await scim.getGroup(each, signal)) inner.push(each);
      else noGroups.add(each);
    }
    return inner;
  }

  /** Whether the filter, which finds other memberships of the account or of such accounts, leaves this one out. */
  async function isOutByFilter(accountId: string, listed: Listed, signal: AbortSignal): Promise<boolean> {
    const found = await scim.groupsWith(accountId, signal);
    if (found.length > 0) return found.every(({ id }) => id !== listed.id);
    // Some servers leave inactive members out.
    return (await scim.getUser(accountId, signal))?.active === true;
  }

  /** Reads other groups of the account: one with a longer list shows that a shorter one is not cut off. */
  async function compare(accountId: string, signal: AbortSignal): Promise<void> {
    const found = await scim.groupsWith(accountId, signal);
    for (const { id } of found.slice(0, MAX_COMPARED)) await read(id, signal);
  }

  async function directly(accountId: string, listed: Listed, signal: AbortSignal): Promise<Standing> {
    if (lists(listed, accountId)) return { is: 'direct' };
    const doubt = await doubtOf(listed, signal);
    if (doubt !== undefined) return untold(doubt);
    const isWeak = !listed.isShown || mayBeCut(listed);
    if (!isWeak || (await isOutByFilter(accountId, listed, signal))) return { is: 'out' };
    return untold(`may not show all members of "${listed.displayName}"`);
  }

  async function walk(
    accountId: string,
    outer: Listed,
    through: (groupId: string) => boolean,
    signal: AbortSignal,
  ): Promise<Standing> {
    const walked = [outer.id];
    const all: Listed[] = [];
    let doubt: string | undefined;
    for (const id of walked) {
      if (walked.length > MAX_WALKED)
        return untold(`has more than ${MAX_WALKED} groups below "${outer.displayName}"`);
      const listed = id === outer.id ? outer : await read(id, signal);
      if (!listed) continue;
      all.push(listed);
      if (listed !== outer && lists(listed, accountId)) return { is: 'nested', by: listed.displayName };
      doubt ??= await doubtOf(listed, signal);
      const inner = await groupsAmong(listed, signal);
      if (!inner) doubt ??= `does not say which members of "${listed.displayName}" are groups`;
      walked.push(...(inner ?? []).filter((each) => through(each) && !walked.includes(each)));
    }
    if (all.some(mayBeCut)) await compare(accountId, signal);
    const cut = all.find(mayBeCut);
    doubt ??= cut && `may show only some of the members of "${cut.displayName}"`;
    if (doubt !== undefined) return untold(doubt);
    return { is: lists(outer, accountId) ? 'direct' : 'out' };
  }

  return {
    async membersOf(groupId, signal) {
      const listed = await read(groupId, signal);
      return listed && membersIn(listed);
    },

    async standingIn(accountId, groupId, through, signal) {
      const listed = await read(groupId, signal);
      if (!listed) return { is: 'out' };
      const standing = await (through
        ? walk(accountId, listed, through, signal)
        : directly(accountId, listed, signal));
      return { ...standing, members: membersIn(listed) };
    },

    async hasOtherActiveMember(groupId, accountId, signal) {
      const walked = [groupId];
      const looked = new Set([accountId]);
      let isListed = false;
      let inDoubt = false;
      for (const id of walked) {
        const listed = await read(id, signal);
        if (!listed) continue;
        inDoubt ||= (await doubtOf(listed, signal)) !== undefined;
        isListed ||= lists(listed, accountId);
        for (const { value, type } of listed.members) {
          if (value === undefined || type === 'group' || looked.has(value)) continue;
          if (looked.size > MAX_READ) return 'cannot tell';
          looked.add(value);
          const other = await scim.getUser(value, signal);
          if (other?.active) return 'yes';
          if (other) inDoubt ||= other.active === undefined;
        }
        const inner = await groupsAmong(listed, signal);
        inDoubt ||= !inner || mayBeCut(listed);
        walked.push(...(inner ?? []).filter((each) => !walked.includes(each)));
      }
      return isListed && !inDoubt ? 'no' : 'cannot tell';
    },
  };
}
