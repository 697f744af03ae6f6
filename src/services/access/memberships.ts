/** Group memberships of one account, one value at a time. */
import { cannotTell } from '../../exit/failures.js';
import type { GroupRef } from '../../exit/hold-facts.js';
import type { AccessPort, Membership } from './access-port.js';

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

/** Some systems write the id of a member in another case than the id of the account. */
export const isSameId = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase();

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
 * A configured group that the system does not know under that name may be any other one, so that the account may be in it. A group that
 * lists the account contradicts the memberships of the account.
 * @throws FinalFailure CannotTell
 */
export async function assertNotIn(
  port: AccessPort,
  accountId: string,
  names: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  const problems: string[] = [];
  for (const name of names) {
    const found = await port.findGroup(name, signal);
    const group = found.find(({ displayName }) => isNamed(displayName, name));
    const members = group && (await port.membersOf?.(group.id, signal));
    if (members?.ids.some((id) => isSameId(id, accountId)))
      problems.push(`${port.system} lists the account in "${name}", and not among its memberships`);
    if (group) continue;
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
