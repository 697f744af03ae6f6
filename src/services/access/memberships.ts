/** Group memberships of one account, one value at a time. */
import type { GroupRef } from '../../exit/hold-facts.js';
import type { AccessPort, Membership } from './access-port.js';
import { converge } from './converge.js';

export const isChangeable = ({ changeable }: Membership): boolean => changeable === true;
/** The hold neither takes nor gives back a nested membership. */
export const isOwn = ({ via }: Membership): boolean => via !== 'nested';

/** @returns the groups of the memberships that pass */
export async function groupsOf(
  port: AccessPort,
  accountId: string,
  signal: AbortSignal,
  passes: (membership: Membership) => boolean,
): Promise<GroupRef[]> {
  return (await port.groupsOf(accountId, signal)).filter(passes).map(({ group }) => group);
}

/** @returns those of the named groups that the account is in */
export async function groupsNamed(
  port: AccessPort,
  accountId: string,
  names: readonly string[],
  signal: AbortSignal,
): Promise<GroupRef[]> {
  if (names.length === 0) return [];
  // displayName is not case-exact (RFC 7643 §4.2).
  const wanted = new Set(names.map((name) => name.toLowerCase()));
  return groupsOf(port, accountId, signal, ({ group }) => wanted.has(group.displayName.toLowerCase()));
}

/** @returns how many of our writes may have removed it */
export async function removeMembership(
  port: AccessPort,
  accountId: string,
  group: GroupRef,
  signal: AbortSignal,
): Promise<number> {
  const { writes } = await converge(
    `removing account ${accountId} from ${group.displayName} on ${port.system}`,
    async () =>
      (await port.groupsOf(accountId, signal)).find(
        (each) => each.group.id === group.id && isChangeable(each),
      ),
    (membership) => membership === undefined,
    (membership) => port.removeFromGroup(accountId, membership!, signal),
    signal,
  );
  return writes;
}

/** @returns false where the group no longer exists */
export async function addMembership(
  port: AccessPort,
  accountId: string,
  group: GroupRef,
  signal: AbortSignal,
): Promise<boolean> {
  let isGone = false;
  const { seen } = await converge(
    `adding account ${accountId} to ${group.displayName} on ${port.system}`,
    async () => (await groupsOf(port, accountId, signal, isOwn)).some(({ id }) => id === group.id),
    (isMember) => isMember || isGone,
    async () => {
      const outcome = await port.addToGroup(accountId, group, signal);
      isGone = outcome.kind === 'gone';
      return outcome;
    },
    signal,
  );
  return seen;
}
