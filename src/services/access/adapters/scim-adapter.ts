/** The port to a critical system over SCIM 2.0 (RFC 7643, RFC 7644). */
import type { ScimClient } from '../../protocols/scim.js';
import {
  attributeOf,
  identitiesOf,
  isActive,
  type ScimGroup,
  type ScimUser,
} from '../../protocols/scim-resource.js';
import type { AccessPort, Account, Outcome } from '../access-port.js';

interface ScimAdapterOptions extends Pick<AccessPort, 'endSessions'> {
  scim: ScimClient;
}

export function createScimAdapter({ scim, endSessions }: ScimAdapterOptions): AccessPort {
  const write = async (...change: Parameters<ScimClient['patch']>): Promise<Outcome> => ({
    kind: (await scim.patch(...change)) ? 'written' : 'conflict',
  });

  return {
    system: scim.name,
    endSessions,

    capabilities: async (signal) => ({
      conditionalWrites: await scim.supportsEtags(signal),
      settleMs: 1_000,
      restore: 'exact',
    }),

    find: async ({ attribute, value }, signal) =>
      (await scim.findUsers(attribute, value, signal)).map((user) => ({
        account: accountOf(user),
        value: String(attributeOf(user, attribute)),
      })),

    async read({ id, userName }, signal) {
      const user = await scim.getUser(id, signal);
      if (user) return accountOf(user);
      // A gateway may have answered the 404: only a second request tells that the account was deleted.
      const listed = userName === undefined ? [] : await scim.findUsers('userName', userName, signal);
      if (!listed.some((other) => other.id === id)) return undefined;
      throw new Error(`${scim.name} lists the account ${userName}, and answers 404 for its id`);
    },

    setActive: ({ id, version }, active, signal) =>
      write('Users', { id, meta: { version } }, { op: 'replace', path: 'active', value: active }, signal),

    groupsOf: async (accountId, signal) =>
      (await scim.groupsOf(accountId, signal)).map((group) => ({
        group: refOf(group),
        via: 'direct',
        changeable: true,
        version: group.meta?.version,
      })),

    findGroup: async (name, signal) => (await scim.findGroups(name, signal)).map(refOf),

    membersOf: async (groupId, signal) => {
      const members = await scim.membersOf(groupId, signal);
      return { ids: members.map(({ value }) => value), isComplete: true };
    },

    async hasOtherActiveMember(groupId, accountId, signal) {
      const members = await scim.membersOf(groupId, signal);
      for (const { value } of members) {
        if (value === accountId) continue;
        const other = await scim.getUser(value, signal);
        if (other && isActive(other)) return 'yes';
      }
      // A list without the account itself is incomplete: some servers do not return members.
      return members.some(({ value }) => value === accountId) ? 'no' : 'cannot tell';
    },

    removeFromGroup: (accountId, { group: { id }, version }, signal) =>
      write(
        'Groups',
        { id, meta: { version } },
        { op: 'remove', path: `members[value eq "${accountId}"]` },
        signal,
      ),

    async addToGroup(accountId, { id }, signal) {
      const group = await scim.getGroup(id, signal);
      if (!group) return { kind: 'gone' };
      return write('Groups', group, { op: 'add', path: 'members', value: [{ value: accountId }] }, signal);
    },
  };
}

const accountOf = (user: ScimUser): Account => ({
  id: user.id,
  userName: user.userName,
  identities: identitiesOf(user),
  active: user.active === undefined ? undefined : isActive(user),
  version: user.meta?.version,
});

const refOf = ({ id, displayName }: ScimGroup) => ({ id, displayName });
