import { z } from 'zod';

/** Somebody who can be written to. */
export const ContactFields = z.object({
  name: z.string(),
  email: z.string(),
  /** BCP 47, where it is known: which templates are used. */
  language: z.string().optional(),
});
export type Contact = z.output<typeof ContactFields>;

/** Who is told: the manager, or the configured fallback with the reason why. */
export const ManagerFields = ContactFields.extend({ insteadOfManager: z.string().optional() });
export type Manager = z.output<typeof ManagerFields>;

/** A mail that a server has accepted. */
export const SentFields = z.object({ to: z.string(), messageId: z.string() });
export type Sent = z.output<typeof SentFields>;

/** The employee as the directory knows them. */
export interface Employee {
  employeeId: string;
  displayName: string;
  /** Where mail to the employee goes; absent when the directory has no address. */
  email?: string | undefined;
  /** Not the company's: reaches the employee also where the hold has blocked their mailbox. */
  personalEmail?: string | undefined;
  /** BCP 47, as in "de-DE". */
  language?: string | undefined;
  /** Every name and address the directory knows the employee by. */
  identities: string[];
  manager: Manager;
}

/** Each address once, the company's first. */
export function knownAddresses({ email, personalEmail }: Employee): string[] {
  const isSame = email?.toLowerCase() === personalEmail?.toLowerCase();
  return [email, isSame ? undefined : personalEmail].flatMap((address) => address || []);
}

interface Named {
  employeeId: string;
  employeeName?: string | undefined;
}

/** "Dana Fox (E-1002)"; the id alone until somebody has answered who that is. */
export const titleOf = ({ employeeId, employeeName }: Named): string =>
  employeeName === undefined ? employeeId : `${employeeName} (${employeeId})`;
