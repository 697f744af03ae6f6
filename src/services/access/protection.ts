/** Protected groups, such as the administrators: a hold must not take their last active member. */
import type { CapturedAccount, HoldKind } from '../../exit/hold-facts.js';
import type { AccessPort, Account } from './access-port.js';
import { readAsCaptured } from './activation.js';
import { strategyOf } from './strategies.js';
import { groupsNamed, isNamed, lookInto, orUntold } from './memberships.js';

export interface Left {
  /** The groups that would have no active member. */
  last: string[];
  /** The groups whose members the system does not list. */
  untold: string[];
  /** Why it does not, where it says so: for people. */
  because?: string;
}

/** @returns the protected groups without another known active member */
export async function groupsLeftWithout(
  user: Account,
  port: AccessPort,
  protectedGroups: readonly string[],
  hold: HoldKind,
  signal: AbortSignal,
): Promise<Left> {
  const endangered = strategyOf(port, hold).endangers(user, protectedGroups);
  const left = await orUntold(port, user.id, leftIn(user, port, endangered, signal), [], signal);
  if ('told' in left) return left.told;
  return { last: [], untold: [...endangered], because: left.because };
}

async function leftIn(
  user: Account,
  port: AccessPort,
  endangered: readonly string[],
  signal: AbortSignal,
): Promise<Left> {
  const last: string[] = [];
  const untold: string[] = [];
  const reasons: string[] = [];
  const present = await groupsNamed(port, user.id, endangered, signal);
  const others = endangered.filter((name) => !present.some(({ displayName }) => isNamed(displayName, name)));
  // A group that the system knows by another name, or that lists the account all the same, may lose its last member.
  for (const { name, group, standing } of await lookInto(port, user.id, others, [], () => true, signal)) {
    if (standing.is === 'cannot tell') {
      untold.push(name);
      reasons.push(`${port.system} ${standing.because}`);
    } else if (group && standing.is !== 'out' && standing.is !== 'gone') present.push(group);
  }
  for (const { id, displayName } of present) {
    const other = await port.hasOtherActiveMember(id, user.id, signal);
    if (other === 'no') last.push(displayName);
    if (other === 'cannot tell') untold.push(displayName);
  }
  return { last, untold, ...(reasons.length > 0 && { because: reasons.join('; ') }) };
}

export const wouldBeLast =
  (port: AccessPort, protectedGroups: readonly string[]) =>
  async (account: CapturedAccount, hold: HoldKind, signal: AbortSignal): Promise<Left> => {
    const user = protectedGroups.length > 0 ? await readAsCaptured(port, account, signal) : undefined;
    return user ? groupsLeftWithout(user, port, protectedGroups, hold, signal) : { last: [], untold: [] };
  };
