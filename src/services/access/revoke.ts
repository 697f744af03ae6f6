/** Deactivates the account and removes every membership. The account stays, as evidence. */
import type { AccountRef, CapturedAccount, GroupRef, Revoked } from '../../exit/hold-facts.js';
import type { Match } from '../../exit/matching.js';
import type { AccessPort, Membership } from './access-port.js';
import { findAccount } from './capture.js';
import { setActive } from './converge.js';
import { isChangeable, removeMembership } from './memberships.js';

type Recording = (groups: GroupRef[]) => Promise<void>;

export const revoke =
  (port: AccessPort, match: readonly Match[]) =>
  /**
   * @param earlier the memberships that earlier attempts intended to remove
   * @param removing makes durable, before the writes, every membership to be removed, so that the result lists them after a crash
   */
  async (
    employeeId: string,
    captured: CapturedAccount | undefined,
    signal: AbortSignal,
    earlier: readonly GroupRef[] = [],
    removing: Recording = () => Promise.resolve(),
  ): Promise<Revoked> => {
    // Found again, since an account may have been created or recreated after the capture.
    const found = await findAccount(port, match, employeeId, signal);
    const accounts = new Map([captured, found].flatMap((each) => (each ? [[each.id, each]] : [])));
    const removed = new Map(earlier.map((group) => [group.id, group]));
    const record: Recording = (groups) => {
      for (const group of groups) removed.set(group.id, group);
      return removing([...removed.values()]);
    };
    const revoked: AccountRef[] = [];
    const notes: string[] = [];
    for (const account of accounts.values()) {
      if (!(await setActive(port, account, false, signal)).seen) continue;
      revoked.push({ id: account.id, userName: account.userName });
      await port.endSessions?.(account, signal);
      for (const { group, via, changeable } of await removeAll(port, account.id, record, signal))
        notes.push(`${account.userName} stays in ${group.displayName} (${via}): ${changeable}`);
    }
    if (revoked.length === 0) notes.push(accounts.size === 0 ? 'no account' : 'the account no longer exists');
    return {
      revokedAt: new Date().toISOString(),
      removedGroups: [...removed.values()],
      accounts: revoked,
      notes,
    };
  };

/** @returns the memberships that cannot be removed */
async function removeAll(
  port: AccessPort,
  accountId: string,
  removing: Recording,
  signal: AbortSignal,
): Promise<Membership[]> {
  // An administrator may add memberships meanwhile; after four rounds the attempt is retried.
  for (let round = 0; round < 4; round++) {
    const memberships = await port.groupsOf(accountId, signal);
    const groups = memberships.filter(isChangeable).map(({ group }) => group);
    if (groups.length === 0) return memberships;
    await removing(groups);
    for (const group of groups) await removeMembership(port, accountId, group, signal);
  }
  throw new Error(`account ${accountId} on ${port.system} gets new memberships as fast as they are removed`);
}
