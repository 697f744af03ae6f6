import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { seedOf } from '../../src/local/company.js';
import { startScimServer, type ScimServer } from '../../src/local/scim-process.js';
import { createAccessService } from '../../src/services/access/access.js';
import { createScimAdapter } from '../../src/services/access/adapters/scim-adapter.js';
import { createScimClient } from '../../src/services/protocols/scim.js';
import { sampleConfig, scimSystemsOf } from '../support/sample-config.js';
import { ENTERPRISE_USER, scimRequests, USER } from '../support/scim-requests.js';
import { scratchFolder } from '../support/temporal.js';

describe('the embedded SCIM server, as a store,', () => {
  let server: ScimServer;
  const { ask, patch, read, name, list, addMembers, membersOf, newUser, newGroup } = scimRequests(
    () => server,
  );
  before(async () => {
    const logFile = path.join(await scratchFolder(), 'payroll.log');
    server = await startScimServer({ name: 'payroll', token: 'right', logFile });
  });
  after(() => server.stop());

  for (const [type, make, attribute] of [
    ['Users', newUser, 'userName'],
    ['Groups', newGroup, 'displayName'],
  ] as const) {
    it(`gives ${type} in pages, each of them once`, async () => {
      const prefix = `paged-${type}-`;
      for (let i = 0; i < 7; i++) await make(prefix + i);
      const found: string[] = [];
      for (const [startIndex, size] of [
        [1, 3],
        [4, 3],
        [7, 1],
      ]) {
        const page = await list(type, {
          filter: `${attribute} sw "${prefix}"`,
          startIndex: String(startIndex),
          count: '3',
        });
        assert.equal(page.totalResults, 7);
        assert.equal((page.Resources ?? []).length, size);
        found.push(...(page.Resources ?? []).map((resource) => resource[attribute]!));
      }
      assert.deepEqual(
        found.toSorted(),
        Array.from({ length: 7 }, (_, i) => prefix + i),
      );
    });
  }

  it('finds a person by external id and by employee number, and the groups by member', async () => {
    const [dana, ravi] = [
      await newUser(name(), { externalId: 'E-1', [ENTERPRISE_USER]: { employeeNumber: '4711' } }),
      await newUser(name(), { externalId: 'E-2', [ENTERPRISE_USER]: { employeeNumber: '4712' } }),
    ];
    const [ours, theirs] = [await newGroup(), await newGroup()];
    await addMembers(ours.id, dana.id, ravi.id);
    await addMembers(theirs.id, ravi.id);
    const ids = async (type: string, filter: string) =>
      (await list(type, { filter })).Resources.map(({ id }) => id);
    assert.deepEqual(await ids('Users', 'externalId eq "E-1"'), [dana.id]);
    assert.deepEqual(await ids('Users', `${ENTERPRISE_USER}:employeeNumber eq "4711"`), [dana.id]);
    assert.deepEqual(await ids('Users', 'externalId eq "E-3"'), []);
    assert.deepEqual(await ids('Groups', `members.value eq "${dana.id}"`), [ours.id]);
    assert.deepEqual((await ids('Groups', `members.value eq "${ravi.id}"`)).length, 2);
    assert.deepEqual(
      (await read(`/Users/${dana.id}`)).groups?.map(({ value }) => value),
      [ours.id],
    );
  });

  it('keeps a member once, however often it is added', async () => {
    const [{ id }, each] = [await newUser(), await newGroup()];
    await addMembers(each.id, id, id);
    await addMembers(each.id, id);
    assert.deepEqual(await membersOf(each), [id]);
    await patch(`/Groups/${each.id}`, { op: 'remove', path: `members[value eq "${id}"]` });
    assert.deepEqual(await membersOf(each), []);
  });

  it('refuses a member whom it does not know, and a user name that is taken', async () => {
    const each = await newGroup();
    assert.equal((await addMembers(each.id, 'unknown')).status, 400);
    assert.deepEqual(await membersOf(each), []);
    const [dana, ravi] = [await newUser('dana.fox'), await newUser('ravi.menon')];
    for (const userName of ['dana.fox', 'Dana.Fox'])
      assert.equal(
        (await ask('POST', '/Users', { body: { schemas: [USER], userName } })).status,
        409,
        userName,
      );
    const rename = (to: string) => patch(`/Users/${ravi.id}`, { op: 'replace', path: 'userName', value: to });
    assert.equal((await rename('dana.fox')).status, 409);
    assert.equal((await read(`/Users/${dana.id}`)).userName, 'dana.fox');
    assert.equal((await rename('Ravi.Menon')).status, 200, 'their own');
  });

  it('forgets a deleted account: 404 from then on, and out of every group, which has a new version', async () => {
    const [{ id }, each] = [await newUser(), await newGroup()];
    await addMembers(each.id, id);
    const { meta } = await read(`/Groups/${each.id}`);
    assert.equal((await ask('DELETE', `/Users/${id}`)).status, 204);
    assert.equal((await ask('GET', `/Users/${id}`)).status, 404);
    assert.equal((await ask('DELETE', `/Users/${id}`)).status, 404);
    assert.equal((await patch(`/Users/${id}`, { op: 'replace', path: 'active', value: false })).status, 404);
    assert.deepEqual(await membersOf(each), []);
    assert.notEqual((await read(`/Groups/${each.id}`)).meta.version, meta.version);
    assert.equal((await ask('DELETE', `/Groups/${each.id}`)).status, 204);
    assert.equal((await ask('GET', `/Groups/${each.id}`)).status, 404);
  });

  it('has the accounts of the sample company, E-1009 by the employee number only', async () => {
    const folder = await scratchFolder();
    const seedFile = path.join(folder, 'seed.json');
    await writeFile(seedFile, JSON.stringify(seedOf('code')));
    const code = await startScimServer({
      name: 'code',
      token: 't',
      seedFile,
      logFile: path.join(folder, 'log'),
    });
    const scim = createScimClient({ ...code, name: 'code', requestTimeoutMs: 5000 });
    const { match } = scimSystemsOf(sampleConfig)[0]!;
    const access = createAccessService({ match, port: createScimAdapter({ scim }) });
    for (const [employeeId, userName] of [
      ['E-1002', 'dana.fox@acme.example'],
      ['E-1009', 'sob-7'],
    ] as const) {
      const capture = await access.capture({ employeeId }, { kind: 'suspend' }, new AbortController().signal);
      assert.equal(capture.accounts[0]?.userName, userName);
    }
    await code.stop();
  });
});
