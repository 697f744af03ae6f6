/** Takes access, and observes the result. */
import { FailureType, FinalFailure } from '../../exit/failures.js';
import {
  isNothing,
  type Blocked,
  type CapturedAccount,
  type HoldKind,
  type Taken,
} from '../../exit/hold-facts.js';
import type { AccessPort } from './access-port.js';
import type { Held } from './hold-strategy.js';
import { strategyOf } from './strategies.js';
import { groupsLeftWithout } from './protection.js';

export const block =
  (port: AccessPort, protectedGroups: readonly string[]) =>
  /**
   * @param tried as in `Strategy.block`
   * @param trying as in `Strategy.block`
   * @param overridesProtection a person allows that protected groups lose their last active member
   * @throws FinalFailure LastOfProtectedGroup, Refused
   */
  async (
    account: CapturedAccount,
    hold: HoldKind,
    tried: Taken,
    trying: (taken: Taken) => Promise<void>,
    signal: AbortSignal,
    { overridesProtection } = { overridesProtection: false },
  ): Promise<Blocked> => {
    const user = await port.read(account, signal);
    if (user && !overridesProtection) {
      const last = await groupsLeftWithout(user, port, protectedGroups, hold, signal);
      if (last.length > 0) {
        throw new FinalFailure(
          FailureType.LastOfProtectedGroup,
          `${account.userName} is the last active member of ${last.join(', ')} on ${port.system}: put another member there and retry, or open the exit with an override`,
        );
      }
    }
    const { writes, ...held }: Held = user
      ? await strategyOf(port, hold).block(account, user, tried, trying, signal)
      : { taken: tried, uncaptured: [], notes: ['the account no longer exists'], writes: 0 };
    // An earlier attempt or a repeated write may have left a request in flight, which would land late. Without conditional writes
    // even a duplicate of a single request would be applied.
    const isUnsettled =
      !isNothing(tried) || writes > 1 || (writes > 0 && !(await port.capabilities(signal)).conditionalWrites);
    if (user) await port.endSessions?.(account, signal);
    return { blockedAt: new Date().toISOString(), ...held, isUnsettled };
  };
