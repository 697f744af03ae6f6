/** Looks up the employee and their manager in a SCIM 2.0 directory. */
import { FailureType, FinalFailure, isFinalFailure } from '../../exit/failures.js';
import { isConcerned, type HasOpenExit, type Whose } from '../../exit/acting.js';
import { notConcerned, present, type Leaving } from '../../exit/contacts.js';
import type { Contact, Employee, PeopleNamed } from '../../exit/people.js';
import type { StandIn } from '../../exit/stand-in.js';
import type { ScimClient } from '../protocols/scim.js';
import {
  displayNameOf,
  identitiesOf,
  personalEmail,
  primaryEmail,
  type ScimUser,
} from '../protocols/scim-resource.js';
import { timeZoneNamed } from '../protocols/time-zones.js';
import { assertSpelling } from '../../exit/spelling.js';
import { addressBookOf, idOf } from './address-book.js';

/** RFC 7643 §4.3. */
const MANAGER = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value';
/** How long a mail waits for the directory to tell whether its recipient is there. */
const TELL_WITHIN_MS = 3_000;

/** Of whom a mail address is: employee ids, and those of them who have an open exit. */
export type Told = Exclude<Whose, { problem: string }>;

export type DirectoryService = ReturnType<typeof createDirectoryService>;

/**
 * @param fallbacks the contacts in place of a missing manager, in order
 * @param hasOpenExit default: no employee has one
 */
