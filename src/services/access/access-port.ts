/**
 * The port of the hold to a critical system. One adapter per protocol implements it, and has no rule of the hold.
 * Every function throws an Error on an outage, which is retried, or a FinalFailure that no retry can fix.
 */
import type { AccountRef, GroupRef } from '../../exit/hold-facts.js';

/** The system's answer to a write. The hold reads the value back after each of them. */
export type Outcome =
  /** The write changed the value, so that the hold must give it back. */
  | { kind: 'written' }
  /** The value was as wanted already, so that the hold must not give it back. */
  | { kind: 'unchanged' }
  /** The value is as wanted, and the system does not tell whose write did it. It counts as ours. */
  | { kind: 'unknown' }
  /** Another administrator wrote in between, or the answer is in doubt: read again. */
  | { kind: 'conflict' }
  /** The account or the group was deleted; a second request has confirmed it. */
  | { kind: 'gone' }
  /** Final. An operator reads `detail`. */
  | {
      kind: 'refused';
      why: 'dynamic' | 'synced' | 'privileged' | 'state' | 'last' | 'primary' | 'rights';
      detail: string;
    }
  /** Asynchronous, or a person's task. Each retry repeats the request, and the adapter must recognise it. */
  | { kind: 'pending'; ref: string };

export interface Account extends AccountRef {
  /** Names and addresses of the account. */
  identities: string[];
  active: boolean;
  /** The system's version of the account, if it has any: an ETag in SCIM. */
  version?: string | undefined;
}

/** An account that matches an employee id. */
interface Candidate {
  account: Account;
  /** The attribute that matched. */
  by: string;
  /** The attribute's value in the system's own spelling. */
  value: string;
}

export interface Membership {
  group: GroupRef;
  /** `nested`: through another group. A membership both direct and nested is listed twice. */
  via: 'direct' | 'nested' | 'primary';
  /** A string tells the operator why the hold cannot remove it. */
  changeable: true | string;
  /** The version of the resource that a removal writes to, if it has any. */
  version?: string | undefined;
}

interface Capabilities {
  /** The system refuses a write on an old version, also where the request lands late. */
  conditionalWrites: boolean;
}

export interface AccessPort {
  /** The configured name of the system: "payroll". */
  readonly system: string;
  capabilities(signal: AbortSignal): Promise<Capabilities>;
  /** Tries the keys in order. @returns every account that matches the first key with any match, each once */
  find(employeeId: string, signal: AbortSignal): Promise<Candidate[]>;
  /**
   * Reads by the immutable id.
   * @returns undefined only where the account was deleted; the adapter confirms that by `userName`, if given
   */
  read(account: { id: string; userName?: string }, signal: AbortSignal): Promise<Account | undefined>;
  /** Changes one value, conditional on the version of `seen` where the system supports it. */
  setActive(seen: Account, active: boolean, signal: AbortSignal): Promise<Outcome>;
  /** @returns all memberships; a missing one counts as observed removed @throws Error on an incomplete answer */
  groupsOf(accountId: string, signal: AbortSignal): Promise<Membership[]>;
  /** @returns none where the configuration names a group that the system lacks */
  findGroup(name: string, signal: AbortSignal): Promise<GroupRef[]>;
  hasOtherActiveMember(
    groupId: string,
    accountId: string,
    signal: AbortSignal,
  ): Promise<'yes' | 'no' | 'cannot tell'>;
  removeFromGroup(accountId: string, seen: Membership, signal: AbortSignal): Promise<Outcome>;
  addToGroup(accountId: string, group: GroupRef, signal: AbortSignal): Promise<Outcome>;
  /** Absent where the system cannot end sessions. */
  endSessions?: ((account: AccountRef, signal: AbortSignal) => Promise<void>) | undefined;
}
