/** Which of the accounts that a key finds are the person's: by the exact employee id, by what an account itself shows, by an operator's choice. */
import { isById, valueOf, type Match, type Person } from '../../exit/matching.js';
import type { AccessPort, Account, Candidate } from './access-port.js';

/** A key that may pass on, such as a login, finds it, and it shows the employee id of another person. */
export interface Stranger {
  account: Account;
  /** For people: "userName dana". */
  by: string;
  /** For people: "externalId E-7". */
  shows: string;
}

interface Hits {
  own: Account[];
  strangers: Stranger[];
  /** How the system spells the employee id, where it finds other spellings alone. */
  misspelt?: string | undefined;
}

export interface Known {
  /** The ids of accounts that the exit holds already. */
  held?: readonly string[] | undefined;
  /** The ids that an operator has named where several accounts match; `all` for all of them. */
  chosen?: readonly string[] | undefined;
  /** Those of them that were named since the block. The others may have passed on, and are found by their keys as any account. */
  vouched?: readonly string[] | undefined;
}

/** @param match the keys of the system: those that are the employee id contradict a hit by another key */
export async function hitsOf(
  port: AccessPort,
  key: Match,
  match: readonly Match[],
  person: Person,
  signal: AbortSignal,
): Promise<Hits> {
  const { attribute } = key;
  const value = valueOf(key, person);
  if (value === undefined) return { own: [], strangers: [] };
  if (isById(key)) {
    const candidates = await port.find({ attribute, value }, signal);
    // A server may compare without regard to case: another spelling is another person, or a mistake.
    const own = candidates.filter((candidate) => candidate.value === value).map(({ account }) => account);
    return { own, strangers: [], misspelt: own.length === 0 ? candidates[0]?.value : undefined };
  }
  const ids = match.filter((each) => isById(each) && each.attribute !== attribute);
  const attributes = ids.map((each) => each.attribute);
  const own: Account[] = [];
  const strangers: Stranger[] = [];
  const lower = value.toLowerCase();
  let candidates = await port.find({ attribute, value }, signal, attributes);
  // A filter may heed the case, and the directory write a login or an address with capitals.
  if (candidates.length === 0 && lower !== value)
    candidates = await port.find({ attribute, value: lower }, signal, attributes);
  for (const candidate of candidates) {
    const { account } = candidate;
    const shows = otherIdOf(candidate, attributes, person);
    if (shows === undefined) own.push(account);
    else strangers.push({ account, by: `${attribute} ${value}`, shows });
  }
  return { own, strangers };
}

/** @returns the employee id that the account shows, where it is another one */
export function otherIdOf(
  { shown = {} }: Pick<Candidate, 'shown'>,
  attributes: readonly string[],
  { employeeId, login, email }: Person,
): string | undefined {
  // A system may keep employee ids of some people in an attribute, and logins of others.
  const names = new Set([login, email].map((name) => name?.toLowerCase()));
  for (const attribute of attributes) {
    const values = (shown[attribute] ?? []).filter((value) => value.trim() !== '');
    const isTheirs = values.some((value) => value === employeeId || names.has(value.toLowerCase()));
    if (values.length > 0 && !isTheirs) return `${attribute} ${values.join(', ')}`;
  }
  return undefined;
}

export const isNamedIn =
  ({ held = [], chosen = [] }: Known) =>
  ({ id }: Account): boolean =>
    held.includes(id) || chosen.includes('all') || chosen.includes(id);

/** @returns those that an operator's choice leaves; undefined where no choice is about them */
export function chosenAmong(accounts: readonly Account[], known: Known): Account[] | undefined {
  const { held = [], chosen = [] } = known;
  const named = accounts.filter(isNamedIn(known));
  // The choice stands where the chosen account is held, and its keys do not find it any more.
  const isMade = chosen.length > 0 && (named.length > 0 || held.some((id) => chosen.includes(id)));
  return isMade ? named : undefined;
}
