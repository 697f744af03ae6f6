/**
 * A SCIM 2.0 client (RFC 7643, RFC 7644) for the requests of the hold and the directory. A status code does not prove the effect of a
 * write: the caller reads it back.
 */
import { FailureType, FinalFailure } from '../../exit/failures.js';
import { describeIssues } from '../../exit/input.js';
import type { z } from 'zod';
import { reasonOf } from './fetch-failure.js';
import type { Pace } from './pace.js';
import { assertTimeLeft } from './commit-point.js';
import { attributeOf, sameText, ScimGroup, ScimUser, type ScimResource } from './scim-resource.js';

const shapes = { Users: ScimUser, Groups: ScimGroup };
type Shape<K extends keyof typeof shapes> = z.output<(typeof shapes)[K]>;
const PATCH_OP = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';
const PAGE_SIZE = 100;

interface ScimOptions {
  /** For error messages: "payroll", "the directory". */
  name: string;
  scimUrl: string;
  token: string;
  requestTimeoutMs: number;
  /** The server's rate limit, if any. */
  pace?: Pace | undefined;
}

/** One operation of a PATCH (RFC 7644 §3.5.2). */
interface PatchOperation {
  op: 'add' | 'remove' | 'replace';
  path: string;
  value?: unknown;
}

export type ScimClient = ReturnType<typeof createScimClient>;

