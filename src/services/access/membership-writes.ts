/** Adds and removes one membership, and looks at whom else the write took out of the group. */
import { isDeepStrictEqual } from 'node:util';
import { cannotTell, FailureType, FinalFailure, isFinalFailure } from '../../exit/failures.js';
import type { GroupRef } from '../../exit/hold-facts.js';
import type { AccessPort, Membership, Outcome } from './access-port.js';
import { converge } from './converge.js';
import { endsOf, isOver } from './entries.js';
import { isChangeable, orUntold, ownGroupsOf } from './memberships.js';
import { remember, type Watched } from './other-members.js';

/**
 * @param others the members of the group as they were before
 * @returns how many of our writes may have removed it, and notes on other members
 * @throws FinalFailure HarmedOthers
 */
export async function removeMembership(
  port: AccessPort,
  accountId: string,
  others: Watched,
  signal: AbortSignal,
): Promise<{ writes: number; notes: string[] }> {
  const { group } = others;
  const { settleMs } = await port.capabilities(signal);
  // A list without the account itself does not tell who is in the group.
  const tells = others.members?.isComplete === true && others.lists(accountId);
  const found = async () =>
    (await port.groupsOf(accountId, signal)).find((each) => each.group.id === group.id && isChangeable(each));
  const { writes } = await converge<Membership | undefined>(
    {
      port,
      what: `removing account ${accountId} from ${group.displayName} on ${port.system}`,
      read: async () => {
        if (!tells) return found();
        await others.look();
        if (!others.lists(accountId)) return undefined;
        return { group, via: 'direct', changeable: true, version: others.members.version };
      },
      isWanted: (membership) => membership === undefined,
      valueOf: (membership) => membership !== undefined,
      write: (membership, way, isUnversioned) => {
        remember(port, group, accountId, true);
        const on = isUnversioned ? { ...membership!, version: undefined } : membership!;
        return others.during(() => port.removeFromGroup(accountId, on, signal, way), on.version);
      },
      settleMs,
    },
    signal,
  );
  if (!tells && writes > 0) await others.look();
  return { writes, notes: await others.lost('removed') };
}

const textOf = (entry: readonly [string, unknown][]): string =>
  entry.map(([name, value]) => `${name} ${JSON.stringify(value)}`).join(', ');

function asRefused(error: unknown): Outcome {
  if (!isFinalFailure(error, FailureType.Refused)) throw error;
  return { kind: 'refused', why: 'state', detail: error.message };
}

/**
 * Removes a membership that the system does not show since the suspension: it may hide those of inactive accounts, or have taken them.
 * @returns notes: the effect cannot be observed; and the doubt of a membership that may be there still
 * @throws FinalFailure HarmedOthers
 */
export async function removeHidden(
  port: AccessPort,
  accountId: string,
  others: Watched,
  signal: AbortSignal,
): Promise<{ notes: string[]; doubt?: string }> {
  const { group } = others;
  const hidden: Membership = { group, via: 'direct', changeable: true, version: others.members?.version };
  const outcome = await others
    .during(() => port.removeFromGroup(accountId, hidden, signal), hidden.version)
    .catch(asRefused);
  const what = `${port.system} no longer showed ${accountId} in ${group.displayName} since the suspension, and`;
  if (outcome.kind === 'written') {
    remember(port, group, accountId, true);
    await others.look();
    return { notes: [`${what} accepted its removal there`, ...(await others.lost('removed'))] };
  }
  const isNotTaken = outcome.kind === 'refused' || (outcome.kind === 'conflict' && !outcome.isAbsent);
  // The group may tell all the same that there is nothing to remove.
  const standing = isNotTaken && (await port.standingIn?.(accountId, group.id, undefined, signal));
  if (!standing || standing.is === 'out' || standing.is === 'gone') return { notes: [] };
  const hasNoGroup = outcome.kind === 'conflict' && outcome.isAbsent === false;
  if (outcome.kind === 'refused' || hasNoGroup) {
    const answer =
      outcome.kind === 'refused' ? ` (${outcome.detail})` : ', as of a group that it does not have';
    return {
      notes: [],
      doubt: `${what} refused its removal there${answer}: look there whether it is still in the group, then settle the step`,
    };
  }
  throw (
    (outcome.kind === 'conflict' && outcome.because) ||
    new Error(`${what} answered its removal there with a conflict`)
  );
}

