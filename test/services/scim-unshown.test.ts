/** What a SCIM server does not show may be there all the same: the rest of a list, an account, a group, the members of one. */
import assert from 'node:assert/strict';
import { FailureType } from '../../src/exit/failures.js';
import { nothing, type CapturedAccount, type HoldKind } from '../../src/exit/hold-facts.js';
import type { Match } from '../../src/exit/matching.js';
import { createAccessService } from '../../src/services/access/access.js';
import { finalFailure } from '../support/failures.js';
import { byEmployeeId } from '../support/matching.js';
import {
  list,
  newPort,
  scimError,
  startOddServer,
  type Json,
  type Odd,
  type OddServer,
} from '../support/odd-scim-server.js';

const { signal } = new AbortController();
const SUSPEND: HoldKind = { kind: 'suspend' };
const PRODUCTION: HoldKind = { kind: 'groups', groups: ['production'] };
const NONE = ['was in none of the critical groups'];

describe('what a SCIM server does not show', () => {
  let server: OddServer;
  before(async () => {
    server = await startOddServer();
  });
  beforeEach(() => {
    server.users.push(
      { id: 'dana', userName: 'dana', externalId: 'E-1', active: true },
      { id: 'ravi', userName: 'ravi', externalId: 'E-2', active: true },
    );
  });
  afterEach(() => server.reset());
  after(() => server.stop());

  const staff = (count: number, more: (n: number) => Json = () => ({})): string[] => {
    const ids = Array.from({ length: count }, (_, n) => `u-${n}`);
    for (const [n, id] of ids.entries())
      server.users.push({ id, userName: id, externalId: `E-${1000 + n}`, active: true, ...more(n) });
    return ids;
  };

  /** One process, which remembers what the server has proven. */
  function process(match: readonly Match[] = byEmployeeId('externalId')) {
    const service = createAccessService({ port: newPort(server), match, declared: { settleMs: 0 } });
    const capture = async (hold: HoldKind, employeeId = 'E-1') =>
      (await service.capture({ employeeId }, hold, signal)).accounts[0]!;
    const block = (account: CapturedAccount, hold: HoldKind) =>
      service.block(account, hold, nothing, () => Promise.resolve(), signal);
    const hold = async (kind: HoldKind) => block(await capture(kind), kind);
    const revoke = (captured: CapturedAccount[] = [], employeeId = 'E-1') =>
      service.revoke({ employeeId }, captured, signal);
    return { service, capture, hold, revoke };
  }

  describe('the rest of a list, where it caps each list at 50, counts these alone and ignores startIndex', () => {
    const capped =
      (...filtered: string[]): Odd =>
      ({ type, id, method, query, filter }, usual) => {
        if (id !== undefined || method !== 'GET' || !/^(Users|Groups)$/.test(type)) return usual();
        if (filter && !filtered.includes(filter.attribute)) return scimError(400, 'no such filter');
        const all = filter
          ? (usual().body as { Resources: Json[] }).Resources
          : type === 'Users'
            ? server.users
            : server.groups;
        return list(all.slice(0, Math.min(50, Number(query.get('count') ?? 50))));
      };

    it('may have the account', async () => {
      const person = server.users.shift()!;
      staff(60, (n) => ({ employeeNumber: `E-${1000 + n}` }));
      server.users.push({ ...person, employeeNumber: 'E-1' });
      server.odd(capped('userName', 'externalId'));
      const { service, revoke } = process(byEmployeeId('employeeNumber'));
      const only = /shows only some of its Users to read instead/;
      const capturing = service.capture({ employeeId: 'E-1' }, SUSPEND, signal);
      assert.match(await finalFailure(FailureType.CannotTell, capturing), only);
      assert.match(await finalFailure(FailureType.CannotTell, revoke()), only);
      const seen = await service.driftOf({ employeeId: 'E-1' }, [], SUSPEND, signal);
      assert.equal(seen?.isUntold, true);
    });

    it('may have more of the groups', async () => {
      for (let n = 0; n < 60; n++) server.addGroup(`g-${n}`, 'ravi');
      server.addGroup('production', 'dana', 'ravi');
      server.odd(capped('userName', 'externalId'));
      const revoking = process().revoke();
      assert.match(await finalFailure(FailureType.CannotTell, revoking), /shows only some of its Groups/);
    });

    it('is nothing where the list is shorter than any that servers cut', async () => {
      staff(30);
      server.odd(capped('externalId'));
      server.addGroup('production', 'ravi');
      assert.deepEqual((await process().hold(PRODUCTION)).notes, NONE);
    });
  });

  it('of the members of groups in a list, their ids show: the filter by members is refused', async () => {
    server.addGroup('production', ...staff(30), 'dana');
    server.addGroup('readers', 'ravi', 'dana');
    server.odd(({ method, type, id, filter }, usual) => {
      const answer = usual();
      if (type !== 'Groups' || method !== 'GET' || id !== undefined) return answer;
      if (filter && filter.attribute !== 'displayName') return scimError(400, 'no such filter');
      const { Resources } = answer.body as { Resources: Json[] };
      return list(Resources.map((each) => ({ ...each, members: (each['members'] as Json[]).slice(0, 20) })));
    });
    const { removedGroups } = await process().revoke();
    assert.deepEqual(removedGroups.map(({ id }) => id).toSorted(), ['production', 'readers']);
  });

  describe('by a filter, and lists beyond the first page', () => {
    const unlisted = /lists a user with the \w+ "[^"]+", and does not find it by that/;
    beforeEach(() => {
      server.users.length = 0;
      staff(150);
    });

    it('is no absent account: the filter looks into one of two stores', async () => {
      server.users.push({ id: 'dana', userName: 'dana', externalId: 'E-1', active: true });
      server.odd(({ type, filter }, usual) =>
        type === 'Users' && filter?.value === 'E-1' ? list([]) : usual(),
      );
      assert.match(await finalFailure(FailureType.CannotTell, process().capture(SUSPEND)), unlisted);
      assert.match(await finalFailure(FailureType.CannotTell, process().revoke()), unlisted);
    });

    for (const [what, match, shown] of [
      ['a login', [{ attribute: 'userName', template: '{login}' }], { userName: 'Dana.Fox' }],
      ['an employee id', byEmployeeId('externalId'), { userName: 'dana', externalId: 'e-1' }],
      ['a second key', byEmployeeId('externalId', 'employeeNumber'), { employeeNumber: 'e-1' }],
    ] as const)
      it(`is no absent account: the filter heeds the case of ${what}`, async () => {
        server.users.push({ id: 'dana', active: true, ...shown });
        const { service } = process(match);
        const capturing = service.capture({ employeeId: 'E-1', login: 'dana.fox' }, SUSPEND, signal);
        assert.match(await finalFailure(FailureType.CannotTell, capturing), unlisted);
      });

    it('is no account where neither has it: the list serves the next leaver', async () => {
      const { service } = process();
      const lists = () => server.seen.filter(({ query }) => query.get('startIndex') === '101').length;
      for (const employeeId of ['E-1', 'E-3'])
        assert.deepEqual((await service.capture({ employeeId }, SUSPEND, signal)).accounts, []);
      assert.equal(lists(), 1);
    });
  });

  for (const [what, status] of [
    ['refuses', 400],
    ['breaks at', 500],
  ] as const)
    it(`to one who has an apostrophe, whose filter it ${what}, it shows to the next leaver of 2,100`, async () => {
      server.users.length = 0;
      staff(2100, (n) => ({ userName: `u-${n}@acme.example` }));
      server.users.push({ id: 'dana', userName: 'dana@acme.example', active: true });
      server.odd(({ filter }, usual) =>
        filter?.value.includes("'") ? scimError(status, 'syntax') : usual(),
      );
      const { service } = process([{ attribute: 'userName', template: '{email}' }]);
      const capture = (employeeId: string, email: string) =>
        service.capture({ employeeId, email }, SUSPEND, signal);
      for (let attempt = 0; attempt < 4; attempt++)
        await assert.rejects(capture('E-3', "o'neil@acme.example"));
      assert.deepEqual(
        (await capture('E-1', 'dana@acme.example')).accounts.map(({ id }) => id),
        ['dana'],
      );
    });
});
