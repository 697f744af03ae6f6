/** Another administrator of a directory server: makes accounts and groups, changes them, and looks at them, by plain requests. */
import { readFileSync } from 'node:fs';
import { Client, DN, EqualityFilter, type Change } from 'ldapts';
import type { Admin } from './critical-system.js';
import { change } from './ldap-change.js';
import type { LdapServer } from './ldap-server.js';

/** What tests of LDAP alone need besides. */
interface LdapAdmin extends Admin {
  valueOf: (id: string, attribute: string) => Promise<string>;
  setPassword: (userId: string, password: string) => Promise<void>;
  modify: (id: string, ...changes: Change[]) => Promise<void>;
  createEntry: (dn: string, attributes: Record<string, string | string[]>) => Promise<string>;
  dnOf: (id: string) => string;
  modifyEntry: (dn: string, ...changes: Change[]) => Promise<void>;
  /** Gives the entry another name, and another place. */
  move: (id: string, dn: string) => Promise<void>;
  /** Tries to log in as the account. */
  logIn: (userId: string, password: string) => Promise<boolean>;
}

export function ldapAdmin(server: LdapServer, prefix = ''): LdapAdmin {
  const { making } = server;
  const names = new Map<string, string>();
  let deleting: Promise<void> | undefined;
  let made = 0;

  async function connected<T>(work: (client: Client) => Promise<T>): Promise<T> {
    const tlsOptions = server.caFile && { ca: readFileSync(server.caFile) };
    const client = new Client({ url: server.url, ...(tlsOptions && { tlsOptions }) });
    try {
      await client.bind(server.admin.bindDn, server.admin.password);
      return await work(client);
    } finally {
      await client.unbind();
    }
  }

  const nameOf = (id: string): string => names.get(id)!;
  const modifyEntry = (dn: string, ...changes: Change[]) => connected((client) => client.modify(dn, changes));
  const modify = (id: string, ...changes: Change[]) => modifyEntry(nameOf(id), ...changes);

  async function create(dn: string, attributes: Record<string, string | string[]>): Promise<string> {
    if (deleting) throw new Error(`${dn} is not made any more: all is being deleted`);
    return connected(async (client) => {
      await client.add(dn, attributes);
      const options = {
        scope: 'base' as const,
        attributes: [making.id],
        explicitBufferAttributes: [making.id],
      };
      const { searchEntries } = await client.search(dn, options);
      const id = making.idOf(searchEntries[0]![making.id] as Buffer);
      names.set(id, dn);
      return id;
    });
  }

  const remove = async (id: string): Promise<void> => {
    const dn = nameOf(id);
    names.delete(id);
    await connected((client) => client.del(dn));
  };

  return {
    valueOf: (id, attribute) =>
      connected(async (client) => {
        const { searchEntries } = await client.search(nameOf(id), { scope: 'base', attributes: [attribute] });
        return String(searchEntries[0]![attribute]);
      }),
    modify,
    modifyEntry,
    createEntry: create,
    dnOf: nameOf,
    setPassword: (userId, password) => modify(userId, making.setPassword(password)),
    async move(id, dn) {
      await connected((client) => client.modifyDN(nameOf(id), dn));
      names.set(id, dn);
    },
    logIn: (userId, password) =>
      connected((client) =>
        client.bind(nameOf(userId), password).then(
          () => true,
          () => false,
        ),
      ),

    createUser: ({ employeeId, userName, email, active = true }) => {
      const login = userName === undefined ? employeeId : prefix + userName;
      const mail = email ?? `${employeeId.toLowerCase()}@acme.example`;
      const [first, other] = making.keys;
      // Never the name of an earlier account, and with all that has to be escaped.
      const cn = `Müller, "${login}" (#${(made += 1)})`;
      return create(`${new DN({ cn }).toString()},${server.userBase}`, {
        ...making.account(login, active),
        cn,
        mail,
        [first]: employeeId,
        [other]: employeeId,
      });
    },

    async createGroup(displayName, memberIds = []) {
      const id = await create(
        `cn=${prefix}${displayName},${server.groupBase}`,
        making.group(prefix + displayName),
      );
      for (const member of memberIds) await modify(id, change('add', 'member', nameOf(member)));
      return id;
    },

    deleteAll: () =>
      (deleting ??= (async () => {
        for (const id of names.keys()) await remove(id);
      })()),

    addMember: (groupId, userId) => modify(groupId, change('add', 'member', nameOf(userId))),
    removeMember: (groupId, userId) => modify(groupId, change('delete', 'member', nameOf(userId))),
    deleteGroup: remove,
    deleteUser: remove,
    setActive: (userId, active) => modify(userId, ...making.setActive(active)),
    setExternalId: (userId, value) => modify(userId, change('replace', making.keys[0], value)),

    account: (id) =>
      connected(async (client) => {
        const dn = nameOf(id);
        const { searchEntries } = await client.search(dn, { scope: 'base', attributes: ['*', '+'] });
        const filter = new EqualityFilter({ attribute: 'member', value: dn });
        const groups = await client.search(server.groupBase, { filter, attributes: ['cn'] });
        const found = groups.searchEntries.map(({ cn }) => String(cn).replace(prefix, ''));
        return { id, active: making.isActive(searchEntries[0]!), groups: found.toSorted() };
      }),
  };
}
