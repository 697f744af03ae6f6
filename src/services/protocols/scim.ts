/**
 * A SCIM 2.0 client (RFC 7643, RFC 7644) for the few requests that this system makes. It assumes little of the server: what a
 * write did is for the caller to read back, not to conclude from a status code.
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
  /** What errors call the server: "payroll", "the directory". */
  name: string;
  scimUrl: string;
  token: string;
  requestTimeoutMs: number;
  /** Where the server has a rate limit. */
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
        // A redirect could carry the token to a stranger.
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

  /** Turns an answer that is no success into an error: final where the same request would get the same answer. */
  async function failure(response: Response, what: string): Promise<Error> {
    const text = await response.text();
    // A server may repeat what it was sent.
    const detail = detailOf(text.replaceAll(token, '(the token)'));
    const sentence = `${name} answered ${response.status} to "${what}"${detail}`;
    const { status } = response;
    if (status === 401 || status === 403) {
      return new FinalFailure(
        FailureType.Refused,
        `${sentence}: check the token of ${name} and what it may do`,
      );
    }
    const passing = status >= 500 || status === 408 || status === 409 || status === 425 || status === 429;
    return passing ? new Error(sentence) : new FinalFailure(FailureType.Refused, sentence);
  }

  async function json<T>(response: Response, what: string): Promise<T> {
    const text = await response.text();
    try {
      return JSON.parse(text) as T;
    } catch (error) {
      // A proxy's maintenance page, for instance: an outage, not an answer.
      throw new Error(`${name} answered "${what}" with something that is not JSON`, { cause: error });
    }
  }

  /** @throws Error, as for an outage: whatever answered that is not the server that is meant, or is out of order */
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

  /** All pages of a filtered list (RFC 7644 §3.4.2). */
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
      // An answer from elsewhere must not pass for "none". `totalResults` is required (RFC 7644 §3.4.2).
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
      // A server that does not describe itself (RFC 7644 §4) promises no versions either.
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

    /** Without the members: a group can have very many. */
    getGroup: (id: string, signal: AbortSignal) => get('Groups', id, '?excludedAttributes=members', signal),

    /** The users whose attribute is exactly `value`; a server that ignores the filter does not fool it. */
    async findUsers(attribute: string, value: string, signal: AbortSignal): Promise<ScimUser[]> {
      const users = await list('Users', `${attribute} eq ${JSON.stringify(value)}`, {}, signal);
      return users.filter((user) => sameText(attributeOf(user, attribute), value));
    },

    /** The groups of this name, without their members. */
    findGroups: (displayName: string, signal: AbortSignal) =>
      list(
        'Groups',
        `displayName eq ${JSON.stringify(displayName)}`,
        { excludedAttributes: 'members' },
        signal,
      ),

    membersOf: async (groupId: string, signal: AbortSignal) =>
      (await get('Groups', groupId, '', signal))?.members ?? [],

    /** The groups that a user is a direct member of: asked of the groups, since many servers do not tell in `User.groups`. */
    groupsOf: (userId: string, signal: AbortSignal) =>
      list('Groups', `members.value eq ${JSON.stringify(userId)}`, { excludedAttributes: 'members' }, signal),

    /**
     * Changes one value; with `If-Match` where the server supports ETags, so that a write which lands late is refused.
     * @returns false where one has to look again: another write came in between (412, 409), or the resource may be gone (404)
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
    // Not a SCIM error body (RFC 7644 §3.12); the status code says enough.
    return '';
  }
}
