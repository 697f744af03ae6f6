/** The port to Active Directory or OpenLDAP over LDAPv3 (RFC 4511). */
import { cannotTell } from '../../../exit/failures.js';
import {
  addValue,
  and,
  deleteValue,
  equals,
  isTold,
  NONE,
  present,
  ResultCode,
  type Entry,
  type Filter,
  type LdapClient,
  type LdapSession,
} from '../../protocols/ldap.js';
import type { AccessPort, Account, Outcome } from '../access-port.js';
import type { Dialect } from './ldap-dialects.js';
import { createLdapEntries, isSameName } from './ldap-entries.js';
import { createLdapGroups } from './ldap-groups.js';
import { hasOtherActive } from './ldap-members.js';

interface LdapAdapterOptions {
  ldap: LdapClient;
  dialect: Dialect;
  /** The accounts and the groups of the system are below these entries. */
  userBase: string;
  groupBase: string;
  /** The attributes with the employee id. */
  ids: readonly string[];
}

export function createLdapAdapter({
  ldap,
  dialect,
  userBase,
  groupBase,
  ids,
}: LdapAdapterOptions): AccessPort {
  const { name } = ldap;
  const shown = [dialect.login, ...dialect.identities, ...ids];
  const accountAttributes = [
    ...[dialect.id, dialect.state, ...dialect.reads, ...shown],
    ...(dialect.version ? [dialect.version] : []),
  ];
  const entries = createLdapEntries(name, dialect);
  const groups = createLdapGroups(name, dialect, entries, { userBase, groupBase }, ids);
  const { idOf, baseEntry } = entries;

  const accountBy = (session: LdapSession, id: string) =>
    entries.byId(session, userBase, id, accountAttributes);

  async function accountOf(session: LdapSession, entry: Entry): Promise<Account> {
    const userName = entry.one(dialect.login) ?? entry.dn;
    const end = endOf(entry);
    return {
      id: idOf(entry),
      userName,
      identities: [userName, ...dialect.identities.flatMap(entry.all)],
      active: await dialect.stateOf(session, entry),
      version: dialect.version && entry.one(dialect.version),
      replaces: dialect.replacedIn?.(entry),
      expires: end === undefined || end === Infinity ? undefined : new Date(end).toISOString(),
      // A list would count as rights.
      others: Object.fromEntries(shown.map((each) => [each, entry.all(each).join(', ')])),
    };
  }

  const endOf = (entry: Entry): number | undefined => (dialect.endOf ? dialect.endOf(entry) : Infinity);

  const conditionOn = (version: string | undefined): Filter | undefined =>
    dialect.version && version ? equals(dialect.version, version) : undefined;

  async function changeMember(
    accountId: string,
    group: { id: string; version?: string | undefined },
    isMember: boolean,
    signal: AbortSignal,
  ): Promise<Outcome> {
    return ldap.session(signal, async (session) => {
      const listed = await groups.byId(session, group.id);
      const account = await accountBy(session, accountId);
      if (!listed) {
        await entries.assertDeleted(session, 'the group', groups.entryIdOf(group.id));
        return { kind: 'gone' };
      }
      if (!account) return { kind: 'conflict' };
      const { entry, list } = listed;
      const member = groups.nameIn(listed, account);
      if (member === undefined)
        return {
          kind: 'refused',
          why: 'rights',
          detail: `${name} shows no ${dialect.login} of ${account.dn}`,
        };
      const changes = [(isMember ? addValue : deleteValue)(list.attribute, member)];
      const condition = conditionOn(group.version ?? groups.versionOf(entry));
      const { code, reason } = await session.modify(dialect.nameOf(entry, idOf(entry)), changes, condition);
      if (code === ResultCode.success) return { kind: 'written' };
      // Servers differ in the code for what is so already.
      const now = await accountBy(session, accountId);
      if (now && (await groups.isListed(session, listed, now)) === isMember) return { kind: 'unchanged' };
      const { displayName } = groups.refOf(listed);
      if (code === ResultCode.noSuchAttribute && !isMember) {
        const detail = `${reason}; the server shows the account in ${displayName} all the same, so that its members may be computed: look there`;
        return { kind: 'refused', why: 'dynamic', detail };
      }
      if (MAY_BE_A_RACE.has(code)) return { kind: 'conflict' };
      if (code === ResultCode.objectClassViolation && !isMember)
        return {
          kind: 'refused',
          why: 'last',
          detail: `${reason}; a group must have a member: put another one into ${displayName} first`,
        };
      const why = code === ResultCode.insufficientAccessRights ? 'rights' : 'state';
      return { kind: 'refused', why, detail: reason };
    });
  }

  const isThere = async (session: LdapSession, filter: Filter): Promise<boolean> =>
    (await session.search(userBase, filter, NONE, { sizeLimit: 1 })).length > 0;

  /** What bindDn may not see looks like what is not there. @throws FinalFailure CannotTell */
  async function assertShowsAccounts(session: LdapSession): Promise<void> {
    if (await isThere(session, dialect.isAccount)) return;
    throw cannotTell(
      `${name} shows no account at all below ${userBase}, so that it may hide this one as well: look there what bindDn may read`,
    );
  }

  /** By attribute, until when every account is believed to tell it: to find out, all are listed. */
  const telling = new Map<string, number>();

  /** A rule may hide the attribute of some accounts alone: all are more than those that tell. @throws FinalFailure CannotTell */
  async function assertEachTells(session: LdapSession, attribute: string): Promise<void> {
    if (Date.now() < (telling.get(attribute) ?? 0)) return;
    const all = await session.search(userBase, dialect.isAccount, NONE);
    const told = await session.search(userBase, and(dialect.isAccount, isTold(attribute)), NONE);
    const known = new Set(told.map(({ dn }) => dn));
    for (const { dn } of all.filter((each) => !known.has(each.dn)))
      // It may have been deleted or moved in between.
      if ((await session.read(dn, NONE)) && !(await session.read(dn, NONE, isTold(attribute))))
        throw cannotTell(
          `${name} does not show whether ${dn} has ${attribute}, so that it may be the account: let bindDn read ${attribute} of it`,
        );
    telling.set(attribute, Date.now() + BELIEVED_MS);
  }

  return {
    system: name,

    capabilities: () => Promise.resolve({ ...dialect.capabilities, settleMs: 0 }),

    find: ({ attribute, value }, signal, others = []) =>
      ldap.session(signal, async (session) => {
        const filter = and(dialect.isAccount, equals(attribute, value));
        const found = await session.search(userBase, filter, [...accountAttributes, attribute, ...others]);
        const candidates = [];
        for (const entry of found) {
          const spellings = entry.all(attribute);
          const spelling = spellings.find((each) => isSameName(each, value));
          // A right to search is not one to read, and a schema may compare without regard to spaces.
          if (spelling === undefined)
            throw cannotTell(
              `${name} finds ${entry.dn} by ${attribute} "${value}", and shows ${spellings.length > 0 ? `"${spellings.join('", "')}"` : `no ${attribute} of it: let bindDn read it`}`,
            );
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
        if (await isThere(session, and(dialect.isAccount, present(attribute)))) {
          await assertEachTells(session, attribute);
          return true;
        }
        await assertShowsAccounts(session);
        return false;
      }),

    read: ({ id, userName }, signal) =>
      ldap.session(signal, async (session) => {
        const entry = await accountBy(session, id);
        if (entry) return accountOf(session, entry);
        // The server gives the same answer for what bindDn may not see.
        await baseEntry(session, userBase);
        const filter = userName === undefined ? undefined : equals(dialect.login, userName);
        const namesakes = filter ? await session.search(userBase, filter, [dialect.id]) : [];
        if (!namesakes.some((other) => idOf(other) === id)) {
          await assertShowsAccounts(session);
          await entries.assertDeleted(
            session,
            userName === undefined ? 'the account' : `the account ${userName}`,
            id,
          );
          return undefined;
        }
        throw new Error(`${name} lists the account ${userName}, and shows none for its id`);
      }),

    setActive: ({ id, version, replaces }, active, signal) =>
      ldap.session(signal, async (session) => {
        const before = await accountBy(session, id);
        if (!before) return { kind: 'conflict' };
        const state = await dialect.stateOf(session, before);
        if (state === active) return { kind: 'unchanged' };
        if (state === undefined && before.one(dialect.state) === undefined) {
          const detail = `${name} does not show whether it is active: let bindDn read ${dialect.state}`;
          return { kind: 'refused', why: 'rights', detail };
        }
        const obstacle = active ? undefined : await dialect.obstacle?.(session, before);
        if (obstacle !== undefined) return { kind: 'refused', why: 'state', detail: obstacle };
        const changes = dialect.suspension(before, active, replaces);
        const { code, reason } = await session.modify(
          dialect.nameOf(before, id),
          changes,
          conditionOn(version),
        );
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
        if (!account) {
          await entries.assertDeleted(session, 'the account', accountId);
          return [];
        }
        const found = await groups.memberships(session, account);
        // A filter on the old name finds nothing.
        const now = await accountBy(session, accountId);
        if (now?.dn === account.dn) return found;
        throw new Error(
          `the account ${account.dn} on ${name} was renamed meanwhile: its groups are read again`,
        );
      }),

    findGroup: (cn, signal) =>
      ldap.session(signal, async (session) => (await groups.called(session, cn)).map(groups.refOf)),

    standingIn: (accountId, groupId, through, signal) =>
      ldap.session(signal, async (session) => {
        const listed = await groups.byId(session, groupId);
        const account = await accountBy(session, accountId);
        if (listed && account) return groups.standingOf(session, listed, account, through !== undefined);
        const [id, what] = listed ? [accountId, 'the account'] : [groups.entryIdOf(groupId), 'the group'];
        const because = await entries.unseen(session, what, id);
        if (because !== undefined) return { is: 'cannot tell', because, isSerious: true };
        return { is: listed ? 'out' : 'gone' };
      }),

    hasOtherActiveMember: (groupId, accountId, signal) =>
      ldap.session(signal, async (session) => {
        const group = await groups.byId(session, groupId);
        if (!group) return 'cannot tell';
        return hasOtherActive(session, dialect, groups, group, {
          userBase,
          attributes: accountAttributes,
          isOwn: (account) => idOf(account) === accountId,
          canLogIn: async (account) => {
            const state = await dialect.stateOf(session, account);
            const end = endOf(account);
            return state && (end === undefined ? undefined : end > Date.now());
          },
        });
      }),

    removeFromGroup: (accountId, { group: { id }, version }, signal) =>
      changeMember(accountId, { id, version }, false, signal),

    addToGroup: (accountId, { id }, signal) => changeMember(accountId, { id }, true, signal),
  };
}

/** How long it is believed that every account tells a key, in milliseconds. */
const BELIEVED_MS = 600_000;

/** Another administrator may have written in between. */
const MAY_BE_A_RACE: ReadonlySet<number> = new Set([
  ResultCode.noSuchAttribute,
  ResultCode.attributeOrValueExists,
  ResultCode.noSuchObject,
  ResultCode.entryAlreadyExists,
  ResultCode.assertionFailed,
]);
