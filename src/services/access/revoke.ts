/** Deactivates the account and removes every membership. The account stays, as evidence. */
import { setTimeout as pause } from 'node:timers/promises';
import { bounded, boundedNotes } from '../../exit/bounds.js';
import {
  cannotTell,
  FailureType,
  isFinalFailure,
  together,
  untoldIn,
  type FinalFailure,
} from '../../exit/failures.js';
import {
  showingOf,
  withoutOthers,
  type AccountRef,
  type CapturedAccount,
  type GroupRef,
  type Revoked,
} from '../../exit/hold-facts.js';
import type { Person } from '../../exit/matching.js';
import type { AccessPort, Account, Membership } from './access-port.js';
import { findAccounts, type Matching } from './find-accounts.js';
import { foundNow, has, isOfAnother, passedOn } from './still-theirs.js';
import type { Known } from './whose-account.js';
import { endUnseen, setActive } from './activation.js';
import { askGroups, groupsOf, isChangeable, isNamed, namesOf, orUntold, without } from './memberships.js';
import { removeHidden, removeMembership } from './membership-writes.js';
import { doubtOf, watchOthers, type Losses, type Watched } from './other-members.js';
import { Outage } from './outage.js';

interface RevokeOptions extends Pick<Known, 'chosen' | 'vouched'> {
  /** The memberships that earlier attempts intended to remove. */
  earlier?: readonly GroupRef[] | undefined;
  /** Makes durable, before the writes, every membership to be removed, so that the result lists them after a crash. */
  removing?: (groups: GroupRef[]) => Promise<void>;
}

/** How many groups are looked at, recorded and left at a time. */
const AT_A_TIME = 20;
const MOST_NAMED = 20;

