/** The part of the hold that differs by its kind. */
import type { Blocked, CapturedAccount, GroupRef, Taken } from '../../exit/hold-facts.js';
import type { Account } from './access-port.js';

export interface Strategy {
  /** Reads what there is before the first write. */
  look(accountId: string, signal: AbortSignal): Promise<Found>;
  /** Why the hold would be refused, or could not be told, as far as that is known before its first write: for people. */
  foresee(accountId: string, signal: AbortSignal): Promise<string[]>;
  /** The groups that would lose the account as an active member. */
  endangers(user: Account, groups: readonly string[]): readonly string[];
  /**
   * Takes access from an existing account, and observes the result.
   * @param tried what earlier attempts intended to take: an access already gone is ours only if it is among these
   * @param trying makes durable, before each write, what the hold intends to take
   */
  block(
    captured: CapturedAccount,
    user: Account,
    tried: Taken,
    trying: (taken: Taken) => Promise<void>,
    signal: AbortSignal,
  ): Promise<Held>;
}

interface Found {
  /** The memberships that the hold may take. */
  groups: GroupRef[];
  /** All memberships, which a write may cost besides; undefined where the system does not list them. */
  memberships: GroupRef[] | undefined;
}

export interface Held extends Pick<
  Blocked,
  'taken' | 'version' | 'renamed' | 'rights' | 'uncaptured' | 'notes'
> {
  /** The maximum number of writes for one value. */
  writes: number;
}
