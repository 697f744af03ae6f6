import { z } from 'zod';
import { isSameIdentity } from './mail-address.js';
import { StandInFields } from './stand-in.js';

/** A person with a mail address. */
export const ContactFields = z.object({
  name: z.string(),
  email: z.string(),
  /** BCP 47; selects the mail templates. */
  language: z.string().optional(),
});
export type Contact = z.output<typeof ContactFields>;

/** The roles in an exit that a plan may name as those who decide. */
export const deciderRoles = ['hr-partner', 'escalation', 'operator'] as const;

/** The manager, or the configured fallback with the reason in `insteadOfManager`. */
export const ManagerFields = ContactFields.extend({ insteadOfManager: StandInFields.optional() });
export type Manager = z.output<typeof ManagerFields>;

/** A mail that a server has accepted. */
export const SentFields = z.object({ to: z.string(), messageId: z.string() });
export type Sent = z.output<typeof SentFields>;

/** In the order in which they stand in for one another. */
export type InTurn<T = Contact> = readonly [T, ...T[]];

/** The mails to others than the one whom an event names: to the next one, where it could not be told whether the first one is there. */
export const AlsoFields = { also: z.array(SentFields).optional() };

export const firstAndOthers = ([first, ...also]: readonly Sent[]) => ({
  ...first!,
  ...(also.length > 0 && { also }),
});

/** What became of a mail at one address: its server accepted it, or refused it for good, with the reason. */
export type Answer = Sent | { refused: string };

/** @returns the accepted mails, and a note for each refusal */
export const tellingOf = (answers: readonly Answer[]): { sent: Sent[]; notes: string[] } => ({
  sent: answers.flatMap((answer) => ('refused' in answer ? [] : answer)),
  notes: answers.flatMap((answer) => ('refused' in answer ? answer.refused : [])),
});

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
  /** What the directory has in place of a time zone that is known. */
  unknownZone?: string | undefined;
  /** Every name and address of the employee in the directory. */
  identities: string[];
  manager: Manager;
}

/** What a search by a part of a name has found. */
export interface PeopleNamed {
  people: { employeeId: string; name: string; email?: string | undefined; isInactive: boolean }[];
  /** Otherwise there may be more. */
  isWhole: boolean;
}

/** Each address once, the company's first. */
export function knownAddresses({ email, personalEmail }: Employee): string[] {
  const isSame = email && personalEmail && isSameIdentity(email, personalEmail);
  return [email, isSame ? undefined : personalEmail].flatMap((address) => address || []);
}

interface Named {
  employeeId: string;
  employeeName?: string | undefined;
}

/** In characters. More is no name. */
const LONGEST_NAME = 150;

/** The name, cut at a sane length. */
export function shortName(name: string): string {
  const characters = Array.from(name);
  return characters.length > LONGEST_NAME ? `${characters.slice(0, LONGEST_NAME).join('')}…` : name;
}

/** "Dana Fox (E-1002)"; the id alone while the name is not known. */
export const titleOf = ({ employeeId, employeeName }: Named): string =>
  employeeName === undefined ? employeeId : `${shortName(employeeName)} (${employeeId})`;
