/** Adds and removes one membership, and looks at whom else the write took out of the group. */
import { FailureType, FinalFailure } from '../../exit/failures.js';
import type { GroupRef } from '../../exit/hold-facts.js';
import type { AccessPort, Members, Membership, Outcome } from './access-port.js';
import { converge } from './converge.js';
import { isChangeable, isSameId, ownGroupsOf } from './memberships.js';

/** What this process has removed from the groups of a system, as `<group id> <account id>`: no harm by the next removal. */
const ours = new WeakMap<AccessPort, Set<string>>();
const MOST_REMEMBERED = 10_000;

/**
 * @returns how many of our writes may have removed it, and notes on other members
 * @throws FinalFailure HarmedOthers
 */
export async function removeMembership(
  port: AccessPort,
  accountId: string,
  group: GroupRef,
  signal: AbortSignal,
): Promise<{ writes: number; notes: string[] }> {
  const { settleMs } = await port.capabilities(signal);
  const others = await watchOthers(port, accountId, group, signal);
  // A list without the account itself does not tell who is in the group.
  const tells = others.members?.isComplete === true && others.lists(accountId);
  let isFirst = true;
  const listed = async (): Promise<Membership | undefined> => {
    if (!isFirst) await others.look();
    isFirst = false;
    if (!others.lists(accountId)) return undefined;
    return { group, via: 'direct', changeable: true, version: others.members!.version };
  };
  const { writes } = await converge(
    {
      port,
      what: `removing account ${accountId} from ${group.displayName} on ${port.system}`,
      read: tells
        ? listed
        : async () =>
            (await port.groupsOf(accountId, signal)).find(
              (each) => each.group.id === group.id && isChangeable(each),
            ),
      isWanted: (membership) => membership === undefined,
      write: (membership, way) => {
        remember(port, keyOf(group, accountId));
        return others.during(() => port.removeFromGroup(accountId, membership!, signal, way));
      },
      settleMs,
    },
    signal,
  );
  if (!tells && writes > 0) await others.look();
  return { writes, notes: writes > 0 ? others.lost('removed') : [] };
}

/**
 * @returns whether the account is a member, false where the group no longer exists, and notes on other members
 * @throws FinalFailure HarmedOthers, Refused
 */
export async function addMembership(
  port: AccessPort,
  accountId: string,
  group: GroupRef,
  signal: AbortSignal,
): Promise<{ isBack: boolean; notes: string[] }> {
  let isGone = false;
  let isFirst = true;
  const { settleMs } = await port.capabilities(signal);
  const others = await watchOthers(port, accountId, group, signal);
  const { seen, writes } = await converge(
    {
      port,
      what: `adding account ${accountId} to ${group.displayName} on ${port.system}`,
      read: async () => {
        if (!isFirst) await others.look();
        if (others.lists(accountId)) return true;
        // Before the write, a list of all members is believed: the memberships may lag behind a removal. After it the list may be cut off.
        if (isFirst && others.members?.isComplete) return false;
        return (await ownGroupsOf(port, accountId, signal)).some(({ id }) => id === group.id);
      },
      isWanted: (isMember) => isMember || isGone,
      write: async () => {
        ours.get(port)?.delete(keyOf(group, accountId));
        isFirst = false;
        const outcome = await others.during(() => port.addToGroup(accountId, group, signal));
        isGone = outcome.kind === 'gone';
        return outcome;
      },
      settleMs,
    },
    signal,
  );
  return { isBack: seen, notes: writes > 0 ? others.lost('added') : [] };
}

/** The members of a group around a write. */
async function watchOthers(port: AccessPort, accountId: string, group: GroupRef, signal: AbortSignal) {
  const look = async (): Promise<Members | undefined> => port.membersOf?.(group.id, signal);
  let members = await look();
  /** The members that the last write met, and the version that it made. */
  let before: Members | undefined;
  let made: string | undefined;
  return {
    get members() {
      return members;
    },
    lists: (id: string): boolean => members?.ids.some((each) => isSameId(each, id)) ?? false,
    async look(): Promise<void> {
      members = await look();
    },
    async during(write: () => Promise<Outcome>): Promise<Outcome> {
      before = members;
      const outcome = await write();
      made = outcome.kind === 'written' ? outcome.version : undefined;
      return outcome;
    },
    /** @returns a note where others went, perhaps by other hands @throws FinalFailure HarmedOthers */
    lost(verb: 'added' | 'removed'): string[] {
      if (!before || !members) return [];
      const known = ours.get(port);
      const after = new Set(members.ids.map((id) => id.toLowerCase()));
      const went = before.ids.filter(
        (id) => !isSameId(id, accountId) && !after.has(id.toLowerCase()) && !known?.has(keyOf(group, id)),
      );
      if (went.length === 0) return [];
      const some = went.slice(0, 20).join(', ') + (went.length > 20 ? ', …' : '');
      const what = `${port.system} no longer lists ${went.length} other member${went.length === 1 ? '' : 's'} of ${group.displayName} since it ${verb} ${accountId}: ${some}`;
      // The list of the very version that our write made shows its effect alone. Any other may show the removals of others as well.
      const isExact = made !== undefined && made === members.version;
      const others = before.ids.filter((id) => !isSameId(id, accountId)).length;
      if (!isExact && !isDrastic(went.length, others)) return [`${what}, perhaps by another administrator`];
      throw new FinalFailure(
        FailureType.HarmedOthers,
        `${what}. Give them back there by hand; the hold has touched no further group. Retry goes on with the next one`,
      );
    },
  };
}

/** Other administrators seldom remove so many in the moment of one request. */
const isDrastic = (went: number, others: number): boolean =>
  went === others || (went > 1 && went >= others / 10);

const keyOf = (group: GroupRef, accountId: string): string => `${group.id} ${accountId.toLowerCase()}`;

function remember(port: AccessPort, key: string): void {
  const known = ours.get(port) ?? new Set();
  ours.set(port, known.add(key));
  for (const oldest of known) {
    if (known.size <= MOST_REMEMBERED) break;
    known.delete(oldest);
  }
}
