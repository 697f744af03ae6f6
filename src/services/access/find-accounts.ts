/** Finds the accounts of a person on a critical system, by the configured keys. */
import { cannotTell, FailureType, FinalFailure, isFinalFailure } from '../../exit/failures.js';
import { activityOf } from '../../exit/hold-facts.js';
import { isById, knownKeys, valueOf, type Match, type Person } from '../../exit/matching.js';
import { assertSpelling } from '../../exit/spelling.js';
import type { AccessPort, Account } from './access-port.js';

export interface Matching {
  /** The keys in order: the first with any account counts. A later one that finds other accounts is a contradiction. */
  match: readonly Match[];
  /** Keys of further accounts of the same person, such as `adm-{login}`: all of them are held. */
  also?: readonly Match[] | undefined;
  /** Completes a person by the directory, where a key needs what is not known yet. */
  lookUp?: ((person: Person, signal: AbortSignal) => Promise<Person>) | undefined;
}

interface Found {
  accounts: Account[];
  /** Inactive accounts with the same key, which a hold leaves alone. */
  left: Account[];
  /** How the accounts were found. */
  notes: string[];
}

export interface Known {
  /** The ids of accounts that the exit holds already. */
  held?: readonly string[] | undefined;
  /** The ids that an operator has named where several accounts match; `all` for all of them. */
  chosen?: readonly string[] | undefined;
}

/** @throws FinalFailure Ambiguous, OtherSpelling, CannotTell */
export async function findAccounts(
  port: AccessPort,
  { match, also = [], lookUp }: Matching,
  employee: Person,
  { held = [], chosen = [] }: Known,
  signal: AbortSignal,
): Promise<Found> {
  let person = employee;
  let isComplete = lookUp === undefined;
  const found = await first();
  const further: Account[] = [];
  for (const key of also) further.push(...(await hits(key)));
  const own = found ? choose(found) : { accounts: [], left: [], notes: [] };
  const accounts = new Map([...own.accounts, ...further].map((account) => [account.id, account]));
  return { ...own, accounts: [...accounts.values()] };

  async function hits(key: Match): Promise<Account[]> {
    if (valueOf(key, person) === undefined && !isComplete) {
      person = await lookUp!(person, signal);
      isComplete = true;
    }
    const value = valueOf(key, person);
    if (value === undefined) return [];
    const candidates = await port.find({ attribute: key.attribute, value }, signal);
    if (!isById(key)) return candidates.map(({ account }) => account);
    // A server may compare without regard to case: another spelling is another person, or a mistake.
    const exact = candidates.filter((candidate) => candidate.value === value);
    if (exact.length === 0 && candidates[0]) assertSpelling(candidates[0].value, value, port.system);
    return exact.map(({ account }) => account);
  }

  async function first(): Promise<{ accounts: Account[]; by: Match; others: Account[] } | undefined> {
    for (const [index, by] of match.entries()) {
      const accounts = await hits(by);
      if (accounts.length === 0) continue;
      const others: Account[] = [];
      // Only by what is known: a hold does not wait for the directory where it need not.
      for (const key of match.slice(index + 1).filter((key) => valueOf(key, person) !== undefined))
        others.push(...(await hits(key).catch(unlessUnasked)));
      return { accounts, by, others: others.filter(({ id }) => accounts.every((one) => one.id !== id)) };
    }
    const unknown = match.filter((key) => valueOf(key, person) === undefined);
    if (unknown.length < match.length) {
      await assertKeys(match.filter((key) => !unknown.includes(key)));
      return undefined;
    }
    throw new FinalFailure(
      FailureType.KeyUnknown,
      `cannot tell: ${person.employeeId} may have an account on ${port.system}, which is found by ${unknown.map(({ template }) => template).join(', ')}, and that is not known: add it to the directory or to the resignation, then retry`,
    );
  }

  /** @throws FinalFailure CannotTell where no account of the system has any of the attributes: then none can be found by them */
  async function assertKeys(keys: readonly Match[]): Promise<void> {
    if (!port.hasKey) return;
    for (const { attribute } of keys) if (await port.hasKey(attribute, signal)) return;
    const attributes = keys.map(({ attribute }) => attribute).join(' or ');
    throw cannotTell(
      `no account on ${port.system} shows ${attributes}, so that none can be found by it: configure another key in its match`,
    );
  }

  function choose({ accounts: all, by, others }: NonNullable<Awaited<ReturnType<typeof first>>>): Found {
    const how = isById(by) ? [] : [`found by ${by.attribute} ${valueOf(by, person)}`];
    const candidates = [...all, ...others];
    const isNamed = ({ id }: Account) => held.includes(id) || chosen.includes('all') || chosen.includes(id);
    if (chosen.length > 0 && candidates.some(isNamed)) {
      const named = candidates.filter(isNamed);
      return { accounts: named, left: [], notes: [...how, `chosen: ${describe(named)}`] };
    }
    // A reused address or a mistyped number would block a stranger.
    if (others.some((account) => !isNamed(account)))
      throw ambiguous(`are found by different keys of ${person.employeeId}`, candidates);
    if (all.length === 1) return { accounts: all, left: [], notes: how };
    const ours = all.filter(isNamed);
    const active = all.filter((account) => account.active !== false && !isNamed(account));
    if (active.length === 1 || (ours.length > 0 && active.length === 0)) {
      const left = all.filter((account) => account !== active[0] && !isNamed(account));
      return { accounts: [...ours, ...active], left, notes: how };
    }
    throw ambiguous(`have the ${by.attribute} ${valueOf(by, person)}`, all);
  }

  function ambiguous(what: string, accounts: readonly Account[]): FinalFailure {
    return new FinalFailure(
      FailureType.Ambiguous,
      `${accounts.length} accounts on ${port.system} ${what}: ${describe(accounts)}; none is changed. Retry the step with the account that is meant, or with all`,
    );
  }
}

/**
 * Asks again which accounts the person has, by the keys that are known.
 * @returns every account that the keys find; undefined where no key could be asked
 */
export async function accountsNow(
  port: AccessPort,
  { match, also = [] }: Matching,
  person: Person,
  signal: AbortSignal,
): Promise<Account[] | undefined> {
  const found = new Map<string, Account>();
  let isAsked = false;
  for (const key of knownKeys([...match, ...also], person)) {
    const candidates = await port.find(key, signal).catch((error: unknown) => {
      unlessUnasked(error);
      return undefined;
    });
    if (!candidates) continue;
    isAsked = true;
    for (const { account } of candidates) found.set(account.id, account);
  }
  return isAsked ? [...found.values()] : undefined;
}

/** A system may refuse a filter on an attribute that it does not have, or not tell by it. */
function unlessUnasked(error: unknown): Account[] {
  if (isFinalFailure(error, FailureType.Refused, FailureType.CannotTell)) return [];
  throw error;
}

export const describe = (accounts: readonly Account[]): string =>
  accounts.map(({ id, userName, active }) => `${id} (${userName}, ${activityOf(active)})`).join(', ');
