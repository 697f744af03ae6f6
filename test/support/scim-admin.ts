/**
 * Another administrator of a SCIM server: makes accounts and groups, changes them, and looks at them, by plain requests. Assumes as
 * little of the server as the client does, so that the tests can be pointed at any.
 */
import { ENTERPRISE_USER, GROUP, patchOf, USER } from './scim-requests.js';

export interface NewUser {
  employeeId: string;
  userName?: string;
  displayName?: string;
  email?: string;
  /** Of type "home". */
  personalEmail?: string | undefined;
  preferredLanguage?: string | undefined;
  active?: boolean;
  managerId?: string;
  /** Further attributes, as they are sent. */
  attributes?: object;
}

export interface Account {
  id: string;
  active: boolean;
  groups: string[];
}

export type ScimAdmin = ReturnType<typeof scimAdmin>;

export class RequestRefused extends Error {
  constructor(
    message: string,
    readonly status: number,
  ) {
    super(message);
  }
}

/** @param prefix what every name begins with, on the server and nowhere else: so that they clash with no other */
export function scimAdmin({ scimUrl, token }: { scimUrl: string; token: string }, prefix = '') {
  const made: { type: 'Users' | 'Groups'; attribute: string; name: string; id: Promise<string> }[] = [];
  let deleting: Promise<void> | undefined;

  async function request<T>(method: string, path: string, body?: unknown): Promise<T> {
    const response = await fetch(scimUrl + path, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/scim+json' },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok)
      throw new RequestRefused(`${method} ${path}: ${response.status} ${text}`, response.status);
    return (text ? JSON.parse(text) : undefined) as T;
  }

  const patch = (path: string, operation: object) => request('PATCH', path, patchOf(operation));

  /** Until a page has nothing new: a server may count wrongly. One that refuses pages, or no hit, ends the list too. */
  async function list<T extends { id: string }>(type: 'Users' | 'Groups', filter: string): Promise<T[]> {
    const found = new Map<string, T>();
    for (;;) {
      const page = new URLSearchParams({
        filter,
        ...(found.size > 0 && { startIndex: String(found.size + 1) }),
      });
      const isNone = (error: unknown): boolean =>
        error instanceof RequestRefused && [404, 501].includes(error.status);
      const { Resources = [] } = await request<{ Resources?: T[] }>(
        'GET',
        `/${type}?${page.toString()}`,
      ).catch((error: unknown) => {
        if (isNone(error)) return { Resources: [] };
        throw error;
      });
      const known = found.size;
      for (const each of Resources) found.set(each.id, each);
      if (found.size === known) return [...found.values()];
    }
  }

  async function create(
    type: 'Users' | 'Groups',
    attribute: string,
    name: string,
    body: object,
  ): Promise<string> {
    if (deleting) throw new Error(`${name} is not made any more: all is being deleted`);
    const id = request<{ id: string }>('POST', `/${type}`, { ...body, [attribute]: name }).then(
      (resource) => resource.id,
    );
    // Before the answer: it may get lost.
    made.push({ type, attribute, name, id });
    return id;
  }

  /** What a creation has led to, also where its answer was lost. */
  async function idsOf({ type, attribute, name, id }: (typeof made)[number]): Promise<string[]> {
    try {
      return [await id];
    } catch (error) {
      if (error instanceof RequestRefused && error.status < 500) return [];
      const found = await list<{ id: string }>(type, `${attribute} eq ${JSON.stringify(name)}`);
      return found.map((each) => each.id);
    }
  }

  async function remove(type: 'Users' | 'Groups', id: string): Promise<void> {
    try {
      await request('DELETE', `/${type}/${encodeURIComponent(id)}`);
    } catch (error) {
      if (!(error instanceof RequestRefused && error.status === 404)) throw error;
    }
  }

  async function deleteAll(): Promise<void> {
    const left: string[] = [];
    // Groups first: a server may keep the members that no longer exist.
    for (const each of made.toSorted((a, b) => (a.type < b.type ? -1 : 1)))
      try {
        for (const id of await idsOf(each)) await remove(each.type, id);
      } catch (error) {
        left.push(`${each.name} (${(error as Error).message})`);
      }
    if (left.length > 0) throw new Error(`left behind, delete it by hand: ${left.join('; ')}`);
  }

  async function groupNames(userId: string): Promise<string[]> {
    const groups = await list<{ id: string; displayName: string }>('Groups', `members.value eq "${userId}"`);
    return groups.map(({ displayName }) => withoutPrefix(displayName)).toSorted();
  }
  const withoutPrefix = (name: string): string =>
    name.startsWith(prefix) ? name.slice(prefix.length) : name;

  return {
    async createUser({ employeeId, managerId, attributes, ...user }: NewUser): Promise<string> {
      const email = user.email ?? `${employeeId.toLowerCase()}@acme.example`;
      return create('Users', 'userName', user.userName ? prefix + user.userName : email, {
        schemas: [USER, ENTERPRISE_USER],
        externalId: employeeId,
        displayName: user.displayName ?? `Employee ${employeeId}`,
        // Keycloak requires both.
        name: { givenName: 'Employee', familyName: employeeId },
        active: user.active ?? true,
        emails: [
          ...(email === '' ? [] : [{ value: email, primary: true, type: 'work' }]),
          ...(user.personalEmail ? [{ value: user.personalEmail, type: 'home' }] : []),
        ],
        ...(user.preferredLanguage && { preferredLanguage: user.preferredLanguage }),
        [ENTERPRISE_USER]: {
          employeeNumber: employeeId,
          ...(managerId && { manager: { value: managerId } }),
        },
        ...attributes,
      });
    },

    async createGroup(displayName: string, memberIds: string[] = []): Promise<string> {
      const id = await create('Groups', 'displayName', prefix + displayName, {
        schemas: [GROUP],
      });
      // Not with the POST: some servers take members by PATCH only.
      for (const value of memberIds)
        await patch(`/Groups/${id}`, { op: 'add', path: 'members', value: [{ value }] });
      return id;
    },

    /**
     * Deletes what this administrator has made, and nothing else. It makes nothing from then on.
     * @throws Error naming what could not be deleted
     */
    deleteAll: (): Promise<void> => (deleting ??= deleteAll()),

    /** Whether the server says that it supports ETags. */
    async announcesEtags(): Promise<boolean> {
      try {
        const config = await request<{ etag?: { supported?: boolean } }>('GET', '/ServiceProviderConfig');
        return config.etag?.supported === true;
      } catch (error) {
        if (error instanceof RequestRefused && error.status === 404) return false;
        throw error;
      }
    },

    async groupIds(): Promise<{ id: string; displayName: string }[]> {
      const { Resources = [] } = await request<{ Resources?: { id: string; displayName: string }[] }>(
        'GET',
        '/Groups?count=1000',
      );
      return Resources;
    },

    addMember: (groupId: string, userId: string) =>
      patch(`/Groups/${groupId}`, { op: 'add', path: 'members', value: [{ value: userId }] }),

    removeMember: (groupId: string, userId: string) =>
      patch(`/Groups/${groupId}`, { op: 'remove', path: `members[value eq "${userId}"]` }),

    deleteGroup: (groupId: string) => request('DELETE', `/Groups/${groupId}`),

    deleteUser: (userId: string) => request('DELETE', `/Users/${userId}`),

    setDisplayName: (userId: string, value: string) =>
      patch(`/Users/${userId}`, { op: 'replace', path: 'displayName', value }),

    setActive: (userId: string, active: boolean) =>
      patch(`/Users/${userId}`, { op: 'replace', path: 'active', value: active }),

    setManager: (userId: string, value: string) =>
      patch(`/Users/${userId}`, { op: 'add', path: `${ENTERPRISE_USER}:manager`, value: { value } }),

    setExternalId: (userId: string, value: string) =>
      patch(`/Users/${userId}`, { op: 'replace', path: 'externalId', value }),

    setEmployeeNumber: (userId: string, value: string) =>
      patch(`/Users/${userId}`, { op: 'replace', path: `${ENTERPRISE_USER}:employeeNumber`, value }),

    async account(userId: string): Promise<Account> {
      const user = await request<{ id: string; active: unknown }>('GET', `/Users/${userId}`);
      const active = String(user.active).toLowerCase() !== 'false';
      return { id: user.id, active, groups: await groupNames(userId) };
    },
  };
}
