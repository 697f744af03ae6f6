/** Removes one membership, and looks at whom else the write took out of the group. */
import { FailureType, FinalFailure } from '../../exit/failures.js';
import type { GroupRef } from '../../exit/hold-facts.js';
import type { AccessPort, Members, Membership } from './access-port.js';
import { converge } from './converge.js';
import { isChangeable } from './memberships.js';

/** What this process has removed from the groups of a system, as `<group id> <account id>`: no harm by the next removal. */
const ours = new WeakMap<AccessPort, Set<string>>();
const MOST_REMEMBERED = 10_000;

/**
 * @returns how many of our writes may have removed it
 * @throws FinalFailure HarmedOthers
 */
export async function removeMembership(
  port: AccessPort,
  accountId: string,
  group: GroupRef,
  signal: AbortSignal,
): Promise<number> {
  const { settleMs } = await port.capabilities(signal);
  let members = await port.membersOf?.(group.id, signal);
  // A list without the account itself does not tell who is in the group.
  const tells = members?.isComplete === true && members.ids.includes(accountId);
  /** The members that the last write met, and the version that it made. */
  let before: Members | undefined;
  let made: string | undefined;
  let isFirst = true;
  const listed = async (): Promise<Membership | undefined> => {
    if (!isFirst) members = await port.membersOf!(group.id, signal);
    isFirst = false;
    if (!members?.ids.includes(accountId)) return undefined;
    return { group, via: 'direct', changeable: true, version: members.version };
  };
  const { writes } = await converge(
    {
      what: `removing account ${accountId} from ${group.displayName} on ${port.system}`,
      read: tells
        ? listed
        : async () =>
            (await port.groupsOf(accountId, signal)).find(
              (each) => each.group.id === group.id && isChangeable(each),
            ),
      isWanted: (membership) => membership === undefined,
      write: async (membership) => {
        remember(port, group.id, accountId);
        before = members;
        const outcome = await port.removeFromGroup(accountId, membership!, signal);
        made = outcome.kind === 'written' ? outcome.version : undefined;
        return outcome;
      },
      settleMs,
    },
    signal,
  );
  if (!tells || !before || !members || writes === 0) return writes;
  const known = ours.get(port);
  const after = new Set(members.ids);
  const lost = before.ids.filter(
    (id) => id !== accountId && !after.has(id) && !known?.has(`${group.id} ${id}`),
  );
  // The list of the very version that our write made shows its effect alone. Any other list may show the removals of others as well.
  const isExact = made !== undefined && made === members.version;
  if (lost.length > 0 && (isExact || isDrastic(lost.length, before.ids.length - 1, members.ids.length)))
    throw harm(lost, accountId, group, port.system);
  return writes;
}

/** Other administrators seldom remove so many in the moment of one request. */
const isDrastic = (lost: number, others: number, left: number): boolean =>
  left === 0 || (lost > 1 && lost >= others / 10);

function remember(port: AccessPort, groupId: string, accountId: string): void {
  const known = ours.get(port) ?? new Set();
  ours.set(port, known.add(`${groupId} ${accountId}`));
  for (const oldest of known) {
    if (known.size <= MOST_REMEMBERED) break;
    known.delete(oldest);
  }
}

function harm(lost: readonly string[], accountId: string, group: GroupRef, system: string): FinalFailure {
  const some = lost.slice(0, 20).join(', ') + (lost.length > 20 ? ', …' : '');
  return new FinalFailure(
    FailureType.HarmedOthers,
    `${system} no longer lists ${lost.length} other member${lost.length === 1 ? '' : 's'} of ${group.displayName} since it removed ${accountId}: ${some}. Give them back there by hand; the hold has touched no further group. Retry goes on with the next one`,
  );
}