export function createDirectoryService({
  scim,
  fallbacks,
  hasOpenExit,
}: {
  scim: ScimClient;
  fallbacks: readonly [Contact, ...Contact[]];
  hasOpenExit?: HasOpenExit | undefined;
}) {
  const book = addressBookOf(scim);

  async function find(employeeId: string, signal: AbortSignal): Promise<ScimUser> {
    for (const attribute of ['externalId', 'userName']) {
      const all = await scim.findUsers(attribute, employeeId, signal);
      // A rename or a rehire leaves an inactive record behind.
      const active = all.filter(({ user }) => user.active !== false);
      const hits = active.length === 1 ? active : all;
      if (hits.length > 1) {
        throw new FinalFailure(
          FailureType.Ambiguous,
          `${hits.length} people in ${scim.name} have the ${attribute} ${employeeId}; exactly one must`,
        );
      }
      const [hit] = hits;
      if (!hit) continue;
      assertSpelling(hit.value, employeeId, scim.name);
      return hit.user;
    }
    throw new FinalFailure(FailureType.UnknownEmployee, `${scim.name} knows no employee ${employeeId}`);
  }

  /** The first one above the employee who is there, or the first fallback who is. */
  async function managerOf(
    user: ScimUser,
    employee: { employeeId: string; identities: string[] },
    signal: AbortSignal,
  ): Promise<Employee['manager']> {
    const leaving: StandIn = [];
    const seen = new Set<string>();
    const instead = async (why: StandIn[number]['why'], name?: string) => {
      const those = notConcerned(fallbacks, employee);
      const addresses = those.map(({ email }) => email);
      const [first] = present(those, await whoIsLeaving(addresses, signal));
      return { ...first, insteadOfManager: [...leaving, { why, ...(name !== undefined && { name }) }] };
    };
    for (let report = user; ;) {
      seen.add(report.id);
      const { managerId } = report;
      if (!managerId) return instead('unnamed');
      if (managerId === user.id) return instead('themselves');
      if (seen.has(managerId)) return instead('no-other');
      const manager = await scim.getUser(managerId, signal);
      if (!manager) return instead('deleted');
      const name = displayNameOf(manager);
      // Many directories show `active` only where it is false.
      if (manager.active === false) return instead('inactive', name);
      const email = primaryEmail(manager);
      if (!email) return instead('no-address', name);
      if (isConcerned(email, employee)) return instead('themselves');
      if (!(await hasOpenExit?.(idOf(manager), signal))) {
        return {
          ...{ name, email, language: manager.preferredLanguage },
          ...(leaving.length > 0 && { insteadOfManager: leaving }),
        };
      }
      leaving.push({ why: 'leaving', name });
      report = manager;
    }
  }

  /** @param ids of the people who have an address */
  async function openExitsOf(ids: readonly string[], signal: AbortSignal): Promise<string[]> {
    const openExits: string[] = [];
    for (const id of ids) if (await hasOpenExit?.(id, signal)) openExits.push(id);
    return openExits;
  }

  async function whose(address: string, signal: AbortSignal): Promise<Told> {
    const employeeIds = await book.idsWith(address, signal);
    return { employeeIds, openExits: await openExitsOf(employeeIds, signal) };
  }

  /** Asks of all addresses at once, and waits for a directory that is slow no longer than a mail can. */
  async function whoIsLeaving(addresses: readonly string[], signal: AbortSignal): Promise<Leaving> {
    const inTime = AbortSignal.any([signal, AbortSignal.timeout(TELL_WITHIN_MS)]);
    const ask = async (address: string): Promise<[string, boolean | undefined]> => {
      if (!hasOpenExit) return [address, false];
      try {
        const ids = await book.idsLately(address, inTime);
        return [address, (await openExitsOf(ids, inTime)).length > 0];
      } catch {
        signal.throwIfAborted();
        return [address, undefined];
      }
    };
    return new Map(await Promise.all([...new Set(addresses)].map(ask)));
  }

  return {
    /**
     * @param address also a sub-address (RFC 5233)
     * @returns the employee ids of the people with this mail address, or with it as their login; empty where there is none
     * @throws FinalFailure CannotTell
     */
    whose,

    whoIsLeaving,

    /**
     * @param address of a manager
     * @returns the employee ids of the people whom the directory shows as the manager's own reports
     * @throws FinalFailure CannotTell where it does not find them by their manager
     */
    async reportsOf(address: string, signal: AbortSignal): Promise<string[]> {
      const found = new Set<string>();
      for (const { id } of await book.usersWith(address, signal))
        for (const { user } of await scim.findUsers(MANAGER, id, signal)) found.add(idOf(user));
      return [...found];
    },

    /** @returns the employee, with another manager where the one of before has an open exit of their own by now */
    async withManagerThere(employee: Employee, signal: AbortSignal): Promise<Employee> {
      const { email } = employee.manager;
      return (await whoIsLeaving([email], signal)).get(email)
        ? this.lookUp(employee.employeeId, signal)
        : employee;
    },

    /** People whose name, login, mail address or employee id has the text as a part, by name. */
    async named(text: string, signal: AbortSignal): Promise<PeopleNamed> {
      const { users, isWhole } = await scim.usersNamed(text, signal);
      const people = users.map((user) => ({
        employeeId: idOf(user),
        name: displayNameOf(user),
        email: primaryEmail(user),
        isInactive: user.active === false,
      }));
      return { people: people.toSorted((a, b) => a.name.localeCompare(b.name)), isWhole };
    },

    /** @returns undefined where the directory tells none, or knows no such employee @throws as `lookUp` */
    async timeZoneOf(employeeId: string, signal: AbortSignal): Promise<string | undefined> {
      try {
        return timeZoneNamed((await find(employeeId, signal)).timezone);
      } catch (error) {
        if (isFinalFailure(error, FailureType.UnknownEmployee)) return undefined;
        throw error;
      }
    },

    /** @throws FinalFailure UnknownEmployee, Ambiguous, OtherSpelling */
    async lookUp(employeeId: string, signal: AbortSignal): Promise<Employee> {
      const user = await find(employeeId, signal);
      const identities = identitiesOf(user);
      const timeZone = timeZoneNamed(user.timezone);
      return {
        employeeId,
        displayName: displayNameOf(user),
        login: user.userName,
        email: primaryEmail(user),
        personalEmail: personalEmail(user),
        language: user.preferredLanguage,
        timeZone,
        ...(timeZone === undefined && user.timezone?.trim() && { unknownZone: user.timezone }),
        identities,
        manager: await managerOf(user, { employeeId, identities }, signal),
      };
    },
  };
}
