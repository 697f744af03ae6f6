/** What a hold would be refused for, or could not tell, is said before it is made, and nothing is written. */
import assert from 'node:assert/strict';
import type { HoldKind } from '../../src/exit/hold-facts.js';
import {
  list,
  newAccess,
  scimError,
  withOddServer,
  type Json,
  type Odd,
} from '../support/odd-scim-server.js';

const { signal } = new AbortController();
const SUSPEND: HoldKind = { kind: 'suspend' };
const PRODUCTION: HoldKind = { kind: 'groups', groups: ['production'] };

describe('before a hold on a SCIM server, EMS says', () => {
  // Before the server forgets what it was asked.
  afterEach(() => assert.ok(server.seen.every(({ method }) => method === 'GET')));
  const server = withOddServer();
  beforeEach(() => {
    for (const [id, externalId] of [
      ['dana', 'E-1'],
      ['ravi', 'E-2'],
    ])
      server.users.push({ id, userName: id, externalId, active: true });
    server.addGroup('readers', 'dana', 'ravi');
  });

  const foreseen = (hold: HoldKind) => newAccess(server).foresee('dana', hold, signal);
  const cut: Odd = (asked, usual) => {
    const answer = usual();
    const first = (group: Json): Json => ({ ...group, members: (group['members'] as Json[]).slice(0, 100) });
    const body = answer.body as { Resources?: Json[] } & Json;
    if (asked.type !== 'Groups' || answer.status !== 200) return answer;
    return body.Resources ? list(body.Resources.map(first)) : { ...answer, body: first(body) };
  };
  const crowd = Array.from({ length: 129 }, (_, n) => `x-${n}`);

  it('nothing where nothing stands in the way', async () => {
    server.addGroup('production', 'dana', 'ravi');
    for (const hold of [SUSPEND, PRODUCTION]) assert.deepEqual(await foreseen(hold), []);
  });

  it('that access comes by another group', async () => {
    server.addGroup('production', 'ravi', { value: 'readers', type: 'Group' });
    assert.match(
      (await foreseen(PRODUCTION)).join(),
      /^it cannot be removed from production .*comes by way of readers/,
    );
  });

  it('that the group is not known', async () => {
    assert.deepEqual(await foreseen(PRODUCTION), ['payroll has no group "production"']);
  });

  it('that a list is cut off, so that whom a removal takes besides cannot be told', async () => {
    server.addGroup('production', 'dana', ...crowd);
    server.groups.shift();
    server.odd(cut);
    assert.deepEqual(await foreseen(PRODUCTION), [
      'whom a removal takes besides cannot be told: payroll may show only some of "production"',
    ]);
  });

  it('that the memberships of a person in more than 100 groups cannot be told', async () => {
    for (let n = 0; n < 120; n++) server.addGroup(`g-${n}`, 'dana');
    server.odd(({ type, id, filter }, usual) => {
      if (filter?.attribute === 'members.value') return scimError(501, 'not supported');
      const { body } = usual() as { body: { Resources?: Json[] } };
      if (type !== 'Groups' || id !== undefined) return usual();
      return list(
        body.Resources!.map(({ members: _members, ...rest }) => rest),
        121,
      );
    });
    assert.match(
      (await foreseen(SUSPEND)).join(),
      /^whether the suspension cost memberships cannot be told: /,
    );
  });
});
