/** Another administrator of a SCIM server: makes accounts and groups, changes them, and looks at them, by plain requests. */
const ENTERPRISE_USER = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';

export interface NewUser {
  employeeId: string;
  userName?: string;
  displayName?: string;
  email?: string;
  active?: boolean;
  managerId?: string;
}

export interface Account {
  id: string;
  active: boolean;
  groups: string[];
}

export type ScimAdmin = ReturnType<typeof scimAdmin>;

export function scimAdmin({ scimUrl, token }: { scimUrl: string; token: string }) {
  async function request<T>(method: string, path: string, body?: unknown): Promise<T> {
    const response = await fetch(scimUrl + path, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/scim+json' },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return (text ? JSON.parse(text) : undefined) as T;
  }

  const patch = (path: string, operation: object) =>
    request('PATCH', path, {
      schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
      Operations: [operation],
    });

  async function groupNames(userId: string): Promise<string[]> {
    const { Resources = [] } = await request<{ Resources?: { displayName: string }[] }>(
      'GET',
      `/Groups?filter=${encodeURIComponent(`members.value eq "${userId}"`)}`,
    );
    return Resources.map(({ displayName }) => displayName).toSorted();
  }

  return {
    async createUser({ employeeId, managerId, ...user }: NewUser): Promise<string> {
      const email = user.email ?? `${employeeId.toLowerCase()}@acme.example`;
      const { id } = await request<{ id: string }>('POST', '/Users', {
        schemas: ['urn:ietf:params:scim:schemas:core:2.0:User', ENTERPRISE_USER],
        userName: user.userName ?? email,
        externalId: employeeId,
        displayName: user.displayName ?? `Employee ${employeeId}`,
        active: user.active ?? true,
        emails: email === '' ? [] : [{ value: email, primary: true, type: 'work' }],
        [ENTERPRISE_USER]: {
          employeeNumber: employeeId,
          ...(managerId && { manager: { value: managerId } }),
        },
      });
      return id;
    },

    async createGroup(displayName: string, memberIds: string[] = []): Promise<string> {
      const { id } = await request<{ id: string }>('POST', '/Groups', {
        schemas: ['urn:ietf:params:scim:schemas:core:2.0:Group'],
        displayName,
      });
      for (const value of memberIds)
        await patch(`/Groups/${id}`, { op: 'add', path: 'members', value: [{ value }] });
      return id;
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

    async account(userId: string): Promise<Account> {
      const { id, active } = await request<{ id: string; active: boolean }>('GET', `/Users/${userId}`);
      return { id, active, groups: await groupNames(userId) };
    },
  };
}
