/** The port to Active Directory or OpenLDAP over LDAPv3 (RFC 4511). */
import { cannotTell, FailureType, FinalFailure } from '../../../exit/failures.js';
import {
  addValue,
  and,
  deleteValue,
  equals,
  not,
  or,
  present,
  ResultCode,
  type Entry,
  type Filter,
  type LdapClient,
  type LdapSession,
} from '../../protocols/ldap.js';
import type { AccessPort, Account, Membership, Outcome } from '../access-port.js';
import type { Dialect } from './ldap-dialects.js';

interface LdapAdapterOptions {
  ldap: LdapClient;
  dialect: Dialect;
  /** The accounts and the groups of the system are below these entries. */
  userBase: string;
  groupBase: string;
}

/** How many members are looked at for another active one. */
const MOST_MEMBERS = 200;
/** Names in one filter. */
const NAMES_A_SEARCH = 100;
const NONE = ['1.1'];

export function createLdapAdapter({ ldap, dialect, userBase, groupBase }: LdapAdapterOptions): AccessPort {
  const { name } = ldap;
  const accountAttributes = [
    ...[dialect.id, dialect.login, dialect.state, ...dialect.identities, ...dialect.reads],
    ...(dialect.version ? [dialect.version] : []),
  ];
  const groupAttributes = [dialect.id, 'cn', 'memberOf'].concat(dialect.version ?? []);
  const versionOf = (entry: Entry) => dialect.version && entry.one(dialect.version);
  let contexts: string[] | undefined;

  function idOf(entry: Entry): string {
    const id = dialect.idOf(entry);
    if (id !== undefined) return id;
    throw cannotTell(
      `${name} shows no ${dialect.id} of ${entry.dn}: check "directory", and what bindDn may read`,
    );
  }

  /** @returns the entry of a configured base, which must exist: below a base that is not visible there is nothing to find */
  async function baseEntry(session: LdapSession, base: string): Promise<Entry> {
    const entry = await session.read(base, NONE);
    if (entry) return entry;
    throw new FinalFailure(
      FailureType.Refused,
      `${name} shows no entry ${base}: check userBase and groupBase, and what bindDn may read`,
    );
  }

  /** The naming context around a base: what was moved out of the base is not deleted. */
  async function contextOf(session: LdapSession, base: string): Promise<string> {
    contexts ??= (await session.read('', ['namingContexts']))?.all('namingContexts') ?? [];
    const around = contexts.filter((context) => base.toLowerCase().endsWith(context.toLowerCase()));
    const context = around.toSorted((one, other) => other.length - one.length)[0];
    if (context !== undefined) return context;
    throw cannotTell(`${name} has no naming context around ${base}: check userBase and groupBase`);
  }

  const accountBy = async (session: LdapSession, id: string, attributes = accountAttributes) =>
    dialect.byId(session, id, attributes, await contextOf(session, userBase));
  const groupBy = async (session: LdapSession, id: string, attributes = groupAttributes) =>
    dialect.byId(session, id, attributes, await contextOf(session, groupBase));

  const stateOf = async (session: LdapSession, entry: Entry) =>
    dialect.stateOf(session, entry, await contextOf(session, userBase));

  async function accountOf(session: LdapSession, entry: Entry): Promise<Account> {
    const userName = entry.one(dialect.login) ?? entry.dn;
    return {
      id: idOf(entry),
      userName,
      identities: [userName, ...dialect.identities.flatMap(entry.all)],
      active: await stateOf(session, entry),
      version: versionOf(entry),
    };
  }

  const membershipOf = (entry: Entry, via: Membership['via'], changeable: Membership['changeable']) => ({
    group: { id: idOf(entry), displayName: entry.one('cn') ?? entry.dn },
    via,
    changeable,
    version: versionOf(entry),
  });

  /** @returns the groups that list one of these names as a member */
  async function groupsWith(
    session: LdapSession,
    base: string,
    names: readonly string[],
    ignoresReferences = false,
  ): Promise<Entry[]> {
    const found = new Map<string, Entry>();
    for (let from = 0; from < names.length; from += NAMES_A_SEARCH) {
      const members = names.slice(from, from + NAMES_A_SEARCH).map((dn) => equals('member', dn));
      const groups = await session.search(base, and(dialect.isGroup, or(...members)), groupAttributes, {
        ignoresReferences,
      });
      for (const group of groups) found.set(idOf(group), group);
    }
    return [...found.values()];
  }

  async function memberships(session: LdapSession, account: Entry): Promise<Membership[]> {
    const base = await baseEntry(session, groupBase);
    const isBelow = ({ dn }: Entry) => dn.toLowerCase().endsWith(`,${base.dn.toLowerCase()}`);
    const sid = dialect.primaryGroup?.(account);
    const primary = sid && (await session.read(`<SID=${sid}>`, groupAttributes));
    const direct = await groupsWith(session, groupBase, [account.dn]);
    // A membership may come by way of groups that are not the system's.
    const context = await contextOf(session, groupBase);
    const elsewhere = await groupsWith(session, context, [account.dn], true);
    const nested = new Map<string, Membership>();
    const met = new Set<string>();
    for (let level = [...direct, ...elsewhere, ...(primary ? [primary] : [])]; level.length > 0;) {
      for (const group of level) met.add(idOf(group));
      const names = level.map(({ dn }) => dn);
      const above = await groupsWith(session, context, names, true);
      for (const group of above.filter((each) => isBelow(each) && !nested.has(idOf(each)))) {
        const by = level.find((each) => each.all('memberOf').some((dn) => isSame(dn, group.dn)));
        const reason = `it comes by way of ${by?.one('cn') ?? 'another group'}`;
        nested.set(idOf(group), { ...membershipOf(group, 'nested', reason), by: by && idOf(by) });
      }
      level = above.filter((group) => !met.has(idOf(group)));
    }
    const found = [
      ...direct.map((group) => membershipOf(group, 'direct', true)),
      ...(primary && isBelow(primary)
        ? [membershipOf(primary, 'primary', 'it is the primary group: give the account another one first')]
        : []),
      ...nested.values(),
    ];
    if (found.length === 0) await assertMembersAreShown(session);
    return found;
  }

  /** Without the right to read `member` every filter on it finds nothing (RFC 4511 §4.5.1.7: Undefined). */
  async function assertMembersAreShown(session: LdapSession): Promise<void> {
    const told = and(dialect.isGroup, or(present('member'), not(present('member'))));
    if ((await session.search(groupBase, told, NONE, { sizeLimit: 1 })).length > 0) return;
    if ((await session.search(groupBase, dialect.isGroup, NONE, { sizeLimit: 1 })).length === 0) return;
    throw cannotTell(`${name} shows no members of the groups below ${groupBase}: let bindDn read "member"`);
  }

  async function changeMember(
    accountId: string,
    group: { id: string; version?: string | undefined },
    isMember: boolean,
    signal: AbortSignal,
  ): Promise<Outcome> {
    return ldap.session(signal, async (session) => {
      const entry = await groupBy(session, group.id);
      const account = await accountBy(session, accountId, NONE);
      if (!entry) {
        await baseEntry(session, groupBase);
        return { kind: 'gone' };
      }
      if (!account) return { kind: 'conflict' };
      const change = isMember ? addValue('member', account.dn) : deleteValue('member', account.dn);
      const version = group.version ?? versionOf(entry);
      const condition = dialect.version && version ? equals(dialect.version, version) : undefined;
      const { code, reason } = await session.modify(dialect.nameOf(entry, group.id), [change], condition);
      if (code === ResultCode.success) return { kind: 'written' };
      // Servers differ in the code for what is so already.
      const isNow = (await session.read(entry.dn, NONE, equals('member', account.dn))) !== undefined;
      if (isNow === isMember) return { kind: 'unchanged' };
      if (MAY_BE_A_RACE.has(code)) return { kind: 'conflict' };
      if (code === ResultCode.objectClassViolation && !isMember)
        return {
          kind: 'refused',
          why: 'last',
          detail: `${reason}; a group must have a member: put another one into ${entry.one('cn')} first`,
        };
      const why = code === ResultCode.insufficientAccessRights ? 'rights' : 'state';
      return { kind: 'refused', why, detail: reason };
    });
  }

  return {
    system: name,

    capabilities: () => Promise.resolve({ ...dialect.capabilities, settleMs: 0 }),

    find: ({ attribute, value }, signal, others = []) =>
      ldap.session(signal, async (session) => {
        const filter = and(dialect.isAccount, equals(attribute, value));
        const entries = await session.search(userBase, filter, [...accountAttributes, attribute, ...others]);
        const candidates = [];
        for (const entry of entries) {
          const spelling = entry.all(attribute).find((each) => isSame(each, value));
          if (spelling !== undefined)
            candidates.push({
              account: await accountOf(session, entry),
              value: spelling,
              shown: Object.fromEntries(others.map((other) => [other, entry.all(other)])),
            });
        }
        return candidates;
      }),

    // A filter on an attribute that the server does not know or show finds nothing.
    hasKey: (attribute, signal) =>
      ldap.session(signal, async (session) => {
        const isThere = async (filter: Filter) =>
          (await session.search(userBase, filter, NONE, { sizeLimit: 1 })).length > 0;
        return (
          (await isThere(and(dialect.isAccount, present(attribute)))) || !(await isThere(dialect.isAccount))
        );
      }),

    read: ({ id, userName }, signal) =>
      ldap.session(signal, async (session) => {
        const entry = await accountBy(session, id);
        if (entry) return accountOf(session, entry);
        // The server gives the same answer for what bindDn may not see.
        await baseEntry(session, userBase);
        const filter = userName === undefined ? undefined : equals(dialect.login, userName);
        const namesakes = filter ? await session.search(userBase, filter, [dialect.id]) : [];
        if (!namesakes.some((other) => idOf(other) === id)) return undefined;
        throw new Error(`${name} lists the account ${userName}, and shows none for its id`);
      }),

    setActive: ({ id, version }, active, signal) =>
      ldap.session(signal, async (session) => {
        const before = await accountBy(session, id);
        if (!before) return { kind: 'conflict' };
        const state = await stateOf(session, before);
        if (state === active) return { kind: 'unchanged' };
        if (state === undefined && before.one(dialect.state) === undefined) {
          const detail = `${name} does not show whether it is active: let bindDn read ${dialect.state}`;
          return { kind: 'refused', why: 'rights', detail };
        }
        const context = await contextOf(session, userBase);
        const obstacle = active ? undefined : await dialect.obstacle?.(session, before, context);
        if (obstacle !== undefined) return { kind: 'refused', why: 'state', detail: obstacle };
        const condition = dialect.version && version ? equals(dialect.version, version) : undefined;
        const changes = dialect.suspension(before, active);
        const { code, reason } = await session.modify(dialect.nameOf(before, id), changes, condition);
        if (code === ResultCode.success) return { kind: 'written' };
        if (MAY_BE_A_RACE.has(code)) return { kind: 'conflict' };
        const isForbidden = code === ResultCode.insufficientAccessRights;
        const advice = isForbidden ? dialect.adviceOf?.(before) : undefined;
        if (advice !== undefined)
          return { kind: 'refused', why: 'privileged', detail: `${reason}; ${advice}` };
        return { kind: 'refused', why: isForbidden ? 'rights' : 'state', detail: reason };
      }),

    groupsOf: (accountId, signal) =>
      ldap.session(signal, async (session) => {
        const account = await accountBy(session, accountId);
        if (!account) return [];
        const found = await memberships(session, account);
        // A filter on the old name finds nothing.
        const now = await accountBy(session, accountId, NONE);
        if (now?.dn === account.dn) return found;
        throw new Error(
          `the account ${account.dn} on ${name} was renamed meanwhile: its groups are read again`,
        );
      }),

    findGroup: (cn, signal) =>
      ldap.session(signal, async (session) => {
        const groups = await session.search(
          groupBase,
          and(dialect.isGroup, equals('cn', cn)),
          groupAttributes,
        );
        return groups.map((group) => membershipOf(group, 'direct', true).group);
      }),

    hasOtherActiveMember: (groupId, accountId, signal) =>
      ldap.session(signal, async (session) => {
        const group = await groupBy(session, groupId, [...groupAttributes, 'member']);
        if (!group) return 'cannot tell';
        let isDoubtful = group.isPartial('member');
        let isListed = false;
        const names = new Set(group.all('member'));
        let looked = 0;
        // The iteration includes the members of groups among the members, which are added meanwhile.
        for (const dn of names) {
          if (++looked > MOST_MEMBERS) return 'cannot tell';
          const member = await session.read(dn, [...accountAttributes, 'member']);
          // Deleted: OpenLDAP does not remove its name from groups by itself.
          if (!member) continue;
          const below = member.all('member');
          if (below.length > 0) {
            isDoubtful ||= member.isPartial('member');
            for (const each of below) names.add(each);
          } else if (idOf(member) === accountId) {
            isListed = true;
          } else {
            const state = await stateOf(session, member);
            if (state) return 'yes';
            isDoubtful ||= state === undefined;
          }
        }
        return isListed && !isDoubtful ? 'no' : 'cannot tell';
      }),

    removeFromGroup: (accountId, { group: { id }, version }, signal) =>
      changeMember(accountId, { id, version }, false, signal),

    addToGroup: (accountId, { id }, signal) => changeMember(accountId, { id }, true, signal),
  };
}

/** Another administrator may have written in between. */
const MAY_BE_A_RACE: ReadonlySet<number> = new Set([
  ResultCode.noSuchAttribute,
  ResultCode.attributeOrValueExists,
  ResultCode.noSuchObject,
  ResultCode.entryAlreadyExists,
  ResultCode.assertionFailed,
]);

const isSame = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase();
