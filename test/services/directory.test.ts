import assert from 'node:assert/strict';
import path from 'node:path';
import type { HasOpenExit } from '../../src/exit/acting.js';
import { FailureType } from '../../src/exit/failures.js';
import { standInOf } from '../../src/exit/stand-in.js';
import { startScimServer, type ScimServer } from '../../src/local/scim-process.js';
import { createDirectoryService } from '../../src/services/directory/directory.js';
import { createScimClient } from '../../src/services/protocols/scim.js';
import { finalFailure, outage } from '../support/failures.js';
import { startFaultProxy, type FaultProxy } from '../support/fault-proxy.js';
import { sampleConfig } from '../support/sample-config.js';
import { scimAdmin, type NewUser, type ScimAdmin } from '../support/scim-admin.js';
import { scratchFolder } from '../support/temporal.js';

interface Options {
  token?: string;
  scimUrl?: string;
  hasOpenExit?: HasOpenExit;
}

const fallback = sampleConfig.contacts.hrPartners[0];
const TOKEN = 'token-of-the-directory';
const { signal } = new AbortController();

describe('the directory', () => {
  let server: ScimServer;
  let proxy: FaultProxy;
  let admin: ScimAdmin;
  before(async () => {
    const logFile = path.join(await scratchFolder(), 'directory.log');
    server = await startScimServer({ name: 'directory', token: TOKEN, logFile });
    proxy = await startFaultProxy(server.scimUrl);
    admin = scimAdmin(server);
  });
  afterEach(() => proxy.fault(undefined));
  after(async () => {
    await proxy.stop();
    await server.stop();
  });

  const service = ({ token = TOKEN, scimUrl = proxy.url, hasOpenExit }: Options = {}) =>
    createDirectoryService({
      hasOpenExit,
      scim: createScimClient({ name: 'the directory', scimUrl, token, requestTimeoutMs: 5_000 }),
      fallbacks: [fallback],
    });
  const lookUp = (employeeId: string) => service().lookUp(employeeId, signal);

  let hired = 0;
  async function hire(changes: Partial<NewUser> = {}) {
    const employeeId = `E-${++hired}`;
    return { employeeId, id: await admin.createUser({ employeeId, ...changes }) };
  }

  it('is asked no more often for a person who acts on many exits at once than for one', async () => {
    await hire({ displayName: 'Ada Board', email: 'ada@acme.example' });
    const directory = service();
    const act = () => directory.whose('ada@acme.example', new AbortController().signal);
    await act();
    const requestsOf = async (times: number): Promise<number> => {
      let requests = 0;
      proxy.quirk((forward) => (request) => {
        requests += 1;
        return forward(request);
      });
      const found = await Promise.all(Array.from({ length: times }, act));
      proxy.quirk(undefined);
      for (const { employeeIds } of found) assert.equal(employeeIds.length, 1);
      return requests;
    };
    const alone = await requestsOf(1);
    // The first one, and all who asked meanwhile.
    assert.equal(await requestsOf(50), 2 * alone);
  });

  it('is not asked anew before each mail whether its recipient has an exit, whose opening is heard of at once', async () => {
    const { employeeId } = await hire({ email: 'eve@acme.example' });
    let requests = 0;
    proxy.quirk((forward) => (request) => {
      requests += 1;
      return forward(request);
    });
    const open = new Set<string>();
    const directory = service({ hasOpenExit: (id) => Promise.resolve(open.has(id)) });
    const recipients = ['eve@acme.example', 'stranger@acme.example'];
    const leaving = () => directory.whoIsLeaving(recipients, signal);
    assert.deepEqual(
      [...(await leaving())],
      [
        [recipients[0], false],
        [recipients[1], false],
      ],
    );
    const first = requests;
    open.add(employeeId);
    assert.deepEqual(
      [...(await leaving())],
      [
        [recipients[0], true],
        [recipients[1], false],
      ],
    );
    assert.equal(requests, first);
    // One who acts is looked up each time.
    await directory.whose('eve@acme.example', signal);
    assert.ok(requests > first);
    proxy.quirk(undefined);
  });

  it('finds the employee by id, with names, addresses, language and manager', async () => {
    const boss = await hire({
      displayName: 'Ravi Menon',
      email: 'ravi@acme.example',
      preferredLanguage: 'en',
    });
    const { employeeId } = await hire({
      displayName: 'Dana Fox',
      userName: 'dfox',
      email: 'dana@acme.example',
      personalEmail: 'dana@home.example',
      preferredLanguage: 'de-AT',
      attributes: { timezone: 'Europe/Vienna' },
      managerId: boss.id,
    });
    assert.deepEqual(await lookUp(employeeId), {
      employeeId,
      displayName: 'Dana Fox',
      login: 'dfox',
      email: 'dana@acme.example',
      personalEmail: 'dana@home.example',
      language: 'de-AT',
      timeZone: 'Europe/Vienna',
      identities: ['dfox', 'dana@acme.example', 'dana@home.example'],
      manager: { name: 'Ravi Menon', email: 'ravi@acme.example', language: 'en' },
    });
  });

  it('tells a time zone that is not known from one that is not told', async () => {
    for (const timezone of ['Planet X', ' ', '', undefined]) {
      const { employeeId } = await hire({ attributes: { timezone } });
      const { timeZone, unknownZone } = await lookUp(employeeId);
      assert.equal(timeZone, undefined, timezone);
      assert.equal(unknownZone, timezone?.trim() ? timezone : undefined);
    }
    const { employeeId } = await hire({ attributes: { timezone: 'W. Europe Standard Time' } });
    assert.equal((await lookUp(employeeId)).timeZone, 'Europe/Berlin');
  });

  it('finds the employee by the user name where that is the id', async () => {
    await hire({ userName: 'E-by-user-name' });
    assert.equal((await lookUp('E-by-user-name')).employeeId, 'E-by-user-name');
  });

  it('finds an employee without a mail address', async () => {
    const { employeeId } = await hire({ email: '', userName: 'no-address' });
    const { email, identities } = await lookUp(employeeId);
    assert.equal(email, undefined);
    assert.deepEqual(identities, ['no-address']);
  });

  const managers: [who: string, managerOf: (id: string) => string | Promise<string>, why: RegExp][] = [
    [
      'a person who has left',
      async () => (await hire({ displayName: 'Paul Becker', active: false })).id,
      /the manager, Paul Becker, is no longer active/,
    ],
    [
      'a person without an address',
      async () => (await hire({ displayName: 'Post Room', email: '', userName: `post-${hired}` })).id,
      /the manager, Post Room, has no mail address/,
    ],
    [
      'a person who was deleted',
      async () => {
        const { id } = await hire();
        await admin.deleteUser(id);
        return id;
      },
      /names a manager who no longer exists/,
    ],
    ['the employee', (id) => id, /the employee as their own manager/],
    ['not named', () => '', /names no manager/],
  ];
  for (const [who, managerOf, why] of managers) {
    it(`names HR where the manager is ${who}, and says why`, async () => {
      const { employeeId, id } = await hire();
      const managerId = await managerOf(id);
      if (managerId) await admin.setManager(id, managerId);
      const { manager } = await lookUp(employeeId);
      assert.deepEqual({ name: manager.name, email: manager.email }, fallback);
      assert.match(standInOf(manager.insteadOfManager!), why);
    });
  }

  it('reports an unknown employee id', async () =>
    assert.equal(
      await finalFailure(FailureType.UnknownEmployee, lookUp('E-unknown')),
      'the directory knows no employee E-unknown',
    ));

  it('refuses an employee id that two people have', async () => {
    const { employeeId } = await hire();
    await admin.createUser({ employeeId, userName: 'a-namesake' });
    assert.match(
      await finalFailure(FailureType.Ambiguous, lookUp(employeeId)),
      new RegExp(`2 people in the directory have the externalId ${employeeId}`),
    );
  });

  it('is not believed when it ignores the filter and answers with another person', async () => {
    const { id } = await hire();
    const other = { id, userName: 'other', externalId: 'E-other', active: true };
    proxy.fault(() => ({ kind: 'answer', status: 200, body: { totalResults: 1, Resources: [other] } }));
    await finalFailure(FailureType.UnknownEmployee, lookUp('E-unknown'));
  });

  it('is not retried when it refuses the token, and the failure does not show the token', async () => {
    const stale = 'a-token-of-last-year';
    const reason = await finalFailure(FailureType.Refused, service({ token: stale }).lookUp('E-1', signal));
    assert.match(reason, /^the directory answered 401 .*check the token of the directory/);
    assert.ok(!reason.includes(stale));
    proxy.fault(() => ({ kind: 'answer', status: 403, body: { detail: `Bearer ${TOKEN} may not` } }));
    assert.ok(!(await finalFailure(FailureType.Refused, lookUp('E-1'))).includes(TOKEN));
  });

  it('is retried when it is down, overloaded or silent, or answers no SCIM list', async () => {
    const { employeeId } = await hire();
    proxy.fault(() => ({ kind: 'unreachable' }));
    assert.match(await outage(lookUp(employeeId)), /^the directory cannot be reached at http/);
    for (const status of [408, 429, 500, 502, 503, 504]) {
      proxy.fault(() => ({ kind: 'answer', status }));
      assert.match(
        await outage(lookUp(employeeId)),
        new RegExp(`^the directory answered ${status} to "list`),
      );
    }
    proxy.fault(() => ({ kind: 'held', until: new Promise(() => undefined) }));
    assert.match(await outage(lookUp(employeeId)), /no answer within 5000 ms/);
    for (const body of [{}, 'under maintenance', []]) {
      proxy.fault(() => ({ kind: 'answer', status: 200, body }));
      assert.match(await outage(lookUp(employeeId)), /^the directory answered "list .* not a SCIM list/);
    }
    const gone = await startScimServer({ name: 'gone', token: TOKEN, logFile: '/dev/null' });
    await gone.stop();
    assert.match(await outage(service(gone).lookUp(employeeId, signal)), /ECONNREFUSED/);
    proxy.fault(undefined);
    assert.equal((await lookUp(employeeId)).employeeId, employeeId);
  });

  it('knows the own reports of a manager by the address, in any spelling, and those of no other', async () => {
    const boss = await hire({ email: 'bea.boss@acme.example' });
    const above = await hire({ email: 'above@acme.example' });
    const own = [await hire({ managerId: boss.id }), await hire({ managerId: boss.id })];
    await hire({ managerId: above.id });
    const reports = await service().reportsOf('Bea.Boss+exits@acme.example', signal);
    assert.deepEqual(reports.toSorted(), own.map(({ employeeId }) => employeeId).toSorted());
    assert.deepEqual(await service().reportsOf('stranger@acme.example', signal), []);
  });

  it('is abandoned as soon as the attempt is cancelled', async () => {
    const attempt = new AbortController();
    proxy.fault(() => ({ kind: 'held', until: new Promise(() => undefined) }));
    const slow = createScimClient({
      name: 'it',
      scimUrl: proxy.url,
      token: TOKEN,
      requestTimeoutMs: 600_000,
    });
    const asking = outage(slow.findUsers('userName', 'E-1', attempt.signal));
    attempt.abort();
    await asking;
  });
});
