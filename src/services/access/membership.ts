/** Group memberships of one account, one value at a time (RFC 7644 §3.5.2). */
import type { GroupRef } from '../../exit/hold-facts.js';
import { converge, type ScimClient } from '../protocols/scim.js';
import { isActive, type ScimGroup } from '../protocols/scim-resource.js';

export type Membership = ReturnType<typeof createMembership>;

export function createMembership(scim: ScimClient) {
  async function find(userId: string, groupId: string, signal: AbortSignal): Promise<ScimGroup | undefined> {
    return (await scim.groupsOf(userId, signal)).find(({ id }) => id === groupId);
  }

  /** @returns how many writes of ours may have removed it */
  async function remove(userId: string, group: GroupRef, signal: AbortSignal): Promise<number> {
    let writes = 0;
    await converge(
      `removing account ${userId} from ${group.displayName} on ${scim.name}`,
      () => find(userId, group.id, signal),
      (membership) => membership === undefined,
      async (membership) => {
        const operation = { op: 'remove', path: `members[value eq "${userId}"]` } as const;
        if ((await scim.patch('Groups', membership!, operation, signal)) === 'answered') writes += 1;
      },
      signal,
    );
    return writes;
  }

  async function all(userId: string, signal: AbortSignal): Promise<GroupRef[]> {
    return (await scim.groupsOf(userId, signal)).map(toRef);
  }

  return {
    remove,
    all,

    /** Of the names, those that no group has: a mistake in the configuration, most likely. */
    async unknown(names: readonly string[], signal: AbortSignal): Promise<string[]> {
      const missing: string[] = [];
      for (const name of names) if ((await scim.findGroups(name, signal)).length === 0) missing.push(name);
      return missing;
    },

    /** Whether a group has an active member besides this one. */
    async hasOtherActive(group: GroupRef, userId: string, signal: AbortSignal): Promise<boolean> {
      const members = await scim.membersOf(group.id, signal);
      for (const { value } of members) {
        if (value === userId) continue;
        const other = await scim.getUser(value, signal);
        if (other && isActive(other)) return true;
      }
      return false;
    },

    /** The memberships in the groups of the given names. */
    async held(userId: string, names: readonly string[], signal: AbortSignal): Promise<GroupRef[]> {
      if (names.length === 0) return [];
      // RFC 7643 §4.2: a group's name is compared without regard to case.
      const wanted = new Set(names.map((name) => name.toLowerCase()));
      return (await all(userId, signal)).filter(({ displayName }) => wanted.has(displayName.toLowerCase()));
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

    /**
     * Returns once nothing is left.
     * @param removing records durably, before the writes, what is now to be removed
     */
    async removeAll(
      userId: string,
      removing: (groups: GroupRef[]) => Promise<void>,
      signal: AbortSignal,
    ): Promise<void> {
      // Somebody may add a membership while the others are being removed. After a few rounds the rest is the retry's.
      for (let round = 0; round < 4; round++) {
        const groups = await all(userId, signal);
        if (groups.length === 0) return;
        await removing(groups);
        for (const group of groups) await remove(userId, group, signal);
      }
      throw new Error(`account ${userId} on ${scim.name} gets new memberships as fast as they are removed`);
    },
  };
}

const toRef = ({ id, displayName }: ScimGroup): GroupRef => ({ id, displayName });
