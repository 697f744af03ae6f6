/** Gives back exactly the access that the hold took. */
import { setTimeout as pause } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { bounded, boundedNotes } from '../../exit/bounds.js';
import {
  cannotTell,
  FailureType,
  FinalFailure,
  isFinalFailure,
  untoldIn,
  whereUntold,
} from '../../exit/failures.js';
import {
  isNothing,
  showingOf,
  type CapturedAccount,
  type GroupRef,
  type Restored,
  type Taken,
} from '../../exit/hold-facts.js';
import type { Earlier } from '../../exit/hold.js';
import type { Person } from '../../exit/matching.js';
import type { AccessPort, Account } from './access-port.js';
import { forgetDeletion, hasExpired, notesOfEnd, readSettled, setActive } from './activation.js';
import { isSteady, noteIntact, noteReactivation } from './reactivations.js';
import { accountsNow, findAccounts, type Matching } from './find-accounts.js';
import { foundNow, has, passedOn, showsAnother } from './still-theirs.js';
import type { Known } from './whose-account.js';
import { addMembership } from './membership-writes.js';
import { endsOf } from './entries.js';
import { doubtOf, watchOthers, type Losses, type Watched } from './other-members.js';
import { Outage } from './outage.js';
import { isTaken, keyOf, missing, namesOfRights, rightsChanged } from './rights.js';
import { isNamed, namesOf, orUntold, ownGroupsOf, without } from './memberships.js';

/** Systems that hide the memberships of a suspended account, and have shown some again by its reactivation alone. */
const showingAgain = new WeakSet<AccessPort>();

interface RestoreOptions extends Pick<Known, 'chosen' | 'vouched'> {
  /** A change of the version is noted: another administrator may have set the same value. */
  earlier?: Earlier | undefined;
  /** Whose account it is to be still: an id may have passed to another person. */
  employee?: Person | undefined;
  /** The ids of the employee's other accounts that the exit holds there. */
  others?: readonly string[] | undefined;
  /** The groups, with the other members, that earlier attempts have set out to give back. */
  recorded?: readonly GroupRef[] | undefined;
  /** Makes them durable before the writes. */
  giving?: (groups: GroupRef[]) => Promise<void>;
}

