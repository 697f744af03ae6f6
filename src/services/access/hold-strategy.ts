/** What differs between the kinds of hold. Another kind is another strategy. */
import type { Blocked, CapturedAccount, GroupRef, Taken } from '../../exit/hold-facts.js';
import type { Account } from './access-port.js';

export interface Strategy {
  /** The memberships that the hold may take. */
  groupsToTake(accountId: string, signal: AbortSignal): Promise<GroupRef[]>;
  /** Those of the groups in which the hold leaves the account without effect. */
  endangers(user: Account, groups: readonly string[]): readonly string[];
  /**
   * Takes access away from an account that exists, and observes that it is gone.
   * @param tried what earlier attempts of this hold set out to take: a value found gone is ours only if it is among these
   * @param trying records durably, before each write, what this hold has now set out to take
   */
  block(
    captured: CapturedAccount,
    user: Account,
    tried: Taken,
    trying: (taken: Taken) => Promise<void>,
    signal: AbortSignal,
  ): Promise<Held>;
  /** What of the hold others have given back; one read. @returns undefined while it holds */
  driftOf(accountId: string, signal: AbortSignal): Promise<string | undefined>;
}

export interface Held extends Pick<Blocked, 'taken' | 'version' | 'uncaptured' | 'notes'> {
  /** The most writes that one value needed. */
  writes: number;
}
