import { z } from 'zod';

/** A person with a mail address. */
export const ContactFields = z.object({
  name: z.string(),
  email: z.string(),
  /** BCP 47; selects the mail templates. */
  language: z.string().optional(),
});
export type Contact = z.output<typeof ContactFields>;

/** The manager, or the configured fallback with the reason in `insteadOfManager`. */
export const ManagerFields = ContactFields.extend({ insteadOfManager: z.string().optional() });
export type Manager = z.output<typeof ManagerFields>;

/** A mail that a server has accepted. */
export const SentFields = z.object({ to: z.string(), messageId: z.string() });
export type Sent = z.output<typeof SentFields>;

/** The employee as the directory knows them. */
export interface Employee {
  employeeId: string;
  displayName: string;
  login?: string | undefined;
  /** The company's address of the employee; absent where the directory has none. */
  email?: string | undefined;
  /** A private address, which works also after the hold has blocked the company's mailbox. */
  personalEmail?: string | undefined;
  /** BCP 47, as in "de-DE". */
  language?: string | undefined;
  /** IANA name; absent where the directory tells none that is known. */
  timeZone?: string | undefined;
  /** Every name and address of the employee in the directory. */
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

/** "Dana Fox (E-1002)"; the id alone while the name is not known. */
export const titleOf = ({ employeeId, employeeName }: Named): string =>
  employeeName === undefined ? employeeId : `${employeeName} (${employeeId})`;
