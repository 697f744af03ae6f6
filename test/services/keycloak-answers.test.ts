/** What Keycloak answers in the manner of other versions, and with organizations, by a small server with its Admin REST API. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { FailureType } from '../../src/exit/failures.js';
import type { HoldKind } from '../../src/exit/hold-facts.js';
import { createAccessService } from '../../src/services/access/access.js';
import { createKeycloakAdapter } from '../../src/services/access/adapters/keycloak-adapter.js';
import { createKeycloakClient } from '../../src/services/protocols/keycloak.js';
import { NOTHING, SUSPEND } from '../support/critical-system.js';
import { finalFailure, outage } from '../support/failures.js';
import { byEmployeeId } from '../support/matching.js';

const { signal } = new AbortController();
const OPERATORS = { id: 'g-1', name: 'operators', path: '/operators' };
const TEAM = { id: 'o-1', name: 'team', path: '/team', parentId: 'internal' };
const PARTNER = { id: 'org-1', name: 'partner' };

describe('answers of Keycloak', () => {
  /** As Keycloak 26.7 does it; a test changes what it is about. */
  const asKeycloak = {
    finds: (value: string, sought: string) => value === sought,
    /** Groups of organizations that the user is in; they are counted, and not listed. */
    teams: [] as (typeof TEAM)[],
    seesOrganizations: false,
    pages: true,
    onCount: () => {},
  };
  let manner: typeof asKeycloak;
  let users: { id: string; username: string; email?: string; enabled: boolean }[];
  let groups: { id: string; name: string; path: string }[];
  let url: string;

  function answerTo(method: string, { pathname, searchParams }: URL, body: string): unknown {
    if (pathname.endsWith('/token')) return { access_token: 'a-token', expires_in: 60 };
    const path = pathname.replace('/admin/realms/acme', '');
    const ofUser = /^\/users\/([^/]+)(?:\/(.*))?$/.exec(path);
    const user = users.find(({ id }) => id === ofUser?.[1]);
    if (path === '/users') {
      const first = manner.pages ? Number(searchParams.get('first') ?? 0) : 0;
      const sought = ['username', 'email'].flatMap((each) => searchParams.get(each) ?? []);
      const values = (each: (typeof users)[number]) => [each.username, each.email ?? ''];
      return users
        .filter((each) => sought.every((one) => values(each).some((value) => manner.finds(value, one))))
        .slice(first, first + Number(searchParams.get('max')));
    }
    if (path.startsWith('/organizations/')) {
      if (!manner.seesOrganizations) return 403;
      return path.endsWith('/groups') ? manner.teams : [PARTNER];
    }
    if (!user) return 404;
    const rest = ofUser![2];
    if (method === 'PUT') Object.assign(user, JSON.parse(body));
    if (method === 'DELETE') groups = groups.filter(({ id }) => !rest!.endsWith(id));
    if (rest === undefined) return user;
    if (rest === 'groups') return groups;
    if (rest !== 'groups/count') return {};
    const count = groups.length + manner.teams.length;
    manner.onCount();
    return { count };
  }

  const server = http.createServer((request, response) => {
    let body = '';
    request.on('data', (data) => (body += String(data)));
    request.on('end', () => {
      const answer = answerTo(request.method!, new URL(request.url!, url), body);
      response.writeHead(typeof answer === 'number' ? answer : 200, { 'content-type': 'application/json' });
      response.end(JSON.stringify(typeof answer === 'number' ? { error: 'refused' } : answer));
    });
  });
  before(async () => {
    await once(server.listen(0, '127.0.0.1'), 'listening');
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  after(() => server.close());
  beforeEach(() => {
    manner = { ...asKeycloak };
    groups = [OPERATORS];
    users = [
      { id: 'k-2', username: 'dana2', email: 'dana2@acme.example', enabled: true },
      { id: 'k-1', username: 'dana', email: 'dana@acme.example', enabled: true },
    ];
  });

  function system(match = 'username') {
    const settings = { name: 'sso', base: url, realm: 'acme', requestTimeoutMs: 15_000 };
    const keycloak = createKeycloakClient({ ...settings, clientId: 'ems', clientSecret: 'secret' });
    const port = createKeycloakAdapter(keycloak, []);
    const access = createAccessService({ port, match: byEmployeeId(match) });
    const capture = (employeeId: string, hold: HoldKind) => access.capture({ employeeId }, hold, signal);
    return { port, access, capture };
  }
  const TAKE: HoldKind = { kind: 'groups', groups: ['operators'] };

  it('cannot tell the groups of an account where Keycloak counts more than it lists, and says which role tells', async () => {
    manner.teams = [TEAM];
    assert.match(
      await finalFailure(FailureType.CannotTell, system().port.groupsOf('k-1', signal)),
      /sso lists 1 groups of k-1, and counts 2: .*organization\. Give the service account the role view-organizations/,
    );
  });

  it('reads the groups again where they change meanwhile', async () => {
    manner.onCount = () => (groups = [...groups, { ...OPERATORS, id: `g-${groups.length + 1}` }]);
    manner.teams = [TEAM];
    assert.match(await outage(system().port.groupsOf('k-1', signal)), /they change now$/);
  });

  it('takes the groups of the realm, and names those of organizations, which it leaves', async () => {
    manner.teams = [TEAM];
    manner.seesOrganizations = true;
    const { access, capture } = system();
    const [account] = (await capture('dana', TAKE)).accounts;
    const { taken } = await access.block(account!, TAKE, NOTHING, () => Promise.resolve(), signal);
    assert.deepEqual(
      taken.groups.map(({ displayName }) => displayName),
      ['operators'],
    );
    const { notes } = await access.revoke({ employeeId: 'dana' }, [account!], signal);
    assert.match(
      notes.join(),
      /stays in team \(organization partner\) .*remove the account in the organization partner/,
    );
  });

  it('takes no account by a part of its name, where an older version ignores "exact"', async () => {
    for (const [match, value] of [
      ['username', 'dana'],
      ['email', 'dana@acme.example'],
    ] as const) {
      manner.finds = (value, sought) => value.includes(sought);
      const { accounts } = await system(match).capture(value, SUSPEND);
      assert.deepEqual(
        accounts.map(({ id }) => id),
        ['k-1'],
      );
    }
    assert.deepEqual((await system().capture('dan', SUSPEND)).accounts, []);
  });

  it('takes no account that has nothing of what was sought', async () => {
    manner.finds = () => true;
    assert.match(
      await finalFailure(FailureType.CannotTell, system().capture('ravi', SUSPEND)),
      /sso finds dana2 by username "ravi", and shows "dana2": look whose account it is/,
    );
  });

  it('does not believe that there is no account where no search by that attribute finds any', async () => {
    assert.deepEqual((await system().capture('vera', SUSPEND)).accounts, []);
    manner.finds = () => false;
    for (const match of ['username', 'email'])
      assert.match(
        await finalFailure(FailureType.CannotTell, system(match).capture('vera', SUSPEND)),
        new RegExp(`sso shows the ${match} of dana2, and does not find it by that`),
      );
  });

  it('does not take the same page again for the next one', async () => {
    manner.pages = false;
    const others = Array.from({ length: 120 }, (_, n) => ({
      id: `n-${n}`,
      username: `n${n}`,
      enabled: true,
    }));
    users = [...others, ...users];
    assert.match(
      await finalFailure(FailureType.CannotTell, system().port.hasKey!('username', signal)),
      /with the same 100 again and again/,
    );
  });
});