export function createScimClient({ name, scimUrl, token, requestTimeoutMs, pace }: ScimOptions) {
  const base = scimUrl.replace(/\/+$/, '');
  let etags: boolean | undefined;

  async function request(
    method: string,
    path: string,
    signal: AbortSignal,
    init: { headers?: Record<string, string>; body?: string } = {},
  ): Promise<Response> {
    await pace?.(signal);
    assertTimeLeft(signal, 0);
    const deadline = AbortSignal.timeout(requestTimeoutMs);
    let response: Response;
    try {
      response = await fetch(base + path, {
        ...init,
        method,
        headers: {
          accept: 'application/scim+json, application/json',
          authorization: `Bearer ${token}`,
          ...init.headers,
        },
        // A redirect could send the token to another host.
        redirect: 'error',
        signal: AbortSignal.any([signal, deadline]),
      });
    } catch (error) {
      if (signal.aborted) throw error;
      const why = deadline.aborted ? `no answer within ${requestTimeoutMs} ms` : reasonOf(error);
      throw new Error(`${name} cannot be reached at ${base}: ${why}`, { cause: error });
    }
    return response;
  }

  /** The error of an unsuccessful response: final where a retry would get the same answer. */
  async function failure(response: Response, what: string): Promise<Error> {
    const text = await response.text();
    // A server may echo the request.
    const detail = detailOf(text.replaceAll(token, '(the token)'));
    const sentence = `${name} answered ${response.status} to "${what}"${detail}`;
    const { status } = response;
    if (status === 401 || status === 403) {
      return new FinalFailure(
        FailureType.Refused,
        `${sentence}: check the token of ${name} and its permissions`,
      );
    }
    const isTransient = status >= 500 || [408, 409, 425, 429].includes(status);
    return isTransient ? new Error(sentence) : new FinalFailure(FailureType.Refused, sentence);
  }

  async function json<T>(response: Response, what: string): Promise<T> {
    const text = await response.text();
    try {
      return JSON.parse(text) as T;
    } catch (error) {
      // An outage: a proxy may have answered with its maintenance page.
      throw new Error(`${name} answered "${what}" with something that is not JSON`, { cause: error });
    }
  }

  /** @throws Error as on an outage: another server answered, or this one is out of order */
  function checked<K extends keyof typeof shapes>(type: K, resource: unknown, what: string): Shape<K> {
    const parsed = shapes[type].safeParse(resource);
    if (parsed.success) return parsed.data as Shape<K>;
    throw new Error(
      `${name} answered "${what}" with something that is not a SCIM resource: ${describeIssues(parsed.error)}`,
    );
  }

  async function get<K extends keyof typeof shapes>(
    type: K,
    id: string,
    query: string,
    signal: AbortSignal,
  ): Promise<Shape<K> | undefined> {
    const what = `read ${type}/${id}`;
    const response = await request('GET', `/${type}/${encodeURIComponent(id)}${query}`, signal);
    if (response.status === 404) {
      await response.body?.cancel();
      return undefined;
    }
    if (!response.ok) throw await failure(response, what);
    return withVersion(checked(type, await json<unknown>(response, what), what), response);
  }

  /** Reads all pages of a filtered list (RFC 7644 §3.4.2). */
  async function list<K extends keyof typeof shapes>(
    type: K,
    filter: string,
    extra: Record<string, string>,
    signal: AbortSignal,
  ): Promise<Shape<K>[]> {
    const found = new Map<string, Shape<K>>();
    for (let startIndex = 1; ;) {
      const query = new URLSearchParams({
        filter,
        startIndex: String(startIndex),
        count: String(PAGE_SIZE),
        ...extra,
      });
      const what = `list ${type} where ${filter}`;
      const response = await request('GET', `/${type}?${query.toString()}`, signal);
      if (!response.ok) throw await failure(response, what);
      const page = await json<{ totalResults?: number; Resources?: unknown[] } | undefined>(response, what);
      // Another server's answer must not count as an empty list. `totalResults` is required (RFC 7644 §3.4.2).
      if (typeof page?.totalResults !== 'number') {
        throw new Error(`${name} answered "${what}" with something that is not a SCIM list`);
      }
      const resources = (page.Resources ?? []).map((resource) => checked(type, resource, what));
      for (const resource of resources) found.set(resource.id, resource);
      startIndex += resources.length;
      if (resources.length === 0 || startIndex > page.totalResults) return [...found.values()];
    }
  }

  async function supportsEtags(signal: AbortSignal): Promise<boolean> {
    if (etags === undefined) {
      const response = await request('GET', '/ServiceProviderConfig', signal);
      // Without a ServiceProviderConfig (RFC 7644 §4) a server advertises no ETags.
      if (response.status === 404) {
        await response.body?.cancel();
        return (etags = false);
      }
      if (!response.ok) throw await failure(response, 'read ServiceProviderConfig');
      const config = await json<{ etag?: { supported?: boolean } }>(response, 'read ServiceProviderConfig');
      etags = config.etag?.supported === true;
    }
    return etags;
  }

  return {
    name,
    supportsEtags,

    getUser: (id: string, signal: AbortSignal) => get('Users', id, '', signal),

    /** Without its members, which may be many. */
    getGroup: (id: string, signal: AbortSignal) => get('Groups', id, '?excludedAttributes=members', signal),

    /** @returns the users with exactly this value, also where the server ignores the filter */
    async findUsers(attribute: string, value: string, signal: AbortSignal): Promise<ScimUser[]> {
      const users = await list('Users', `${attribute} eq ${JSON.stringify(value)}`, {}, signal);
      return users.filter((user) => sameText(attributeOf(user, attribute), value));
    },

    /** @returns the groups with this name, without their members */
    findGroups: (displayName: string, signal: AbortSignal) =>
      list(
        'Groups',
        `displayName eq ${JSON.stringify(displayName)}`,
        { excludedAttributes: 'members' },
        signal,
      ),

    membersOf: async (groupId: string, signal: AbortSignal) =>
      (await get('Groups', groupId, '', signal))?.members ?? [],

    /** @returns the groups with this direct member. Queries the groups, since many servers omit `User.groups` */
    groupsOf: (userId: string, signal: AbortSignal) =>
      list('Groups', `members.value eq ${JSON.stringify(userId)}`, { excludedAttributes: 'members' }, signal),

    /**
     * Changes one value. Where the server supports ETags it sends `If-Match`, so that the server refuses a late write.
     * @returns false where the caller must read again: after a concurrent write (412, 409), or a deletion (404)
     */
    async patch(
      type: 'Users' | 'Groups',
      resource: ScimResource,
      operation: PatchOperation,
      signal: AbortSignal,
    ): Promise<boolean> {
      const version = (await supportsEtags(signal)) ? resource.meta?.version : undefined;
      const response = await request('PATCH', `/${type}/${encodeURIComponent(resource.id)}`, signal, {
        headers: { 'content-type': 'application/scim+json', ...(version && { 'if-match': version }) },
        body: JSON.stringify({ schemas: [PATCH_OP], Operations: [operation] }),
      });
      if (!response.ok && ![404, 409, 412].includes(response.status))
        throw await failure(response, `${operation.op} ${operation.path} of ${type}/${resource.id}`);
      await response.body?.cancel();
      return response.ok;
    },
  };
}

function withVersion<T extends ScimResource>(resource: T, response: Response): T {
  const version = resource.meta?.version ?? response.headers.get('etag');
  return version ? { ...resource, meta: { ...resource.meta, version } } : resource;
}

function detailOf(text: string): string {
  try {
    const { detail } = JSON.parse(text) as { detail?: unknown };
    return typeof detail === 'string' ? ` (${detail.slice(0, 200)})` : '';
  } catch {
    // The body is no SCIM error (RFC 7644 §3.12); the message has the status code.
    return '';
  }
}
