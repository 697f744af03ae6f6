/** Which of the accounts that a key finds are the person's: by the exact employee id, by what an account itself shows, by an operator's choice. */
import { isById, valueOf, type Match, type Person } from '../../exit/matching.js';
import type { AccessPort, Account, Candidate } from './access-port.js';

/** A key finds it that may pass on, such as a login, or an id after which others come first, and it shows the employee id of another person. */
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
  /** Those among `own` that show something else by a key that comes first: an id of another kind, or of another person. */
  unlike: Stranger[];
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
  /** By the id of a held account, the employee id of another person that it showed when it was captured. */
  showing?: Readonly<Record<string, string>> | undefined;
}

/** Whether an operator has chosen the account as it is: one that shows another employee id since the capture may have passed on. */
export const isMeantIn =
  ({ held = [], chosen = [], vouched = [], showing = {} }: Known) =>
  ({ account: { id }, shows }: Stranger): boolean =>
    vouched.includes(id) || (held.includes(id) ? showing[id] === shows : chosen.includes(id));

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
  if (value === undefined) return { own: [], strangers: [], unlike: [] };
  if (isById(key)) {
    const stronger = match
      .slice(0, match.indexOf(key) + 1)
      .filter((each) => isById(each) && each !== key)
      .map((each) => each.attribute);
    const candidates = await port.find({ attribute, value }, signal, stronger);
    // A server may compare without regard to case: another spelling is another person, or a mistake.
    const exact = candidates.filter((candidate) => candidate.value === value);
    const otherOf = (candidate: Candidate): OtherId | undefined => otherIdOf(candidate, stronger, person);
    // An attribute may have ids of another kind, such as those of an identity provider.
    const isOther = (id: OtherId | undefined): boolean => id !== undefined && isAlike(id.value, value);
    const { own, strangers } = sorted(exact, (each) => (isOther(otherOf(each)) ? otherOf(each) : undefined));
    const { strangers: showing } = sorted(exact, otherOf);
    const unlike = showing.filter(({ account }) => own.includes(account));
    return { own, strangers, unlike, misspelt: exact.length === 0 ? candidates[0]?.value : undefined };
  }
  const ids = match.filter((each) => isById(each) && each.attribute !== attribute);
  const attributes = ids.map((each) => each.attribute);
  const lower = value.toLowerCase();
  let candidates = await port.find({ attribute, value }, signal, attributes);
  // A filter may heed the case, and the directory write a login or an address with capitals.
  if (candidates.length === 0 && lower !== value)
    candidates = await port.find({ attribute, value: lower }, signal, attributes);
  return sorted(candidates, (candidate) => otherIdOf(candidate, attributes, person));

  function sorted(all: readonly Candidate[], otherOf: (candidate: Candidate) => OtherId | undefined): Hits {
    const hits: Hits = { own: [], strangers: [], unlike: [] };
    for (const candidate of all) {
      const { account } = candidate;
      const other = otherOf(candidate);
      if (!other) hits.own.push(account);
      else hits.strangers.push({ account, by: `${attribute} ${value}`, shows: textOf(other) });
    }
    return hits;
  }
}

interface OtherId {
  attribute: string;
  value: string;
}

/** For people. */
export const textOf = ({ attribute, value }: OtherId): string => `${attribute} ${value}`;

/** Whether both are ids of one kind: the same but for their numbers. Numbers alone are as long as each other. */
export function isAlike(one: string, other: string): boolean {
  const formOf = (id: string): string =>
    /^\d+$/.test(id) ? `${id.length}` : id.toLowerCase().replaceAll(/\d+/g, '0');
  return formOf(one) === formOf(other);
}

/** @returns the employee id that the account shows, where it is another one */
export function otherIdOf(
  { shown = {} }: Pick<Candidate, 'shown'>,
  attributes: readonly string[],
  { employeeId, login, email }: Person,
): OtherId | undefined {
  // A system may keep employee ids of some people in an attribute, and logins of others.
  const names = new Set([login, email].map((name) => name?.toLowerCase()));
  for (const attribute of attributes) {
    const values = (shown[attribute] ?? []).filter((value) => value.trim() !== '');
    const isTheirs = values.some((value) => value === employeeId || names.has(value.toLowerCase()));
    if (values.length > 0 && !isTheirs) return { attribute, value: values.join(', ') };
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
