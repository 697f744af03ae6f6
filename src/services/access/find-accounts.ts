/** Finds the accounts of a person on a critical system, by the configured keys. */
import { cannotTell, FailureType, FinalFailure, isFinalFailure, whereUntold } from '../../exit/failures.js';
import { activityOf, type Unfound } from '../../exit/hold-facts.js';
import { isById, valueOf, type Match, type Person } from '../../exit/matching.js';
import { assertSpelling } from '../../exit/spelling.js';
import type { AccessPort, Account } from './access-port.js';
import { chosenAmong, hitsOf, isMeantIn, isNamedIn, type Known, type Stranger } from './whose-account.js';

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
  unfound?: Unfound | undefined;
  /** By the id of an account that is meant all the same, the employee id of another person that it shows. */
  showing: Record<string, string>;
}

/** By system, the attributes that an account has shown. */
const shownKeys = new WeakMap<AccessPort, Set<string>>();

/** @throws FinalFailure Ambiguous, OtherSpelling, CannotTell */
export async function findAccounts(
  port: AccessPort,
  { match, also = [], lookUp }: Matching,
  employee: Person,
  known: Known,
  signal: AbortSignal,
): Promise<Found> {
  const { held = [], chosen = [] } = known;
  const isNamed = isNamedIn(known);
  let person = employee;
  let isComplete = lookUp === undefined;
  const strangers = new Map<string, Stranger>();
  const showing: Record<string, string> = {};
  const otherwise = new Map<string, string>();
  const found = await first();
  const further: Account[] = [];
  const without: string[] = [];
  let unfound: Unfound | undefined;
  for (const key of also)
    try {
      further.push(...(await hitsOfFurther(key)));
    } catch (error) {
      if (!isFinalFailure(error, FailureType.KeyUnknown, FailureType.CannotTell, FailureType.Refused))
        throw error;
      unfound ??= { isKeyUnknown: error.type === FailureType.KeyUnknown, error: error.message };
    }
  const leftOut = withoutStrangers([...(found?.accounts ?? []), ...(found?.others ?? []), ...further]);
  const own = found ? choose(found) : { accounts: [], left: [], notes: [] };
  const theirs: Account[] = [];
  for (const account of own.accounts) {
    const error = isNamed(account)
      ? undefined
      : await tookOver(port, { match }, person, held, account, signal);
    if (error === undefined) theirs.push(account);
    else unfound ??= { isKeyUnknown: false, error: cannotTell(error).message };
  }
  const accounts = new Map([...theirs, ...further].map((account) => [account.id, account]));
  const shown = [...accounts.keys()].flatMap((id) => otherwise.get(id) ?? []);
  const notes = [...own.notes, ...shown, ...leftOut, ...without];
  return { ...own, accounts: [...accounts.values()], notes, unfound, showing };

  async function hits(key: Match): Promise<Account[]> {
    if (valueOf(key, person) === undefined && !isComplete) {
      person = await lookUp!(person, signal);
      isComplete = true;
    }
    const { own, strangers: others, unlike, misspelt } = await hitsOf(port, key, match, person, signal);
    if (misspelt !== undefined) assertSpelling(misspelt, person.employeeId, port.system);
    for (const { account, by, shows } of unlike)
      otherwise.set(account.id, `${describe([account])} is found by ${by}, and shows ${shows}`);
    // Only by its id does an operator choose such an account: "all" does not name it.
    const meant = others.filter(isMeantIn(known));
    for (const { account, shows } of meant) showing[account.id] = shows;
    for (const other of others) if (!meant.includes(other)) strangers.set(other.account.id, other);
    return [...own, ...meant.map(({ account }) => account)];
  }

  /** @throws FinalFailure KeyUnknown, CannotTell where the key cannot tell */
  async function hitsOfFurther(key: Match): Promise<Account[]> {
    const found = await hits(key);
    if (valueOf(key, person) === undefined) throw unknownKeys([key], 'a further account');
    if (found.length === 0) without.push(`no account with ${key.attribute} ${valueOf(key, person)}`);
    if (found.length > 0 || shownKeys.get(port)?.has(key.attribute)) return found;
    await assertKeys([key]);
    shownKeys.set(port, (shownKeys.get(port) ?? new Set()).add(key.attribute));
    return found;
  }

  function unknownKeys(keys: readonly Match[], what: string): FinalFailure {
    return new FinalFailure(
      FailureType.KeyUnknown,
      `cannot tell: ${person.employeeId} may have ${what} on ${port.system}, which is found by ${keys.map(({ template }) => template).join(', ')}, and that is not known: add it to the directory or to the resignation, then retry`,
    );
  }

  /**
   * @param all the accounts that are found otherwise
   * @returns notes of those that are left out, since it is known which account is meant
   * @throws FinalFailure Ambiguous
   */
  function withoutStrangers(all: readonly Account[]): string[] {
    // Of a held one the caller asks itself whether it has passed on.
    const others = [...strangers.values()].filter(
      ({ account: { id } }) => !held.includes(id) && all.every((one) => one.id !== id),
    );
    const texts = others.map(
      ({ account, by, shows }) => `${describe([account])} is found by ${by} and shows ${shows}`,
    );
    const isKnown = held.length > 0 || all.some(({ id }) => chosen.includes(id));
    if (isKnown || others.length === 0) return texts.map((text) => `left out: ${text}`);
    const { employeeId } = person;
    const different = `${all.length + others.length} accounts on ${port.system} are found by different keys of ${employeeId}: ${describe(all)}; `;
    throw new FinalFailure(
      FailureType.Ambiguous,
      `${all.length > 0 ? different : `on ${port.system} `}${texts.join('; ')}, not ${employeeId}: none is changed. Look whose it is, and retry the step with the id of the account that is meant`,
    );
  }

  async function first(): Promise<{ accounts: Account[]; by: Match; others: Account[] } | undefined> {
    for (const [index, by] of match.entries()) {
      const accounts = await hits(by);
      if (accounts.length === 0) continue;
      const others: Account[] = [];
      // Only by what is known: a hold does not wait for the directory where it need not. An inactive record may be an old one.
      const isOld = accounts.every(({ id, active }) => active === false && !held.includes(id));
      for (const key of match.slice(index + 1).filter((key) => isOld || valueOf(key, person) !== undefined))
        others.push(...(await hits(key).catch(whereUntold([]))));
      const further = others.filter(({ id }) => accounts.every((one) => one.id !== id));
      return { accounts: await asTheyAre(port, accounts, signal), by, others: further };
    }
    if (strangers.size > 0) return undefined;
    const unknown = match.filter((key) => valueOf(key, person) === undefined);
    if (unknown.length > 0) throw unknownKeys(unknown, 'an account');
    await assertKeys(match);
    return undefined;
  }

  /** @throws FinalFailure CannotTell where no account of the system has any of the attributes: then none can be found by them */
  async function assertKeys(keys: readonly Match[]): Promise<void> {
    if (!port.hasKey) return;
    // All of them, since each may have missed the account.
    const isShown: boolean[] = [];
    for (const key of keys) isShown.push(await port.hasKey(key.attribute, signal, valueOf(key, person)));
    if (isShown.includes(true)) return;
    const attributes = keys.map(({ attribute }) => attribute).join(' or ');
    throw cannotTell(
      `no account on ${port.system} shows ${attributes}, so that none can be found by it: configure another key in its match`,
    );
  }

  function choose({
    accounts: all,
    by,
    others,
  }: NonNullable<Awaited<ReturnType<typeof first>>>): Omit<Found, 'showing'> {
    const how = isById(by) ? [] : [`found by ${by.attribute} ${valueOf(by, person)}`];
    const candidates = [...all, ...others];
    const named = chosenAmong(candidates, known);
    if (named) {
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
    const wrong = chosen.length > 0 ? `; ${chosen.join(', ')} is the id of none of them` : '';
    return new FinalFailure(
      FailureType.Ambiguous,
      `${accounts.length} accounts on ${port.system} ${what}: ${describe(accounts)}${wrong}; none is changed. Retry the step with the id of the account that is meant, or with all ("--account <id>")`,
    );
  }
}

/**
 * Asks again which accounts the person has, by the keys that are known, as a capture would.
 * @returns every account that is the person's; undefined where no key could be asked
 */
export async function accountsNow(
  port: AccessPort,
  { match, also = [] }: Matching,
  person: Person,
  known: Known,
  signal: AbortSignal,
): Promise<Account[] | undefined> {
  let isAsked = false;
  const matched = await ownOf(match);
  const all = [...(chosenAmong(matched, known) ?? matched), ...(await ownOf(also))];
  const each = [...new Map(all.map((account) => [account.id, account])).values()];
  return isAsked ? asTheyAre(port, each, signal) : undefined;

  async function ownOf(keys: readonly Match[]): Promise<Account[]> {
    const accounts: Account[] = [];
    for (const key of keys.filter((each) => valueOf(each, person) !== undefined)) {
      // A system may refuse a filter on an attribute that it does not have, or not tell by it.
      const hits = await hitsOf(port, key, match, person, signal).catch(whereUntold(undefined));
      isAsked ||= hits !== undefined;
      const meant = hits?.strangers.filter(isMeantIn(known)) ?? [];
      accounts.push(...(hits?.own ?? []), ...meant.map(({ account }) => account));
    }
    return accounts;
  }
}

/**
 * A login or an address that a held account had may be another person's by now.
 * @param held the ids of the accounts that the exit holds
 * @param account one that it does not hold
 * @returns for people, where only such a key finds it, and finds none of those
 */
export async function tookOver(
  port: AccessPort,
  { match, lookUp }: Matching,
  employee: Person,
  held: readonly string[],
  account: Account,
  signal: AbortSignal,
): Promise<string | undefined> {
  if (held.length === 0) return undefined;
  const isKnown = match.every((key) => valueOf(key, employee) !== undefined);
  const person = isKnown || !lookUp ? employee : await lookUp(employee, signal);
  let by: Match | undefined;
  for (const key of match) {
    const { own } = await hitsOf(port, key, match, person, signal).catch(whereUntold({ own: [] }));
    if (own.every(({ id }) => id !== account.id)) continue;
    if (isById(key) || own.some(({ id }) => held.includes(id))) return undefined;
    by ??= key;
  }
  if (!by) return undefined;
  const old: string[] = [];
  for (const id of held) {
    const seen = await port.read({ id }, signal);
    old.push(seen ? describe([seen]) : `${id}, which was deleted`);
  }
  return `${describe([account])} on ${port.system} is found by ${by.attribute} ${valueOf(by, person)}, which no longer finds the held account ${old.join(', ')}, and may be another person's by now: look whose it is, then retry the step with the account that is meant`;
}

/** A list may lag. Which of several accounts of a person are inactive, and so left alone, each tells by itself. */
async function asTheyAre(port: AccessPort, accounts: Account[], signal: AbortSignal): Promise<Account[]> {
  if (accounts.length === 1) return accounts;
  const now: Account[] = [];
  for (const account of accounts) {
    const seen = account.active === false ? await port.read(account, signal) : account;
    if (seen) now.push(seen);
  }
  return now;
}

export const describe = (accounts: readonly Account[]): string =>
  accounts.map(({ id, userName, active }) => `${id} (${userName}, ${activityOf(active)})`).join(', ');
