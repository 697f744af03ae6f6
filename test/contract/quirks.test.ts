import assert from 'node:assert/strict';
import { startFaultProxy, type FaultProxy, type Quirk } from '../support/fault-proxy.js';
import type { CriticalServer } from '../support/scim-system.js';
import { scimRequests, type Resource } from '../support/scim-requests.js';
import * as quirks from './quirks.js';
import { embedded, scim2Server } from './targets.js';

for (const target of [embedded, scim2Server]) {
  describe(`on ${target.name}, a variant for the contract suite`, () => {
    let server: CriticalServer;
    let proxy: FaultProxy;
    const requests = scimRequests(() => ({ scimUrl: proxy.url, token: server.token }));
    const { ask, newGroup, newUser, patch } = requests;
    const made: string[] = [];
    before(async () => {
      server = await target.server();
      proxy = await startFaultProxy(server.scimUrl);
    });
    after(async () => {
      proxy.quirk(undefined);
      for (const path of made) await ask('DELETE', path);
      await proxy.stop();
    });

    async function user(userName = `Quirk-${made.length}`, attributes = {}): Promise<Resource> {
      const resource = await newUser(userName, { active: true, ...attributes });
      made.push(`/Users/${resource.id}`);
      return resource;
    }
    const deactivate = (id: string, ifMatch?: string) =>
      patch(`/Users/${id}`, { op: 'replace', path: 'active', value: false }, ifMatch);

    for (const [name, quirk] of Object.entries({
      withoutEtags: quirks.withoutEtags,
      everything: quirks.everything,
    }))
      it(`has no versions, and accepts a write with an old one (${name})`, async () => {
        const { id } = await user();
        assert.equal((await deactivate(id, 'W/"of yesterday"')).status, 412, 'by itself it refuses');
        proxy.quirk(quirk);
        const { etag, body } = await ask('GET', `/Users/${id}`);
        assert.deepEqual([etag, body.meta.version], [null, undefined]);
        const { body: config } = await ask<{ etag: object }>('GET', '/ServiceProviderConfig');
        assert.deepEqual(config.etag, { supported: false });
        assert.ok((await deactivate(id, 'W/"of yesterday"')).status < 300);
      });

    const answers: [Quirk, status: number, hasBody: boolean][] = [
      [quirks.patchAnswersNothing, 204, false],
      [quirks.patchAnswersEmpty, 200, false],
      [quirks.patchAnswersTheResource, 200, true],
    ];
    for (const [quirk, status, hasBody] of answers)
      it(`answers PATCH with ${status} and ${hasBody ? 'the resource' : 'nothing'}`, async () => {
        const { id } = await user();
        proxy.quirk(quirk);
        const answer = await deactivate(id);
        assert.deepEqual([answer.status, answer.body?.id], [status, hasBody ? id : undefined]);
      });

    it('omits the groups of a user', async () => {
      const { id } = await user();
      const group = await newGroup(`Quirk-${made.length}`);
      made.unshift(`/Groups/${group.id}`);
      await requests.addMembers(group.id, id);
      proxy.quirk(quirks.withoutUserGroups);
      assert.equal((await ask('GET', `/Users/${id}`)).body.groups, undefined);
    });

    it('writes `active` as a string', async () => {
      const { id } = await user();
      proxy.quirk(quirks.activeAsString);
      assert.equal((await ask('GET', `/Users/${id}`)).body.active, 'True');
      await deactivate(id);
      assert.equal((await ask('GET', `/Users/${id}`)).body.active, 'False');
    });

    it('gives locations without the server', async () => {
      const { id } = await user();
      proxy.quirk(quirks.relativeLocations);
      const { body } = await ask<{ meta: { location: string } }>('GET', `/Users/${id}`);
      assert.match(body.meta.location, /^\/\S+\/Users\/\w/);
    });

    it('gives at most two resources a page', async () => {
      for (let i = 0; i < 3; i++) await user();
      proxy.quirk(quirks.pagesOfTwo);
      const { Resources, totalResults } = await requests.list('Users', { count: '100' });
      assert.equal(Resources.length, 2);
      assert.ok(totalResults > 2);
    });

    it('counts the page for the total', async () => {
      for (let i = 0; i < 3; i++) await user();
      proxy.quirk(quirks.countsThePage);
      const { Resources, totalResults } = await requests.list('Users', { count: '100' });
      assert.deepEqual([Resources.length, totalResults], [2, 2]);
    });

    it('answers a filter without a hit with 404', async () => {
      proxy.quirk(quirks.answersNoHitWith404);
      const none = new URLSearchParams({ filter: 'userName eq "none"' }).toString();
      assert.equal((await ask('GET', `/Users?${none}`)).status, 404);
      assert.equal((await ask('GET', '/Users')).status, 200);
    });

    it('answers a filter on users with every user', async () => {
      const { id } = await user();
      proxy.quirk(quirks.ignoresFiltersOnUsers);
      const { Resources } = await requests.list('Users', { filter: 'userName eq "none"' });
      assert.ok(Resources.some((each) => each.id === id));
    });

    it('gives members on request only', async () => {
      const { id } = await user();
      const group = await newGroup(`Quirk-${made.length}`);
      made.unshift(`/Groups/${group.id}`);
      await requests.addMembers(group.id, id);
      proxy.quirk(quirks.membersOnRequest);
      const path = `/Groups/${group.id}`;
      assert.equal((await ask('GET', path)).body.members, undefined);
      assert.equal((await ask('GET', `${path}?attributes=displayName,members`)).body.members?.length, 1);
    });

    it('writes what no step needs in odd forms', async () => {
      const emails = [{ value: 'quirk@acme.example', type: 'work' }];
      const { id } = await user('Quirk-odd', { emails, displayName: 'Odd', externalId: 'Quirk-odd' });
      proxy.quirk(quirks.oddValues);
      const { body } = await ask<Record<string, unknown>>('GET', `/Users/${id}`);
      assert.deepEqual(
        [body['emails'], body['displayName'], body['name'], body['externalId'], body['ExternalID']],
        [['quirk@acme.example'], null, 'Odd', undefined, 'Quirk-odd'],
      );
    });

    it('ignores case in filters', async () => {
      const { id } = await user('Quirk-case', { externalId: 'Quirk-CASE' });
      const filter = 'externalId eq "quirk-case"';
      proxy.quirk(quirks.filtersIgnoreCase);
      const { Resources } = await requests.list('Users', { filter });
      assert.deepEqual(
        Resources.map((each) => each.id),
        [id],
      );
    });

    it('refuses a new group with members', async () => {
      const { id } = await user();
      proxy.quirk(quirks.refusesGroupsWithMembers);
      const { status } = await ask('POST', '/Groups', {
        body: { displayName: 'x', members: [{ value: id }] },
      });
      assert.equal(status, 400);
    });
    beforeEach(() => proxy.quirk(undefined));
  });
}
