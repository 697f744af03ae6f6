import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import path from 'node:path';
import { startScimServer, type ScimServer } from '../../src/local/scim-process.js';
import { patchOf, scimRequests, USER, type Resource } from '../support/scim-requests.js';
import { scratchFolder } from '../support/temporal.js';

describe('the embedded SCIM server', () => {
  let server: ScimServer;
  let start: () => Promise<ScimServer>;
  const { ask, patch, read, name, addMembers, newUser, newGroup } = scimRequests(() => server);
  before(async () => {
    const folder = await scratchFolder();
    start = () =>
      startScimServer({
        name: 'payroll',
        token: 'right',
        dataFile: path.join(folder, 'payroll.json'),
        logFile: path.join(folder, 'payroll.log'),
      });
    server = await start();
  });
  after(() => server.stop());

  it('refuses every request without the token', async () => {
    const { id } = await newUser();
    for (const token of ['', 'wrong']) {
      for (const [method, path, ifMatch] of [
        ['GET', '/Users'],
        ['GET', `/Users/${id}`],
        ['PATCH', `/Users/${id}`],
        ['DELETE', `/Users/${id}`],
        ['DELETE', `/Users/${id}`, 'W/"7"'],
      ] as const)
        assert.equal((await ask(method, path, { token, ifMatch })).status, 401, `${method} ${path}`);
    }
    assert.equal((await read(`/Users/${id}`)).id, id);
  });

  it('names the version in every answer about one resource, and a new one after each change', async () => {
    const created = await ask('POST', '/Users', { body: { schemas: [USER], userName: name() } });
    const at = `/Users/${created.body.id}`;
    const changed = await patch(at, { op: 'replace', path: 'displayName', value: 'Dana' });
    const seen = await ask('GET', at);
    for (const { etag, body } of [created, changed, seen]) assert.equal(etag, body.meta.version);
    assert.notEqual(changed.etag, created.etag);
    assert.equal(seen.etag, changed.etag);
    const { body } = await ask<{ etag: { supported: boolean } }>('GET', '/ServiceProviderConfig');
    assert.equal(body.etag.supported, true);
  });

  it('refuses a write against a version that has passed, and does nothing', async () => {
    const { id, meta } = await newUser();
    const at = `/Users/${id}`;
    const activate = (active: boolean, version: string) =>
      patch(at, { op: 'replace', path: 'active', value: active }, version);
    assert.equal((await activate(false, meta.version)).status, 200);
    assert.equal((await activate(true, meta.version)).status, 412);
    assert.equal((await ask('DELETE', at, { ifMatch: meta.version })).status, 412);
    const now = await read(at);
    assert.equal(now.active, false);
    assert.equal((await activate(true, now.meta.version)).status, 200);
    assert.equal((await activate(false, '*')).status, 200);
  });

  it('lets one of two simultaneous writes against the same version through', async () => {
    const { id, meta } = await newUser();
    const headers = {
      'content-type': 'application/scim+json',
      authorization: `Bearer ${server.token}`,
      'if-match': meta.version,
      expect: '100-continue',
    };
    const body = patchOf({ op: 'replace', path: 'active', value: false });
    const writes = [1, 2].map(() =>
      http.request(`${server.scimUrl}/Users/${id}`, { method: 'PATCH', headers }),
    );
    for (const write of writes) write.flushHeaders();
    await Promise.all(writes.map((write) => once(write, 'continue')));
    // The server has seen both, and the whole of neither.
    const answers = writes.map(async (write) => {
      write.end(JSON.stringify(body));
      const [response] = (await once(write, 'response')) as [http.IncomingMessage];
      response.resume();
      return response.statusCode;
    });
    assert.deepEqual(new Set(await Promise.all(answers)), new Set([200, 412]));
  });

  it('loses none of ten simultaneous members', async () => {
    const { id } = await newGroup();
    const users = await Promise.all(Array.from({ length: 10 }, () => newUser()));
    await Promise.all(users.map((each) => addMembers(id, each.id)));
    const members = (await read(`/Groups/${id}`)).members!.map(({ value }) => value);
    assert.deepEqual(members.toSorted(), users.map((each) => each.id).toSorted());
  });

  it('keeps what it has answered over a restart, even after kill -9', async () => {
    const [{ id }, each] = [await newUser(name(), { externalId: 'kept' }), await newGroup()];
    for (const end of ['stop', 'kill'] as const) {
      await addMembers(each.id, id);
      const { status } = await patch(`/Users/${id}`, { op: 'replace', path: 'displayName', value: end });
      assert.equal(status, 200);
      const before = [await read(`/Users/${id}`), await read(`/Groups/${each.id}`)];
      await server[end]();
      server = await start();
      const after = [await read(`/Users/${id}`), await read(`/Groups/${each.id}`)];
      assert.deepEqual(after.map(withoutPort), before.map(withoutPort));
    }
  });
});

/** The server comes back on another port. */
const withoutPort = (resource: Resource): unknown =>
  JSON.parse(JSON.stringify(resource).replace(/127\.0\.0\.1:\d+/g, 'server'));
