/** Looks whether a hold still stands: whether access came back to an account, or another account of the employee appeared. */
import type { Drift, WatchedAccount } from '../../exit/drift.js';
import type { HoldKind } from '../../exit/hold-facts.js';
import { knownKeys, type Person } from '../../exit/matching.js';
import type { AccessPort } from './access-port.js';
import { accountsNow, type Matching } from './find-accounts.js';
import { comesBy, groupsNamed, groupsOf, isNamed, lookInto, namesOf } from './memberships.js';

type Seen = Pick<Drift, 'what' | 'isUntold'>;

export const driftOf =
  (port: AccessPort, matching: Matching) =>
  /**
   * @param held the accounts that the hold has blocked
   * @returns which access there is that the hold has not taken, or what cannot be told; undefined while the hold stands
   */
  async (
    employee: Person,
    held: readonly WatchedAccount[],
    hold: HoldKind,
    signal: AbortSignal,
  ): Promise<Seen | undefined> => {
    let untold: Seen | undefined;
    for (const account of held) {
      const seen = await of(account);
      if (seen && !seen.isUntold) return seen;
      untold ??= seen;
    }
    const now = await accountsNow(port, matching, employee, signal);
    const isKnown = knownKeys([...matching.match, ...(matching.also ?? [])], employee).length > 0;
    if (!now && isKnown)
      untold ??= cannotTell(
        `no key of ${employee.employeeId} finds accounts there now: another may be active`,
      );
    for (const { id, userName, active } of now ?? []) {
      if (held.some((account) => account.id === id) || active === false) continue;
      const isFree = hold.kind === 'suspend' || (await groupsNamed(port, id, hold.groups, signal)).length > 0;
      if (!isFree) continue;
      const other = `another account of the employee`;
      if (active) return { what: `${other} is active: ${userName} (${id})` };
      untold ??= cannotTell(`whether ${other} is active, is not shown: ${userName} (${id})`);
    }
    return untold;

    async function of({ id, groups }: WatchedAccount): Promise<Seen | undefined> {
      if (hold.kind === 'suspend') {
        const user = await port.read({ id }, signal);
        if (!user || user.active === false) return undefined;
        if (user.active) return { what: 'the account is active again' };
        return cannotTell(`whether the account ${user.userName} is active, is not shown any more`);
      }
      // By id, since a group may have another name now; and by name, since another group may have the name now.
      const back = await groupsOf(
        port,
        id,
        signal,
        ({ group }) =>
          groups.includes(group.id) || hold.groups.some((name) => isNamed(group.displayName, name)),
      );
      if (back.length > 0) return { what: `is in ${namesOf(back)} again` };
      // A group that does not tell did not tell the block either, which says so.
      for (const { name, standing } of await lookInto(port, id, hold.groups, [], () => true, signal)) {
        if (standing.is === 'direct') return { what: `is in ${name} again` };
        if (standing.is === 'nested') return { what: `is in ${name} again: it ${comesBy(standing.by)}` };
      }
      return undefined;
    }

    function cannotTell(what: string): Seen {
      return { what: `cannot tell on ${port.system}: ${what}`, isUntold: true };
    }
  };
