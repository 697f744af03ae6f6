/**
 * The world outside for `npm run compare`, a process of its own: directory and critical systems (SCIM 2.0), and a mail server. All are in
 * memory and answer in well under a millisecond, so that the forms alone are measured. Each employee whose id is looked up has an
 * account everywhere. It reports each write and each mail to its parent, with its time.
 */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { SMTPServer } from 'smtp-server';
import { openSmtp } from '../open-smtp.js';
import type { Counts, Mail, Seen, Write } from './outside.js';

const ENTERPRISE_USER = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';

const EMPLOYEE_NUMBER = `${ENTERPRISE_USER}:employeeNumber`;

interface User {
  id: string;
  employeeId: string;
  active: boolean;
  groups: Set<string>;
  version: number;
}

/** The groups of each employee: the critical one of production, which the hold takes, and harmless ones. Others are in more groups. */
const groupsOn: Record<string, string[]> = {
  directory: [],
  payroll: ['clerks'],
  code: ['developers'],
  production: ['production-operators', 'readers'],
};

const otherGroups = ['auditors', 'contractors', 'everyone', 'production-admins'];

const users = new Map<string, Map<string, User>>(Object.keys(groupsOn).map((system) => [system, new Map()]));
const tell = (seen: Seen): void => void process.send!(seen);

const byId = new Map<string, User>();

/** Like those of most servers: no id is a part of another. */
function idOf(system: string, employeeId: string): string {
  const hash = createHash('sha256').update(`${system} ${employeeId}`).digest('hex');
  return `${hash.slice(0, 8)}-${hash.slice(8, 12)}-4${hash.slice(13, 16)}-8${hash.slice(17, 20)}-${hash.slice(20, 32)}`;
}

/** A manager is another account of the directory: `M-` and the employee's id. */
function userOn(system: string, employeeId: string): User {
  const found = users.get(system)!.get(employeeId);
  if (found) return found;
  const user = {
    ...{ id: idOf(system, employeeId), employeeId, active: true, version: 1 },
    groups: new Set(groupsOn[system]),
  };
  users.get(system)!.set(employeeId, user);
  byId.set(user.id, user);
  return user;
}

/** `X-…` is the employee whose manager's address no mail server takes. */
const mailOf = (employeeId: string): string =>
  `${employeeId.startsWith('M-X-') ? 'refused-' : ''}${employeeId.toLowerCase()}@acme.example`;

function shown(system: string, { id, employeeId, active, version }: User): object {
  const isManager = employeeId.startsWith('M-');
  return {
    schemas: ['urn:ietf:params:scim:schemas:core:2.0:User', ENTERPRISE_USER],
    ...{
      id,
      externalId: employeeId,
      userName: mailOf(employeeId),
      displayName: `Employee ${employeeId}`,
      active,
    },
    emails: [{ value: mailOf(employeeId), primary: true, type: 'work' }],
    [ENTERPRISE_USER]: {
      employeeNumber: employeeId,
      ...(system === 'directory' &&
        !isManager && { manager: { value: userOn(system, `M-${employeeId}`).id } }),
    },
    meta: { version: `W/"${version}"` },
  };
}

const someUsers = (system: string): object[] =>
  [...users.get(system)!.values()].slice(0, 10).map((user) => shown(system, user));

/** More than ever leave: a list of any other group is shorter, and therefore whole. */
const crowd = Array.from({ length: 3_000 }, (_, n) => ({ value: idOf('everyone', String(n)), type: 'User' }));

/** Who never leaves. Both forms take members out of the same group at once: of few others, that would look like a loss. */
const lasting = Array.from({ length: 40 }, (_, n) => `M-${n}`);

function membersOf(system: string, name: string): object[] {
  if (name === 'everyone') return crowd;
  return [
    ...lasting.map((employeeId) => userOn(system, employeeId).id),
    ...[...users.get(system)!.values()].flatMap(({ id, groups }) => (groups.has(name) ? id : [])),
  ].map((value) => ({ value, type: 'User' }));
}

/** Of the groups by `<system> <name>`: a write shows by it that another one came between. */
const versions = new Map<string, number>();
const versionOf = (system: string, name: string): string => `W/"${versions.get(`${system} ${name}`) ?? 1}"`;

const group = (system: string, displayName: string, withMembers = false): object => ({
  schemas: ['urn:ietf:params:scim:schemas:core:2.0:Group'],
  ...{ id: displayName, displayName },
  ...(withMembers && { members: membersOf(system, displayName) }),
  meta: { version: versionOf(system, displayName) },
});

interface Asked {
  method: string;
  system: string;
  kind: string;
  id: string | undefined;
  filter: string;
  withMembers: boolean;
  ifMatch: string | undefined;
  body: string;
}

