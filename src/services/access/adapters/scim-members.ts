/** What groups tell of their members, walked down through the groups in them (RFC 7643 §4.2: a member may be a group). */
import { FailureType, isFinalFailure, whereUntold } from '../../../exit/failures.js';
import type { ScimClient } from '../../protocols/scim.js';
import { isSameId } from '../../protocols/resource-id.js';
import { remembered } from '../../protocols/remembered.js';
import { mayBeLimit } from '../../protocols/scim-list.js';
import {
  inactiveTypeOf,
  sameText,
  type Reference,
  type ScimGroup,
  type ScimUser,
} from '../../protocols/scim-resource.js';
import type { AccessPort, Members, Standing } from '../access-port.js';
import { createScimBeyond } from './scim-beyond.js';

/** How many groups below one are read. */
const MAX_WALKED = 100;
/** How many members are read one by one. */
const MAX_READ = 200;
/** For more of them, the users are listed instead. */
const FEW = 20;
/** How many other groups of the account are read for a longer list. */
const MAX_COMPARED = 3;
const MOST_NO_GROUPS = 200_000;
const MOST_CALLED = 10_000;
/** How long it is believed that lists hide no inactive members, and whom the server calls so, in milliseconds. */
const BELIEVED_MS = 600_000;
/** How long the ids of all groups serve the next question, in milliseconds. */
const REMEMBERED_MS = 30_000;

interface Listed extends ScimGroup {
  members: Reference[];
  isShown: boolean;
}

type Asked = 'membersOf' | 'standingIn' | 'hasOtherActiveMember' | 'showsInactive';

/** @returns the type of an inactive account; undefined of an active one */
interface InactiveTypes {
  lastSeen: (accountId: string) => string | undefined;
  now: (accountId: string, signal: AbortSignal) => Promise<string | undefined>;
}

/**
 * @param namesOf the names and addresses of an account
 * @param mayBeHidden whether the account was inactive when last seen, or the server did not show it
 */
