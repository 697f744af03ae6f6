/** Gives back exactly the access that the hold took. */
import { FailureType, FinalFailure } from '../../exit/failures.js';
import { isNothing, type CapturedAccount, type Restored, type Taken } from '../../exit/hold-facts.js';
import type { AccessPort } from './access-port.js';
import { setActive } from './converge.js';
import { addMembership, groupsOf, isOwn } from './memberships.js';

export const restore =
  (port: AccessPort) =>
  /**
   * @param blockedVersion the account's version when the block was observed. A change since then is noted, since another administrator
   *   may have set the same value as the hold
   * @throws FinalFailure NotGivenBack, with each access that cannot be given back and the reason
   */
  async (
    account: CapturedAccount,
    taken: Taken,
    signal: AbortSignal,
    blockedVersion?: string,
  ): Promise<Restored> => {
    const givenBack: Taken = { suspended: false, groups: [] };
    const lost: string[] = [];
    const notes: string[] = [];
    const gone = `the account ${account.userName}, which was deleted meanwhile`;
    const user = await port.read(account, signal);

    if (!user && !isNothing(taken)) lost.push(gone);
    if (user && !isNothing(taken)) {
      const { version } = user;
      // Once the account is active, this restore itself has changed the version.
      const isStillTaken = taken.suspended && !user.active;
      if (isStillTaken && blockedVersion !== undefined && version !== undefined && version !== blockedVersion)
        notes.push(`the account was changed during the hold (version ${blockedVersion}, then ${version})`);
      // Reactivation revives tokens issued since the block, so they must end first.
      await port.endSessions?.(account, signal);
      const present = taken.groups.length > 0 ? await groupsOf(port, account.id, signal, isOwn) : [];
      for (const group of taken.groups) {
        const isBack =
          present.some(({ id }) => id === group.id) || (await addMembership(port, account.id, group, signal));
        if (isBack) givenBack.groups.push(group);
        else lost.push(`the membership in ${group.displayName}, a group that was deleted meanwhile`);
      }
      if (taken.suspended && !account.active) {
        lost.push(
          'the activation, which another administrator set between capture and block: decide by hand',
        );
      } else if (taken.suspended) {
        givenBack.suspended = (await setActive(port, account, true, signal)).seen !== undefined;
        if (!givenBack.suspended) lost.push(gone);
      }
    }
    if (lost.length > 0) {
      throw new FinalFailure(
        FailureType.NotGivenBack,
        `cannot give back on ${port.system}: ${lost.join('; ')}`,
      );
    }
    const active = givenBack.suspended || user?.active;
    return { restoredAt: new Date().toISOString(), givenBack, active, notes };
  };
