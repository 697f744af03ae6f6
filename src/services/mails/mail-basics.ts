/** The template data that all mails share, and the addresses of the employee. */
import { FailureType, FinalFailure } from '../../exit/failures.js';
import { knownAddresses, shortName, titleOf, type Employee } from '../../exit/people.js';
import { standInOf, type StandIn } from '../../exit/stand-in.js';

interface AboutEmployee {
  employeeId: string;
  /** Undefined where the directory does not know them. */
  employee?: Pick<Employee, 'displayName'> | undefined;
}

/** @param to the person in the salutation; null in mails to several people */
export function basicsOf(
  organisation: { name: string },
  to: { name: string; insteadOfManager?: StandIn | undefined } | null,
  { employeeId, employee }: AboutEmployee,
) {
  const employeeName = employee?.displayName;
  return {
    organisation: organisation.name,
    to: to && {
      name: shortName(to.name),
      insteadOfManager: to.insteadOfManager ? standInOf(to.insteadOfManager) : null,
    },
    employee: {
      name: shortName(employeeName ?? employeeId),
      nameAndId: titleOf({ employeeId, employeeName }),
    },
    link: null,
    whomToAsk: null,
  };
}

/** The exit in the console, for those who may see it there. */
export const linkTo = (exitId: string, { consoleUrl }: { consoleUrl: string }): string | null =>
  consoleUrl === '' ? null : `${consoleUrl}/exits/${exitId}`;

/** @throws FinalFailure AddressRefused where the employee has no address */
export function addressesOf(employee: Employee, whatToDo: 'tell' | 'invite'): string[] {
  const addresses = knownAddresses(employee);
  if (addresses.length > 0) return addresses;
  const { employeeId, displayName } = employee;
  throw new FinalFailure(
    FailureType.AddressRefused,
    `The directory has no mail address for ${displayName} (${employeeId}): ${whatToDo} them by hand, or add one and retry`,
  );
}
