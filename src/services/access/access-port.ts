/**
 * The port of the hold to a critical system. One adapter per protocol implements it, and has no rule of the hold.
 * Every function throws an Error on an outage, which is retried, or a FinalFailure that no retry can fix: of type CannotTell where the
 * system answers and the answer does not tell.
 */
import type { FinalFailure } from '../../exit/failures.js';
import type { AccountRef, Cost, GroupRef } from '../../exit/hold-facts.js';

/** The system's answer to a write. The hold reads the value back after each of them. */
export type Outcome =
  /** The write changed the value, so that the hold must give it back. `version`: the one that it made, where the answer tells. */
  | { kind: 'written'; version?: string | undefined }
  /** The value was as wanted already, so that the hold must not give it back. */
  | { kind: 'unchanged' }
  /** The value is as wanted, and the system does not tell whose write did it. It counts as ours. */
  | { kind: 'unknown' }
  /**
   * Another administrator wrote in between, or the answer is in doubt: read again. `because`: the failure where nothing has changed.
   * `isAbsent`: whether the system says that the account is no member; false where it says that it does not have the group.
   */
  | { kind: 'conflict'; because?: Error; isAbsent?: boolean }
  /** The account or the group was deleted; a second request has confirmed it. */
  | { kind: 'gone' }
  /** Final. An operator reads `detail`, which begins with the system's own reason. */
  | {
      kind: 'refused';
      why: 'dynamic' | 'synced' | 'privileged' | 'state' | 'last' | 'primary' | 'rights';
      detail: string;
    }
  /** This way of the write is not understood. Another may be. `because`: the failure where none is. */
  | { kind: 'refused'; why: 'form'; detail: string; because: FinalFailure };

/** How a value is written: `other` after a write that the system did not understand, or answered with success and did not carry out. */
export type Way = 'usual' | 'other';

export interface Account extends AccountRef {
  /** Names and addresses of the account. */
  identities: string[];
  /** Undefined where the system does not show it. */
  active?: boolean | undefined;
  /** When the account expires by itself: ISO 8601, UTC. An administrator may lift that, so that `active` is as without it. */
  expires?: string | undefined;
  /** What a suspension replaces, and a reactivation puts back: the time of a lock-out. */
  replaces?: string | undefined;
  /** The system's version of the account, if it has any: an ETag in SCIM. */
  version?: string | undefined;
  /** By name, what else the system shows of the account, where a write may change it. */
  others?: Record<string, unknown> | undefined;
}

/** A key of a person, as the system knows it: `{ attribute: 'externalId', value: 'E-1002' }`. */
export interface Key {
  attribute: string;
  value: string;
}

/** An account that matches a key. */
export interface Candidate {
  account: Account;
  /** The attribute's value in the system's own spelling. */
  value: string;
  /** What the account shows of further attributes, by name; absent where the system does not tell. */
  shown?: Readonly<Record<string, readonly string[]>> | undefined;
}

export interface Membership {
  group: GroupRef;
  /** `nested`: through another group. A membership both direct and nested is listed twice. */
  via: 'direct' | 'nested' | 'primary';
  /** A string tells the operator why the hold cannot remove it, and names the group that it comes by. */
  changeable: true | string;
  /** Whether it is the account's own cannot be told: `changeable` says why, after the name of the system. */
  isUntold?: true | undefined;
  /** Of a nested membership: the id of the group that it comes by, where the system tells. */
  by?: string | undefined;
  /** The version of the resource that a removal writes to, if it has any. */
  version?: string | undefined;
}

export interface Capabilities extends Cost {
  /** The system refuses a write on an old version, also where the request lands late. */
  conditionalWrites: boolean;
  /** How long a read may show the value from before a write, in milliseconds. */
  settleMs: number;
}

/** The members of a group, by account id. `isComplete` is false where the system lists only some, or none. */
export interface Members {
  ids: string[];
  isComplete: boolean;
  /** The list has a length at which servers cut, and no other list was longer. */
  mayBeCut?: boolean | undefined;
  /** Some that the list does not show, by the word of the system all the same. */
  unlisted?: string[] | undefined;
  /** The list hides inactive members, or that was not found out yet: `membersOf` finds out, and looks for them. */
  mayHide?: boolean | undefined;
  /** What the list has of some members besides their ids, such as a role or an end. */
  entries?: { id: string; entry: Record<string, unknown> }[] | undefined;
  /** The name of the group, where the answer shows it. */
  groupName?: string | undefined;
  /** The version of the group, if it has any. */
  version?: string | undefined;
}

