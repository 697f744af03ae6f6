/**
 * The hold on one critical system, over SCIM 2.0: capture, block, restore, revoke. Every operation may be repeated at any time:
 * it reads, decides, writes one value, and reads back.
 */
import { FailureType, FinalFailure } from '../../exit/failures.js';
import type {
  AccountRef,
  Blocked,
  Capture,
  CapturedAccount,
  GroupRef,
  HoldKind,
  Restored,
  Revoked,
  Taken,
} from '../../exit/hold-facts.js';
import { converge, type ScimClient } from '../protocols/scim.js';
import { identitiesOf, isActive, spelledAs, type ScimUser } from '../protocols/scim-resource.js';
import { createMembership } from './membership.js';
import { protection } from './protection.js';
import type { EndSessions } from './sessions.js';

export interface AccessOptions {
  scim: ScimClient;
  /** Where else than in `externalId` the system keeps the employee id. */
  accountAttribute: string;
  /** Groups whose last active member is not taken away. */
  protectedGroups?: readonly string[];
  endSessions?: EndSessions | undefined;
}

/** What the service needs to know of the exit beyond the account. */
export interface BlockOptions {
  /** Somebody has decided that protected groups may lose their last active member. */
  overridesProtection: boolean;
}

export type AccessService = ReturnType<typeof createAccessService>;

