/** The port to a critical system over SCIM 2.0 (RFC 7643, RFC 7644). */
import { cannotTell } from '../../../exit/failures.js';
import type { ScimClient } from '../../protocols/scim.js';
import { identitiesOf, type ScimGroup, type ScimUser } from '../../protocols/scim-resource.js';
import type { AccessPort, Account, Membership } from '../access-port.js';
import { otherActiveMember } from './scim-members.js';
import { groupsAbove } from './scim-nesting.js';

/** Servers of several nodes, or with a search index, show a write some moments late. */
const USUAL_SETTLE_MS = 1_000;

interface ScimAdapterOptions extends Pick<AccessPort, 'endSessions'> {
  scim: ScimClient;
}

export function createScimAdapter({ scim, endSessions }: ScimAdapterOptions): AccessPort {
  const above = groupsAbove(scim);

  /** The groups that only the account shows: Keycloak hides child groups from lists and filters. */
  async function shownOnly(
    accountId: string,
    found: readonly Membership[],
    signal: AbortSignal,
  ): Promise<Membership[]> {
    const known = new Map(found.map(({ group, via }) => [group.id, via]));
    const memberships: Membership[] = [];
    for (const { value, display, type } of (await scim.groupsShown(accountId, signal)) ?? []) {
      if (value === undefined)
        throw cannotTell(
          `${scim.name} shows a group of account ${accountId} without a readable id: look at its groups there`,
        );
      // Without a type it is the nested one that is known.
      if (known.get(value) === 'direct' || (known.has(value) && type !== 'direct')) continue;
      const group = await scim.getGroup(value, signal);
      const indirect =
        type === 'indirect' ? `comes by another group, which ${scim.name} does not name` : true;
      memberships.push({
        group: group ? refOf(group) : { id: value, displayName: display ?? value },
        via: type === 'indirect' ? 'nested' : 'direct',
        changeable: group ? indirect : `${scim.name} shows the group on the account only`,
        version: group?.version,
      });
    }
    return memberships;
  }

  return {
    system: scim.name,
    endSessions,

    capabilities: async (signal) => ({
      conditionalWrites: await scim.supportsEtags(signal),
      settleMs: USUAL_SETTLE_MS,
      restore: 'exact',
    }),

    find: async ({ attribute, value }, signal) =>
      (await scim.findUsers(attribute, value, signal)).map((found) => ({
        account: accountOf(found.user),
        value: found.value,
      })),

    hasKey: (attribute, signal) => scim.isShown(attribute, signal),

    async read({ id, userName }, signal) {
      const user = await scim.getUser(id, signal);
      if (user) return accountOf(user);
      // A gateway may have answered the 404: only a second request tells that the account was deleted.
      const listed = userName === undefined ? [] : await scim.findUsers('userName', userName, signal);
      if (!listed.some((other) => other.user.id === id)) return undefined;
      throw new Error(`${scim.name} lists the account ${userName}, and answers 404 for its id`);
    },

    setActive: (seen, active, signal) =>
      scim.patch('Users', seen, { op: 'replace', path: 'active', value: active }, signal),

    async groupsOf(accountId, signal) {
      const found = await scim.groupsWith(accountId, signal);
      const direct = found.map((group): Membership => ({
        group: refOf(group),
        via: 'direct',
        changeable: true,
        version: group.version,
      }));
      const [first] = direct;
      const known = first && { memberId: accountId, groupId: first.group.id };
      const nested = await above(direct, known, signal);
      const shown = await shownOnly(accountId, [...nested, ...direct], signal);
      const all = [...direct, ...shown];
      return [...all, ...(shown.length > 0 ? await above(all, known, signal) : nested)];
    },

    findGroup: async (name, signal) => (await scim.findGroups(name, signal)).map(refOf),

    async membersOf(groupId, signal) {
      const group = await scim.getMembers(groupId, signal);
      if (!group) return undefined;
      const ids = (group.members ?? []).flatMap(({ value }) => value ?? []);
      return { ids, isComplete: group.members?.length === ids.length, version: group.version };
    },

    hasOtherActiveMember: (groupId, accountId, signal) => otherActiveMember(scim, groupId, accountId, signal),

    removeFromGroup: (accountId, { group: { id }, version }, signal) =>
      scim.patch(
        'Groups',
        { id, version },
        { op: 'remove', path: `members[value eq ${JSON.stringify(accountId)}]` },
        signal,
      ),

    async addToGroup(accountId, { id, displayName }, signal) {
      const group = await scim.getGroup(id, signal);
      if (group)
        return scim.patch(
          'Groups',
          group,
          { op: 'add', path: 'members', value: [{ value: accountId }] },
          signal,
        );
      // As for an account, the 404 alone may be a gateway's.
      const listed = await scim.findGroups(displayName, signal);
      if (!listed.some((other) => other.id === id)) return { kind: 'gone' };
      throw new Error(`${scim.name} lists the group ${displayName}, and answers 404 for its id`);
    },
  };
}

const accountOf = (user: ScimUser): Account => ({
  id: user.id,
  userName: user.userName,
  identities: identitiesOf(user),
  active: user.active,
  version: user.version,
});

const refOf = ({ id, displayName }: ScimGroup) => ({ id, displayName });
