/** Group memberships of one account, one value at a time (RFC 7644 §3.5.2). */
import type { GroupRef } from '../../exit/hold.js';
import { converge, isActive, type ScimClient, type ScimGroup } from '../protocols/scim.js';

export function createMembership(scim: ScimClient) {
  async function find(userId: string, groupId: string, signal: AbortSignal): Promise<ScimGroup | undefined> {
    return (await scim.groupsOf(userId, signal)).find(({ id }) => id === groupId);
  }

  async function remove(userId: string, group: GroupRef, signal: AbortSignal): Promise<void> {
    await converge(
      `removing account ${userId} from ${group.displayName} on ${scim.name}`,
      () => find(userId, group.id, signal),
      (membership) => membership === undefined,
      (membership) =>
        scim.patch('Groups', membership!, { op: 'remove', path: `members[value eq "${userId}"]` }, signal),
      signal,
    );
  }

  const all = async (userId: string, signal: AbortSignal): Promise<GroupRef[]> =>
    (await scim.groupsOf(userId, signal)).map(toRef);

  return {
    remove,
    all,

    /** Whether a group has an active member besides this one. */
    async hasOtherActive(group: GroupRef, userId: string, signal: AbortSignal): Promise<boolean> {
      const found = (await scim.findGroups(group.displayName, signal)).find(({ id }) => id === group.id);
      for (const { value } of found?.members ?? []) {
        if (value === userId) continue;
        const other = await scim.getUser(value, signal);
        if (other && isActive(other)) return true;
      }
      return false;
    },

    /** The memberships in the groups of the given names. */
    async held(userId: string, names: readonly string[], signal: AbortSignal): Promise<GroupRef[]> {
      if (names.length === 0) return [];
      const groups = await scim.groupsOf(userId, signal);
      return groups.filter(({ displayName }) => names.includes(displayName)).map(toRef);
    },

    /** @returns false where the group no longer exists */
    async add(userId: string, group: GroupRef, signal: AbortSignal): Promise<boolean> {
      const seen = await converge(
        `adding account ${userId} to ${group.displayName} on ${scim.name}`,
        async () => ({
          isMember: (await find(userId, group.id, signal)) !== undefined,
          group: await scim.getGroup(group.id, signal),
        }),
        (state) => state.isMember || state.group === undefined,
        (state) =>
          scim.patch(
            'Groups',
            state.group!,
            { op: 'add', path: 'members', value: [{ value: userId }] },
            signal,
          ),
        signal,
      );
      return seen.isMember;
    },

    /** @returns what was removed */
    async removeAll(userId: string, signal: AbortSignal): Promise<GroupRef[]> {
      const groups = await all(userId, signal);
      for (const group of groups) await remove(userId, group, signal);
      return groups;
    },
  };
}

const toRef = ({ id, displayName }: ScimGroup): GroupRef => ({ id, displayName });