export function createAccessService({
  scim,
  accountAttribute,
  protectedGroups = [],
  endSessions,
}: AccessOptions) {
  const membership = createMembership(scim);
  const system = scim.name;

  async function findAccount(employeeId: string, signal: AbortSignal): Promise<ScimUser | undefined> {
    for (const attribute of ['externalId', accountAttribute]) {
      const hits = await scim.findUsers(attribute, employeeId, signal);
      if (hits.length > 1) {
        throw new FinalFailure(
          FailureType.Ambiguous,
          `${hits.length} accounts on ${system} have the ${attribute} ${employeeId}; exactly one must, so none is touched`,
        );
      }
      if (hits[0]) return spelledAs(hits[0], attribute, employeeId, system);
    }
    return undefined;
  }

  /** @returns undefined where the account was deleted. A 404 alone does not say so: a gateway in between may well have answered it. */
  async function read({ id, userName }: AccountRef, signal: AbortSignal): Promise<ScimUser | undefined> {
    const user = await scim.getUser(id, signal);
    if (user) return user;
    const listed = await scim.findUsers('userName', userName, signal);
    if (!listed.some((other) => other.id === id)) return undefined;
    throw new Error(`${system} lists the account ${userName} and says that there is none`);
  }

  /** @returns whether the account still exists, and how many writes of ours may have made the change */
  async function setActive(account: AccountRef, active: boolean, signal: AbortSignal) {
    let writes = 0;
    const seen = await converge(
      `${active ? 'reactivating' : 'suspending'} the account ${account.userName} on ${system}`,
      () => read(account, signal),
      (user) => !user || isActive(user) === active,
      async (user) => {
        const operation = { op: 'replace', path: 'active', value: active } as const;
        if ((await scim.patch('Users', user!, operation, signal)) === 'answered') writes += 1;
      },
      signal,
    );
    return { exists: seen !== undefined, version: seen?.meta?.version, writes };
  }

  const wouldBeLast = protection({ membership, protectedGroups, read });

  return {
    wouldBeLast,

    /** What of the hold somebody else has given back; one read. @returns undefined while it holds */
    async driftOf(accountId: string, hold: HoldKind, signal: AbortSignal): Promise<string | undefined> {
      if (hold.kind === 'suspend') {
        const user = await scim.getUser(accountId, signal);
        return user && isActive(user) ? 'the account is active again' : undefined;
      }
      const back = await membership.held(accountId, hold.groups, signal);
      return back.length > 0
        ? `is in ${back.map(({ displayName }) => displayName).join(', ')} again`
        : undefined;
    },

    /** What revocation would take, now: nothing is written. */
    memberships: (accountId: string, signal: AbortSignal): Promise<GroupRef[]> =>
      membership.all(accountId, signal),

    /** Whether the employee has an account, and what the hold may take from it. Writes nothing. */
    async capture(employeeId: string, hold: HoldKind, signal: AbortSignal): Promise<Capture> {
      const user = await findAccount(employeeId, signal);
      const capture: Capture = { system, capturedAt: new Date().toISOString() };
      if (!user) return capture;
      const groups = hold.kind === 'groups' ? await membership.held(user.id, hold.groups, signal) : [];
      return {
        ...capture,
        account: {
          id: user.id,
          userName: user.userName,
          identities: identitiesOf(user),
          active: isActive(user),
          groups,
        },
      };
    },

    /**
     * Takes access away and observes that it is gone.
     * @param tried what earlier attempts of this hold set out to take: a value found gone is ours only if it is among these
     * @param trying records durably, before each write, what this hold has now set out to take
     */
    async block(
      account: CapturedAccount,
      hold: HoldKind,
      tried: Taken,
      trying: (taken: Taken) => Promise<void>,
      signal: AbortSignal,
      { overridesProtection }: BlockOptions = { overridesProtection: false },
    ): Promise<Blocked> {
      const taken: Taken = { suspended: tried.suspended, groups: [...tried.groups] };
      const notes: string[] = [];
      const uncaptured: GroupRef[] = [];
      // What was set out on before, or had to be written twice, may have left a request behind that is still on its way; without
      // ETags to refuse it, even a copy of a single one may be.
      let isUnsettled = tried.suspended || tried.groups.length > 0;
      const countIn = async (writes: number) => {
        isUnsettled ||= writes > 1 || (writes > 0 && !(await scim.supportsEtags(signal)));
      };
      const user = await read(account, signal);
      let version = user?.meta?.version;
      if (!overridesProtection) {
        const last = await wouldBeLast(account, hold, signal);
        if (last.length > 0) {
          throw new FinalFailure(
            FailureType.LastOfProtectedGroup,
            `${account.userName} is the last active member of ${last.join(', ')} on ${system}: put somebody else there and retry, or resign with --override`,
          );
        }
      }

      if (!user) {
        notes.push('the account no longer exists');
      } else if (hold.kind === 'suspend') {
        if (isActive(user)) {
          taken.suspended = true;
          await trying(taken);
          const { exists, writes, ...seen } = await setActive(account, false, signal);
          version = seen.version;
          await countIn(writes);
          // Never sent, or refused by the ETag each time: somebody else was faster, and what they took is not ours to give back.
          if (writes === 0 && !tried.suspended) {
            taken.suspended = false;
            notes.push(
              exists ? 'somebody else suspended it after the capture' : 'the account no longer exists',
            );
          }
        } else if (!tried.suspended) {
          notes.push(
            account.active
              ? 'somebody else suspended it after the capture'
              : 'already suspended before the hold',
          );
        }
      } else {
        const isOurs = (group: GroupRef) => tried.groups.some(({ id }) => id === group.id);
        const removedByOthers = ({ displayName }: GroupRef) =>
          notes.push(`somebody else removed it from ${displayName} after the capture`);
        // By id: a group that was renamed since the capture is still the one that was captured.
        const present = await membership.all(account.id, signal);
        for (const group of account.groups.filter((group) => !isOurs(group))) {
          if (present.some(({ id }) => id === group.id)) taken.groups.push(group);
          else removedByOthers(group);
        }
        await trying(taken);
        // Only what was reported: a membership that appears from here on is not known to be ours, and is seen below.
        for (const group of taken.groups.filter(({ id }) => present.some((each) => each.id === id))) {
          const writes = await membership.remove(account.id, group, signal);
          await countIn(writes);
          if (writes > 0 || isOurs(group)) continue;
          taken.groups.splice(taken.groups.indexOf(group), 1);
          removedByOthers(group);
        }
        uncaptured.push(...(await membership.held(account.id, hold.groups, signal)));
        if (account.groups.length === 0 && uncaptured.length === 0) {
          notes.push('was in none of the critical groups');
          for (const name of await membership.unknown(hold.groups, signal))
            notes.push(`${system} has no group "${name}": check the configuration`);
        }
      }
      if (user) await endSessions?.(account, signal);
      return { blockedAt: new Date().toISOString(), taken, isUnsettled, version, uncaptured, notes };
    },

    /**
     * Gives back what the hold took, and nothing else.
     * @param blockedVersion the account's version when it was observed blocked: a change since then is noted, since it may have been
     *   somebody who set the very value that the hold had set
     * @throws FinalFailure NotGivenBack, with everything that could not be given back and why
     */
    async restore(
      account: CapturedAccount,
      taken: Taken,
      signal: AbortSignal,
      blockedVersion?: string,
    ): Promise<Restored> {
      const givenBack: Taken = { suspended: false, groups: [] };
      const lost: string[] = [];
      const gone = `the account ${account.userName}, which was deleted meanwhile`;
      const user = await read(account, signal);
      const exists = user !== undefined;
      const version = user?.meta?.version;
      // Once the account is active again it was us who changed it.
      const isStillTaken = taken.suspended && user !== undefined && !isActive(user);
      const notes =
        isStillTaken && blockedVersion !== undefined && version !== undefined && version !== blockedVersion
          ? [`somebody changed the account during the hold (version ${blockedVersion}, then ${version})`]
          : [];

      if (!exists && (taken.suspended || taken.groups.length > 0)) lost.push(gone);
      // Reactivation revives what a token was good for before, so what was opened since the block must be gone first.
      if (exists && (taken.suspended || taken.groups.length > 0)) await endSessions?.(account, signal);
      const present = exists && taken.groups.length > 0 ? await membership.all(account.id, signal) : [];
      for (const group of exists ? taken.groups : []) {
        if (present.some(({ id }) => id === group.id)) {
          givenBack.groups.push(group);
          continue;
        }
        const isBack = await membership.add(account.id, group, signal);
        if (isBack) givenBack.groups.push(group);
        else lost.push(`the membership in ${group.displayName}, a group which was deleted meanwhile`);
      }
      if (exists && taken.suspended) {
        if (!account.active) {
          lost.push('the activation, which somebody else gave between capture and block: decide by hand');
        } else {
          givenBack.suspended = (await setActive(account, true, signal)).exists;
          if (!givenBack.suspended) lost.push(gone);
        }
      }
      if (lost.length > 0) {
        throw new FinalFailure(FailureType.NotGivenBack, `cannot give back on ${system}: ${lost.join('; ')}`);
      }
      const active = givenBack.suspended || (user && isActive(user));
      return { restoredAt: new Date().toISOString(), givenBack, active, notes };
    },

    /**
     * Makes the account inactive and takes every membership. The account stays, as evidence.
     * @param earlier the memberships that earlier attempts set out to remove
     * @param removing records durably, before the writes, all that has been set out to be removed: the result says it, whatever is lost
     */
    async revoke(
      employeeId: string,
      captured: CapturedAccount | undefined,
      signal: AbortSignal,
      earlier: readonly GroupRef[] = [],
      removing: (groups: GroupRef[]) => Promise<void> = () => Promise.resolve(),
    ): Promise<Revoked> {
      // Looked for again: an account may have been made, or made anew, since the capture.
      const found = await findAccount(employeeId, signal);
      const accounts = new Map([captured, found].flatMap((each) => (each ? [[each.id, each]] : [])));
      const removed = new Map(earlier.map((group) => [group.id, group]));
      const remember = (groups: GroupRef[]) => {
        for (const group of groups) removed.set(group.id, group);
        return removing([...removed.values()]);
      };
      const revoked: AccountRef[] = [];
      for (const account of accounts.values()) {
        if (!(await setActive(account, false, signal)).exists) continue;
        revoked.push({ id: account.id, userName: account.userName });
        await endSessions?.(account, signal);
        await membership.removeAll(account.id, remember, signal);
      }
      const note = accounts.size === 0 ? 'no account' : 'the account no longer exists';
      return {
        revokedAt: new Date().toISOString(),
        removedGroups: [...removed.values()],
        accounts: revoked,
        notes: revoked.length > 0 ? [] : [note],
      };
    },
  };
}
