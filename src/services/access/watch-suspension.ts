/** Suspends an account, and looks whom else of its groups that took: some systems empty them, or take a colleague besides. */
import { cannotTell, FailureType, isFinalFailure, type FinalFailure } from '../../exit/failures.js';
import type { AccountRef, GroupRef } from '../../exit/hold-facts.js';
import type { AccessPort, Account, Outcome } from './access-port.js';
import { setActive } from './activation.js';
import { doubtOf, watchOthers, type Losses, type Watched } from './other-members.js';

/** A system that harms the others of one group mostly harms those of each. */
const MOST_WATCHED = 3;
/** By system, the ids of groups of which a suspension has taken none of the others, each until when that is believed, in milliseconds. */
const harmless = new WeakMap<AccessPort, Map<string, number>>();
const BELIEVED_MS = 600_000;
const MOST_REMEMBERED = 10_000;

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
  const believed = harmless.get(port) ?? new Map<string, number>();
  harmless.set(port, believed);
  const doubted = groups.filter(({ id }) => (believed.get(id) ?? 0) < Date.now());
  if (port.membersOf)
    for (const group of doubted.slice(0, MOST_WATCHED))
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
    if (believed.size > MOST_REMEMBERED) believed.clear();
    if (!harm && suspended!.writes > 0)
      for (const { group } of watched) believed.set(group.id, Date.now() + BELIEVED_MS);
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
