/** Takes access away and observes that it is gone. */
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
   * `tried` and `trying` are those of Strategy.block.
   * @param overridesProtection a person has decided that protected groups may lose their last active member
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
    // What was set out on before, or had to be written twice, may have left a request behind that is still on its way; without
    // conditional writes to refuse it, even a copy of a single one may be.
    const isUnsettled =
      !isNothing(tried) || writes > 1 || (writes > 0 && !(await port.capabilities(signal)).conditionalWrites);
    if (user) await port.endSessions?.(account, signal);
    return { blockedAt: new Date().toISOString(), ...held, isUnsettled };
  };
