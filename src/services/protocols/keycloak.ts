/**
 * A client of Keycloak's Admin REST API, for the requests of the hold. A status code does not prove the effect of a write: the caller
 * reads it back.
 */
import { askedOnce } from './asked-once.js';
import { z } from 'zod';
import { cannotTell } from '../../exit/failures.js';
import { describeIssues } from '../../exit/input.js';
import { createExchange, type HttpServer } from './http-exchange.js';
import type { HttpAnswer } from './http-answer.js';

/** Keycloak's own default of a page of members. */
const PAGE_SIZE = 100;

export interface KeycloakRealm extends Omit<HttpServer, 'token'> {
  realm: string;
  /** A confidential client with a service account. */
  clientId: string;
  readonly clientSecret: string;
}

/** Without a default: only an explicit value of Keycloak counts. */
const optional = <T extends z.ZodType>(type: T) => type.optional().catch(undefined);

const KeycloakUser = z.object({
  id: z.string().min(1),
  username: z.string(),
  email: optional(z.string()),
  enabled: optional(z.boolean()),
  attributes: optional(z.record(z.string(), z.array(z.unknown()))),
});
export type KeycloakUser = z.output<typeof KeycloakUser>;

const Path = z.object({ id: z.string().min(1), name: z.string(), path: z.string() });
const KeycloakGroup = Path.extend({
  parentId: optional(z.string()),
  get subGroups() {
    return optional(z.array(KeycloakGroup));
  },
});
export type KeycloakGroup = z.output<typeof KeycloakGroup>;
const Organization = z.object({ id: z.string().min(1), name: z.string() });
type OrganizationGroup = KeycloakGroup & { organization: string };

const Token = z.object({ access_token: z.string().min(1), expires_in: z.number() });
const Count = z.object({ count: z.number() });
const Profile = z.object({
  attributes: z.array(z.object({ name: z.string() })),
  unmanagedAttributePolicy: optional(z.string()),
});

export type KeycloakClient = ReturnType<typeof createKeycloakClient>;

