/** Gives back what the hold took, and nothing else. */
import { FailureType, FinalFailure } from '../../exit/failures.js';
import { isNothing, type CapturedAccount, type Restored, type Taken } from '../../exit/hold-facts.js';
import type { AccessPort } from './access-port.js';
import { setActive } from './converge.js';
import { addMembership, groupsOf, isOwn } from './memberships.js';

export const restore =
  (port: AccessPort) =>
  /**
   * @param blockedVersion the account's version when it was observed blocked: a change since then is noted, since it may have been
   *   somebody who set the very value that the hold had set
   * @throws FinalFailure NotGivenBack, with everything that could not be given back and why
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
      // Once the account is active again it was us who changed it.
      const isStillTaken = taken.suspended && !user.active;
      if (isStillTaken && blockedVersion !== undefined && version !== undefined && version !== blockedVersion)
        notes.push(
          `somebody changed the account during the hold (version ${blockedVersion}, then ${version})`,
        );
      // Reactivation revives what a token was good for before, so what was opened since the block must be gone first.
      await port.endSessions?.(account, signal);
      const present = taken.groups.length > 0 ? await groupsOf(port, account.id, signal, isOwn) : [];
      for (const group of taken.groups) {
        const isBack =
          present.some(({ id }) => id === group.id) || (await addMembership(port, account.id, group, signal));
        if (isBack) givenBack.groups.push(group);
        else lost.push(`the membership in ${group.displayName}, a group which was deleted meanwhile`);
      }
      if (taken.suspended && !account.active) {
        lost.push('the activation, which somebody else gave between capture and block: decide by hand');
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
