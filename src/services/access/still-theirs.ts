/** Whether an account that the exit holds is still the employee's: it may have passed to another person meanwhile. */
import { whereUntold } from '../../exit/failures.js';
import { attributesOfId, valueOf, type Match, type Person } from '../../exit/matching.js';
import type { AccountRef } from '../../exit/hold-facts.js';
import { valuesOf } from '../protocols/scim-resource.js';
import type { AccessPort, Account } from './access-port.js';
import { accountsNow, type Matching } from './find-accounts.js';
import { isAlike, otherIdOf, textOf, type Known } from './whose-account.js';

/**
 * Asks the keys again, also of a person who had no account. The directory completes them where they do not find the account, as it may have for the capture.
 * Also the account itself tells whose it is: it may have been moved to where no search looks.
 * @param seeksOthers whether further accounts are sought as well, by keys that only the directory tells
 * @returns the accounts of the person; undefined where no key could be asked
 */
export async function foundNow(
  port: AccessPort,
  matching: Matching,
  person: Person,
  account: Pick<AccountRef, 'id'> | undefined,
  known: Known,
  signal: AbortSignal,
  seeksOthers = false,
): Promise<Account[] | undefined> {
  const found = await foundByKeys();
  if (!account || !found || has(found, account.id)) return found;
  const itself = await port.read(account, signal).catch(whereUntold(undefined));
  return itself && showsOwn(itself, matching, person) ? [...found, itself] : found;

  async function foundByKeys(): Promise<Account[] | undefined> {
    const byKeys = await accountsNow(port, matching, person, known, signal);
    const keys = [...matching.match, ...(matching.also ?? [])];
    const isComplete = keys.every((key) => valueOf(key, person) !== undefined);
    const isFound = account !== undefined && has(byKeys, account.id);
    if (isComplete || !matching.lookUp || (isFound && !seeksOthers)) return byKeys;
    const completed = await matching.lookUp(person, signal);
    return (await accountsNow(port, matching, completed, known, signal)) ?? byKeys;
  }
}

/** Whether the first key by employee id has this person's, as it has in what that key finds. */
function showsOwn({ others = {} }: Account, { match }: Pick<Matching, 'match'>, person: Person): boolean {
  const [attribute] = attributesOfId(match);
  return attribute !== undefined && valuesOf(others, attribute).includes(person.employeeId);
}

export const has = (accounts: readonly Pick<AccountRef, 'id'>[] | undefined, id: string): boolean =>
  accounts?.some((account) => account.id === id) ?? false;

/** @param user the account as it is now @returns for people, whose it may be now */
export function passedOn(
  port: AccessPort,
  { id, userName }: AccountRef,
  user: Account,
  { match }: Pick<Matching, 'match'>,
  person: Person,
): string {
  const shows = shownOf(user, match, person);
  const isRenamed = user.userName !== userName;
  const now = [
    ...(isRenamed ? [`it is called ${user.userName} now`] : []),
    ...(shows ? [`it shows ${shows}`] : []),
  ];
  return `${port.system} no longer finds the account ${userName} (${id}) by the keys of ${person.employeeId}${now.map((each) => `, and ${each}`).join('')}: look whose it is, then retry with that account`;
}

/** Whether an account has none of the names that it had. */
export const hasOtherNames = (
  user: Pick<Account, 'userName' | 'identities'>,
  before: Pick<Account, 'userName' | 'identities'>,
): boolean => {
  const names = ({ userName, identities }: typeof user) =>
    [userName, ...identities].map((name) => name.toLowerCase());
  const known = new Set(names(before));
  return names(user).every((name) => !known.has(name));
};

/** Whether it shows by name and by employee id that it is another person's. */
export const isOfAnother = (
  user: Account,
  before: Pick<Account, 'userName' | 'identities'>,
  { match }: Pick<Matching, 'match'>,
  person: Person,
): boolean => hasOtherNames(user, before) && shownOf(user, match, person) !== undefined;

/** Whether it shows the employee id of another person in the form of this one's: a suspension may change an id to no person's. */
export function showsAnother(user: Account, { match }: Pick<Matching, 'match'>, person: Person): boolean {
  const other = otherOf(user, match, person);
  return other !== undefined && isAlike(other.value, person.employeeId);
}

/** For people. */
function shownOf(user: Account, match: readonly Match[], person: Person): string | undefined {
  const other = otherOf(user, match, person);
  return other && textOf(other);
}

/** @returns the employee id of another person that the account itself shows */
function otherOf({ others = {} }: Account, match: readonly Match[], person: Person) {
  const attributes = attributesOfId(match);
  const shown = Object.fromEntries(attributes.map((each) => [each, valuesOf(others, each)]));
  return otherIdOf({ shown }, attributes, person);
}
