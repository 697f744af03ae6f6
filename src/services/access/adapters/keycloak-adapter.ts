/** The port to a realm of Keycloak over its Admin REST API. */
import { cannotTell } from '../../../exit/failures.js';
import type { KeycloakClient, KeycloakGroup, KeycloakUser } from '../../protocols/keycloak.js';
import type { AccessPort, Account, Key, Membership, Outcome } from '../access-port.js';

/** Every user has them, and each has a filter of its own. */
const BUILT_IN = ['username', 'email'] as const;
/** How many users are looked at for one whom a search by an attribute has not found, and how long they are remembered, in milliseconds. */
const MOST_LISTED = 2000;
const BELIEVED_MS = 600_000;

/** @param ids the attributes with the employee id */
export function createKeycloakAdapter(keycloak: KeycloakClient, ids: readonly string[]): AccessPort {
  const { name } = keycloak;
  const declared = new Set<string>();
  /** The attributes, also the built-in ones, by which a search has found a user. */
  const searched = new Set<string>();

  // Keycloak answers 204 also where the value was as wanted already, so that it does not tell whose write did it.
  const outcome = (isDone: boolean): Outcome => ({ kind: isDone ? 'unknown' : 'conflict' });

  /** Keycloak answers a filter on an unknown attribute with an empty list, which looks like "none". */
  async function assertKnown(attribute: string, signal: AbortSignal): Promise<void> {
    if (isBuiltIn(attribute) || declared.has(attribute)) return;
    const known = await keycloak.knownAttributes(signal);
    if (known && !known.includes(attribute))
      throw cannotTell(
        `${name} cannot be searched for "${attribute}", since the user profile of the realm has no such attribute: declare it there, or mend "match"`,
      );
    declared.add(attribute);
  }

  /**
   * A search by an attribute finds none of the users whom a user storage does not import. The storage itself is searched by username
   * and email, as it does so.
   * @throws FinalFailure CannotTell
   */
  async function assertFinds(sample: KeycloakUser, attribute: string, signal: AbortSignal): Promise<void> {
    const [value = ''] = valuesOf(sample, attribute);
    const found = await keycloak.findUsers(filterOf({ attribute, value }), signal);
    if (!found.some(({ id }) => id === sample.id))
      throw cannotTell(
        `${name} shows the ${attribute} of ${sample.username}, and does not find it by that: import the users of its user storage${isBuiltIn(attribute) ? '' : ', or match by username or email'}`,
      );
    searched.add(attribute);
  }

  let listed: { users: KeycloakUser[]; atMs: number } | undefined;
  /** The users of a user storage may follow all others. */
  async function firstUsers(isFresh: boolean, signal: AbortSignal): Promise<KeycloakUser[]> {
    if (isFresh || !listed || Date.now() - listed.atMs > BELIEVED_MS)
      listed = { users: await keycloak.findUsers({}, signal, MOST_LISTED), atMs: Date.now() };
    return listed.users;
  }

  const accountOf = (user: KeycloakUser): Account => ({
    id: user.id,
    userName: user.username,
    identities: [...new Set([user.username, ...(user.email ? [user.email] : [])])],
    active: user.enabled,
    // A list would count as rights.
    others: Object.fromEntries([...BUILT_IN, ...ids].map((each) => [each, valuesOf(user, each).join(', ')])),
  });

  /** The groups above, whose roles a member of a sub-group inherits. */
  async function above(groups: KeycloakGroup[], signal: AbortSignal): Promise<Membership[]> {
    const read = new Map<string, KeycloakGroup>();
    const inherited: Membership[] = [];
    for (const group of groups) {
      for (let { parentId } = group; parentId !== undefined;) {
        const parent = read.get(parentId) ?? (await keycloak.getGroup(parentId, signal));
        if (!parent)
          throw new Error(`${name} has no group ${parentId} above ${nameOf(group)}: it changes now`);
        read.set(parentId, parent);
        inherited.push({
          group: refOf(parent),
          via: 'nested',
          changeable: `its roles are inherited by members of ${nameOf(group)}`,
          by: group.id,
        });
        ({ parentId } = parent);
      }
    }
    return inherited;
  }

  return {
    system: name,

    capabilities: () => Promise.resolve({ conditionalWrites: false, settleMs: 0, restore: 'exact' }),

    async find(key, signal, others = []) {
      const users = await keycloak.findUsers(filterOf(key), signal);
      const candidates = users.flatMap((user) => {
        const values = valuesOf(user, key.attribute);
        const value = values.find((each) => isSame(each, key.value));
        const shown = Object.fromEntries(others.map((other) => [other, valuesOf(user, other)]));
        if (value !== undefined) return [{ account: accountOf(user), value, shown }];
        if (values.length === 0)
          throw cannotTell(
            `${name} finds an account by "${key.attribute}" and does not show that value of it: let administrators view the attribute in the user profile of the realm`,
          );
        // Older versions ignore "exact", and find a part of a name too.
        if (isBuiltIn(key.attribute) && values.some((each) => isIn(each, key.value))) return [];
        throw cannotTell(
          `${name} finds ${user.username} by ${key.attribute} "${key.value}", and shows "${values.join('", "')}": look whose account it is`,
        );
      });
      if (candidates.length === 0) await assertKnown(key.attribute, signal);
      return candidates;
    },

    async hasKey(attribute, signal, value) {
      const isKnown = searched.has(attribute);
      const has = (user: KeycloakUser) => valuesOf(user, attribute).length > 0;
      const isSought = (user: KeycloakUser) =>
        value !== undefined && valuesOf(user, attribute).some((each) => isSame(each, value));
      let users = isKnown ? await keycloak.findUsers({ max: '1' }, signal) : await firstUsers(true, signal);
      if (users.length > 0 && isKnown) {
        users = await firstUsers(false, signal);
        if (users.some(isSought)) users = await firstUsers(true, signal);
      }
      if (!isKnown && users.length > 0 && !users.some(has)) users = await keycloak.findUsers({}, signal);
      if (users.some(isSought))
        throw cannotTell(
          `${name} lists a user with the ${attribute} "${value}", and does not find it by that: look at it there`,
        );
      const sample = isKnown ? undefined : users.find(has);
      if (sample) await assertFinds(sample, attribute, signal);
      if (users.length > 0) return isKnown || sample !== undefined;
      // Without the role view-users every list of users is empty.
      throw cannotTell(
        `${name} shows no user at all, so that it may hide the account as well: look there whether the service account has the role view-users`,
      );
    },

    async read({ id, userName }, signal) {
      const user = await keycloak.getUser(id, signal);
      if (user && user.enabled !== false) return accountOf(user);
      const value = user?.username ?? userName;
      const namesakes =
        value === undefined
          ? []
          : await keycloak.findUsers(filterOf({ attribute: 'username', value }), signal);
      const listed = namesakes.find((other) => other.id === id);
      // Older versions show an account as disabled while failed logins lock it, for some minutes; their lists do not.
      if (user) return accountOf(listed ?? user);
      // A gateway may have answered the 404: only a second request tells that the account was deleted.
      if (!listed) return undefined;
      throw new Error(`${name} lists the account ${userName}, and answers 404 for its id`);
    },

    // Never the document that was read: it would undo the changes of other administrators.
    setActive: async ({ id }, active, signal) => outcome(await keycloak.setEnabled(id, active, signal)),

    async groupsOf(accountId, signal) {
      const { groups, ofOrganizations } = await keycloak.groupsOf(accountId, signal);
      const own = groups.map((group) => ({
        group: refOf(group),
        via: 'direct' as const,
        changeable: true as const,
      }));
      // A group of the realm may have the same name.
      const others = ofOrganizations.map(({ id, path, organization }) => ({
        group: { id, displayName: `${nameOf({ path })} (organization ${organization})` },
        via: 'direct' as const,
        changeable: `Keycloak changes a group of an organization only there: remove the account in the organization ${organization}`,
      }));
      return [...own, ...others, ...(await above(groups, signal))];
    },

    async findGroup(wanted, signal) {
      const last = lastOf(wanted);
      const found = allIn(await keycloak.searchGroups(last, signal));
      const path = wanted.replace(/^\//, '');
      return found.filter((group) => isSame(nameOf(group), path) || isSame(group.name, last)).map(refOf);
    },

    async hasOtherActiveMember(groupId, accountId, signal) {
      let isListed = false;
      let isHidden = false;
      const groups = [groupId];
      for (const id of groups) {
        for (const { id: memberId, enabled } of await keycloak.membersOf(id, signal)) {
          if (memberId === accountId) isListed = true;
          else if (enabled) return 'yes';
          else isHidden ||= enabled === undefined;
        }
        // Members of a sub-group have the roles of the group too.
        groups.push(...(await keycloak.childrenOf(id, signal)).map((child) => child.id));
      }
      return isListed && !isHidden ? 'no' : 'cannot tell';
    },

    removeFromGroup: async (accountId, { group }, signal) =>
      outcome(await keycloak.removeMember(group.id, accountId, signal)),

    async addToGroup(accountId, group, signal) {
      if (await keycloak.addMember(group.id, accountId, signal)) return { kind: 'unknown' };
      if (await keycloak.getGroup(group.id, signal)) return { kind: 'conflict' };
      // A gateway may have answered the 404.
      const listed = allIn(await keycloak.searchGroups(lastOf(group.displayName), signal));
      return { kind: listed.some(({ id }) => id === group.id) ? 'conflict' : 'gone' };
    },

    // Reactivation alone would revive the tokens issued before the block.
    async endSessions({ id, userName }, signal) {
      if (await keycloak.logout(id, signal)) return;
      if (await keycloak.getUser(id, signal))
        throw new Error(`${name} has the account ${userName}, and did not end its sessions`);
    },
  };
}

const isBuiltIn = (attribute: string): boolean => BUILT_IN.some((each) => each === attribute);

/** A value is in quotes, since it may have spaces; Keycloak compares it as a whole, without regard to case. */
function filterOf({ attribute, value }: Key): Record<string, string> {
  if (isBuiltIn(attribute)) return { [attribute]: value, exact: 'true' };
  const quoted = [attribute, value].map((text) => `"${text.replaceAll('"', '\\"')}"`);
  return { q: quoted.join(':') };
}

function valuesOf(user: KeycloakUser, attribute: string): string[] {
  if (attribute === 'username') return [user.username];
  if (attribute === 'email') return user.email === undefined ? [] : [user.email];
  return (user.attributes?.[attribute] ?? []).map(String);
}

const isIn = (whole: string, part: string): boolean => whole.toLowerCase().includes(part.toLowerCase());
const isSame = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase();

/** Names repeat below different groups, so a sub-group goes by its path: `production/on-call`. */
const nameOf = ({ path }: Pick<KeycloakGroup, 'path'>): string => path.replace(/^\//, '');
const refOf = (group: KeycloakGroup) => ({ id: group.id, displayName: nameOf(group) });

const lastOf = (name: string): string => name.slice(name.lastIndexOf('/') + 1);

const allIn = (groups: readonly KeycloakGroup[]): KeycloakGroup[] =>
  groups.flatMap((group) => [group, ...allIn(group.subGroups ?? [])]);
