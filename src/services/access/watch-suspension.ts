/** Suspends an account, and looks whom else of its groups that took: some systems empty them, or take a colleague besides. */
import { cannotTell, FailureType, isFinalFailure, type FinalFailure } from '../../exit/failures.js';
import type { AccountRef, GroupRef } from '../../exit/hold-facts.js';
import type { AccessPort, Account, Outcome } from './access-port.js';
import { setActive } from './activation.js';
import { doubtOf, watchOthers, type Losses, type Watched } from './other-members.js';

/** A system that harms the others of one group mostly harms those of each. */
const MOST_WATCHED = 3;
/** Systems whose suspension has taken none of the others: the next one is not watched. */
const harmless = new WeakSet<AccessPort>();

interface Suspended extends Awaited<ReturnType<typeof setActive>> {
  notes: string[];
  /** What a person is to look at: others of its groups went. */
  harm?: FinalFailure | undefined;
}

/**
 * @param groups those that the account is in
 * @returns those that no longer list it, right before its suspension, and what suspends it
 */
export async function watchSuspension(
  port: AccessPort,
  account: AccountRef,
  groups: readonly GroupRef[],
  signal: AbortSignal,
): Promise<{ left: GroupRef[]; suspend: (user: Account) => Promise<Suspended> }> {
  const losses: Losses = new Map();
  const watched: Watched[] = [];
  if (port.membersOf && !harmless.has(port))
    for (const group of groups.slice(0, MOST_WATCHED))
      watched.push(await watchOthers(port, account.id, group, losses, signal));
  const left = watched.filter(({ members, lists }) => members?.isComplete && !lists(account.id));
  return { left: left.map(({ group }) => group), suspend };

  /** @param user the account as read just now @throws as `setActive` */
  async function suspend(user: Account): Promise<Suspended> {
    let suspended: Awaited<ReturnType<typeof setActive>> | undefined;
    let write = async (): Promise<Outcome> => {
      suspended = await setActive(port, account, false, signal, user);
      return suspended.writes > 0 ? { kind: 'written' } : { kind: 'unchanged' };
    };
    for (const others of watched) {
      const inner = write;
      write = () => others.during(inner);
    }
    await write();
    const notes: string[] = [];
    const harm = await harmNoted(notes);
    if (!harm && watched.length > 0 && suspended!.writes > 0) harmless.add(port);
    // What is reported is observed last.
    if (watched.length > 0 && (await port.read(account, signal))?.active)
      throw new Error(`another administrator reactivated ${account.userName} on ${port.system} meanwhile`);
    return { ...suspended!, notes, harm };
  }

  async function harmNoted(notes: string[]): Promise<FinalFailure | undefined> {
    try {
      for (const others of watched) {
        await others.look();
        notes.push(...(await others.lost('suspended')));
      }
    } catch (error) {
      if (!isFinalFailure(error, FailureType.HarmedOthers, FailureType.CannotTell)) throw error;
      return error;
    }
    const doubt = doubtOf(losses);
    return doubt === undefined ? undefined : cannotTell(doubt);
  }
}
