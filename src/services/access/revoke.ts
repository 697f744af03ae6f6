/** Deactivates the account and removes every membership. The account stays, as evidence. */
import { FailureType, isFinalFailure, type FinalFailure } from '../../exit/failures.js';
import {
  bounded,
  type AccountRef,
  type CapturedAccount,
  type GroupRef,
  type Revoked,
} from '../../exit/hold-facts.js';
import type { Person } from '../../exit/matching.js';
import type { AccessPort, Membership } from './access-port.js';
import { findAccounts, type Known, type Matching } from './find-accounts.js';
import { setActive } from './activation.js';
import { groupsOf, isChangeable } from './memberships.js';
import { removeMembership } from './membership-writes.js';

type Recording = (groups: GroupRef[]) => Promise<void>;

interface RevokeOptions extends Pick<Known, 'chosen'> {
  /** The memberships that earlier attempts intended to remove. */
  earlier?: readonly GroupRef[] | undefined;
  /** Makes durable, before the writes, every membership to be removed, so that the result lists them after a crash. */
  removing?: Recording;
}

export const revoke =
  (port: AccessPort, matching: Matching) =>
  async (
    employee: Person,
    captured: readonly CapturedAccount[],
    signal: AbortSignal,
    { chosen, earlier = [], removing = () => Promise.resolve() }: RevokeOptions = {},
  ): Promise<Revoked> => {
    // Found again, since an account may have been created or recreated after the capture.
    const held = captured.map(({ id }) => id);
    const found = await findAccounts(port, matching, employee, { held, chosen }, signal);
    const accounts = new Map([...captured, ...found.accounts].map((account) => [account.id, account]));
    // An earlier attempt may have suspended one that no hold had, and not yet removed its memberships.
    for (const account of found.left)
      if ((await groupsOf(port, account.id, signal, isChangeable)).length > 0)
        accounts.set(account.id, account);
    const removed = new Map(earlier.map((group) => [group.id, group]));
    const record: Recording = (groups) => {
      for (const group of groups) removed.set(group.id, group);
      return removing(bounded([...removed.values()]));
    };
    const revoked: AccountRef[] = [];
    const notes = [...found.notes];
    let doubt: FinalFailure | undefined;
    for (const account of accounts.values()) {
      const { id, userName } = account;
      try {
        const { seen, writes } = await setActive(port, account, false, signal);
        if (!seen && writes > 0)
          notes.push(`${port.system} deleted the account ${userName} when it was suspended`);
        if (seen || writes > 0) revoked.push({ id, userName });
        if (!seen) continue;
      } catch (error) {
        // The memberships go all the same.
        if (!isFinalFailure(error, FailureType.CannotTell)) throw error;
        doubt = error;
      }
      await port.endSessions?.(account, signal);
      for (const { group, via, changeable } of await removeAll(port, id, record, notes, signal))
        notes.push(`${userName} stays in ${group.displayName} (${via}): ${changeable}`);
      // An administrator may have reactivated it while its memberships went: what is reported is observed last.
      if ((await port.read(account, signal))?.active)
        throw new Error(`another administrator reactivated ${userName} on ${port.system} meanwhile`);
    }
    if (doubt) throw doubt;
    if (revoked.length === 0) notes.push(accounts.size === 0 ? 'no account' : 'the account no longer exists');
    const removedGroups = bounded([...removed.values()]);
    const more = removed.size - removedGroups.length;
    if (more > 0) notes.push(`${more} further memberships were removed`);
    return { revokedAt: new Date().toISOString(), removedGroups, accounts: revoked, notes };
  };

/** @returns the memberships that cannot be removed */
async function removeAll(
  port: AccessPort,
  accountId: string,
  removing: Recording,
  notes: string[],
  signal: AbortSignal,
): Promise<Membership[]> {
  // An administrator may add memberships meanwhile; after four rounds the attempt is retried.
  for (let round = 0; round < 4; round++) {
    const memberships = await port.groupsOf(accountId, signal);
    const groups = memberships.filter(isChangeable).map(({ group }) => group);
    if (groups.length === 0) return memberships;
    await removing(groups);
    for (const group of groups) notes.push(...(await removeMembership(port, accountId, group, signal)).notes);
  }
  throw new Error(`account ${accountId} on ${port.system} gets new memberships as fast as they are removed`);
}
