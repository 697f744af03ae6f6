/** Looks up the employee and their manager in a SCIM 2.0 directory. */
import { FailureType, FinalFailure } from '../../exit/failures.js';
import { isConcerned } from '../../exit/acting.js';
import { notConcerned } from '../../exit/contacts.js';
import type { Contact, Employee, PeopleNamed } from '../../exit/people.js';
import type { ScimClient } from '../protocols/scim.js';
import {
  displayNameOf,
  externalIdOf,
  identitiesOf,
  personalEmail,
  primaryEmail,
  type ScimUser,
} from '../protocols/scim-resource.js';
import { timeZoneNamed } from '../protocols/time-zones.js';
import { withoutDetail } from '../../exit/mail-address.js';
import { assertSpelling } from '../../exit/spelling.js';

export type DirectoryService = ReturnType<typeof createDirectoryService>;

/** @param fallbacks the contacts in place of a missing manager, in order */
export function createDirectoryService({
  scim,
  fallbacks,
}: {
  scim: ScimClient;
  fallbacks: readonly [Contact, ...Contact[]];
}) {
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

  async function managerOf(
    user: ScimUser,
    employee: { employeeId: string; identities: string[] },
    signal: AbortSignal,
  ): Promise<Employee['manager']> {
    const instead = (why: string) => ({ ...notConcerned(fallbacks, employee), insteadOfManager: why });
    const { managerId } = user;
    if (!managerId) return instead('the directory names no manager');
    if (managerId === user.id) return instead('the directory names the employee as their own manager');
    const manager = await scim.getUser(managerId, signal);
    if (!manager) return instead('the directory names a manager who no longer exists');
    const name = displayNameOf(manager);
    // Many directories show `active` only where it is false.
    if (manager.active === false) return instead(`the manager, ${name}, is no longer active`);
    const email = primaryEmail(manager);
    if (!email) return instead(`the manager, ${name}, has no mail address`);
    if (isConcerned(email, employee)) return instead('the directory names the employee as their own manager');
    return { name, email, language: manager.preferredLanguage };
  }

  return {
    /**
     * @param address also a sub-address (RFC 5233)
     * @returns the employee ids of the people with this mail address, or with it as their login; empty where there is none
     * @throws FinalFailure CannotTell
     */
    async whose(address: string, signal: AbortSignal): Promise<string[]> {
      const ids = new Set<string>();
      for (const spelling of new Set([address, withoutDetail(address)]))
        for (const attribute of ['emails.value', 'userName'])
          for (const { user } of await scim.findUsers(attribute, spelling, signal))
            ids.add(externalIdOf(user) ?? user.userName);
      return [...ids];
    },

    /** People whose name, login, mail address or employee id has the text as a part, by name. */
    async named(text: string, signal: AbortSignal): Promise<PeopleNamed> {
      const { users, isWhole } = await scim.usersNamed(text, signal);
      const people = users.map((user) => ({
        employeeId: externalIdOf(user) ?? user.userName,
        name: displayNameOf(user),
        email: primaryEmail(user),
        isInactive: user.active === false,
      }));
      return { people: people.toSorted((a, b) => a.name.localeCompare(b.name)), isWhole };
    },

    /** @throws FinalFailure UnknownEmployee, Ambiguous, OtherSpelling */
    async lookUp(employeeId: string, signal: AbortSignal): Promise<Employee> {
      const user = await find(employeeId, signal);
      const identities = identitiesOf(user);
      return {
        employeeId,
        displayName: displayNameOf(user),
        login: user.userName,
        email: primaryEmail(user),
        personalEmail: personalEmail(user),
        language: user.preferredLanguage,
        timeZone: timeZoneNamed(user.timezone),
        identities,
        manager: await managerOf(user, { employeeId, identities }, signal),
      };
    },
  };
}
