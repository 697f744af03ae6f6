/**
 * The SCIM 2.0 server of the embedded default, for the directory or a critical system. Each has its own process, since scimmy keeps its
 * resource types in a singleton. Its settings come from the environment, so that no process list shows the token.
 */
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import express, { type NextFunction, type Request, type Response } from 'express';
import SCIMMY from 'scimmy';
import SCIMMYRouters from 'scimmy-routers';
import { openScimStore, type ScimStore, type StoredResource } from './scim-store.js';

const { SCIM_TOKEN: token, SCIM_DATA_FILE: dataFile, SCIM_PORT: port, SCIM_SEED: seed } = process.env;
/** Off: behaves like the many servers without ETags. */
const etag = process.env['SCIM_ETAG'] !== 'off';
if (!token) throw new Error('SCIM_TOKEN is not set');

const store = await openScimStore(dataFile, seed);
declareResources(store);

const app = express();
app.disable('x-powered-by');
// By default Express derives its own ETags from the body.
app.set('etag', false);
app.use('/scim/v2', oneWriteAtATime(), ...(etag ? [versioned(store)] : []));
app.use(
  '/scim/v2',
  new SCIMMYRouters({
    type: 'bearer',
    handler: (request) => {
      if (!isAuthorized(request)) throw new Error('The bearer token is missing or wrong');
      return 'administrator';
    },
    baseUri: (request) => `http://${request.get('host')}`,
  }),
);
SCIMMY.Config.set({ etag, bulk: false });

const server = app.listen(Number(port ?? 0), '127.0.0.1');
await once(server, 'listening');
process.send?.({ port: (server.address() as AddressInfo).port });
// The parent has ended, perhaps by SIGKILL.
process.on('disconnect', () => process.exit(0));
process.on('SIGTERM', () => process.exit(0));

function declareResources({ users, groups, save }: ScimStore): void {
  type Instance = { id?: string; filter?: { match: (values: object[]) => object[] } };

  const withoutVersion = ({ meta: { version: _version, ...meta }, ...resource }: StoredResource) =>
    ({ ...resource, meta }) as StoredResource;
  const visible = (resource: StoredResource) => (etag ? resource : withoutVersion(resource));
  const read = (kind: Map<string, StoredResource>, show: (resource: StoredResource) => StoredResource) => {
    return ({ id, filter }: Instance): object | object[] => {
      if (id !== undefined) {
        const found = kind.get(id);
        if (!found) throw new SCIMMY.Types.Error(404, '', `Resource ${id} not found`);
        return show(found);
      }
      const all = [...kind.values()].map(show);
      if (!filter) return all;
      const byView = new Map(all.map((resource) => [withFullNames(resource), resource]));
      return filter.match([...byView.keys()]).map((view) => byView.get(view)!);
    };
  };
  const write = async (
    kind: Map<string, StoredResource>,
    id: string | undefined,
    attributes: object,
  ): Promise<StoredResource> => {
    const before = id === undefined ? undefined : kind.get(id);
    if (id !== undefined && !before) throw new SCIMMY.Types.Error(404, '', `Resource ${id} not found`);
    const resource: StoredResource = {
      ...(JSON.parse(JSON.stringify(attributes)) as object),
      id: id ?? randomUUID(),
      meta: metaAfter(before),
    };
    kind.set(resource.id, resource);
    await save();
    return resource;
  };
  const withMember = (id: string) =>
    [...groups.values()].filter(({ members }) => members?.some(({ value }) => value === id));
  const removeMember = (id: string): void => {
    for (const group of withMember(id)) {
      group.members = group.members?.filter(({ value }) => value !== id);
      group.meta = metaAfter(group);
    }
  };
  const groupsOf = (userId: string) =>
    withMember(userId).map(({ id, displayName }) => ({ value: id, display: displayName, type: 'direct' }));
  const showUser = (user: StoredResource) => ({ ...visible(user), groups: groupsOf(user.id) });

  // scimmy types its handlers by its own classes; the store has plain SCIM documents, hence `as never`.
  SCIMMY.Resources.declare(SCIMMY.Resources.User)
    .extend(SCIMMY.Schemas.EnterpriseUser, false)
    .egress(read(users, showUser) as never)
    .ingress((async ({ id }: Instance, user: { userName: string; groups?: unknown }) => {
      // Case-insensitive (RFC 7643 §4.1.1).
      const wanted = user.userName.toLowerCase();
      const taken = [...users.values()].some(
        (other) => other.userName?.toLowerCase() === wanted && other.id !== id,
      );
      if (taken) throw new SCIMMY.Types.Error(409, 'uniqueness', `The userName ${user.userName} is taken`);
      const { groups: _derived, ...attributes } = user;
      return showUser(await write(users, id, { active: true, ...attributes }));
    }) as never)
    .degress(async ({ id }: Instance) => {
      if (!users.delete(id!)) throw new SCIMMY.Types.Error(404, '', `Resource ${id} not found`);
      removeMember(id!);
      await save();
    });

  SCIMMY.Resources.declare(SCIMMY.Resources.Group)
    .egress(read(groups, visible) as never)
    .ingress((async ({ id }: Instance, group: { members?: { value: string }[] }) => {
      const members = [...new Map((group.members ?? []).map((member) => [member.value, member])).values()];
      const unknown = members.find(({ value }) => !users.has(value) && !groups.has(value));
      if (unknown) throw new SCIMMY.Types.Error(400, 'invalidValue', `There is no user ${unknown.value}`);
      const known = members.map(({ value }) => ({ value, type: users.has(value) ? 'User' : 'Group' }));
      return visible(await write(groups, id, { ...group, members: known }));
    }) as never)
    .degress(async ({ id }: Instance) => {
      if (!groups.delete(id!)) throw new SCIMMY.Types.Error(404, '', `Resource ${id} not found`);
      removeMember(id!);
      await save();
    });
}