export function createKeycloakClient({ realm, clientId, clientSecret, ...server }: KeycloakRealm) {
  const { name } = server;
  const ofRealm = encodeURIComponent(realm);
  const tokenServer = createExchange({ ...server, token: clientSecret });
  let session: { exchange: ReturnType<typeof createExchange>; renewAtMs: number } | undefined;

  /** @throws Error as on an outage: another server answered, or this one is out of order */
  function checked<T extends z.ZodType>(shape: T, { text }: HttpAnswer, what: string): z.output<T> {
    let json: unknown;
    try {
      json = JSON.parse(text);
    } catch (error) {
      throw new Error(`${name} answered "${what}" with something that is not JSON`, { cause: error });
    }
    const parsed = shape.safeParse(json);
    if (parsed.success) return parsed.data;
    throw new Error(
      `${name} answered "${what}" with something that is not Keycloak's: ${describeIssues(parsed.error)}`,
    );
  }

  /** By client credentials (RFC 6749 §4.4). The token is renewed after half of its life, since clocks and networks delay. */
  async function authorised(signal: AbortSignal): Promise<ReturnType<typeof createExchange>> {
    if (session && Date.now() < session.renewAtMs) return session.exchange;
    const what = `get a token for the client ${clientId}`;
    const credentials = [clientId, clientSecret].map(encodeURIComponent).join(':');
    const answer = await tokenServer.send(
      {
        what,
        method: 'POST',
        path: `/realms/${ofRealm}/protocol/openid-connect/token`,
        headers: {
          'content-type': 'application/x-www-form-urlencoded',
          authorization: `Basic ${Buffer.from(credentials).toString('base64')}`,
        },
        body: 'grant_type=client_credentials',
      },
      signal,
    );
    if (!isOk(answer)) throw tokenServer.failure(answer, what);
    const { access_token: token, expires_in: lifeS } = checked(Token, answer, what);
    const exchange = createExchange({ ...server, token });
    session = { exchange, renewAtMs: Date.now() + 500 * lifeS };
    return exchange;
  }

  const request: typeof send = (method, path, ...rest) => {
    const sent = () => send(method, path, ...rest);
    return method === 'GET' ? askedOnce(`${server.base} ${realm} ${path}`, sent, isOk) : sent();
  };

  /** @param tolerated statuses that the caller understands besides success */
  async function send(
    method: string,
    path: string,
    what: string,
    signal: AbortSignal,
    tolerated: readonly number[] = [],
    body?: unknown,
  ): Promise<HttpAnswer> {
    const sent = {
      what,
      method,
      path: `/admin/realms/${ofRealm}${path}`,
      headers: { accept: 'application/json', 'content-type': 'application/json' },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    };
    let exchange = await authorised(signal);
    let answer = await exchange.send(sent, signal);
    if (answer.status === 401) {
      // A rotated key or a pushed revocation ends tokens before their time.
      session = undefined;
      exchange = await authorised(signal);
      answer = await exchange.send(sent, signal);
    }
    if (isOk(answer) || tolerated.includes(answer.status)) return answer;
    const text = answer.text.replaceAll(clientSecret, '(the secret)');
    throw exchange.failure({ ...answer, text }, what);
  }

  /** @throws FinalFailure CannotTell where the server gives the same page again */
  async function list<T extends z.ZodType<{ id: string }>>(
    shape: T,
    path: string,
    query: Record<string, string>,
    what: string,
    signal: AbortSignal,
    most = Infinity,
  ): Promise<z.output<T>[]> {
    const found = new Map<string, z.output<T>>();
    for (let first = 0; ; first += PAGE_SIZE) {
      const page = new URLSearchParams({ first: String(first), max: String(PAGE_SIZE), ...query });
      const answer = await request('GET', `${path}?${page.toString()}`, what, signal);
      const elements = checked(z.array(shape), answer, what);
      const before = found.size;
      for (const each of elements) found.set(each.id, each);
      if (elements.length < PAGE_SIZE || query['max'] !== undefined || found.size >= most)
        return [...found.values()];
      if (found.size === before)
        throw cannotTell(
          `${name} answers "${what}" with the same ${elements.length} again and again, so that it may have more: look at the gateway before it`,
        );
    }
  }

  /** @returns undefined for 404 */
  async function get<T extends z.ZodType>(
    shape: T,
    path: string,
    what: string,
    signal: AbortSignal,
  ): Promise<z.output<T> | undefined> {
    const answer = await request('GET', path, what, signal, [404]);
    return answer.status === 404 ? undefined : checked(shape, answer, what);
  }

  /** @returns false for 404, 409 and 412, after which the caller reads again */
  async function write(method: string, path: string, what: string, signal: AbortSignal, body?: unknown) {
    return isOk(await request(method, path, what, signal, [404, 409, 412], body));
  }

  const ofUser = (id: string): string => `/users/${encodeURIComponent(id)}`;
  const ofGroup = (id: string): string => `/groups/${encodeURIComponent(id)}`;
  const ofMembership = (userId: string, groupId: string): string => `${ofUser(userId)}${ofGroup(groupId)}`;

  async function listedAndCounted(userId: string, signal: AbortSignal) {
    const what = `list the groups of ${userId}`;
    const path = `${ofUser(userId)}/groups`;
    const groups = await list(KeycloakGroup, path, {}, what, signal);
    const { count } = checked(Count, await request('GET', `${path}/count`, what, signal), what);
    return { groups, count };
  }

  /** @returns undefined where the service account may not see organizations, or this version has none */
  async function organizationGroupsOf(
    userId: string,
    signal: AbortSignal,
  ): Promise<OrganizationGroup[] | undefined> {
    const what = `list the organizations of ${userId}`;
    const path = `/organizations/members/${encodeURIComponent(userId)}/organizations`;
    const answer = await request('GET', path, what, signal, [403, 404]);
    if (!isOk(answer)) return undefined;
    const found: OrganizationGroup[] = [];
    for (const { id, name: organization } of checked(z.array(Organization), answer, what)) {
      const member = `/organizations/${encodeURIComponent(id)}/members/${encodeURIComponent(userId)}`;
      const whose = `list the groups of ${userId} in the organization ${organization}`;
      const groups = await list(KeycloakGroup, `${member}/groups`, {}, whose, signal);
      found.push(...groups.map((group) => ({ ...group, organization })));
    }
    return found;
  }

  return {
    name,

    getUser: (id: string, signal: AbortSignal) =>
      get(KeycloakUser, ofUser(id), `read the user ${id}`, signal),

    /** @param query `username` or `email` with `exact`, `q`, or `max`; all users without any @param most how many, in pages */
    findUsers: (query: Record<string, string>, signal: AbortSignal, most?: number): Promise<KeycloakUser[]> =>
      list(
        KeycloakUser,
        '/users',
        { ...query, briefRepresentation: 'false' },
        `list users where ${new URLSearchParams(query).toString()}`,
        signal,
        most,
      ),

    /** @returns the attributes that the user profile declares; undefined where it lets users have any */
    async knownAttributes(signal: AbortSignal): Promise<string[] | undefined> {
      const what = 'read the user profile';
      const answer = await request('GET', '/users/profile', what, signal);
      const { attributes, unmanagedAttributePolicy } = checked(Profile, answer, what);
      return unmanagedAttributePolicy === undefined ? attributes.map((each) => each.name) : undefined;
    },

    setEnabled: (id: string, enabled: boolean, signal: AbortSignal) =>
      write('PUT', ofUser(id), `${enabled ? 'enable' : 'disable'} the user ${id}`, signal, { enabled }),

    /**
     * Keycloak counts the groups of organizations, and lists them elsewhere.
     * @returns the groups of the user, without those above them
     * @throws Error where the list and its count change, FinalFailure CannotTell where they differ for good
     */
    async groupsOf(
      userId: string,
      signal: AbortSignal,
    ): Promise<{ groups: KeycloakGroup[]; ofOrganizations: OrganizationGroup[] }> {
      const seen = await listedAndCounted(userId, signal);
      if (seen.groups.length === seen.count) return { groups: seen.groups, ofOrganizations: [] };
      const ofOrganizations = await organizationGroupsOf(userId, signal);
      const { groups, count } = await listedAndCounted(userId, signal);
      const words = `${name} lists ${groups.length} groups of ${userId}, and counts ${count}`;
      if (idsOf(groups).join() !== idsOf(seen.groups).join() || count !== seen.count)
        throw new Error(`${words}: they change now`);
      if (!ofOrganizations)
        throw cannotTell(
          `${words}: it may be in groups of an organization. Give the service account the role view-organizations, or look there`,
        );
      if (new Set(idsOf([...groups, ...ofOrganizations])).size === count)
        return { groups: groups.filter(({ id }) => !idsOf(ofOrganizations).includes(id)), ofOrganizations };
      throw cannotTell(
        `${words}, also with ${ofOrganizations.length} groups of organizations: look there which groups it is in`,
      );
    },

    getGroup: (id: string, signal: AbortSignal) =>
      get(KeycloakGroup, ofGroup(id), `read the group ${id}`, signal),

    /** @returns the groups at the top, with those below them whose names contain the text in any case */
    searchGroups: (text: string, signal: AbortSignal): Promise<KeycloakGroup[]> =>
      list(KeycloakGroup, '/groups', { search: text }, `search the group ${text}`, signal),

    childrenOf: (groupId: string, signal: AbortSignal): Promise<KeycloakGroup[]> =>
      list(KeycloakGroup, `${ofGroup(groupId)}/children`, {}, `list the groups below ${groupId}`, signal),

    membersOf: (groupId: string, signal: AbortSignal): Promise<KeycloakUser[]> =>
      list(
        KeycloakUser,
        `${ofGroup(groupId)}/members`,
        { briefRepresentation: 'true' },
        `list the members of ${groupId}`,
        signal,
      ),

    addMember: (groupId: string, userId: string, signal: AbortSignal) =>
      write('PUT', ofMembership(userId, groupId), `add ${userId} to the group ${groupId}`, signal),

    removeMember: (groupId: string, userId: string, signal: AbortSignal) =>
      write('DELETE', ofMembership(userId, groupId), `remove ${userId} from the group ${groupId}`, signal),

    /** Ends the sessions and revokes the tokens of a user, also the offline ones. */
    logout: (id: string, signal: AbortSignal) =>
      write('POST', `${ofUser(id)}/logout`, `end the sessions of ${id}`, signal),
  };
}

const idsOf = (groups: readonly KeycloakGroup[]): string[] => groups.map(({ id }) => id).toSorted();
const isOk = ({ status }: HttpAnswer): boolean => status >= 200 && status < 300;