export function createScimMembers(
  scim: ScimClient,
  namesOf: (accountId: string, signal: AbortSignal) => Promise<readonly string[]>,
  inactiveType: InactiveTypes,
  mayBeHidden: (accountId: string) => boolean,
): { [K in Asked]-?: NonNullable<AccessPort[K]> } & {
  /** How the group lists the account: by its id, unless the server writes that otherwise. */
  listedAs: (accountId: string, groupId: string, signal: AbortSignal) => Promise<string>;
} {
  /**
   * The group of the longest list that the server has given. It is read again before an answer rests on it, since a server may hide or
   * cut its lists later.
   */
  let longest: { id: string; length: number } | undefined;
  let comparedAtMs = 0;
  /** The types of inactive members whom a list has shown. */
  const listsInactive = new Set<string>();
  /** Whether lists were found to hide inactive members, who are in the group by the filter, or by what they show. */
  let hides: boolean | undefined;
  const hiding = remembered(async (signal) => (hides = await hideInactive(signal)), BELIEVED_MS);
  /** Members that are users, or shortly neither users nor groups, as EMS may see such a group later: each until when, in milliseconds. */
  const noGroups = new Map<string, number>();
  /** By the value of a member that is not the id of a user, the id of the user whom the server itself calls so. */
  const called = new Map<string, { id: string; atMs: number }>();
  const idOf = (value: string): string => called.get(value)?.id ?? value;
  const groupIds = remembered((signal) => scim.groupIds(signal), REMEMBERED_MS);

  /** @returns undefined where the group is gone, or is none */
  async function read(groupId: string, signal: AbortSignal): Promise<Listed | undefined> {
    const group = await scim.getMembers(groupId, signal);
    if (!group && (await isListed(groupId, signal)))
      throw new Error(`${scim.name} lists the group ${groupId}, and answers 404 for its id`);
    const { members = [] } = group ?? {};
    await askAgain(members, signal);
    await learnInactive(groupId, members, signal);
    if (longest?.id === groupId) longest = undefined;
    if (members.length > (longest?.length ?? 0)) longest = { id: groupId, length: members.length };
    return group && { ...group, members, isShown: group.members !== undefined };
  }

  /** A login may pass to another user. */
  async function askAgain(members: readonly Reference[], signal: AbortSignal): Promise<void> {
    for (const { value = '' } of members)
      if (Date.now() - (called.get(value)?.atMs ?? Infinity) > BELIEVED_MS)
        await unlessRefused(userCalled(value, signal));
  }

  /** One who was inactive when last seen may be active again, or have been so when the list was made: both are read again. */
  async function learnInactive(groupId: string, members: readonly Reference[], signal: AbortSignal) {
    for (const { value } of members) {
      const type = value === undefined ? undefined : inactiveType.lastSeen(value);
      if (type === undefined || listsInactive.has(type)) continue;
      if ((await inactiveType.now(value!, signal).catch(whereUntold(undefined))) !== type) continue;
      await scim.isSettled(value!, signal);
      const again = await scim.getMembers(groupId, signal);
      if (again?.members?.some((each) => each.value === value)) listsInactive.add(type);
    }
  }

  const mayLeaveOut = (user: ScimUser): boolean => {
    const type = inactiveTypeOf(user);
    return type !== undefined && !listsInactive.has(type);
  };

  async function hideInactive(signal: AbortSignal): Promise<boolean> {
    for await (const { user, groupId } of beyond.inactiveMembers(signal, mayLeaveOut)) {
      await scim.isSettled(user.id, signal);
      const members = (await scim.getMembers(groupId, signal).catch(whereUntold(undefined)))?.members;
      if (!members) continue;
      if (!members.some(({ value }) => isOf(value, user.id))) return true;
      listsInactive.add(inactiveTypeOf(user)!);
    }
    return false;
  }

  const readable = (groupId: string, signal: AbortSignal) => unlessRefused(read(groupId, signal));

  /** Whether another group lists more members now. */
  async function isOutdone({ id, members: { length } }: Listed, signal: AbortSignal): Promise<boolean> {
    if (!longest || longest.id === id || longest.length <= length) return false;
    return ((await read(longest.id, signal))?.members.length ?? 0) > length;
  }

  const isOf = (value: string | undefined, accountId: string): boolean =>
    value !== undefined && isSameId(idOf(value), accountId);
  const lists = ({ members }: Listed, accountId: string): boolean =>
    members.some(({ value }) => isOf(value, accountId));
  const membersIn = (listed: Listed): Members => {
    const { displayName: groupName, members, isShown, version } = listed;
    const ids = members.flatMap(({ value }) => (value === undefined ? [] : idOf(value)));
    const entries = members.flatMap(({ value, more }) =>
      value === undefined || !more ? [] : [{ id: idOf(value), entry: more }],
    );
    const mayBeCut = isLong(listed);
    const isComplete = isShown && ids.length === members.length && !mayBeCut;
    const mayHide = hides !== false;
    const unlisted = mayBeCut || mayHide ? beyond.unlisted(listed.id) : [];
    const doubts = {
      ...(mayBeCut && { mayBeCut }),
      ...(mayHide && { mayHide }),
      ...(unlisted.length > 0 && { unlisted }),
    };
    return { ids, isComplete, ...doubts, ...(entries.length > 0 && { entries }), groupName, version };
  };
  const isHidden = ({ id, isShown }: Listed): boolean => !isShown && !scim.isEmptied(id);
  const untold = (because: string): Standing => ({ is: 'cannot tell', because });

  const beyond = createScimBeyond(scim, isOf);
  const isWhole = (listed: Listed): boolean => scim.isShortened(listed.id) || beyond.isWhole(listed);
  const isLong = (listed: Listed): boolean => {
    const { length } = listed.members;
    return mayBeLimit(length) && length >= (longest?.length ?? 0) && !isWhole(listed);
  };

  /** A list is not cut off where another one is longer. */
  const mayBeCut = async (listed: Listed, signal: AbortSignal): Promise<boolean> =>
    mayBeLimit(listed.members.length) && !isWhole(listed) && !(await isOutdone(listed, signal));

  /** @returns the groups above the account, by the filter alone, each with the one below it that it comes by; undefined where there are too many */
  async function above(
    accountId: string,
    through: (groupId: string) => boolean,
    signal: AbortSignal,
  ): Promise<Map<string, ScimGroup> | undefined> {
    const ways = new Map<string, ScimGroup>();
    const level = (await scim.groupsWith(accountId, signal)).filter(({ id }) => through(id));
    for (const inner of level) {
      if (level.length > MAX_WALKED) return undefined;
      for (const outer of await scim.groupsByMember(inner.id, signal)) {
        if (ways.has(outer.id)) continue;
        ways.set(outer.id, inner);
        if (through(outer.id)) level.push(outer);
      }
    }
    return ways;
  }

  /** @returns why the group does not tell its members; a list may be left out where it is empty (RFC 7643 §2.5) */
  async function doubtOf(listed: Listed, signal: AbortSignal): Promise<string | undefined> {
    const { displayName, members, isShown } = listed;
    if (members.some(({ value }) => value === undefined))
      return `shows a member of "${displayName}" without a readable id`;
    if (members.length > 0 && !(await scim.areIds(members, signal)))
      return `lists the members of "${displayName}" by other values than the ids of users`;
    if (isHidden(listed) && (await scim.showsEmptyLists(signal)))
      return `does not show the members of "${displayName}", and shows empty lists of other groups`;
    // An empty list is believed where some group shows members, or the filter finds some.
    const isBelieved =
      members.length > 0 ||
      scim.isEmptied(listed.id) ||
      (await isOutdone(listed, signal)) ||
      (isShown && (await scim.findsMembers(signal))) ||
      (await scim.showsMembers(signal));
    return isBelieved ? undefined : `does not show the members of "${displayName}"`;
  }

  /** @returns the ids of all groups; undefined where the server does not list them */
  const allGroups = (signal: AbortSignal): Promise<Set<string> | undefined> =>
    groupIds.get(signal).catch(whereUntold(undefined));

  async function isListed(groupId: string, signal: AbortSignal): Promise<boolean> {
    if (!(await allGroups(signal))?.has(groupId)) return false;
    groupIds.forget();
    return (await allGroups(signal))?.has(groupId) === true;
  }

  /** @returns the ids of all users, as far as the server lists them */
  const allUsers = (signal: AbortSignal): Promise<string[]> => scim.userIds(signal).catch(whereUntold([]));

  /** @returns the members that are groups, and those that EMS finds as neither users nor groups; undefined where there are too many to find out */
  async function groupsAmong(
    { members }: Listed,
    signal: AbortSignal,
  ): Promise<{ inner: string[]; strange: string[] } | undefined> {
    const inner: string[] = [];
    const untyped: string[] = [];
    for (const { value, type } of members) {
      if (value === undefined || type === 'user') continue;
      (type === 'group' ? inner : untyped).push(value);
    }
    if (untyped.length === 0) return { inner, strange: [] };
    const all = await allGroups(signal);
    // Some servers leave inner groups out of their lists, perhaps not all of them.
    const isListed = (each: string): boolean => all?.has(each) === true;
    inner.push(...untyped.filter(isListed));
    const unlisted = untyped.filter((each) => !isListed(each));
    if (noGroups.size > MOST_NO_GROUPS) noGroups.clear();
    const unknown = (): string[] => unlisted.filter((each) => (noGroups.get(each) ?? 0) < Date.now());
    if (unknown().length > FEW) for (const each of await allUsers(signal)) noGroups.set(each, Infinity);
    if (unknown().length > MAX_READ) return undefined;
    for (const each of unknown()) {
      const group = () => unlessRefused(scim.getGroup(each, signal));
      // A gateway may have answered one 404.
      const found = (await group()) ?? (await isUser(each, signal)) ?? (await group());
      if (typeof found === 'object' && 'refusal' in found) return undefined;
      if (typeof found === 'object') inner.push(each);
      else noGroups.set(each, found ? Infinity : Date.now() + REMEMBERED_MS);
    }
    const isStrange = (each: string): boolean => Number.isFinite(noGroups.get(each));
    return { inner, strange: unlisted.filter(isStrange) };
  }

  /** @returns undefined where it is none */
  async function isUser(value: string, signal: AbortSignal): Promise<true | undefined> {
    const user = await unlessRefused(userCalled(value, signal));
    if (user && !('refusal' in user)) return true;
    return (await usersNamed(value, signal)).length > 0 ? true : undefined;
  }

  /** Those whom a group may call by their names. */
  const usersNamed = (name: string, signal: AbortSignal) =>
    scim.findUsers('userName', name, signal).catch(whereUntold([]));

  /** Whose id it may be, where it shows neither a user nor a group: ids of users and of groups may have forms of their own. */
  async function kindOf(value: string, { members }: Listed, accountId: string, signal: AbortSignal) {
    const users = members.flatMap((each) => (noGroups.get(each.value ?? '') === Infinity ? each.value! : []));
    const isAlike = (id: string): boolean => formOf(id) === formOf(value);
    if (![accountId, ...users].some(isAlike)) return 'no user';
    const all = await allGroups(signal);
    return all && ![...all].some(isAlike) ? 'user' : 'either';
  }

  /** Whether the filter, which finds other memberships of the account or of such accounts, leaves these out. */
  async function areOutByFilter(
    accountId: string,
    all: readonly Listed[],
    signal: AbortSignal,
  ): Promise<boolean> {
    const found = await scim.groupsWith(accountId, signal);
    if (found.length > 0) return found.every(({ id }) => all.every((listed) => listed.id !== id));
    // Some servers leave inactive members out.
    return (await scim.getUser(accountId, signal))?.active === true;
  }

  /** Whether a list has shown a member as inactive as the account. */
  function listsSuch(accountId: string): boolean {
    const type = inactiveType.lastSeen(accountId);
    return type === undefined ? listsInactive.size > 0 : listsInactive.has(type);
  }
  const findsSuch = (accountId: string, signal: AbortSignal): Promise<boolean> =>
    scim.findsInactive(accountId, inactiveType.lastSeen(accountId) ?? '', signal);

  /** Some servers hide inactive members: none of these lists has the account. */
  async function unlessInactive(
    accountId: string,
    all: readonly Listed[],
    signal: AbortSignal,
  ): Promise<Standing> {
    if (listsSuch(accountId) || !mayBeHidden(accountId)) return { is: 'out' };
    const [{ id, displayName }] = all as [Listed, ...Listed[]];
    const found = await scim.groupsWith(accountId, signal);
    if (!(await scim.foundByPart(accountId, found, signal))) {
      if (found.some((group) => group.id === id)) return { is: 'direct' };
      if (found.length > 0 || (await findsSuch(accountId, signal))) return { is: 'out' };
    }
    return {
      is: 'cannot tell',
      because: `may not show inactive members of "${displayName}"`,
      ofInactive: true,
    };
  }

  /** Reads other groups of the account: one with a longer list shows that a shorter one is not cut off. */
  async function compare(accountId: string, signal: AbortSignal): Promise<void> {
    const found = await scim.groupsWith(accountId, signal);
    for (const { id } of found.slice(0, MAX_COMPARED)) await read(id, signal);
  }

  /** Reads the longest of all groups, as far as the server lists them. */
  async function compareAll(signal: AbortSignal): Promise<void> {
    if (Date.now() - comparedAtMs < REMEMBERED_MS) return;
    const id = await scim.longestShown(signal).catch(whereUntold(undefined));
    comparedAtMs = Date.now();
    if (id !== undefined) await read(id, signal);
  }

  async function userCalled(value: string, signal: AbortSignal): Promise<ScimUser | undefined> {
    const user = await scim.userCalled(value, signal);
    if (called.size >= MOST_CALLED) called.clear();
    if (user && user.id !== value) called.set(value, { id: user.id, atMs: Date.now() });
    else called.delete(value);
    return user;
  }

  /**
   * @returns how a group calls the account, where it lists it by a name, or by its id in another case, and the server knows no user by
   *   that: some groups have ids of some members and names of others
   */
  async function nameIn(listed: Listed, accountId: string, signal: AbortSignal): Promise<string | undefined> {
    if (lists(listed, accountId)) return undefined;
    const names = [accountId, ...(await namesOf(accountId, signal))];
    for (const { value } of listed.members) {
      if (value === undefined || !names.some((name) => sameText(name, value))) continue;
      // It may be the id of another one.
      const user = await userCalled(value, signal);
      if (!user) return value;
      if (isSameId(user.id, accountId)) return undefined;
    }
    return undefined;
  }

  async function directly(accountId: string, listed: Listed, signal: AbortSignal): Promise<Standing> {
    const name = await nameIn(listed, accountId, signal);
    if (lists(listed, accountId)) return { is: 'direct' };
    if (name !== undefined) return isCalled(listed, name);
    const doubt = await doubtOf(listed, signal);
    if (doubt !== undefined) return untold(doubt);
    const isWeak = isHidden(listed) || (await mayBeCut(listed, signal));
    if (!isWeak) return unlessInactive(accountId, [listed], signal);
    if (await areOutByFilter(accountId, [listed], signal)) return { is: 'out' };
    return untold(`may not show all members of "${listed.displayName}"`);
  }

  async function walk(
    accountId: string,
    outer: Listed,
    through: (groupId: string) => boolean,
    notes: string[],
    signal: AbortSignal,
  ): Promise<Standing> {
    const walked = [outer.id];
    const all: Listed[] = [];
    /** By inner group, the name of the one that it is a member of. */
    const outers = new Map<string, string>();
    let doubt: string | undefined;
    for (const id of walked) {
      if (walked.length > MAX_WALKED)
        return untold(`has more than ${MAX_WALKED} groups below "${outer.displayName}"`);
      const listed = id === outer.id ? outer : await readable(id, signal);
      if (!listed) {
        doubt ??= `does not show ${id}, a group in "${outers.get(id)!}"`;
        continue;
      }
      if ('refusal' in listed) {
        doubt ??= listed.refusal;
        continue;
      }
      all.push(listed);
      const name = await nameIn(listed, accountId, signal);
      if (listed !== outer && lists(listed, accountId)) return { is: 'nested', by: listed.displayName };
      if (name !== undefined) return isCalled(listed, name);
      doubt ??= await doubtOf(listed, signal);
      const among = await groupsAmong(listed, signal);
      if (!among) doubt ??= `does not say which members of "${listed.displayName}" are groups`;
      for (const each of among?.strange ?? []) {
        const kind = await kindOf(each, listed, accountId, signal);
        const what = `shows ${each}, a member of "${listed.displayName}", neither as a user nor as a group`;
        if (kind === 'no user') doubt ??= what;
        // Some servers keep the ids of those who were deleted.
        else if (kind === 'either') notes.push(`${what}: it was deleted, or is a group that EMS may not see`);
      }
      for (const each of among?.inner ?? []) {
        if (!through(each) || walked.includes(each)) continue;
        walked.push(each);
        outers.set(each, listed.displayName);
      }
    }
    const cut = await cutOff();
    const way = cut.length > 0 ? await wayInto(cut) : undefined;
    if (way) return way;
    if (doubt !== undefined) return untold(doubt);
    if (lists(outer, accountId)) return { is: 'direct' };
    const hidden = all.filter(isHidden);
    if (hidden.length === 0) return unlessInactive(accountId, all, signal);
    if (await areOutByFilter(accountId, hidden, signal)) return { is: 'out' };
    return untold(`may not show all members of "${hidden[0]!.displayName}"`);

    /** @returns the lists that may be cut off, in spite of longer ones */
    async function cutOff(): Promise<Listed[]> {
      const some: Listed[] = [];
      let isCompared = false;
      for (const listed of all) {
        if (!(await mayBeCut(listed, signal))) continue;
        if (!isCompared) await compare(accountId, signal);
        if (!isCompared && (await mayBeCut(listed, signal))) await compareAll(signal);
        isCompared = true;
        if (await mayBeCut(listed, signal)) some.push(listed);
      }
      return some;
    }

    /** @returns by which hidden member the account may come; undefined where it comes by none */
    async function wayInto(cut: readonly Listed[]): Promise<Standing | undefined> {
      for (const listed of cut) await beyond.look(listed, signal);
      const open = cut.filter((listed) => !isWhole(listed));
      const ways = await above(accountId, through, signal).catch(whereUntold(undefined));
      const way = cut.find(({ id }) => ways?.has(id));
      if (way) return { is: 'nested', by: ways!.get(way.id)!.displayName };
      // A filter may know users alone.
      const knowsGroups =
        ways && ((await beyond.findsInner(signal).catch(whereUntold(false))) ?? open.length === 0);
      const others = open.filter((listed) => !lists(listed, accountId));
      const areOut = others.length === 0 || (await areOutByFilter(accountId, others, signal));
      if (knowsGroups && areOut) return undefined;
      const { displayName } = open[0] ?? cut[0]!;
      return untold(doubt ?? `may show only some of the members of "${displayName}"`);
    }
  }

  /** @returns whether a user is active whom a group calls so by a name; undefined where it is not told */
  async function isActiveByName(name: string, signal: AbortSignal): Promise<boolean | undefined> {
    const active = (await usersNamed(name, signal)).map(({ user }) => user.active);
    return (
      active.includes(true) ||
      (active.length > 0 && active.every((each) => each === false) ? false : undefined)
    );
  }

  return {
    async membersOf(groupId, signal) {
      const listed = await read(groupId, signal);
      if (listed && isLong(listed)) await compareAll(signal);
      if (listed && isLong(listed)) await beyond.look(listed, signal);
      else if (listed && (await hiding.get(signal))) await beyond.look(listed, signal, mayLeaveOut);
      return listed && membersIn(listed);
    },

    async showsInactive(accountId, signal) {
      if (listsSuch(accountId) || (await findsSuch(accountId, signal))) return true;
      await hiding.get(signal);
      return listsSuch(accountId);
    },

    async listedAs(accountId, groupId, signal) {
      if (![...called.values()].some(({ id }) => id === accountId)) return accountId;
      const listed = await read(groupId, signal);
      return listed?.members.find(({ value }) => isOf(value, accountId))?.value ?? accountId;
    },

    async standingIn(accountId, groupId, through, signal) {
      const listed = await readable(groupId, signal);
      if (!listed) return { is: 'gone', mayBeHidden: true };
      if ('refusal' in listed) return untold(listed.refusal);
      const notes: string[] = [];
      const standing = await (through
        ? walk(accountId, listed, through, notes, signal)
        : directly(accountId, listed, signal));
      return { ...standing, members: membersIn(listed), ...(notes.length > 0 && { note: notes[0] }) };
    },

    async hasOtherActiveMember(groupId, accountId, signal) {
      const walked = [groupId];
      const looked = new Set([accountId]);
      const names = await namesOf(accountId, signal);
      let isListed = false;
      let inDoubt = false;
      for (const id of walked) {
        const listed = await readable(id, signal);
        if (!listed || 'refusal' in listed) {
          inDoubt = true;
          continue;
        }
        inDoubt ||= (await doubtOf(listed, signal)) !== undefined;
        const name = await nameIn(listed, accountId, signal);
        isListed ||= lists(listed, accountId) || name !== undefined;
        const unknown: string[] = [];
        for (const { value, type } of listed.members) {
          if (value === undefined || type === 'group' || looked.has(value)) continue;
          if (looked.size > MAX_READ) return 'cannot tell';
          looked.add(value);
          const other = await unlessRefused(userCalled(value, signal));
          if (other && 'refusal' in other) inDoubt = true;
          else if (other && isSameId(other.id, accountId)) isListed = true;
          else if (other?.active) return 'yes';
          else if (other) inDoubt ||= other.active === undefined;
          else unknown.push(value);
        }
        const inner = (await groupsAmong(listed, signal))?.inner;
        for (const value of unknown) {
          if (inner?.includes(value) || names.some((name) => sameText(name, value))) continue;
          // The id of an account that was deleted.
          if (formOf(value) === formOf(accountId)) continue;
          const isActive = await isActiveByName(value, signal);
          if (isActive) return 'yes';
          inDoubt ||= isActive === undefined;
        }
        if (await mayBeCut(listed, signal)) await compareAll(signal);
        if (await mayBeCut(listed, signal)) {
          await beyond.look(listed, signal);
          for (const each of beyond.unlisted(id))
            if (!isSameId(each, accountId) && (await scim.getUser(each, signal))?.active) return 'yes';
        }
        inDoubt ||= !inner || (await mayBeCut(listed, signal));
        walked.push(...(inner ?? []).filter((each) => !walked.includes(each)));
      }
      return isListed && !inDoubt ? 'no' : 'cannot tell';
    },
  };
}

/** What ids of one server have in common, and its names mostly do not: a UUID, a number, or where which marks are. */
const formOf = (id: string): string => (/^\d+$/.test(id) ? 'number' : id.replaceAll(/[\da-z]/gi, 'x'));

/** @returns what was read, or why the server refuses to show it alone, for people: it goes on after the name of the system */
async function unlessRefused<T>(answer: Promise<T>): Promise<T | { refusal: string }> {
  try {
    return await answer;
  } catch (error) {
    if (!isFinalFailure(error, FailureType.Refused)) throw error;
    return { refusal: `does not show all that it has: ${error.message}` };
  }
}

const isCalled = ({ displayName }: Listed, name: string): Standing => ({
  is: 'cannot tell',
  because: `lists ${name} in "${displayName}", a name of the account and not its id`,
  isSerious: true,
});
