/** Group memberships of one account, one value at a time. */
import type { GroupRef } from '../../exit/hold-facts.js';
import type { AccessPort, Membership, Standing } from './access-port.js';

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

export const ownGroupsOf = (port: AccessPort, accountId: string, signal: AbortSignal): Promise<GroupRef[]> =>
  groupsOf(port, accountId, signal, isOwn);

export const without = (groups: readonly GroupRef[], others: readonly GroupRef[]): GroupRef[] =>
  groups.filter(({ id }) => others.every((other) => other.id !== id));

export const withoutOthers = ({ id, displayName }: GroupRef): GroupRef => ({ id, displayName });

/** For people, after the name of the outer group. */
export const comesBy = (inner: string): string => `comes by way of ${inner}, which is a member of it`;

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

/** How the account is in a configured group. `group`: as the system knows it. */
export interface Looked {
  name: string;
  group?: GroupRef | undefined;
  standing: Standing;
}

/**
 * Asks each configured group itself. One that the system does not know under that name may be any other one, so that the account may be in it.
 * @param known groups that need not be looked for
 * @param through the inner groups to look into
 */
export async function lookInto(
  port: AccessPort,
  accountId: string,
  names: readonly string[],
  known: readonly GroupRef[],
  through: (groupId: string) => boolean,
  signal: AbortSignal,
): Promise<Looked[]> {
  const looked: Looked[] = [];
  for (const name of names) {
    const here = known.find(({ displayName }) => isNamed(displayName, name));
    const found = here ? [here] : await port.findGroup(name, signal);
    const group = found.find(({ displayName }) => isNamed(displayName, name));
    looked.push({ name, group, standing: group ? await standingIn(group) : unknown(name, found) });
  }
  return looked;

  async function standingIn({ id }: GroupRef): Promise<Standing> {
    return (await port.standingIn?.(accountId, id, through, signal)) ?? { is: 'out' };
  }

  function unknown(name: string, found: readonly GroupRef[]): Standing {
    const others = found.map(({ displayName }) => `"${displayName}"`).join(', ');
    const because = others === '' ? `has no group "${name}"` : `answers "${name}" with the group ${others}`;
    return { is: 'cannot tell', because };
  }
}

/**
 * Asks groups that the memberships of the account no longer have.
 * @returns those that list the account all the same, and those that do not tell
 */
export async function askGroups(
  port: AccessPort,
  accountId: string,
  groups: readonly GroupRef[],
  signal: AbortSignal,
): Promise<{ present: GroupRef[]; untold: string[] }> {
  const present: GroupRef[] = [];
  const untold: string[] = [];
  for (const group of port.standingIn ? groups : []) {
    const standing = await port.standingIn!(accountId, group.id, undefined, signal);
    if (standing.is === 'direct') present.push(group);
    if (standing.is === 'cannot tell') untold.push(standing.because);
  }
  return { present, untold };
}
