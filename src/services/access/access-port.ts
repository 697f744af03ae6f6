/**
 * What the hold needs of a critical system. An adapter per protocol implements it; every rule of the hold stays above it.
 * A function that fails throws an Error for an outage, which is retried, or a FinalFailure for what no retry changes.
 */
import type { AccountRef, GroupRef } from '../../exit/hold-facts.js';

/** What the system says that a write came to. The hold reads the value again before it believes any of them. */
export type Outcome =
  /** Carried out, and so ours to give back. */
  | { kind: 'written' }
  /** The value was so already: not ours to give back. */
  | { kind: 'unchanged' }
  /** The value is as asked, and the system does not tell who changed it; it counts as ours. */
  | { kind: 'unknown' }
  /** Another administrator wrote in between, or the answer is in doubt: read again. */
  | { kind: 'conflict' }
  /** The account or the group was deleted, as a second look has confirmed. */
  | { kind: 'gone' }
  /** Final. `detail` is what an operator reads. */
  | {
      kind: 'refused';
      why: 'dynamic' | 'synced' | 'privileged' | 'state' | 'last' | 'primary' | 'rights';
      detail: string;
    }
  /** Asynchronous, or a person was asked. Each retry asks again, and the adapter must recognise it. */
  | { kind: 'pending'; ref: string };

export interface Account extends AccountRef {
  /** Names and addresses of the account. */
  identities: string[];
  active: boolean;
  /** Changes with each change of the account, where the system has one. */
  version?: string | undefined;
}

/** An account that answers to an employee id. */
interface Candidate {
  account: Account;
  /** The attribute that matched. */
  by: string;
  /** What the attribute says, in the system's own spelling. */
  value: string;
}

export interface Membership {
  group: GroupRef;
  /** `nested`: through another group. A group that is reached in two ways is listed twice. */
  via: 'direct' | 'nested' | 'primary';
  /** Otherwise why it cannot be taken, as an operator reads it. */
  changeable: true | string;
  /** Of what removal writes to, where the system has one. */
  version?: string | undefined;
}

interface Capabilities {
  /** A write on a version that has passed is refused, also where the request lands late. */
  conditionalWrites: boolean;
}

export interface AccessPort {
  /** What people call the system: "payroll". */
  readonly system: string;
  capabilities(signal: AbortSignal): Promise<Capabilities>;
  /** Every account that matches the first key which matches any; each account once. */
  find(employeeId: string, signal: AbortSignal): Promise<Candidate[]>;
  /** By the immutable id. The user name is for a second look before the adapter answers undefined: the account was deleted. */
  read(account: { id: string; userName?: string }, signal: AbortSignal): Promise<Account | undefined>;
  /** Changes one value, on the version that was seen where the system can. */
  setActive(seen: Account, active: boolean, signal: AbortSignal): Promise<Outcome>;
  /** All of them, or an Error: the hold takes what is missing here for observed gone. */
  groupsOf(accountId: string, signal: AbortSignal): Promise<Membership[]>;
  /** None is a mistake in the configuration. */
  findGroup(name: string, signal: AbortSignal): Promise<GroupRef[]>;
  hasOtherActiveMember(
    groupId: string,
    accountId: string,
    signal: AbortSignal,
  ): Promise<'yes' | 'no' | 'cannot tell'>;
  removeFromGroup(accountId: string, seen: Membership, signal: AbortSignal): Promise<Outcome>;
  addToGroup(accountId: string, group: GroupRef, signal: AbortSignal): Promise<Outcome>;
  /** Absent where the system has no way to. */
  endSessions?: ((account: AccountRef, signal: AbortSignal) => Promise<void>) | undefined;
}
