/** Members of a group beyond a list that may be cut off, or hides inactive ones, by other questions than for the list. */
import { whereUntold } from '../../../exit/failures.js';
import { remembered } from '../../protocols/remembered.js';
import { isSameId } from '../../protocols/resource-id.js';
import type { Reference, ScimUser } from '../../protocols/scim-resource.js';
import type { ScimClient } from '../../protocols/scim.js';

/** How many users are asked for by the filter, to find out whether a list shows all of them. */
const MOST_ASKED = 50;
/** How many inactive users are asked for, to find out whether lists hide such members. */
const MOST_INACTIVE = 10;
/** How many members that a list does not show are looked at before and after a write. */
const MOST_UNLISTED = 5;
/** How long an answer serves the next question, in milliseconds. */
const REMEMBERED_MS = 30_000;
const MOST_REMEMBERED = 10_000;

interface Listed {
  id: string;
  members: readonly Reference[];
}

interface Beyond {
  /** Some members that the list does not show. */
  ids: string[];
  /** Whether every user that is a member is listed. */
  isWhole: boolean;
  /** Of the list. */
  length: number;
  atMs: number;
}

/** @param isOf whether the value of a member means the user with this id */
export function createScimBeyond(
  scim: ScimClient,
  isOf: (value: string | undefined, userId: string) => boolean,
) {
  /** By group. */
  const beyond = new Map<string, Beyond>();
  const everyone = remembered((signal) => scim.usersWithGroups(signal), REMEMBERED_MS);

  /** Whether the filter finds the group by the member. */
  const isFound = async (memberId: string, groupId: string, signal: AbortSignal): Promise<boolean> =>
    (await scim.groupsByMember(memberId, signal).catch(whereUntold([]))).some(({ id }) =>
      isSameId(id, groupId),
    );

  /** @returns the first users, with the groups that they show */
  const someUsers = (signal: AbortSignal) =>
    everyone.get(signal).catch(whereUntold({ users: [] as ScimUser[], isComplete: false }));

  /**
   * Asks otherwise for the members of a list that may be cut off: the users themselves, or the filter for each one that is not listed.
   * @param isSuspect the users that a list may leave out, which is whole otherwise
   */
  async function look(
    listed: Listed,
    signal: AbortSignal,
    isSuspect?: (user: ScimUser) => boolean,
  ): Promise<void> {
    const { id, members } = listed;
    const { length } = members;
    const known = beyond.get(id);
    if (known && known.ids.length > 0) {
      const ids: string[] = [];
      for (const each of known.ids)
        if (
          (await isFound(each, id, signal)) ||
          showsGroup(await scim.groupsShown(each, signal).catch(whereUntold([])), id)
        )
          ids.push(each);
      return void beyond.set(id, { ...known, ids });
    }
    if (known?.length === length && Date.now() - known.atMs < REMEMBERED_MS) return;
    const { users, isComplete } = await someUsers(signal);
    const isIn = (user: ScimUser): boolean => members.some(({ value }) => isOf(value, user.id));
    const inside = users.filter(isIn);
    const outside = users.filter((user) => !isIn(user) && (isSuspect?.(user) ?? true));
    const ids = outside.filter(({ groups }) => showsGroup(groups, id)).map((user) => user.id);
    let isTold = inside.length > 0 && inside.every(({ groups }) => showsGroup(groups, id));
    if (!isTold && outside.length <= MOST_ASKED && inside.length > 0) {
      isTold = await isFound(inside[0]!.id, id, signal);
      for (const user of isTold ? outside : [])
        if (ids.length < MOST_UNLISTED && !ids.includes(user.id) && (await isFound(user.id, id, signal)))
          ids.push(user.id);
    }
    // What stands for no user of the list may stand for others that it lacks.
    const areUsers = members.every(
      ({ value, type }) => type === 'group' || users.some((user) => isOf(value, user.id)),
    );
    const isWhole = !isSuspect && isComplete && isTold && ids.length === 0 && areUsers;
    if (beyond.size >= MOST_REMEMBERED) beyond.clear();
    beyond.set(id, { ids: ids.slice(0, MOST_UNLISTED), isWhole, length, atMs: Date.now() });
  }

  return {
    look,

    /** Each of some inactive users in a group that the user shows, or that the filter finds; those first that show one. */
    async *inactiveMembers(signal: AbortSignal, isWanted: (user: ScimUser) => boolean) {
      const users = await scim.inactiveUsers(signal).catch(whereUntold([]));
      const shown = ({ groups = [] }: ScimUser) => groups.find(({ type }) => type !== 'indirect')?.value;
      const byShown = users.filter(isWanted).toSorted((a, b) => Number(!shown(a)) - Number(!shown(b)));
      for (const user of byShown.slice(0, MOST_INACTIVE)) {
        // One of the type may have been seen in a list meanwhile.
        if (!isWanted(user)) continue;
        const find = () => scim.groupsByMember(user.id, signal).catch(whereUntold([]));
        const groupId = shown(user) ?? (await find())[0]?.id;
        if (groupId !== undefined) yield { user, groupId };
      }
    },

    /** Some members that a list did not show, when it was last looked beyond. */
    unlisted: (groupId: string): string[] => beyond.get(groupId)?.ids ?? [],

    /** Whether the list was found to show every user that is a member. */
    isWhole({ id, members: { length } }: Listed): boolean {
      const known = beyond.get(id);
      return known?.isWhole === true && known.length === length && Date.now() - known.atMs < REMEMBERED_MS;
    },

    /** @returns whether the filter finds a group by an inner one; undefined where no group shows any */
    async findsInner(signal: AbortSignal): Promise<boolean | undefined> {
      const shown = await scim.innerShown(signal);
      return shown && isFound(shown.memberId, shown.groupId, signal);
    },
  };
}

const showsGroup = (groups: readonly Reference[] | undefined, groupId: string): boolean =>
  groups?.some(({ value }) => value !== undefined && isSameId(value, groupId)) ?? false;
