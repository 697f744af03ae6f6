/** Brings one value of a critical system to its wanted state. */
import { setTimeout as pause } from 'node:timers/promises';
import { FailureType, FinalFailure } from '../../exit/failures.js';
import type { AccountRef } from '../../exit/hold-facts.js';
import type { AccessPort, Account, Outcome } from './access-port.js';

/**
 * Reads, and where the value is not as wanted, writes and reads back. Only an observation counts: a server that answers 200 without an
 * effect ends in an error.
 * @returns the last value seen, and how many of our writes may have caused it
 * @throws FinalFailure Refused
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
  // Four rounds cover concurrent administrators and eventually consistent servers; after them the attempt is retried.
  for (let round = 0; round < 4 && !asWanted(seen); round++) {
    const outcome = await write(seen);
    if (outcome.kind === 'refused')
      throw new FinalFailure(FailureType.Refused, `${what} is refused (${outcome.why}): ${outcome.detail}`);
    if (outcome.kind === 'pending') throw new Error(`${what} is requested and not done yet: ${outcome.ref}`);
    if (outcome.kind === 'written' || outcome.kind === 'unknown') writes += 1;
    if (round > 0) await pause(50 * 4 ** round, undefined, { signal });
    seen = await read();
  }
  if (!asWanted(seen)) {
    throw new Error(
      `${what}: the server accepts the change but does not show it, or another administrator keeps undoing it`,
    );
  }
  return { seen, writes };
}

/** @returns the account as last seen; undefined where it was deleted */
export const setActive = (port: AccessPort, account: AccountRef, active: boolean, signal: AbortSignal) =>
  converge<Account | undefined>(
    `${active ? 'reactivating' : 'suspending'} the account ${account.userName} on ${port.system}`,
    () => port.read(account, signal),
    (seen) => !seen || seen.active === active,
    (seen) => port.setActive(seen!, active, signal),
    signal,
  );
