/** Groups that are not to lose their last active member to a hold: the administrators, for instance. */
import type { AccountRef, CapturedAccount, HoldKind } from '../../exit/hold-facts.js';
import { isActive, type ScimUser } from '../protocols/scim-resource.js';
import type { Membership } from './membership.js';

interface ProtectionOptions {
  membership: Membership;
  protectedGroups: readonly string[];
  read: (account: AccountRef, signal: AbortSignal) => Promise<ScimUser | undefined>;
}

/** @returns the protected groups in which nobody would be left who is active */
export type WouldBeLast = (
  account: CapturedAccount,
  hold: HoldKind,
  signal: AbortSignal,
) => Promise<string[]>;

export function protection({ membership, protectedGroups, read }: ProtectionOptions): WouldBeLast {
  return async (account, hold, signal) => {
    const atRisk =
      hold.kind === 'suspend'
        ? protectedGroups
        : protectedGroups.filter((name) => hold.groups.includes(name));
    if (atRisk.length === 0) return [];
    const user = await read(account, signal);
    // Who is suspended already is nobody's last resort.
    if (!user || (hold.kind === 'suspend' && !isActive(user))) return [];
    const last: string[] = [];
    for (const group of await membership.held(account.id, atRisk, signal)) {
      if (!(await membership.hasOtherActive(group, account.id, signal))) last.push(group.displayName);
    }
    return last;
  };
}
