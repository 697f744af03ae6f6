/** Group memberships of one account, one value at a time. */
import { FailureType, isFinalFailure, untoldIn } from '../../exit/failures.js';
import type { GroupRef } from '../../exit/hold-facts.js';
import type { AccessPort, Members, Membership, Standing } from './access-port.js';

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

/** Why memberships are not told. */
export interface Untold {
  /** For people. */
  because: string;
  /** The system has no groups at all, so that there is nothing to take or to lose. */
  hasNoGroups: boolean;
}

/**
 * @param known the groups that the account was in at some time, which contradict that the system has none
 * @returns the answer, or why the system does not give it: the groups may be refused to EMS, or absent
 */
export async function orUntold<T>(
  port: AccessPort,
  accountId: string,
  answer: Promise<T>,
  known: readonly GroupRef[],
  signal: AbortSignal,
): Promise<{ told: T } | Untold> {
  try {
    return { told: await answer };
  } catch (error) {
    if (!isFinalFailure(error, FailureType.CannotTell, FailureType.Refused)) throw error;
    const because = untoldIn(error);
    if (known.length > 0)
      return { because: `${because}, and the account was in ${namesOf(known)}`, hasNoGroups: false };
    return { because, hasNoGroups: (await port.hasGroups?.(signal, accountId)) === false };
  }
}

export const ownGroupsOf = (port: AccessPort, accountId: string, signal: AbortSignal): Promise<GroupRef[]> =>
  groupsOf(port, accountId, signal, isOwn);

export const without = (groups: readonly GroupRef[], others: readonly GroupRef[]): GroupRef[] =>
  groups.filter(({ id }) => others.every((other) => other.id !== id));

/** For people, after the name of the outer group. */
export const comesBy = (inner: string): string => `comes by way of ${inner}, which is a member of it`;

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

/** How the account is in a configured group. `group`: as the system knows it. */
export interface Looked {
  name: string;
  group?: GroupRef | undefined;
  standing: Standing;
}

export const isHidden = ({ isComplete, ids }: Members): boolean => !isComplete && ids.length === 0;

/** Whether the group itself shows who is in it. */
export const shows = ({ is, members }: Standing): boolean =>
  is !== 'cannot tell' && !(members && isHidden(members));

const isReplaced = ({ name, standing: { is, members } }: Looked): boolean =>
  is === 'gone' || (members?.groupName !== undefined && !isNamed(members.groupName, name));

/** By system, when it was last asked for the groups of a name. */
const asked = new WeakMap<AccessPort, Map<string, number>>();
/** Names change seldom: a group that is known is not looked for again so soon, in milliseconds. */
const ASKED_MS = 600_000;

/**
 * Asks each configured group itself, also several of one name. One that the system does not know under that name may be any other one,
 * so that the account may be in it.
 * @param known groups of which the ids are known
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
    const here = known.filter(({ displayName }) => isNamed(displayName, name));
    const groups = new Map<string, Looked>();
    let found = await groupsCalled(name, here);
    await lookAt([...found, ...here]);
    // A known group was deleted or renamed, and perhaps another one made under its name.
    if ([...groups.values()].some(isReplaced)) {
      found = await groupsCalled(name, here, true);
      for (const { id } of found)
        if (groups.get(id)?.standing.is === 'gone')
          throw new Error(`${port.system} lists the group ${name}, and answers that its id ${id} is none`);
      await lookAt(found);
    }
    looked.push(...groups.values());
    if (groups.size === 0) looked.push({ name, standing: unknown(name, found) });

    async function lookAt(all: readonly GroupRef[]): Promise<void> {
      for (const group of all)
        if (isNamed(group.displayName, name) && !groups.has(group.id))
          groups.set(group.id, { name, group, standing: await standingIn(group) });
    }
  }
  return looked;

  /** Another group may have the name of a known one. */
  async function groupsCalled(
    name: string,
    here: readonly GroupRef[],
    isAnother = false,
  ): Promise<readonly GroupRef[]> {
    const times = asked.get(port) ?? new Map<string, number>();
    const isKnown =
      !port.standingIn || (!isAnother && Date.now() - (times.get(name) ?? -Infinity) < ASKED_MS);
    if (here.length > 0 && isKnown) return here;
    try {
      const found = await port.findGroup(name, signal);
      // Several are looked for each time.
      if (found.length === 1) asked.set(port, times.set(name, Date.now()));
      else times.delete(name);
      return found;
    } catch (error) {
      if (here.length > 0 && !isAnother && isFinalFailure(error, FailureType.CannotTell, FailureType.Refused))
        return here;
      throw error;
    }
  }

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
 * @returns those that list the account all the same, those that may hide it because it is inactive, and why others do not tell
 */
export async function askGroups(
  port: AccessPort,
  accountId: string,
  groups: readonly GroupRef[],
  signal: AbortSignal,
): Promise<{ present: GroupRef[]; hidden: GroupRef[]; untold: string[] }> {
  const present: GroupRef[] = [];
  const hidden: GroupRef[] = [];
  const untold: string[] = [];
  for (const group of port.standingIn ? groups : []) {
    const standing = await port.standingIn!(accountId, group.id, undefined, signal);
    if (standing.is === 'direct') present.push(group);
    if (standing.is === 'cannot tell' && standing.ofInactive) hidden.push(group);
    else if (standing.is === 'cannot tell') untold.push(standing.because);
  }
  return { present, hidden, untold };
}
