/** Suspends or reactivates an account, and observes it. */
import { cannotTell } from '../../exit/failures.js';
import type { AccountRef } from '../../exit/hold-facts.js';
import type { AccessPort, Account } from './access-port.js';
import { converge } from './converge.js';

/**
 * @returns the account as last seen, undefined where it was deleted; and how many of our writes may have caused it
 * @throws FinalFailure Refused; CannotTell where the system does not show whether an account is active
 */
export async function setActive(
  port: AccessPort,
  account: AccountRef,
  active: boolean,
  signal: AbortSignal,
): Promise<{ seen: Account | undefined; writes: number }> {
  const verb = active ? 'reactivating' : 'suspending';
  const { settleMs } = await port.capabilities(signal);
  let isHidden = false;
  const result = await converge<Account | undefined>(
    {
      what: `${verb} the account ${account.userName} on ${port.system}`,
      read: () => port.read(account, signal),
      // What is not shown cannot be waited for: one write is all that can be done.
      isWanted: (seen) => !seen || seen.active === active || (isHidden && seen.active === undefined),
      write: (seen) => {
        isHidden = seen!.active === undefined;
        return port.setActive(seen!, active, signal);
      },
      settleMs,
    },
    signal,
  );
  if (result.seen && result.seen.active === undefined)
    throw cannotTell(
      `${port.system} does not show whether the account ${account.userName} is active, and accepted ${verb} it: look at it there, then settle the step`,
    );
  return result;
}
