/** Group memberships of one account, one value at a time. */
import { cannotTell, FailureType, FinalFailure } from '../../exit/failures.js';
import type { GroupRef } from '../../exit/hold-facts.js';
import type { AccessPort, Members, Membership } from './access-port.js';
import { converge } from './converge.js';

export const isChangeable = ({ changeable }: Membership): boolean => changeable === true;
/** The hold neither takes nor gives back a nested membership. */
const isOwn = ({ via }: Membership): boolean => via !== 'nested';

/** @returns the groups of the memberships that pass */
export async function groupsOf(
  port: AccessPort,
  accountId: string,
  signal: AbortSignal,
  passes: (membership: Membership) => boolean,
): Promise<GroupRef[]> {
  return (await port.groupsOf(accountId, signal)).filter(passes).map(({ group }) => group);
}

export const ownGroupsOf = (port: AccessPort, accountId: string, signal: AbortSignal): Promise<GroupRef[]> =>
  groupsOf(port, accountId, signal, isOwn);

export const without = (groups: readonly GroupRef[], others: readonly GroupRef[]): GroupRef[] =>
  groups.filter(({ id }) => others.every((other) => other.id !== id));

export const namesOf = (groups: readonly GroupRef[]): string =>
  groups.map(({ displayName }) => displayName).join(', ');

// displayName is not case-exact (RFC 7643 §4.2).
export const isNamed = (displayName: string, name: string): boolean =>
  displayName.toLowerCase() === name.toLowerCase();

/** @returns those of the named groups that the account is in */
export async function groupsNamed(
  port: AccessPort,
  accountId: string,
  names: readonly string[],
  signal: AbortSignal,
): Promise<GroupRef[]> {
  if (names.length === 0) return [];
  return groupsOf(port, accountId, signal, ({ group }) =>
    names.some((name) => isNamed(group.displayName, name)),
  );
}

/**
 * A configured group that the system does not know under that name may be any other one, so that the account may be in it.
 * @throws FinalFailure CannotTell
 */
export async function assertKnown(
  port: AccessPort,
  names: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  const problems: string[] = [];
  for (const name of names) {
    const found = await port.findGroup(name, signal);
    if (found.some(({ displayName }) => isNamed(displayName, name))) continue;
    const others = found.map(({ displayName }) => `"${displayName}"`).join(', ');
    problems.push(
      others === ''
        ? `${port.system} has no group "${name}"`
        : `${port.system} answers "${name}" with the group ${others}`,
    );
  }
  if (problems.length > 0)
    throw cannotTell(
      `${problems.join('; ')}. Correct the group in the configuration, and look at the account before you settle the step`,
    );
}

/**
 * Removes one membership, and looks at what else that removed.
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
  const before = await port.membersOf?.(group.id, signal);
  // A list without the account itself does not tell who is in the group.
  const tells = before?.isComplete === true && before.ids.includes(accountId);
  let members = before;
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
      write: (membership) => port.removeFromGroup(accountId, membership!, signal),
      settleMs,
    },
    signal,
  );
  if (tells && members && writes > 0) assertUnharmed(before, members, accountId, group, port.system);
  return writes;
}

/** @throws FinalFailure HarmedOthers */
function assertUnharmed(before: Members, after: Members, accountId: string, group: GroupRef, system: string) {
  const lost = before.ids.filter((id) => id !== accountId && !after.ids.includes(id));
  if (lost.length === 0) return;
  const some = lost.slice(0, 20).join(', ') + (lost.length > 20 ? ', …' : '');
  throw new FinalFailure(
    FailureType.HarmedOthers,
    `${system} no longer lists ${lost.length} other members of ${group.displayName} since it removed ${accountId}: ${some}. Give them back there by hand; the hold has touched no further group. Retry goes on with the next one`,
  );
}

/** @returns false where the group no longer exists */
export async function addMembership(
  port: AccessPort,
  accountId: string,
  group: GroupRef,
  signal: AbortSignal,
): Promise<boolean> {
  let isGone = false;
  const { settleMs } = await port.capabilities(signal);
  const { seen } = await converge(
    {
      what: `adding account ${accountId} to ${group.displayName} on ${port.system}`,
      read: async () => (await ownGroupsOf(port, accountId, signal)).some(({ id }) => id === group.id),
      isWanted: (isMember) => isMember || isGone,
      write: async () => {
        const outcome = await port.addToGroup(accountId, group, signal);
        isGone = outcome.kind === 'gone';
        return outcome;
      },
      settleMs,
    },
    signal,
  );
  return seen;
}