function metaAfter(before: StoredResource | undefined): StoredResource['meta'] {
  const now = new Date().toISOString();
  const version = before ? Number(/\d+/.exec(before.meta.version)) + 1 : 1;
  return { created: before?.meta.created ?? now, lastModified: now, version: `W/"${version}"` };
}

/** A filter names an extension's attribute in full, "urn:…:User:employeeNumber" (RFC 7644 §3.10), which scimmy looks up as one key. */
function withFullNames(resource: StoredResource): object {
  const extensions = Object.entries(resource).filter(([key]) => key.startsWith('urn:'));
  const attributes = extensions.flatMap(([schema, extension]) =>
    Object.entries(extension as object).map(([name, value]) => [`${schema}:${name}`, value as unknown]),
  );
  return { ...resource, ...Object.fromEntries(attributes) };
}

const isAuthorized = (request: Request): boolean => request.header('authorization') === `Bearer ${token}`;

const isWrite = ({ method }: Request): boolean => method !== 'GET' && method !== 'HEAD';

/** A PATCH reads and then writes, so that concurrent ones would lose a change. */
function oneWriteAtATime() {
  let last = Promise.resolve();
  return (request: Request, response: Response, next: NextFunction): void => {
    if (!isWrite(request)) return next();
    const done = new Promise<void>((resolve) => response.once('close', resolve));
    void last.then(() => next());
    last = last.then(() => done);
  };
}

/** ETags (RFC 7644 §3.14): rejects a write on an old version, and returns the version. */
function versioned({ users, groups }: ScimStore) {
  return (request: Request, response: Response, next: NextFunction): void => {
    const [, kind, id] = request.path.split('/');
    const current = (kind === 'Users' ? users : groups).get(id ?? '')?.meta.version;
    const expected = request.header('if-match');
    if (
      isWrite(request) &&
      isAuthorized(request) &&
      expected !== undefined &&
      current !== undefined &&
      expected !== '*' &&
      expected !== current
    ) {
      const detail = `The resource is now at ${current}`;
      response
        .status(412)
        .type('application/scim+json')
        .send({ schemas: ['urn:ietf:params:scim:api:messages:2.0:Error'], status: '412', detail });
      return;
    }
    const send = response.send.bind(response);
    response.send = (body: unknown) => {
      const version = (body as { meta?: { version?: string } } | undefined)?.meta?.version;
      if (version) response.setHeader('etag', version);
      return send(body);
    };
    next();
  };
}
