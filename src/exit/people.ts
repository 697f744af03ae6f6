/** Somebody who can be written to. */
export interface Contact {
  name: string;
  email: string;
}

/** The employee as the directory knows them. */
export interface Employee {
  employeeId: string;
  displayName: string;
  /** Where mail to the employee goes; absent when the directory has no address. */
  email?: string | undefined;
  /** Every name and address the directory knows the employee by. */
  identities: string[];
  /** Who is told: the manager, or the configured fallback with the reason why. */
  manager: Contact & { insteadOfManager?: string | undefined };
}