export const restore =
  (port: AccessPort, matching: Matching) =>
  /**
   * @throws FinalFailure NotGivenBack, with each access that cannot be given back and the reason; CannotTell where the employee's keys no
   *   longer find the account
   */
  async (
    account: CapturedAccount,
    taken: Taken,
    signal: AbortSignal,
    {
      earlier = {},
      employee,
      chosen,
      vouched = [],
      others = [],
      recorded = [],
      giving = () => Promise.resolve(),
    }: RestoreOptions = {},
  ): Promise<Restored> => {
    const givenBack: Taken = { suspended: false, groups: [] };
    const lost: string[] = [];
    const notes: string[] = [];
    const lasting: string[] = [];
    const known = { held: [account.id], chosen, showing: showingOf([account]) };
    const losses: Losses = new Map();
    /** By group, those that could be looked at. */
    const watched = new Map<string, Watched>();
    const outage = new Outage();
    let hasRecord = recorded.length > 0;
    let untold: string | undefined;
    let hasReactivated = false;
    const gone = `the account ${account.userName}, which was deleted meanwhile`;
    // A second look comes when all writes have settled.
    const isFirstLook = !earlier.memberships;
    const left = taken.suspended && isFirstLook ? false : undefined;
    const shown = await readSettled(port, account, signal, left);
    const user = shown ?? (taken.suspended && account.active !== false ? await revived() : undefined);
    const isRevived = !shown && user?.active === true;
    if (isRevived) forgetDeletion(port);
    let after = user;
    let present: GroupRef[] = [];

    if (!user && !isNothing(taken)) lost.push(gone + (employee ? await successorOf(employee) : ''));
    if (user && !isNothing(taken)) {
      // A second look that finds all of it given back writes nothing.
      const isToBeWritten = user.active !== true || taken.groups.length > 0 || isRevived;
      const isAsked = employee && !vouched.includes(account.id) && isToBeWritten;
      const isByIdOnly = isAsked ? await assertTheirs(employee, user).catch(suspendAgain) : false;
      const { version } = user;
      // Once the account is active, this restore itself has changed the version.
      const isStillTaken = taken.suspended && user.active === false;
      if (
        isStillTaken &&
        earlier.version !== undefined &&
        version !== undefined &&
        version !== earlier.version
      )
        lasting.push(`the account was changed during the hold (version ${earlier.version}, then ${version})`);
      // Reactivation revives tokens issued since the block, so they must end first.
      await port.endSessions?.(account, signal);
      // Before the memberships: some systems take none of a suspended account, and some change them when it is reactivated.
      if (taken.suspended && account.active === false) {
        lost.push(
          'the activation, which another administrator set between capture and block: decide by hand',
        );
      } else if (taken.suspended) {
        const { seen, writes } = await setActive(port, account, true, signal, user, taken.replaced);
        after = seen;
        givenBack.suspended = seen !== undefined;
        if (!seen) lost.push(gone);
        else lost.push(...renamedStill(seen), ...(isByIdOnly ? await unfound(employee!) : []));
        hasReactivated = writes > 0 || isRevived;
        if (hasReactivated) noteReactivation(port, account.id);
      }
      // Also of an account that is not reactivated: a person who decides is to know it.
      const atRisk =
        taken.suspended && after
          ? [...(account.memberships ?? []), ...without(earlier.memberships ?? [], account.memberships ?? [])]
          : [];
      let seen: Awaited<ReturnType<typeof toldOf>> = atRisk.length > 0 ? await toldOf() : { told: [] };
      await watch();
      const toGive = without(taken.groups, await missingOfHidden());
      for (const group of toGive) {
        const { isBack, notes: ofOthers } = await added(group);
        notes.push(...ofOthers);
        if (isBack === undefined) continue;
        if (isBack) givenBack.groups.push(group);
        else lost.push(await membershipIn(group));
        if (isBack) lost.push(...unrecordedIn(group));
      }
      outage.end();
      // The memberships that it has now may be the first that the system shows again.
      if (!('told' in seen) && givenBack.groups.length > 0) seen = await toldOf();
      present = 'told' in seen ? seen.told : [];
      const rest = without(atRisk, [...present, ...toGive]);
      const went = 'told' in seen ? rest : [];
      if (!('told' in seen) && rest.length > 0)
        untold = lookThere(`whether it is in ${namesOf(rest)} could not be told: ${seen.because}`);
      const what = `the membership in ${namesOf(went)}, which went during the hold or at its end, by a write of the hold or by another administrator`;
      const unlisted = (account.membershipCount ?? 0) - (account.memberships?.length ?? 0);
      const now = present.length + without(givenBack.groups, present).length;
      const missing = (account.membershipCount ?? 0) - now - went.length;
      if (givenBack.suspended && unlisted > 0 && missing > 0)
        lost.push(
          `${missing} further memberships, which were too many to record: ask the administrator of the system`,
        );
      if (givenBack.suspended && !account.memberships) untold = await untoldMemberships();
      // An administrator changes one; a system that strips suspended accounts leaves few, such as the group of everyone.
      const isMuch = went.length > 1 || went.length === atRisk.length;
      if (went.length > 0 && (isMuch || lost.length > 0)) lost.push(`${what}: decide by hand`);
      else if (went.length > 0) notes.push(`not given back: ${what}`);
      // A first look, also of a retry, is no later one: a job may come after it.
      else if (atRisk.length > 0 && !untold && !isFirstLook) noteIntact(port, account.id);
      if (after) lost.push(...(await rightsStill(user, after)));
    }
    if (!taken.suspended && !isNothing(taken) && account.active && after?.active === false)
      lasting.push('it is inactive now: by a late effect of the removal, or by another administrator');
    const harm = doubtOf(losses);
    // A person's retry does not ask again whom this attempt took.
    if (harm !== undefined) await record();
    if (harm !== undefined)
      throw cannotTell(
        [harm, ...lost.map((each) => `cannot be given back: ${each}`), untold ?? []].flat().join('; '),
      );
    if (lost.length > 0) {
      throw new FinalFailure(
        FailureType.NotGivenBack,
        `cannot give back on ${port.system}: ${lost.join('; ')}`,
      );
    }
    if (untold) throw cannotTell(untold);
    const active = (givenBack.suspended || after?.active) && !(after && hasExpired(after));
    if (after) notes.push(...notesOfEnd(after));
    // A system may take memberships some moments after a reactivation, or again those that the suspension cost.
    const isUnsettled =
      givenBack.suspended &&
      (givenBack.groups.length > 0 || (!isSteady(port) && !!account.memberships?.length));
    return {
      ...{ restoredAt: new Date().toISOString(), givenBack, active, isUnsettled, hasReactivated, lasting },
      ...(isUnsettled && { memberships: bounded(present) }),
      notes: boundedNotes([...lasting, ...notes]),
    };

    /** Some systems do not show an inactive account, and take its reactivation all the same. */
    async function revived(): Promise<Account | undefined> {
      // Reactivation revives tokens issued since the block.
      await port.endSessions?.(account, signal);
      const { id, userName, identities } = account;
      await port.setActive({ id, userName, identities }, true, signal).catch(whereUntold(undefined));
      return port.read(account, signal);
    }

    function lookThere(what: string): string {
      return `the account ${account.userName} is active again on ${port.system}, and ${what}. Look at its groups there, then settle the step`;
    }

    function toldOf() {
      const known = [...account.groups, ...(account.memberships ?? []), ...taken.groups];
      return orUntold(port, account.id, ownGroupsOf(port, account.id, signal), known, signal);
    }

    /** The capture did not tell the memberships. @returns what to look at, where the system has groups, and still does not tell */
    async function untoldMemberships(): Promise<string | undefined> {
      const what = 'whether the suspension cost memberships could not be told';
      const now = await toldOf();
      if (!('told' in now) && !now.hasNoGroups) return lookThere(`${what}: ${now.because}`);
      const because =
        'told' in now ? 'the system did not list them' : `${port.system} has no groups (${now.because})`;
      notes.push(`${what}: ${because}`);
      return undefined;
    }

    /** Another group of that name may give other access: a person decides. */
    async function membershipIn({ id, displayName }: GroupRef): Promise<string> {
      const found = await port.findGroup(displayName, signal).catch(whereUntold([]));
      const others = found.filter((each) => each.id !== id && isNamed(each.displayName, displayName));
      const now = others.length > 0 ? ` (${others.map((each) => each.id).join(', ')} has its name now)` : '';
      return `the membership in ${displayName}, a group that was deleted meanwhile${now}`;
    }

    /** @returns those that a system which hid them, and shows others of them again, does not show: another administrator took them */
    async function missingOfHidden(): Promise<GroupRef[]> {
      const hidden = taken.groups.filter(({ isHidden }) => isHidden);
      if (hidden.length === 0) return [];
      const { settleMs } = await port.capabilities(signal);
      const deadline = Date.now() + settleMs;
      let absent = hidden;
      for (;;) {
        const now = await toldOf();
        absent = 'told' in now ? without(hidden, now.told) : hidden;
        if (absent.length === 0 || Date.now() >= deadline) break;
        await pause(Math.min(200, settleMs), undefined, { signal });
      }
      if (absent.length < hidden.length) showingAgain.add(port);
      if (absent.length === 0 || showingAgain.has(port)) return absent;
      notes.push(
        `whether the suspension or another administrator took ${namesOf(absent)} was not shown: given back`,
      );
      return [];
    }

    /** A suspension that costs a membership shows no entry of it: where others have an end, this one may have had one. */
    function unrecordedIn({ id, displayName, entry }: GroupRef): string[] {
      const others = watched.get(id)?.members?.entries ?? [];
      const isUnknown = taken.suspended && !entry && others.some(({ entry: of }) => endsOf(of).length > 0);
      return isUnknown
        ? [`the end of the membership in ${displayName}, where others have one: look at it there`]
        : [];
    }

    /** Before the first addition, whom each may take besides is durable. */
    async function watch(): Promise<void> {
      await look(taken.groups);
      // A group that lists the account already may show what was before the block.
      const early = taken.groups.filter(({ id }) => isFirstLook && watched.get(id)?.lists(account.id));
      if (early.length > 0) await pause((await port.capabilities(signal)).settleMs, undefined, { signal });
      await look(early);
      await record();
    }

    async function look(groups: readonly GroupRef[]): Promise<void> {
      for (const group of groups) {
        // A block that was cut short has left them with the group, and its removal may land late.
        const known = recorded.find(({ id }) => id === group.id) ?? group;
        const others = await unlessLost(group, watchOthers(port, account.id, known, losses, signal));
        if (others) watched.set(group.id, others);
      }
    }

    async function record(): Promise<void> {
      const atRisk = [...watched.values()].map((others) => others.atRisk).filter(({ others }) => others);
      if (atRisk.length > 0 || hasRecord) await giving(bounded(atRisk));
      hasRecord = atRisk.length > 0;
    }

    async function added(group: GroupRef): Promise<{ isBack: boolean | undefined; notes: string[] }> {
      const others = watched.get(group.id);
      const answer =
        others &&
        (await unlessLost(
          group,
          addMembership(port, account.id, others, signal)
            .catch((failure: unknown) => outage.unlessMany(failure, others, 'added', signal))
            .catch(onHarm),
        ));
      return answer ?? { isBack: undefined, notes: [] };

      /** A person's retry goes on with the next group. */
      async function onHarm(error: unknown): Promise<never> {
        if (isFinalFailure(error, FailureType.HarmedOthers)) await record();
        throw error;
      }
    }

    /** One that is refused, or not told, keeps none of the others away. */
    async function unlessLost<T>(group: GroupRef, answer: Promise<T>): Promise<T | undefined> {
      try {
        return await answer;
      } catch (error) {
        if (!isFinalFailure(error, FailureType.Refused, FailureType.CannotTell)) throw error;
        lost.push(`the membership in ${group.displayName} (${untoldIn(error)})`);
        return undefined;
      }
    }

    /**
     * @returns whether only its id finds the account, since the suspension changed its keys
     * @throws FinalFailure CannotTell
     */
    async function assertTheirs(person: Person, user: Account): Promise<boolean> {
      const found = await foundNow(port, matching, person, account, known, signal);
      const isFound = found && has(found, account.id);
      const isAsBlocked =
        (earlier.version !== undefined && user.version === earlier.version) ||
        (earlier.renamed !== undefined &&
          isCalled(user, earlier.renamed) &&
          !showsAnother(user, matching, person));
      if (isFound === false && !isAsBlocked)
        throw cannotTell(passedOn(port, account, user, matching, person));
      for (const { id, userName, active } of found ?? [])
        if (id !== account.id && !others.includes(id) && active !== false)
          lasting.push(`the employee also has the account ${userName} (${id}) now`);
      if (isFound === false)
        lasting.push(`found by its id alone: the suspension had changed what the account is found by`);
      return isFound === false;
    }

    /** Only an active account shows whose it is, where the server hides the others. */
    async function suspendAgain(failure: unknown): Promise<never> {
      if (!isRevived) throw failure;
      await setActive(port, account, false, signal, user);
      if (!isFinalFailure(failure, FailureType.CannotTell)) throw failure;
      throw cannotTell(
        `${untoldIn(failure)}. It was active for a moment, and is suspended again, since ${port.system} does not show it otherwise`,
      );
    }

    /** What the suspension changed, and the reactivation did not change back. */
    function renamedStill({ userName, identities }: Account): string[] {
      const { renamed } = earlier;
      if (!renamed || isCalled({ userName, identities }, account)) return [];
      const names = account.identities.filter(
        (name) => !renamed.identities.includes(name) && !identities.includes(name),
      );
      const isOtherLogin = account.userName !== userName && account.userName !== renamed.userName;
      const all = new Set([...(isOtherLogin ? [account.userName] : []), ...names]);
      if (all.size === 0) return [];
      return [
        `the names ${[...all].join(', ')}, which the suspension changed: the account is called ${userName} now`,
      ];
    }

    /** Looked at last: a group that is given back may give a role. */
    async function rightsStill(before: Account, seen: Account): Promise<string[]> {
      const { rights = [] } = earlier;
      // What a block has added goes with its end.
      const known = new Set(rights.map(keyOf));
      const atEnd = hasReactivated
        ? rightsChanged(before, seen).filter((each) => !known.has(keyOf(each)))
        : [];
      const taken = [...rights, ...atEnd].filter(isTaken);
      if (taken.length === 0) return [];
      const gone = missing(taken, (await port.read(account, signal)) ?? seen);
      if (gone.length === 0) return [];
      return [
        `values of ${namesOfRights(gone)}, which the hold or its end changed: compare the account there`,
      ];
    }

    async function unfound(person: Person): Promise<string[]> {
      const found = await accountsNow(port, matching, person, known, signal);
      return has(found, account.id)
        ? []
        : [
            `what ${account.userName} (${account.id}) is found by: no key of ${person.employeeId} finds it since the suspension`,
          ];
    }

    /** A system may have made another account for the same person. */
    async function successorOf(person: Person): Promise<string> {
      const { accounts } = await findAccounts(port, matching, person, { ...known, chosen: ['all'] }, signal);
      return accounts.length > 0
        ? ` (the employee has ${accounts.map(({ userName, id }) => `${userName}, ${id}`).join('; ')} now)`
        : '';
    }
  };

const isCalled = (
  { userName, identities }: Pick<Account, 'userName' | 'identities'>,
  other: Pick<Account, 'userName' | 'identities'>,
): boolean => userName === other.userName && isDeepStrictEqual(identities, other.identities);
