/** Looks whether a hold still stands: whether access came back to an account, or another account of the employee appeared. */
import type { HoldKind } from '../../exit/hold-facts.js';
import { knownKeys, type Person } from '../../exit/matching.js';
import type { AccessPort } from './access-port.js';
import type { Matching } from './find-accounts.js';
import { groupsNamed } from './memberships.js';
import { strategyOf } from './strategies.js';

export const driftOf =
  (port: AccessPort, { match, also = [] }: Matching) =>
  /**
   * @param held the ids of the accounts that the hold has blocked
   * @returns which access there is that the hold has not taken; undefined while the hold stands
   */
  async (
    employee: Person,
    held: readonly string[],
    hold: HoldKind,
    signal: AbortSignal,
  ): Promise<string | undefined> => {
    for (const id of held) {
      const what = await strategyOf(port, hold).driftOf(id, signal);
      if (what !== undefined) return what;
    }
    for (const key of knownKeys([...match, ...also], employee)) {
      for (const { account } of await port.find(key, signal)) {
        if (held.includes(account.id) || account.active === false) continue;
        const isFree =
          hold.kind === 'suspend' || (await groupsNamed(port, account.id, hold.groups, signal)).length > 0;
        if (isFree) return `another account of the employee is active: ${account.userName} (${account.id})`;
      }
    }
    return undefined;
  };
