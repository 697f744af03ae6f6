/** Whether a group has another active member, as far as the system tells. */
import type { ScimClient } from '../../protocols/scim.js';

/** How many members are looked at one by one. */
const MAX_READ = 200;

/** @returns 'no' only where the list has the account itself, is not cut off, and shows every other member as inactive */
export async function otherActiveMember(
  scim: ScimClient,
  groupId: string,
  accountId: string,
  signal: AbortSignal,
): Promise<'yes' | 'no' | 'cannot tell'> {
  const groups = [groupId];
  const looked = new Set([accountId]);
  let isListed = false;
  let inDoubt = false;
  for (const group of groups) {
    const { members } = (await scim.getMembers(group, signal)) ?? { members: [] };
    inDoubt ||= members === undefined || mayBeCut(members.length);
    for (const { value, type } of members ?? []) {
      isListed ||= value === accountId;
      inDoubt ||= value === undefined;
      if (value === undefined || looked.has(value)) continue;
      if (looked.size > MAX_READ) return 'cannot tell';
      looked.add(value);
      const other = type === 'group' ? undefined : await scim.getUser(value, signal);
      if (other?.active) return 'yes';
      if (other) inDoubt ||= other.active === undefined;
      // Many servers give no type: what is no user may be a group. A member that no longer exists is none.
      else if (type === 'group' || (type === undefined && (await scim.getGroup(value, signal))))
        groups.push(value);
    }
  }
  return isListed && !inDoubt ? 'no' : 'cannot tell';
}

/** A round number of members may be the limit of a list. */
const mayBeCut = (length: number): boolean => length >= 10 && (length % 10 === 0 || length % 25 === 0);