function answer(asked: Asked): [status: number, body?: object] {
  const { method, system, kind, id, filter, withMembers } = asked;
  if (kind === 'ServiceProviderConfig') return [200, { etag: { supported: true } }];
  if (method === 'PATCH') return changed(asked);
  if (id !== undefined)
    return [200, kind === 'Users' ? shown(system, byId.get(id)!) : group(system, id, withMembers)];
  const list = (found: object[]): [number, object] => [200, { totalResults: found.length, Resources: found }];
  // A client that doubts an answer looks at a list.
  if (filter === '')
    return list(
      kind === 'Groups'
        ? [...groupsOn[system]!, ...otherGroups].map((name) => group(system, name, withMembers))
        : someUsers(system),
    );
  const terms = [...filter.matchAll(/(\S+) eq "(.*?)"/g)].map(([, attribute, value]) => ({
    attribute,
    value: value!,
  }));
  const [{ attribute, value } = { attribute: '', value: '' }] = terms;
  if (attribute === 'externalId' || attribute === EMPLOYEE_NUMBER)
    return list([shown(system, userOn(system, value))]);
  if (attribute === 'userName' || attribute === 'emails.value')
    return list(
      [...users.get(system)!.values()]
        .filter(({ employeeId }) => mailOf(employeeId) === value)
        .map((user) => shown(system, user)),
    );
  if (attribute === 'displayName') return list([group(system, value)]);
  // No group is in another group.
  if (attribute === 'members.value')
    return list([...(byId.get(value)?.groups ?? [])].map((name) => group(system, name)));
  throw new Error(
    `The world outside was asked for ${kind} where ${filter}, which it does not know: teach it`,
  );
}

/** One operation on one value, as the client sends them. */
function changed({ system, kind, id, ifMatch, body }: Asked): [status: number, body?: object] {
  const [operation] = (JSON.parse(body) as { Operations: { op: string; path: string; value: unknown }[] })
    .Operations;
  const { op, path, value } = operation!;
  const current = kind === 'Groups' ? versionOf(system, id!) : `W/"${byId.get(id!)!.version}"`;
  if (ifMatch !== undefined && ifMatch !== current) return [412, { detail: 'changed meanwhile' }];
  if (kind === 'Groups') {
    const member = op === 'add' ? (value as { value: string }[])[0]!.value : /"(.+)"/.exec(path)![1]!;
    const user = byId.get(member)!;
    const isChange = op === 'add' ? !user.groups.has(id!) : user.groups.has(id!);
    if (op === 'add') user.groups.add(id!);
    else user.groups.delete(id!);
    wrote(system, user, `${op === 'add' ? '+' : '-'}${id}`, isChange);
    versions.set(`${system} ${id}`, Number(/\d+/.exec(current)) + 1);
    return [200, group(system, id!)];
  }
  const user = byId.get(id!)!;
  const isChange = user.active !== value;
  user.active = value as boolean;
  user.version += 1;
  wrote(system, user, `${user.active ? '+' : '-'}active`, isChange);
  return [200, shown(system, user)];
}

function wrote(system: string, { employeeId, active, groups }: User, what: string, isChange: boolean): void {
  const state = { active, groups: [...groups] };
  tell({ kind: 'write', atMs: Date.now(), system, employeeId, what, isChange, state } satisfies Write);
}

let requests = 0;
const scim = http.createServer((request, response) => {
  requests += 1;
  void (async () => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const { pathname, searchParams } = new URL(request.url!, 'http://outside');
    const [, system, kind, id] = pathname.split('/');
    const [status, body] = answer({
      method: request.method!,
      ...{ system: system!, kind: kind!, id: id === undefined ? undefined : decodeURIComponent(id) },
      filter: searchParams.get('filter') ?? '',
      withMembers: !(searchParams.get('excludedAttributes') ?? '').includes('members'),
      ifMatch: request.headers['if-match'],
      body: Buffer.concat(chunks).toString(),
    });
    response.writeHead(status, { 'content-type': 'application/scim+json' }).end(body && JSON.stringify(body));
  })().catch((error: Error) => {
    console.error(error);
    response.writeHead(500).end(JSON.stringify({ detail: error.message }));
  });
});

/** A connection that breaks is the sender's affair: a killed process leaves some, also in the middle of a mail. */
const sayBroken = (error: Error): void => console.error(`A connection broke: ${error.message}`);

const smtp = new SMTPServer({
  ...openSmtp,
  onRcptTo({ address }, _session, callback) {
    const isRefused = address.startsWith('refused-');
    callback(isRefused ? Object.assign(new Error('no such mailbox'), { responseCode: 550 }) : undefined);
  },
  onData(stream, session, callback) {
    void (async () => {
      const messageId = /^message-id:\s*<([^>]+)>/im.exec(await text(stream))?.[1] ?? '';
      const atMs = Date.now();
      for (const { address } of session.envelope.rcptTo)
        tell({ kind: 'mail', atMs, to: address, messageId } satisfies Mail);
      callback();
    })().catch(sayBroken);
  },
});
smtp.on('error', sayBroken);

// Else the small packets of a dialogue wait for one another.
let connections = 0;
smtp.server.on('connection', (socket) => {
  connections += 1;
  socket.setNoDelay(true);
});

scim.listen(0, '127.0.0.1');
smtp.listen(0, '127.0.0.1');
await Promise.all([once(scim, 'listening'), once(smtp.server, 'listening')]);
const portOf = (server: { address: () => unknown }): number => (server.address() as AddressInfo).port;
process.send!({ scimPort: portOf(scim), smtpPort: portOf(smtp.server) });
process.on('message', () => void process.send!({ requests, connections } satisfies Counts));
process.on('SIGTERM', () => process.exit(0));
