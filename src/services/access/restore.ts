/** Gives back exactly the access that the hold took. */
import { cannotTell, FailureType, FinalFailure, isFinalFailure } from '../../exit/failures.js';
import {
  isNothing,
  type CapturedAccount,
  type GroupRef,
  type Restored,
  type Taken,
} from '../../exit/hold-facts.js';
import type { Person } from '../../exit/matching.js';
import type { AccessPort } from './access-port.js';
import { setActive } from './activation.js';
import { accountsNow, findAccounts, type Known, type Matching } from './find-accounts.js';
import { addMembership } from './membership-writes.js';
import { namesOf, ownGroupsOf, without } from './memberships.js';

interface RestoreOptions extends Pick<Known, 'chosen'> {
  /** The account's version when the block was observed. A change since then is noted: another administrator may have set the same value. */
  blockedVersion?: string | undefined;
  /** Whose account it is to be still: an id may have passed to another person. */
  employee?: Person | undefined;
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
    { blockedVersion, employee, chosen = [] }: RestoreOptions = {},
  ): Promise<Restored> => {
    const givenBack: Taken = { suspended: false, groups: [] };
    const lost: string[] = [];
    const notes: string[] = [];
    const gone = `the account ${account.userName}, which was deleted meanwhile`;
    const user = await port.read(account, signal);

    if (!user && !isNothing(taken)) lost.push(gone + (employee ? await successorOf(employee) : ''));
    if (user && !isNothing(taken)) {
      if (employee && !chosen.includes(account.id)) notes.push(...(await assertTheirs(employee)));
      const { version } = user;
      // Once the account is active, this restore itself has changed the version.
      const isStillTaken = taken.suspended && user.active === false;
      if (isStillTaken && blockedVersion !== undefined && version !== undefined && version !== blockedVersion)
        notes.push(`the account was changed during the hold (version ${blockedVersion}, then ${version})`);
      // Reactivation revives tokens issued since the block, so they must end first.
      await port.endSessions?.(account, signal);
      // Before the memberships: some systems take none of a suspended account, and some change them when it is reactivated.
      if (taken.suspended && account.active === false) {
        lost.push(
          'the activation, which another administrator set between capture and block: decide by hand',
        );
      } else if (taken.suspended) {
        givenBack.suspended = (await setActive(port, account, true, signal)).seen !== undefined;
        if (!givenBack.suspended) lost.push(gone);
      }
      const atRisk = (givenBack.suspended && account.memberships) || [];
      const isAsked = taken.groups.length > 0 || atRisk.length > 0;
      const present = isAsked ? await ownGroupsOf(port, account.id, signal) : [];
      for (const group of taken.groups) {
        const { isBack, notes: ofOthers } = present.some(({ id }) => id === group.id)
          ? { isBack: true, notes: [] }
          : await added(group);
        notes.push(...ofOthers);
        if (isBack === undefined) continue;
        if (isBack) givenBack.groups.push(group);
        else lost.push(`the membership in ${group.displayName}, a group that was deleted meanwhile`);
      }
      const went = without(atRisk, [...present, ...taken.groups]);
      const what = `the membership in ${namesOf(went)}, which went during the hold by the suspension or by another administrator`;
      const unlisted = (account.membershipCount ?? 0) - (account.memberships?.length ?? 0);
      const now = present.length + without(givenBack.groups, present).length;
      const missing = (account.membershipCount ?? 0) - now - went.length;
      if (givenBack.suspended && unlisted > 0 && missing > 0)
        lost.push(
          `${missing} further memberships, which were too many to record: ask the administrator of the system`,
        );
      if (givenBack.suspended && !account.memberships)
        notes.push('whether the suspension cost memberships could not be told: the system did not list them');
      // An administrator changes one; a system that strips suspended accounts leaves few, such as the group of everyone.
      if (went.length > 1 || (went.length > 0 && went.length === atRisk.length))
        lost.push(`${what}: decide by hand`);
      else if (went.length > 0) notes.push(`not given back: ${what}`);
    }
    if (lost.length > 0) {
      throw new FinalFailure(
        FailureType.NotGivenBack,
        `cannot give back on ${port.system}: ${lost.join('; ')}`,
      );
    }
    const active = givenBack.suspended || user?.active;
    // A system whose suspension cost memberships may take them again a moment later.
    const isUnsettled = givenBack.suspended && givenBack.groups.length > 0;
    return { restoredAt: new Date().toISOString(), givenBack, active, notes, isUnsettled };

    /** One that is refused keeps none of the others away. */
    async function added(group: GroupRef): Promise<{ isBack: boolean | undefined; notes: string[] }> {
      try {
        return await addMembership(port, account.id, group, signal);
      } catch (error) {
        if (!isFinalFailure(error, FailureType.Refused)) throw error;
        lost.push(`the membership in ${group.displayName} (${error.message})`);
        return { isBack: undefined, notes: [] };
      }
    }

    /** @returns a note on other active accounts @throws FinalFailure CannotTell */
    async function assertTheirs(person: Person): Promise<string[]> {
      const { isFound, others } = await accountsNow(port, matching, person, account.id, signal);
      if (isFound === false)
        throw cannotTell(
          `${port.system} no longer finds the account ${account.userName} (${account.id}) by the keys of ${person.employeeId}: look whose it is, then retry with that account`,
        );
      const active = others.filter((each) => each.active !== false);
      return active.map(({ userName, id }) => `the employee also has the account ${userName} (${id}) now`);
    }

    /** A system may have made another account for the same person. */
    async function successorOf(person: Person): Promise<string> {
      const { accounts } = await findAccounts(port, matching, person, { chosen: ['all'] }, signal);
      return accounts.length > 0
        ? ` (the employee has ${accounts.map(({ userName, id }) => `${userName}, ${id}`).join('; ')} now)`
        : '';
    }
  };
