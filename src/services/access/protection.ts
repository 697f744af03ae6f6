/** Protected groups, such as the administrators: a hold must not take their last active member. */
import type { AccountRef, HoldKind } from '../../exit/hold-facts.js';
import type { AccessPort, Account } from './access-port.js';
import { strategyOf } from './strategies.js';
import { groupsNamed } from './memberships.js';

export interface Left {
  /** The groups that would have no active member. */
  last: string[];
  /** The groups whose members the system does not list. */
  untold: string[];
}

/** @returns the protected groups without another known active member */
export async function groupsLeftWithout(
  user: Account,
  port: AccessPort,
  protectedGroups: readonly string[],
  hold: HoldKind,
  signal: AbortSignal,
): Promise<Left> {
  const last: string[] = [];
  const untold: string[] = [];
  const endangered = strategyOf(port, hold).endangers(user, protectedGroups);
  for (const { id, displayName } of await groupsNamed(port, user.id, endangered, signal)) {
    const other = await port.hasOtherActiveMember(id, user.id, signal);
    if (other === 'no') last.push(displayName);
    if (other === 'cannot tell') untold.push(displayName);
  }
  return { last, untold };
}

export const wouldBeLast =
  (port: AccessPort, protectedGroups: readonly string[]) =>
  async (account: AccountRef, hold: HoldKind, signal: AbortSignal): Promise<Left> => {
    const user = protectedGroups.length > 0 ? await port.read(account, signal) : undefined;
    return user ? groupsLeftWithout(user, port, protectedGroups, hold, signal) : { last: [], untold: [] };
  };
