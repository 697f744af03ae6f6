/** Servers whose writes do more than they were asked: each quirk makes a real server behave so. */
import type { ProxiedRequest, Quirk } from '../support/fault-proxy.js';

export interface Group {
  id: string;
  members?: { value: string }[];
}

export const isWrite = ({ method, path }: ProxiedRequest, type: 'Users' | 'Groups'): boolean =>
  method === 'PATCH' && path.includes(`/${type}/`);

/** After a successful PATCH, the server does more than it was asked. */
export const andThen =
  (
    type: 'Users' | 'Groups',
    more: (
      request: ProxiedRequest,
      ask: (method: string, path: string, body?: object) => Promise<string>,
    ) => Promise<void>,
  ): Quirk =>
  (forward) =>
  async (request) => {
    const answer = await forward(request);
    if (!isWrite(request, type) || answer.status >= 300) return answer;
    const root = request.path.replace(/\/(Users|Groups)\/.*$/, '');
    const { 'if-match': _, ...headers } = request.headers;
    await more(request, async (method, path, body) => {
      const answered = await forward({
        ...{ method, headers, path: root + path },
        body: body ? JSON.stringify(body) : '',
      });
      return answered.body;
    });
    return answer;
  };

export const idIn = ({ path }: ProxiedRequest): string => path.split('/').at(-1)!;
export const isSuspension = ({ body }: ProxiedRequest): boolean => /"value":false/.test(body);
export const removal = (id: string) => ({
  schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
  Operations: [{ op: 'remove', path: `members[value eq "${id}"]` }],
});
const groupsIn = (list: string): Group[] => (JSON.parse(list) as { Resources: Group[] }).Resources;

/** Takes a suspended account out of all its groups, and does not put it back. */
export const stripsTheSuspended = andThen('Users', async (request, ask) => {
  if (!isSuspension(request)) return;
  const id = idIn(request);
  for (const group of groupsIn(await ask('GET', '/Groups?count=1000')))
    if (group.members?.some(({ value }) => value === id))
      await ask('PATCH', `/Groups/${group.id}`, removal(id));
});

/** Removes every member where one is to be removed. */
export const emptiesTheGroup = andThen('Groups', async (request, ask) => {
  const group = JSON.parse(await ask('GET', `/Groups/${idIn(request)}`)) as Group;
  for (const { value } of group.members ?? []) await ask('PATCH', `/Groups/${idIn(request)}`, removal(value));
});

export const deletesTheSuspended = andThen('Users', async (request, ask) => {
  if (isSuspension(request)) await ask('DELETE', `/Users/${idIn(request)}`);
});
