/**
 * A small SCIM server for what real ones do and no other server here does. It keeps resources as they are given, answers `eq` filters,
 * and takes PATCHes of `active` and of members. A test changes one answer, and leaves the rest.
 */
import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { createAccessService, type AccessOptions } from '../../src/services/access/access.js';
import { createScimAdapter } from '../../src/services/access/adapters/scim-adapter.js';
import { createScimClient } from '../../src/services/protocols/scim.js';
import { valuesOf } from '../../src/services/protocols/scim-resource.js';
import { byEmployeeId } from './matching.js';

export type Json = Record<string, unknown>;
type Reference = { value: unknown };

interface Asked {
  method: string;
  path: string;
  /** The type: "Users", "Groups". */
  type: string;
  id: string | undefined;
  query: URLSearchParams;
  /** Of the filter `attribute eq value`. */
  filter: { attribute: string; value: string } | undefined;
  headers: http.IncomingHttpHeaders;
  body: { Operations: { op: string; path?: string; value?: unknown }[] } | undefined;
}

export interface Answer {
  status: number;
  headers?: Record<string, string>;
  body?: unknown;
}

export type Odd = (asked: Asked, usual: () => Answer) => Answer | Promise<Answer>;

export interface OddServer {
  scimUrl: string;
  users: Json[];
  groups: Json[];
  user: (id: string) => Json;
  group: (id: string) => Json;
  /** Their ids. */
  membersOf: (id: string) => unknown[];
  /** Adds a group that is called as its id is. A string is a member without a type. */
  addGroup: (id: string, ...members: unknown[]) => void;
  seen: Asked[];
  /** Changes the answers from now on. */
  odd: (change: Odd) => void;
  /** Forgets resources, requests and changes. */
  reset: () => void;
  stop: () => Promise<void>;
}

/** As a new process has it, which remembers nothing. */
export const newPort = ({ scimUrl }: OddServer, settleMs = 0) =>
  createScimAdapter({
    scim: createScimClient({ name: 'payroll', scimUrl, token: 'secret', requestTimeoutMs: 5000, settleMs }),
  });

/** The same, by employee id. */
export const newAccess = (server: OddServer, more: Partial<AccessOptions> = {}) =>
  createAccessService({
    port: newPort(server),
    match: byEmployeeId('externalId'),
    declared: { settleMs: 0 },
    ...more,
  });

export const list = (Resources: unknown[], totalResults = Resources.length): Answer => ({
  status: 200,
  body: { schemas: ['urn:ietf:params:scim:api:messages:2.0:ListResponse'], totalResults, Resources },
});

export const scimError = (status: number, detail: string, more: Json = {}): Answer => ({
  status,
  body: {
    schemas: ['urn:ietf:params:scim:api:messages:2.0:Error'],
    status: String(status),
    detail,
    ...more,
  },
});

/** Takes an account out of all its groups when it is suspended. */
export const stripsTheSuspended =
  ({ groups }: Pick<OddServer, 'groups'>): Odd =>
  ({ type, id, body }, usual) => {
    if (type === 'Users' && body?.Operations.some(({ path, value }) => path === 'active' && value === false))
      for (const group of groups)
        group['members'] = (group['members'] as Reference[]).filter(({ value }) => value !== id);
    return usual();
  };

/** To be called inside `describe`. What it returns is filled before the first test, and empty again before each other one. */
export function withOddServer(): OddServer {
  const server = {} as OddServer;
  before(async () => void Object.assign(server, await startOddServer()));
  afterEach(() => server.reset());
  after(() => server.stop());
  return server;
}

async function startOddServer(): Promise<OddServer> {
  const users: Json[] = [];
  const groups: Json[] = [];
  const seen: Asked[] = [];
  let odd: Odd | undefined;
  const groupOf = (id: string): Json => groups.find((each) => each['id'] === id)!;

  function usual({ method, type, id, query, filter, body }: Asked): Answer {
    if (type === 'ServiceProviderConfig') return { status: 200, body: { etag: { supported: false } } };
    const all = type === 'Users' ? users : groups;
    if (id === undefined) {
      const hits = filter
        ? all.filter((each) => valuesOf(each, filter.attribute).includes(filter.value))
        : [...all];
      const start = Number(query.get('startIndex') ?? 1) - 1;
      return list(hits.slice(start, start + Number(query.get('count') ?? hits.length)), hits.length);
    }
    const resource = all.find((each) => String(each['id']) === id);
    if (!resource) return scimError(404, `Resource ${id} not found`);
    for (const { op, path, value } of method === 'PATCH' ? body!.Operations : [])
      apply(resource, op, path, value);
    return { status: 200, body: resource };
  }

  const server = http.createServer((request, response) => {
    void (async () => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const text = Buffer.concat(chunks).toString();
      const url = new URL(request.url!, 'http://server');
      const [, type = '', id] = url.pathname.split('/');
      const [, attribute, value] = /^(\S+) eq "?(.*?)"?$/.exec(url.searchParams.get('filter') ?? '') ?? [];
      const asked: Asked = {
        method: request.method!,
        path: request.url!,
        type,
        id: id === undefined ? undefined : decodeURIComponent(id),
        query: url.searchParams,
        filter: attribute === undefined ? undefined : { attribute, value: value! },
        headers: request.headers,
        body: text ? (JSON.parse(text) as Asked['body']) : undefined,
      };
      seen.push(asked);
      const answer = (await odd?.(asked, () => usual(asked))) ?? usual(asked);
      const isText = typeof answer.body === 'string';
      const contentType = isText ? 'text/html' : 'application/scim+json';
      response.writeHead(answer.status, { 'content-type': contentType, ...answer.headers });
      response.end(isText ? answer.body : JSON.stringify(answer.body));
    })().catch(() => response.destroy());
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    scimUrl: `http://127.0.0.1:${port}`,
    users,
    groups,
    user: (id) => users.find((each) => each['id'] === id)!,
    group: groupOf,
    membersOf: (id) => (groupOf(id)['members'] as Reference[]).map(({ value }) => value),
    addGroup: (id, ...given) =>
      void groups.push({
        ...{ id, displayName: id },
        members: given.map((each) => (typeof each === 'string' ? { value: each } : each)),
      }),
    seen,
    odd: (change) => void (odd = change),
    reset() {
      for (const each of [users, groups, seen]) each.length = 0;
      odd = undefined;
    },
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function apply(resource: Json, op: string, path: string | undefined, value: unknown): void {
  if (path === undefined) return void Object.assign(resource, value);
  const [, member] = /^members\[value eq "(.*)"\]$/.exec(path) ?? [];
  const members = (resource['members'] ?? []) as Reference[];
  if (op === 'remove' && member !== undefined)
    resource['members'] = members.filter((each) => String(each.value) !== member);
  else if (op === 'add' && path === 'members') resource['members'] = [...members, ...(value as Reference[])];
  else resource[path] = value;
}
