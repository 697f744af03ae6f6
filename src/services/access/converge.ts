/** One value of a critical system, brought to where it should be. */
import { setTimeout as pause } from 'node:timers/promises';
import { FailureType, FinalFailure } from '../../exit/failures.js';
import type { AccountRef } from '../../exit/hold-facts.js';
import type { AccessPort, Account, Outcome } from './access-port.js';

/**
 * Read, done if it is as wanted, write, read again. Only what was observed counts, so a server that answers 200 and does nothing ends
 * in an error, not in a belief.
 * @returns what was seen last, which is as wanted, and how many writes of ours may have made it so
 */
export async function converge<T>(
  what: string,
  read: () => Promise<T>,
  asWanted: (seen: T) => boolean,
  write: (seen: T) => Promise<Outcome>,
  signal: AbortSignal,
): Promise<{ seen: T; writes: number }> {
  let writes = 0;
  let seen = await read();
  // A few rounds for administrators who write at the same time and for servers that show a write late; the rest is the retry's.
  for (let round = 0; round < 4 && !asWanted(seen); round++) {
    const outcome = await write(seen);
    if (outcome.kind === 'refused')
      throw new FinalFailure(FailureType.Refused, `${what} is refused (${outcome.why}): ${outcome.detail}`);
    if (outcome.kind === 'pending') throw new Error(`${what} is asked for and not done yet: ${outcome.ref}`);
    if (outcome.kind === 'written' || outcome.kind === 'unknown') writes += 1;
    if (round > 0) await pause(50 * 4 ** round, undefined, { signal });
    seen = await read();
  }
  if (!asWanted(seen)) {
    throw new Error(
      `${what}: the server takes the change but does not show it, or somebody keeps undoing it`,
    );
  }
  return { seen, writes };
}

/** @returns the account as it was seen last, undefined where it was deleted */
export const setActive = (port: AccessPort, account: AccountRef, active: boolean, signal: AbortSignal) =>
  converge<Account | undefined>(
    `${active ? 'reactivating' : 'suspending'} the account ${account.userName} on ${port.system}`,
    () => port.read(account, signal),
    (seen) => !seen || seen.active === active,
    (seen) => port.setActive(seen!, active, signal),
    signal,
  );