export const revoke =
  (port: AccessPort, matching: Matching) =>
  async (
    employee: Person,
    captured: readonly CapturedAccount[],
    signal: AbortSignal,
    { chosen, vouched, earlier = [], removing = () => Promise.resolve() }: RevokeOptions = {},
  ): Promise<Revoked> => {
    // Found again, since an account may have been created or recreated after the capture.
    const held = captured.map(({ id }) => id);
    const known = { held, chosen, vouched, showing: showingOf(captured) };
    const found = await findAccounts(port, matching, employee, known, signal);
    const accounts = new Map([...captured, ...found.accounts].map((account) => [account.id, account]));
    const removed = new Map(earlier.map((group) => [group.id, group]));
    const record = (groups: readonly GroupRef[]): Promise<void> => {
      for (const group of groups) removed.set(group.id, group);
      return removing(bounded([...removed.values()]));
    };
    const revoked: AccountRef[] = [];
    const notes = new Set(found.notes);
    const doubts = new Set(found.unfound ? [untoldIn({ message: found.unfound.error })] : []);
    const failures: FinalFailure[] = [];
    const losses: Losses = new Map();
    const outage = new Outage();
    /** Whether the system has shown a membership of an inactive account; undefined where there was none to show. */
    let showsInactive: boolean | undefined;
    /** The groups that the accounts show last; undefined where that is not told. */
    let left: GroupRef[] | undefined = [];
    for (const account of accounts.values()) await unlessRefused(account);
    for (const account of found.left) if (await isToBeRevoked(account)) await unlessRefused(account);
    const loss = doubtOf(losses);
    if (loss !== undefined) {
      doubts.add(loss);
      // A person's retry does not ask again whom this attempt took.
      await record([]);
    }
    if (accounts.size === 0 && earlier.length > 0)
      doubts.add(
        `an earlier attempt had set out to remove an account of ${employee.employeeId} on ${port.system} from ${someOf(earlier)}, and no key finds it now: look whether it is active, or in these groups`,
      );
    if (doubts.size > 0) failures.push(cannotTell([...doubts].join('; ')));
    outage.end();
    if (failures.length > 0) throw together(failures);
    if (revoked.length === 0) notes.add(accounts.size === 0 ? 'no account' : 'the account no longer exists');
    const removedGroups = bounded([...removed.values()].map(withoutOthers));
    const more = removed.size - removedGroups.length;
    if (more > 0) notes.add(`${more} further memberships were removed`);
    return {
      ...{ revokedAt: new Date().toISOString(), removedGroups, accounts: revoked },
      groups: left && revoked.length > 0 ? bounded(eachOnce(left)) : undefined,
      notes: boundedNotes([...notes]),
    };

    /** What is refused for one account, or cannot be told, is taken from the others all the same. */
    async function unlessRefused(account: AccountRef): Promise<void> {
      try {
        await unlessUntold(revokeOne(account));
      } catch (error) {
        if (!isFinalFailure(error, FailureType.Refused)) throw error;
        failures.push(error);
      }
    }

    async function revokeOne(account: AccountRef): Promise<void> {
      const { id, userName } = account;
      const user = await port.read(account, signal);
      if (user && (await isPassedOn(user))) return;
      // While it is active: some systems leave out the memberships of suspended accounts.
      const before = user ? await groupsTold(id, port.groupsOf(id, signal)) : [];
      const isSeenActive = user?.active !== false || earlier.length > 0 || wasToldActive(id);
      if (before?.length === 0 && !isSeenActive && !(await areShown(id))) doubts.add(whereHidden(account));
      // Once it is suspended, no key may find it, and the system may hide what an administrator has added since the capture.
      const since = before?.filter(isChangeable).map(({ group }) => group) ?? [];
      const unknown = without(since, [...groupsAtCapture(id), ...removed.values()]);
      if (unknown.length > 0) await record(unknown);
      let isRefused = false;
      const changed = await unlessUntold(
        setActive(port, account, false, signal, user).catch((error: unknown) => {
          if (!isFinalFailure(error, FailureType.Refused)) throw error;
          // A rule, such as that of the last owner, keeps none of the memberships and sessions.
          failures.push(error);
          isRefused = true;
          return undefined;
        }),
      );
      if (changed) {
        const { seen, writes } = changed;
        const known = [
          ...(before ?? []).map(({ group }) => group),
          ...groupsAtCapture(id),
          ...removed.values(),
        ];
        // Some systems do not show an inactive account, and its groups list it, or hide it as well.
        const { present, hidden } = await askGroups(port, id, seen ? [] : eachOnce(known), signal);
        const still = [...present, ...hidden];
        if (seen || writes > 0 || still.length > 0) revoked.push({ id, userName });
        const isUnseen = `${port.system} does not show the account ${userName}`;
        if (!seen && writes > 0)
          notes.add(`${port.system} no longer shows the account ${userName} since it was suspended`);
        else if (hidden.length > 0) notes.add(`${isUnseen}: it was deleted, or is hidden as inactive`);
        if (present.length > 0) notes.add(`${isUnseen}: it was removed from ${someOf(present)} all the same`);
        if (still.length > 0) await unlessUntold(removeAll(id, [], still));
        if (!seen && (writes > 0 || still.length > 0))
          for (const note of await endUnseen(port, account, signal)) notes.add(note);
        if (!seen) {
          left = undefined;
          return;
        }
      }
      await port.endSessions?.(account, signal);
      if (found.left.length > 0 && before?.length) {
        // What it shows at once may be what was before the suspension.
        if (user?.active) await pause((await port.capabilities(signal)).settleMs, undefined, { signal });
        const after = user?.active ? await groupsTold(id, port.groupsOf(id, signal)) : before;
        showsInactive = after === undefined ? showsInactive : after.length > 0;
      }
      // Before the memberships: what is reported is the last that all of them show.
      const again = (await unlessUntold(lookAtHeld(account, before ?? []))) ?? [];
      const atCapture = isAsCaptured(account, before) ? [] : groupsAtCapture(id);
      const known = [...atCapture, ...removed.values(), ...again];
      const fixed = await unlessUntold(removeAll(id, before ?? [], known));
      left?.push(...(fixed ?? []).map(({ group }) => group));
      for (const { group, via, changeable, isUntold } of fixed ?? [])
        if (isUntold) doubts.add(`${port.system} ${changeable}`);
        else notes.add(`${userName} stays in ${group.displayName} (${via}): ${changeable}`);
      if (isRefused) return;
      // An administrator may have reactivated it while its memberships went: what is reported is observed last.
      if ((await port.read(account, signal))?.active)
        throw new Error(`another administrator reactivated ${userName} on ${port.system} meanwhile`);
    }

    /**
     * A held group that EMS may not see any more may have the account again. Most of them were deleted.
     * @returns the held groups that list the account, though it did not show them: an administrator has just added it
     */
    async function lookAtHeld(
      { id, userName }: AccountRef,
      before: readonly Membership[],
    ): Promise<GroupRef[]> {
      const again: GroupRef[] = [];
      const held = captured.flatMap((each) => (each.id === id ? each.groups : []));
      const present = before.map(({ group }) => group);
      for (const group of without(held, present)) {
        const standing = await port.standingIn?.(id, group.id, undefined, signal);
        if (standing?.is === 'direct') again.push(group);
        if (standing?.is !== 'gone' || !standing.mayBeHidden) continue;
        const found = await port.findGroup(group.displayName, signal);
        // Another group has its name now: it was deleted.
        if (found.some(({ displayName }) => isNamed(displayName, group.displayName))) continue;
        left = undefined;
        notes.add(
          `${port.system} no longer shows the group ${group.displayName}: it was deleted, or EMS may not see it, and cannot tell whether ${userName} is in it`,
        );
      }
      return again;
    }

    /** One that is as inactive as a hold leaves it may be found no longer: a suspension may change its keys. */
    async function isPassedOn(user: Account): Promise<boolean> {
      const { id, active } = user;
      const held = captured.find((each) => each.id === id);
      if (!held || vouched?.includes(id) || has([...found.accounts, ...found.left], id)) return false;
      if (active === false && !isOfAnother(user, held, matching, employee)) return false;
      const now = await foundNow(port, matching, employee, held, known, signal);
      if (!now || has(now, id)) return false;
      doubts.add(passedOn(port, held, user, matching, employee));
      return true;
    }

    function someOf(groups: readonly GroupRef[]): string {
      return namesOf(groups.slice(0, MOST_NAMED)) + (groups.length > MOST_NAMED ? ', …' : '');
    }

    /** An earlier attempt may have suspended an account that no hold had, and not yet removed its memberships. */
    async function isToBeRevoked({ id, userName }: AccountRef): Promise<boolean> {
      const shown = await groupsTold(id, groupsOf(port, id, signal, isChangeable));
      if (!shown || shown.length > 0) return shown !== undefined;
      // An earlier attempt has perhaps removed what would show it.
      if (await areShown(id)) return false;
      const { present, hidden, untold } = await askGroups(port, id, [...removed.values()], signal);
      // A group that tells of an inactive account that it is out would show one that is in.
      const isTold = port.standingIn !== undefined && hidden.length + untold.length === 0;
      if (!isTold) doubts.add(whereHidden({ id, userName }));
      return present.length + hidden.length > 0;
    }

    /** Whether the system shows the memberships of such inactive accounts. */
    async function areShown(accountId: string): Promise<boolean> {
      return showsInactive ?? (await port.showsInactive?.(accountId, signal)) ?? true;
    }

    function whereHidden({ id, userName }: AccountRef): string {
      return `${port.system} may not show the memberships of inactive accounts: look whether ${userName} (${id}) is in groups there, then settle the step`;
    }

    /** Whether the capture was told the memberships before the account was inactive. */
    function wasToldActive(accountId: string): boolean {
      return captured.some(
        ({ id, active, memberships }) => id === accountId && active !== false && memberships,
      );
    }

    function groupsAtCapture(accountId: string): GroupRef[] {
      const seen = captured.filter(({ id }) => id === accountId);
      return seen.flatMap(({ groups, memberships = [] }) => [...groups, ...memberships]);
    }

    /** What showed a membership at the capture, and shows it no longer of an account in the same state, is believed. */
    function isAsCaptured({ id }: AccountRef, before: readonly Membership[] | undefined): boolean {
      const now = found.accounts.find((account) => account.id === id)?.active;
      return (
        before !== undefined &&
        now !== undefined &&
        captured.some((each) => each.id === id && each.active === now)
      );
    }

    /** What cannot be told keeps nothing else from being taken. */
    async function unlessUntold<T>(answer: Promise<T>): Promise<T | undefined> {
      try {
        return await answer;
      } catch (error) {
        if (!isFinalFailure(error, FailureType.CannotTell)) throw error;
        doubts.add(untoldIn(error));
        return undefined;
      }
    }

    async function groupsTold<T>(accountId: string, answer: Promise<T>): Promise<T | undefined> {
      const known = new Map(
        [...groupsAtCapture(accountId), ...removed.values()].map((each) => [each.id, each]),
      );
      const seen = await orUntold(port, accountId, answer, [...known.values()].slice(0, MOST_NAMED), signal);
      if ('told' in seen) return seen.told;
      left = undefined;
      if (seen.hasNoGroups) notes.add(`${port.system} has no groups (${seen.because})`);
      else doubts.add(seen.because);
      return undefined;
    }

    /**
     * @param before the memberships before the suspension
     * @param known the groups that the account was in at some time
     * @returns the memberships that cannot be removed
     */
    async function removeAll(
      accountId: string,
      before: readonly Membership[],
      known: readonly GroupRef[],
    ): Promise<Membership[]> {
      let memberships = before;
      const refused = new Set<string>();
      const isOpen = (each: Membership): boolean => isChangeable(each) && !refused.has(each.group.id);
      const listed = before.map(({ group }) => group);
      // By id: the record has them with the members that a lost removal may have taken.
      const unlisted = without(eachOnce(known), listed);
      const { present, hidden, untold } = await askGroups(port, accountId, unlisted, signal);
      const shown = [...present, ...hidden];
      // Where the answer to a removal was lost, whom it took besides is looked at again.
      const unlooked = unlisted.filter(({ others }) => others);
      const mayBeHidden = new Set([...listed, ...hidden].map(({ id }) => id));
      let groups = [...shown, ...without(unlooked, shown)];
      // An administrator may add memberships meanwhile; after four rounds the attempt is retried.
      for (let round = 0; round < 4; round++) {
        groups.push(...memberships.filter(isOpen).map(({ group }) => removed.get(group.id) ?? group));
        await leave(accountId, groups, refused, mayBeHidden);
        memberships = (await groupsTold(accountId, port.groupsOf(accountId, signal))) ?? [];
        groups = [];
        if (memberships.some(isOpen)) continue;
        if (untold.length > 0) doubts.add(whereToLook(untold));
        return memberships.filter((each) => !isChangeable(each));
      }
      throw new Error(
        `account ${accountId} on ${port.system} gets new memberships as fast as they are removed`,
      );
    }

    /**
     * @param refused the ids of groups whose removal the system refuses, or does not answer, which keeps none of the others
     * @param mayBeHidden the ids of groups that showed the account while it was active, or may hide it since
     */
    async function leave(
      accountId: string,
      groups: readonly GroupRef[],
      refused: Set<string>,
      mayBeHidden: ReadonlySet<string>,
    ): Promise<void> {
      for (let start = 0; start < groups.length; start += AT_A_TIME) {
        const watched: Watched[] = [];
        for (const group of groups.slice(start, start + AT_A_TIME))
          watched.push(await watchOthers(port, accountId, group, losses, signal));
        const later = start === 0 ? groups.slice(AT_A_TIME) : [];
        await record([...watched.map(({ atRisk }) => atRisk), ...later]);
        for (const others of watched) {
          removed.set(others.group.id, others.group);
          try {
            const answer = await removeMembership(port, accountId, others, signal).catch((failure: unknown) =>
              outage.unlessMany(failure, others, 'removed', signal),
            );
            if (!answer) refused.add(others.group.id);
            if (!answer) continue;
            const { writes, notes: ofOthers } = answer;
            const isHidden = writes === 0 && mayBeHidden.has(others.group.id);
            const ofHidden = isHidden
              ? await removeHidden(port, accountId, others, signal)
              : { notes: [], doubt: undefined };
            for (const note of [...ofOthers, ...ofHidden.notes]) notes.add(note);
            if (ofHidden.doubt !== undefined) doubts.add(ofHidden.doubt);
            noteHarm(others);
          } catch (error) {
            noteHarm(others);
            // A person's retry goes on with the next group.
            if (isFinalFailure(error, FailureType.HarmedOthers)) await record([]);
            if (!isFinalFailure(error, FailureType.Refused)) throw error;
            removed.delete(others.group.id);
            refused.add(others.group.id);
            failures.push(error);
          }
        }
      }
    }

    /** Another attempt looks again. */
    function noteHarm({ atRisk, isHarmed }: Watched): void {
      if (isHarmed) removed.set(atRisk.id, atRisk);
    }

    function whereToLook(untold: readonly string[]): string {
      const some = untold.slice(0, MOST_NAMED).join('; ') + (untold.length > MOST_NAMED ? '; …' : '');
      return `${port.system} ${some}: look there whether the account is still in these groups, then settle the step`;
    }
  };

/** Of groups that are the same, the last one. */
const eachOnce = (groups: readonly GroupRef[]): GroupRef[] => [
  ...new Map(groups.map((group) => [group.id, group])).values(),
];
