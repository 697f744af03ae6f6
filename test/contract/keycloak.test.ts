/** What only Keycloak has: sub-groups, sessions, and a user profile. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { parseConfig } from '../../src/config/config.js';
import { FailureType } from '../../src/exit/failures.js';
import type { HoldKind } from '../../src/exit/hold-facts.js';
import type { AccessPort } from '../../src/services/access/access-port.js';
import { createAccessService } from '../../src/services/access/access.js';
import { createKeycloakAdapter } from '../../src/services/access/adapters/keycloak-adapter.js';
import { createScimAdapter } from '../../src/services/access/adapters/scim-adapter.js';
import { createAccess } from '../../src/services/from-config.js';
import { createKeycloakClient } from '../../src/services/protocols/keycloak.js';
import { createScimClient } from '../../src/services/protocols/scim.js';
import { NOTHING, SUSPEND } from '../support/critical-system.js';
import { eventually } from '../support/eventually.js';
import { finalFailure, outage } from '../support/failures.js';
import { startFaultProxy, type FaultProxy } from '../support/fault-proxy.js';
import { ask, PEOPLE, type Keycloak } from '../support/keycloak.js';
import { byEmployeeId } from '../support/matching.js';
import { orPending } from '../support/unavailable.js';
import { keycloak as shared } from './targets.js';

const { signal } = new AbortController();
const requestTimeoutMs = 15_000;
const report = () => Promise.resolve();

describe('on Keycloak @long', () => {
  let server: Keycloak;
  let proxy: FaultProxy;
  before(async function () {
    this.timeout(10 * 60_000);
    server = await orPending(this, shared());
    proxy = await startFaultProxy(server.url);
  });
  beforeEach(() => {
    proxy.seen.length = 0;
    proxy.fault(undefined);
    proxy.quirk(undefined);
  });
  after(() => proxy?.stop());

  const admin = <T = undefined>(method: string, path: string, body?: unknown): Promise<T> =>
    ask<T>(server, method, `/admin/realms/${server.realm}${path}`, body);
  const newGroup = (name: string, parent?: string) =>
    parent === undefined
      ? admin<string>('POST', '/groups', { name })
      : admin<{ id: string }>('POST', `/groups/${parent}/children`, { name }).then(({ id }) => id);
  const groupsOf = async (id: string) =>
    (await admin<{ path: string }[]>('GET', `/users/${id}/groups`)).map(({ path }) => path);
  const isEnabled = async (id: string) => (await admin<{ enabled: boolean }>('GET', `/users/${id}`)).enabled;

  const PASSWORD = 'correct-horse-battery-staple';
  async function hire(groups: string[] = [], employeeId = `E-${randomUUID()}`) {
    const username = `dana-${randomUUID()}`;
    const id = await admin<string>('POST', '/users', {
      username,
      email: `${username}@acme.example`,
      firstName: 'Dana',
      lastName: 'Reyes',
      enabled: true,
      attributes: { externalId: [employeeId], displayName: ['Dana Reyes'] },
      credentials: [{ type: 'password', value: PASSWORD }],
    });
    for (const group of groups) await admin('PUT', `/users/${id}/groups/${group}`);
    return { id, employeeId, username };
  }

  const adminRest = (changes: { clientSecret?: string; realm?: string } = {}): AccessPort => {
    const { realm, clientId, clientSecret } = server;
    const settings = { name: 'payroll', base: new URL(proxy.url).origin, requestTimeoutMs };
    return createKeycloakAdapter(
      createKeycloakClient({ ...settings, realm, clientId, clientSecret, ...changes }),
      ['externalId'],
    );
  };
  const scim = (): AccessPort =>
    createScimAdapter({
      scim: createScimClient({
        name: 'payroll',
        scimUrl: server.scimUrl,
        token: server.token,
        requestTimeoutMs,
      }),
    });
  const access = (port: AccessPort, protectedGroups: string[] = []) =>
    createAccessService({ port, match: byEmployeeId('externalId'), protectedGroups });
  const captured = async (port: AccessPort, employeeId: string, hold: HoldKind) => {
    const { accounts } = await access(port).capture({ employeeId }, hold, signal);
    return accounts[0] ?? assert.fail('no account');
  };

  interface Way {
    name: string;
    portOf: () => AccessPort;
    /** How the sub-group is listed. */
    child: (parent: string, name: string) => string;
    /** Whether the groups below a group are listed. */
    listsBelow: boolean;
  }
  const ways: Way[] = [
    {
      name: 'by its Admin REST API',
      portOf: adminRest,
      child: (parent, name) => `${parent}/${name}`,
      listsBelow: true,
    },
    { name: 'by SCIM', portOf: scim, child: (_parent, name) => name, listsBelow: false },
  ];
  for (const { name, portOf, child, listsBelow } of ways)
    describe(`${name}, a hold`, () => {
      async function below() {
        const [top, sub] = [`production-${randomUUID()}`, `on-call-${randomUUID()}`];
        const parent = await newGroup(top);
        const kid = await newGroup(sub, parent);
        return { top, path: `/${top}/${sub}`, kid, listed: child(top, sub) };
      }

      it('takes a membership in a sub-group, and gives it back', async () => {
        const { kid, path, listed } = await below();
        const { id, employeeId } = await hire([kid]);
        const hold: HoldKind = { kind: 'groups', groups: [listed] };
        const port = portOf();
        const account = await captured(port, employeeId, hold);
        const { taken, notes } = await access(port).block(account, hold, NOTHING, report, signal);
        assert.deepEqual([taken.groups, notes], [[{ id: kid, displayName: listed }], []]);
        assert.deepEqual(await groupsOf(id), []);
        await access(port).restore(account, taken, signal);
        assert.deepEqual(await groupsOf(id), [path]);
      });

      it('removes the membership in a sub-group when it revokes', async () => {
        const { kid, listed } = await below();
        const { id, employeeId } = await hire([kid]);
        const account = await captured(portOf(), employeeId, SUSPEND);
        const { removedGroups } = await access(portOf()).revoke({ employeeId }, [account], signal);
        assert.deepEqual(removedGroups, [{ id: kid, displayName: listed }]);
        assert.deepEqual([await groupsOf(id), await isEnabled(id)], [[], false]);
      });

      it('does not call an account blocked that has the roles of a group through a sub-group', async () => {
        const { top, kid, path, listed } = await below();
        const { id, employeeId } = await hire([kid]);
        const hold: HoldKind = { kind: 'groups', groups: [top] };
        const port = portOf();
        const account = await captured(port, employeeId, hold);
        const blocking = access(port).block(account, hold, NOTHING, report, signal);
        const reason = await finalFailure(FailureType.Refused, blocking);
        assert.ok(reason.includes(top) && (reason.includes(listed) || !listsBelow), reason);
        assert.deepEqual(await groupsOf(id), [path]);
      });

      it('counts the members of a sub-group as members of the protected group', async () => {
        const { top, kid, listed } = await below();
        const [dana, ravi] = [await hire([kid]), await hire([kid])];
        const port = portOf();
        for (const guarded of listsBelow ? [top, listed] : [listed]) {
          await admin('PUT', `/users/${ravi.id}`, { enabled: false });
          const service = access(port, [guarded]);
          const account = await captured(port, dana.employeeId, SUSPEND);
          const block = () => service.block(account, SUSPEND, NOTHING, report, signal);
          await finalFailure(FailureType.LastOfProtectedGroup, block());
          assert.equal(await isEnabled(dana.id), true);
          await admin('PUT', `/users/${ravi.id}`, { enabled: true });
          const { taken } = await block();
          assert.equal(await isEnabled(dana.id), false);
          await service.restore(account, taken, signal);
        }
      });

      if (!listsBelow)
        it('cannot tell who else is in a protected group whose sub-groups it does not list, and takes no member of one', async () => {
          const { top, kid } = await below();
          const [dana] = [await hire([kid]), await hire([kid])];
          const port = portOf();
          const service = access(port, [top]);
          const account = await captured(port, dana.employeeId, SUSPEND);
          assert.deepEqual((await service.wouldBeLast(account, SUSPEND, signal)).untold, [top]);
          const block = (overridesProtection: boolean) =>
            service.block(account, SUSPEND, NOTHING, report, signal, { overridesProtection });
          await finalFailure(FailureType.MaybeLastOfProtectedGroup, block(false));
          assert.equal(await isEnabled(dana.id), true);
          await block(true);
          assert.equal(await isEnabled(dana.id), false);
        });
    });

  describe('by its Admin REST API, a hold', () => {
    const tokenOf = (form: Record<string, string>) =>
      fetch(`${server.url}/realms/${server.realm}/protocol/openid-connect/token`, {
        method: 'POST',
        body: new URLSearchParams({ client_id: PEOPLE, ...form }),
      });
    async function login(username: string, scope: string) {
      const response = await tokenOf({ grant_type: 'password', username, password: PASSWORD, scope });
      return (await response.json()) as { access_token: string; refresh_token: string };
    }
    const userinfo = (token: string) =>
      fetch(`${server.url}/realms/${server.realm}/protocol/openid-connect/userinfo`, {
        headers: { authorization: `Bearer ${token}` },
      });

    it('ends sessions and tokens, also the offline ones, and a restore does not revive them', async () => {
      const { employeeId, username } = await hire();
      const online = await login(username, 'openid');
      const offline = await login(username, 'openid offline_access');
      const alive = async () => {
        const refreshing = [online, offline].map(({ refresh_token }) =>
          tokenOf({ grant_type: 'refresh_token', refresh_token }),
        );
        const answers = await Promise.all([userinfo(online.access_token), ...refreshing]);
        return answers.map(({ status }) => status === 200);
      };
      assert.deepEqual(await alive(), [true, true, true]);
      // Keycloak revokes what was issued before the second of the logout.
      const issued = Math.floor(Date.now() / 1000);
      await eventually('the next second', () => (Date.now() / 1000 >= issued + 1 ? true : undefined));
      const port = adminRest();
      const account = await captured(port, employeeId, SUSPEND);
      const { taken } = await access(port).block(account, SUSPEND, NOTHING, report, signal);
      assert.deepEqual(await alive(), [false, false, false]);
      await access(port).restore(account, taken, signal);
      assert.deepEqual(await alive(), [false, false, false]);
    });

    it('changes nothing of the account but whether it is enabled', async () => {
      const { id, employeeId } = await hire();
      const user = async () => {
        const { notBefore: _, ...rest } = await admin<{ notBefore: number }>('GET', `/users/${id}`);
        return rest;
      };
      const before = await user();
      const port = adminRest();
      const account = await captured(port, employeeId, SUSPEND);
      const { taken } = await access(port).block(account, SUSPEND, NOTHING, report, signal);
      assert.deepEqual(await user(), { ...before, enabled: false });
      await access(port).restore(account, taken, signal);
      assert.deepEqual(await user(), before);
    });

    it('finds an account by a value with spaces and quotes, by its username and by its e-mail', async () => {
      for (const value of ['E 1', 'E"2', 'ACME\\dana', 'E:3', 'é%_*']) {
        const strange = `${value} ${randomUUID()}`;
        const { id, username } = await hire([], strange);
        for (const [attribute, key] of [
          ['externalId', strange],
          ['username', username],
          ['email', `${username}@ACME.example`],
        ] as const) {
          const found = await adminRest().find({ attribute, value: key }, signal);
          assert.deepEqual(
            found.map(({ account }) => account.id),
            [id],
            `${attribute} ${key}`,
          );
        }
        assert.deepEqual(await adminRest().find({ attribute: 'externalId', value }, signal), []);
      }
    });

    it('stops where the user profile does not declare the attribute, since Keycloak answers "none"', async () => {
      const { employeeId } = await hire();
      const finding = adminRest().find({ attribute: 'badge', value: employeeId }, signal);
      assert.match(
        await finalFailure(FailureType.CannotTell, finding),
        /payroll cannot be searched for "badge".*user profile/,
      );
    });

    it('stops where Keycloak finds an account and does not show why', async () => {
      const { employeeId } = await hire();
      proxy.quirk((forward) => async (request) => {
        const answer = await forward(request);
        if (!request.path.includes('/users?')) return answer;
        const users = JSON.parse(answer.body) as object[];
        return { ...answer, body: JSON.stringify(users.map((user) => ({ ...user, attributes: {} }))) };
      });
      const finding = adminRest().find({ attribute: 'externalId', value: employeeId }, signal);
      assert.match(
        await finalFailure(FailureType.CannotTell, finding),
        /finds an account by "externalId" and does not show that value/,
      );
    });

    it('finds a sub-group by its path, and gives the paths of others of that name', async () => {
      const [one, two, name] = [randomUUID(), randomUUID(), `on-call-${randomUUID()}`];
      const parents = [await newGroup(one), await newGroup(two)];
      const kids = await Promise.all(parents.map((parent) => newGroup(name, parent)));
      const paths = async (wanted: string) =>
        (await adminRest().findGroup(wanted, signal)).map(({ displayName }) => displayName).toSorted();
      assert.deepEqual(await paths(name.toUpperCase()), [`${one}/${name}`, `${two}/${name}`].toSorted());
      assert.deepEqual(await paths(`no-${name}`), []);
      assert.ok((await adminRest().findGroup(`${one}/${name}`, signal)).some(({ id }) => id === kids[0]));
    });

    it('gets a new token where Keycloak ends the old one early', async () => {
      const { id, employeeId } = await hire();
      const port = adminRest();
      const account = await captured(port, employeeId, SUSPEND);
      let isEnded = false;
      proxy.fault(({ path }) => {
        if (isEnded || !path.includes('/admin/')) return undefined;
        isEnded = true;
        return { kind: 'answer', status: 401 };
      });
      await access(port).block(account, SUSPEND, NOTHING, report, signal);
      assert.deepEqual([isEnded, await isEnabled(id)], [true, false]);
      const tokens = proxy.seen.filter(({ path }) => path.endsWith('/token'));
      assert.equal(tokens.length, 2, 'one for both the capture and the block, and the new one');
    });

    it('does not mistake the 404 of a gateway for a deleted group', async () => {
      const displayName = `production-${randomUUID()}`;
      const group = await newGroup(displayName);
      const ref = { id: group, displayName };
      const { id } = await hire();
      proxy.fault(({ path }) =>
        path.includes(`/groups/${group}`) ? { kind: 'answer', status: 404 } : undefined,
      );
      assert.deepEqual(await adminRest().addToGroup(id, ref, signal), { kind: 'conflict' });
      proxy.fault(undefined);
      await admin('DELETE', `/groups/${group}`);
      assert.deepEqual(await adminRest().addToGroup(id, ref, signal), { kind: 'gone' });
    });

    it('does not mistake a lock by failed logins, which older versions show as disabled, for a suspension', async () => {
      const { id, employeeId } = await hire();
      proxy.quirk((forward) => async (request) => {
        const answer = await forward(request);
        if (request.method !== 'GET' || !request.path.endsWith(`/users/${id}`)) return answer;
        return {
          ...answer,
          body: JSON.stringify({ ...(JSON.parse(answer.body) as object), enabled: false }),
        };
      });
      const port = adminRest();
      const account = await captured(port, employeeId, SUSPEND);
      const { taken } = await access(port).block(account, SUSPEND, NOTHING, report, signal);
      assert.deepEqual([taken.suspended, await isEnabled(id)], [true, false]);
      await access(port).restore(account, taken, signal);
      assert.equal(await isEnabled(id), true);
    });

    it('does not mistake the 404 of a gateway for ended sessions', async () => {
      const { employeeId } = await hire();
      const port = adminRest();
      const account = await captured(port, employeeId, SUSPEND);
      proxy.fault(({ path }) => (path.endsWith('/logout') ? { kind: 'answer', status: 404 } : undefined));
      const blocking = access(port).block(account, SUSPEND, NOTHING, report, signal);
      assert.match(await outage(blocking), /^payroll has the account dana.*, and did not end its sessions$/);
    });

    it('does not take a list of groups that lacks some for the whole', async () => {
      const groups = [await newGroup(`a-${randomUUID()}`), await newGroup(`b-${randomUUID()}`)];
      const { id } = await hire(groups);
      proxy.quirk((forward) => async (request) => {
        const answer = await forward(request);
        if (!/\/groups\?/.test(request.path)) return answer;
        return { ...answer, body: JSON.stringify((JSON.parse(answer.body) as object[]).slice(1)) };
      });
      const listing = adminRest().groupsOf(id, signal);
      assert.match(await finalFailure(FailureType.CannotTell, listing), /lists 1 groups of .*, and counts 2/);
    });

    it('names the groups of organizations, which it cannot take, where it may see them, and else cannot tell', async () => {
      const [name, path] = [`partner-${randomUUID()}`, `team-${randomUUID()}`];
      const top = `top-${randomUUID()}`;
      const { id } = await hire([await newGroup(top)]);
      const root = { url: server.url, token: await server.rootToken() };
      const of = <T = undefined>(method: string, to: string, body?: unknown) =>
        ask<T>(root, method, `/admin/realms/${server.realm}${to}`, body);
      await of('PUT', '', { organizationsEnabled: true });
      const domains = [{ name: `${name}.example` }];
      const organization = await of<string>('POST', '/organizations', { name, domains });
      await of('POST', `/organizations/${organization}/members`, id);
      const { id: team } = await of<{ id: string }>('POST', `/organizations/${organization}/groups`, {
        name: path,
      });
      await of('PUT', `/organizations/${organization}/groups/${team}/members/${id}`);
      const listing = adminRest().groupsOf(id, signal);
      assert.match(await finalFailure(FailureType.CannotTell, listing), /the role view-organizations/);

      const [management] = await of<{ id: string }[]>('GET', '/clients?clientId=realm-management');
      const [client] = await of<{ id: string }[]>('GET', `/clients?clientId=${server.clientId}`);
      const account = await of<{ id: string }>('GET', `/clients/${client!.id}/service-account-user`);
      const role = await of<object>('GET', `/clients/${management!.id}/roles/view-organizations`);
      const roles = `/users/${account.id}/role-mappings/clients/${management!.id}`;
      await of('POST', roles, [role]);
      const found = await adminRest().groupsOf(id, signal);
      await of('DELETE', roles, [role]);
      assert.deepEqual(
        found.map(({ group, changeable }) => [group.displayName, changeable === true]),
        [
          [top, true],
          [`${path} (organization ${name})`, false],
        ],
      );
    });

    it('treats an answer that is not Keycloak’s as an outage', async () => {
      const { employeeId } = await hire();
      const port = adminRest();
      const account = await captured(port, employeeId, SUSPEND);
      for (const body of [{}, [{ id: account.id }], [{ username: 'dana' }]]) {
        proxy.fault(() => ({ kind: 'answer', status: 200, body }));
        for (const acting of [
          () => access(port).capture({ employeeId }, SUSPEND, signal),
          () => access(port).block(account, SUSPEND, NOTHING, report, signal),
          () => access(adminRest()).capture({ employeeId }, SUSPEND, signal),
        ])
          assert.match(
            await outage(acting()),
            /^payroll answered .* with something that is not Keycloak's: /,
          );
      }
    });

    it('is made from the configuration', async () => {
      const { id, employeeId } = await hire();
      const { url, realm, clientId, clientSecret } = server;
      const entry = {
        ...{ name: 'identity', protocol: 'keycloak', url, realm, clientId },
        clientSecretEnv: 'IDENTITY_SECRET',
        match: [{ externalId: '{employeeId}' }],
        hold: 'suspend',
        rateLimit: { requestsPerSecond: 100 },
      };
      const systems = `\nsystems:\n  - ${JSON.stringify(entry)}`;
      const sample = readFileSync('ems.config.yaml', 'utf8').replace('\nsystems:', systems);
      const environment = { IDENTITY_SECRET: clientSecret, DIRECTORY_SCIM_TOKEN: 'of-the-directory' };
      const config = parseConfig(sample, 'ems.config.yaml', environment);
      const access = await createAccess({ ...config, systems: config.systems.slice(0, 1) });
      const service = access.get('identity')!;
      const { accounts } = await service.capture({ employeeId }, SUSPEND, signal);
      await service.block(accounts[0]!, SUSPEND, NOTHING, report, signal);
      assert.equal(await isEnabled(id), false);
    });

    it('names the client whose secret is wrong, and a realm that does not exist', async () => {
      const { employeeId } = await hire();
      const wrong = 'wrong-secret';
      const reasonOf = (port: AccessPort) =>
        finalFailure(FailureType.Refused, access(port).capture({ employeeId }, SUSPEND, signal));
      const reasons = [
        await reasonOf(adminRest({ clientSecret: wrong })),
        await reasonOf(adminRest({ realm: 'nowhere' })),
      ];
      assert.match(reasons[0]!, /^payroll answered 401 to "get a token for the client ems": Invalid client/);
      assert.ok(!reasons[0]!.includes(wrong));
      assert.match(reasons[1]!, /^payroll answered 404 .*Realm does not exist/);
    });
  });
});