/** How an account is in a group, by the group's own word. */
export type Standing = (
  | { is: 'direct' | 'out' }
  /** The group was deleted. `mayBeHidden`: the system says the same of a group that EMS may not see. */
  | { is: 'gone'; mayBeHidden?: true }
  /** `by`: the name of the inner group that lists the account. */
  | { is: 'nested'; by: string }
  /**
   * `because` goes on after the name of the system. `isSerious`: it counts also for an account without any other membership.
   * `ofInactive`: the group may hide the account because it is inactive.
   */
  | { is: 'cannot tell'; because: string; isSerious?: true; ofInactive?: true }
) & {
  /** The members as they were read for this answer. */
  members?: Members | undefined;
  /** What speaks against the answer, and has other reasons mostly: it goes on after the name of the system. */
  note?: string | undefined;
};

export interface AccessPort {
  /** The configured name of the system: "payroll". */
  readonly system: string;
  capabilities(signal: AbortSignal): Promise<Capabilities>;
  /**
   * @param others further attributes, whose values tell whether the account is another person's
   * @returns every account with this key, each once; the value is compared without regard to case
   */
  find(key: Key, signal: AbortSignal, others?: readonly string[]): Promise<Candidate[]>;
  /**
   * Whether any account has the attribute. Where none has, a search by it tells nothing.
   * Absent where the system refuses an attribute that it does not have.
   * @param value what a search has not found
   * @throws FinalFailure CannotTell where the system shows no account at all, or one with the value
   */
  hasKey?: ((attribute: string, signal: AbortSignal, value?: string) => Promise<boolean>) | undefined;
  /**
   * Reads by the immutable id.
   * @returns undefined only where the account was deleted; the adapter confirms that by `userName`, if given
   */
  read(account: { id: string; userName?: string }, signal: AbortSignal): Promise<Account | undefined>;
  /** Changes one value, conditional on the version of `seen` where the system supports it. */
  setActive(seen: Account, active: boolean, signal: AbortSignal, way?: Way): Promise<Outcome>;
  /**
   * @returns the memberships that the account shows, or a search by it finds; where `standingIn` is absent, all of them, also nested ones
   * @throws Error on an incomplete answer, FinalFailure CannotTell where the system never gives a complete one
   */
  groupsOf(accountId: string, signal: AbortSignal): Promise<Membership[]>;
  /**
   * Whether the system was seen to show memberships of others who are as inactive as this account: then it hides none of this one.
   * Absent where every system of the protocol shows them.
   */
  showsInactive?: ((accountId: string, signal: AbortSignal) => Promise<boolean>) | undefined;
  /** Whether the system has groups at all, also by what the account shows. Absent where every system of the protocol has. */
  hasGroups?: ((signal: AbortSignal, accountId: string) => Promise<boolean>) | undefined;
  /** @returns the groups that the system finds by this name, each under the name that the system gives it */
  findGroup(name: string, signal: AbortSignal): Promise<GroupRef[]>;
  /** Absent where the protocol removes exactly one member, so that no other can be lost by it. @returns undefined for a deleted group */
  membersOf?: ((groupId: string, signal: AbortSignal) => Promise<Members | undefined>) | undefined;
  /**
   * Asks the group instead of the account. Absent where `groupsOf` tells all, also nested memberships.
   * @param through the inner groups to look into; undefined for a direct membership alone
   */
  standingIn?:
    | ((
        accountId: string,
        groupId: string,
        through: ((groupId: string) => boolean) | undefined,
        signal: AbortSignal,
      ) => Promise<Standing>)
    | undefined;
  hasOtherActiveMember(
    groupId: string,
    accountId: string,
    signal: AbortSignal,
  ): Promise<'yes' | 'no' | 'cannot tell'>;
  removeFromGroup(accountId: string, seen: Membership, signal: AbortSignal, way?: Way): Promise<Outcome>;
  /**
   * @param group with what the list had of the account besides its id, where that is to be given back as well
   * @param version of the group as its members were seen; the write is conditional on it where the system supports that
   */
  addToGroup(accountId: string, group: GroupRef, signal: AbortSignal, version?: string): Promise<Outcome>;
  /** Absent where the system cannot end sessions. */
  endSessions?: ((account: AccountRef, signal: AbortSignal) => Promise<void>) | undefined;
}