/**
 * @param others the members of the group as they were before
 * @returns whether the account is a member, false where the group no longer exists, and notes on other members
 * @throws FinalFailure HarmedOthers, Refused
 */
export async function addMembership(
  port: AccessPort,
  accountId: string,
  others: Watched,
  signal: AbortSignal,
): Promise<{ isBack: boolean; notes: string[] }> {
  let isGone = false;
  let isPlain = false;
  let isFirst = true;
  const { settleMs } = await port.capabilities(signal);
  const { group } = others;
  const ends = endsOf(group.entry);
  const { seen } = await converge<{ isMember: boolean; version: string | undefined }>(
    {
      port,
      what: `adding account ${accountId} to ${group.displayName} on ${port.system}`,
      // A group may list only some of its members.
      read: async () => {
        await others.look();
        return { isMember: await isMember(), version: others.members?.version };
      },
      isWanted: (seen) => seen.isMember || isGone,
      valueOf: (seen) => seen.isMember,
      write: async ({ version }, _way, isUnversioned) => {
        remember(port, group, accountId, false);
        isFirst = false;
        const outcome = await give(isUnversioned ? undefined : version);
        isGone = outcome.kind === 'gone';
        return outcome;
      },
      settleMs,
    },
    signal,
  );
  if (seen.isMember && lostOfEntry().some(([name]) => ends.some(([end]) => end === name)))
    throw new FinalFailure(FailureType.Refused, `is there without its end, ${textOf(ends)}: set that there`);
  // Also where it was given back by hand.
  if (seen.isMember) remember(port, group, accountId, false);
  return { isBack: seen.isMember, notes: isGone ? [] : [...(await others.lost('added')), ...ofEntry()] };

  /** A server may refuse what else the entry had, or take the membership alone. */
  async function give(version: string | undefined): Promise<Outcome> {
    const add = (which: GroupRef, onRefusal?: typeof asRefused) =>
      others.during(() => port.addToGroup(accountId, which, signal, version).catch(onRefusal), version);
    const { entry, ...plain } = group;
    if (ends.some(([, value]) => isOver(value)))
      throw new FinalFailure(FailureType.Refused, `it has ended meanwhile, by ${textOf(ends)}`);
    const outcome = entry && !isPlain ? await add(group, asRefused) : undefined;
    if (outcome && outcome.kind !== 'refused') return outcome;
    if (outcome && ends.length > 0)
      throw new FinalFailure(
        FailureType.Refused,
        `${outcome.detail}; it is not given without its end, ${textOf(ends)}`,
      );
    isPlain = true;
    return add(plain);
  }

  /** @returns what else the entry had and has no longer, where the group shows it */
  function ofEntry(): string[] {
    const lost = lostOfEntry();
    return lost.length === 0
      ? []
      : [`not given back: what the entry in ${group.displayName} had besides the account (${textOf(lost)})`];
  }

  function lostOfEntry(): [string, unknown][] {
    if (!others.lists(accountId)) return [];
    return Object.entries(group.entry ?? {}).filter(
      ([name, value]) => !isDeepStrictEqual(others.entry?.[name], value),
    );
  }

  async function isMember(): Promise<boolean> {
    if (others.lists(accountId)) return true;
    // Before the write, a list of all members is believed: the memberships may lag behind a removal. After it the list may be cut off.
    if (isFirst && others.members?.isComplete) return false;
    const seen = await orUntold(port, accountId, ownGroupsOf(port, accountId, signal), [group], signal);
    if ('told' in seen) return seen.told.some(({ id }) => id === group.id);
    // The memberships to be given back may be the first that the system shows again.
    if (isFirst) return false;
    throw cannotTell(seen.because);
  }
}
