/** Plain requests to a SCIM server, answered as they come. */
export const USER = 'urn:ietf:params:scim:schemas:core:2.0:User';
export const ENTERPRISE_USER = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';
export const GROUP = 'urn:ietf:params:scim:schemas:core:2.0:Group';
export const PATCH_OP = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';

export interface Resource {
  id: string;
  userName?: string;
  displayName?: string;
  active?: boolean;
  members?: { value: string }[];
  groups?: { value: string }[];
  meta: { version: string };
}

export const patchOf = (operation: object) => ({ schemas: [PATCH_OP], Operations: [operation] });

interface Answer<T = Resource> {
  status: number;
  etag: string | null;
  body: T;
}

/** @param server asked for with each request, since it may have been started anew */
export function scimRequests(server: () => { scimUrl: string; token: string }) {
  async function ask<T = Resource>(
    method: string,
    path: string,
    { body, ifMatch, token }: { body?: unknown; ifMatch?: string | undefined; token?: string } = {},
  ): Promise<Answer<T>> {
    const { scimUrl, token: right } = server();
    const response = await fetch(scimUrl + path, {
      method,
      headers: {
        'content-type': 'application/scim+json',
        authorization: `Bearer ${token ?? right}`,
        ...(ifMatch !== undefined && { 'if-match': ifMatch }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    const { status, headers } = response;
    return { status, etag: headers.get('etag'), body: (text ? JSON.parse(text) : undefined) as T };
  }
  const patch = (path: string, operation: object, ifMatch?: string) =>
    ask('PATCH', path, { body: patchOf(operation), ifMatch });
  const post = (type: string, body: object) => ask('POST', `/${type}`, { body });
  const read = async (path: string): Promise<Resource> => (await ask('GET', path)).body;
  let made = 0;
  const name = (): string => `name-${++made}`;

  return {
    ask,
    patch,
    read,
    name,
    addMembers: (groupId: string, ...ids: string[]) =>
      patch(`/Groups/${groupId}`, { op: 'add', path: 'members', value: ids.map((value) => ({ value })) }),
    membersOf: async ({ id }: Resource): Promise<string[]> =>
      ((await read(`/Groups/${id}`)).members ?? []).map(({ value }) => value),
    newUser: async (userName = name(), attributes: object = {}): Promise<Resource> =>
      (await post('Users', { schemas: [USER], userName, ...attributes })).body,
    newGroup: async (displayName = name()): Promise<Resource> =>
      (await post('Groups', { schemas: [GROUP], displayName })).body,
    list: async (type: string, query: Record<string, string>) =>
      (
        await ask<{ totalResults: number; Resources: Resource[] }>(
          'GET',
          `/${type}?${new URLSearchParams(query).toString()}`,
        )
      ).body,
  };
}
