/** What a SCIM server does not show may be there all the same: the rest of a list, an account, a group, the members of one. */
import assert from 'node:assert/strict';
import { mock } from 'node:test';
import { FailureType } from '../../src/exit/failures.js';
import { nothing, type CapturedAccount, type HoldKind } from '../../src/exit/hold-facts.js';
import type { Match } from '../../src/exit/matching.js';
import { finalFailure } from '../support/failures.js';
import { byEmployeeId } from '../support/matching.js';
import {
  list,
  newAccess,
  newPort,
  scimError,
  withOddServer,
  type Json,
  type Odd,
} from '../support/odd-scim-server.js';

const { signal } = new AbortController();
const DANA = { employeeId: 'E-1' };
const SUSPEND: HoldKind = { kind: 'suspend' };
const PRODUCTION: HoldKind = { kind: 'groups', groups: ['production'] };
const NONE = ['was in none of the critical groups'];

describe('what a SCIM server does not show', () => {
  const server = withOddServer();
  beforeEach(() => {
    server.users.push(
      { id: 'dana', userName: 'dana', externalId: 'E-1', active: true },
      { id: 'ravi', userName: 'ravi', externalId: 'E-2', active: true },
    );
  });
  afterEach(() => mock.restoreAll());
  /** A gateway, which is not SCIM, knows no such address for a moment. */
  const gateway = { status: 404, body: { message: 'no route' } };
  const add = (id: string, member: string): void =>
    void (server.group(id)['members'] as Json[]).push({ value: member });
  const staff = (count: number, more: (n: number) => Json = () => ({})): string[] => {
    const ids = Array.from({ length: count }, (_, n) => `u-${n}`);
    for (const [n, id] of ids.entries())
      server.users.push({ id, userName: id, externalId: `E-${1000 + n}`, active: true, ...more(n) });
    return ids;
  };

  /** One process, which remembers what the server has proven. */
  function process(match: readonly Match[] = byEmployeeId('externalId')) {
    const service = newAccess(server, { match });
    const capture = async (hold: HoldKind, employeeId = 'E-1') =>
      (await service.capture({ employeeId }, hold, signal)).accounts[0]!;
    const block = (account: CapturedAccount, hold: HoldKind) =>
      service.block(account, hold, nothing, () => Promise.resolve(), signal);
    const hold = async (kind: HoldKind) => block(await capture(kind), kind);
    const revoke = (captured: CapturedAccount[] = [], employeeId = 'E-1') =>
      service.revoke({ employeeId }, captured, signal);
    const drift = (groups: string[]) =>
      service.driftOf({ employeeId: 'E-1' }, [{ id: 'dana', groups }], PRODUCTION, signal);
    return { service, capture, block, hold, revoke, drift };
  }

  /** Changes what the server shows of groups. */
  const showing =
    (shown: (group: Json) => Json | undefined): Odd =>
    ({ method, type, id }, usual) => {
      const answer = usual();
      const body = answer.body as { Resources?: Json[] } & Json;
      if (type !== 'Groups' || method !== 'GET' || answer.status !== 200) return answer;
      if (!body.Resources) {
        const one = shown(body);
        return one ? { ...answer, body: one } : scimError(404, `Group ${id} not found`);
      }
      return list(body.Resources.flatMap((each) => shown(each) ?? []));
    };
  /** EMS may not see the group: it is told that there is none (RFC 9110 §15.5.4). */
  const hiding = (hidden: string): Odd => showing((each) => (each['id'] === hidden ? undefined : each));

  describe('the rest of a list, where it caps each list at 50, counts these alone and ignores startIndex', () => {
    const capped = (...filtered: string[]): Odd => cappedFrom(false, filtered);
    const cappedFrom =
      (heedsStart: boolean, filtered: readonly string[]): Odd =>
      ({ type, id, method, query, filter }, usual) => {
        if (id !== undefined || method !== 'GET' || !/^(Users|Groups)$/.test(type)) return usual();
        if (filter && !filtered.includes(filter.attribute)) return scimError(400, 'no such filter');
        const all = filter
          ? (usual().body as { Resources: Json[] }).Resources
          : type === 'Users'
            ? server.users
            : server.groups;
        const some = all.slice(0, Math.min(50, Number(query.get('count') ?? 50)));
        return heedsStart && Number(query.get('startIndex')) > 1 ? list([], some.length) : list(some);
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

    it('may have the account, where the next page is an empty one', async () => {
      const person = server.users.shift()!;
      staff(60, (n) => ({ employeeNumber: `E-${1000 + n}` }));
      server.users.push({ ...person, employeeNumber: 'E-1' });
      server.odd(cappedFrom(true, ['userName', 'externalId']));
      const { service } = process(byEmployeeId('employeeNumber'));
      const capturing = service.capture({ employeeId: 'E-1' }, SUSPEND, signal);
      assert.match(await finalFailure(FailureType.CannotTell, capturing), /shows only some of its Users/);
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

  describe('of inactive members', () => {
    /** The server hides the inactive members that pass, in groups and from the filter. */
    const hidden = (isOf: (account: Json) => boolean = () => true): Odd => {
      const isHidden = (id: unknown): boolean =>
        server.users.some((each) => each['id'] === id && each['active'] === false && isOf(each));
      const shows = showing((each) => ({
        ...each,
        members: (each['members'] as Json[]).filter(({ value }) => !isHidden(value)),
      }));
      return (asked, usual) =>
        asked.filter?.attribute === 'members.value' && isHidden(asked.filter.value)
          ? list([])
          : shows(asked, usual);
    };
    const hidesInactive = (isOf?: (account: Json) => boolean): void => server.odd(hidden(isOf));

    it('is not learnt from one who is active again', async () => {
      server.addGroup('production', 'dana', 'ravi');
      hidesInactive();
      const { capture, block, revoke } = process();
      server.user('ravi')['active'] = false;
      await capture(SUSPEND, 'E-2');
      server.user('ravi')['active'] = true;
      const dana = await capture(SUSPEND);
      await block(dana, SUSPEND);
      await revoke([dana]);
      assert.deepEqual(server.membersOf('production'), ['ravi']);
    });

    it('is not learnt at a sweep, by the filter, from one who is active again', async () => {
      server.addGroup('production', 'dana', 'ravi');
      server.addGroup('readers', 'ravi');
      hidesInactive();
      const { service, capture, block, revoke } = process();
      server.user('ravi')['active'] = false;
      await capture({ kind: 'groups', groups: ['admins'] }, 'E-2').catch(() => undefined);
      server.user('ravi')['active'] = true;
      const readers: HoldKind = { kind: 'groups', groups: ['readers'] };
      await service.driftOf({ employeeId: 'E-2' }, [{ id: 'ravi', groups: [] }], readers, signal);
      const dana = await capture(SUSPEND);
      await block(dana, SUSPEND);
      await revoke([dana]);
      assert.deepEqual(server.membersOf('production'), ['ravi']);
    });

    it('accuses no administrator where one is active again, and the account has become inactive', async () => {
      server.addGroup('production', 'dana', 'ravi');
      server.addGroup('readers', 'dana', 'ravi');
      hidesInactive();
      const { capture, block } = process();
      server.user('ravi')['active'] = false;
      await capture(SUSPEND, 'E-2');
      server.user('ravi')['active'] = true;
      const dana = await capture(PRODUCTION);
      server.user('dana')['active'] = false;
      const { notes } = await block(dana, PRODUCTION);
      assert.doesNotMatch(notes.join(), /another administrator/);
      assert.match(notes.join(), /may not show inactive members of "production"/);
    });

    it('of a leaver who was inactive before is told once it shows those of another one, and not before', async () => {
      server.addGroup('production', 'dana', 'ravi');
      server.user('dana')['active'] = false;
      hidesInactive();
      const dana = await process().capture(SUSPEND);
      const revoking = process().revoke([dana]);
      const of = /payroll may not show the memberships of inactive accounts: look whether dana \(dana\)/;
      assert.match(await finalFailure(FailureType.CannotTell, revoking), of);
      server.odd((_asked, usual) => usual());
      server.group('production')['members'] = [{ value: 'ravi' }];
      server.user('ravi')['active'] = false;
      server.addGroup('readers', 'ravi');
      assert.deepEqual((await process().revoke([dana])).removedGroups, []);
    });

    it('is not learnt from one whom the search shows as before a suspension', async () => {
      server.users.push({ id: 'zoe', userName: 'zoe', active: true });
      server.addGroup('production', 'dana', 'ravi', 'zoe');
      hidesInactive();
      const one = newAccess(server, { port: newPort(server, 3_000), declared: {} });
      const hires = async (employeeId: string) =>
        (await one.capture({ employeeId }, SUSPEND, signal)).accounts[0]!;
      const ravi = await hires('E-2');
      let late = 0;
      const hidesLate = hidden();
      server.odd((asked, usual) => {
        const isSearch = asked.filter?.attribute === 'members.value';
        return isSearch && server.user('ravi')['active'] === false && late++ === 0
          ? usual()
          : hidesLate(asked, usual);
      });
      await one.block(ravi, SUSPEND, nothing, () => Promise.resolve(), signal);
      assert.ok(late > 0, 'the search has shown what was before');
      server.user('dana')['active'] = false;
      await finalFailure(FailureType.CannotTell, one.revoke(DANA, [], signal));
      assert.deepEqual(server.membersOf('production'), ['dana', 'ravi', 'zoe']);
    });

    it('is not learnt from an account of another type', async () => {
      server.users.push({ id: 'guest', userName: 'guest', active: false, userType: 'Guest' });
      server.addGroup('production', 'dana', 'ravi', 'guest');
      hidesInactive(({ userType }) => userType !== 'Guest');
      const { capture, block } = process();
      const dana = await capture(SUSPEND);
      await block(dana, SUSPEND);
      await process().revoke([dana]);
      assert.deepEqual(server.membersOf('production'), ['ravi', 'guest']);
    });
  });

  describe('of an inner group', () => {
    const inner = (type?: string): void => {
      server.groups.push({
        ...{ id: 'production', displayName: 'production' },
        members: [{ value: 'ravi' }, { value: 'sre', ...(type && { type }) }],
      });
      server.addGroup('sre', 'dana');
    };

    for (const type of ['Group', undefined])
      it(`${type ? 'with' : 'without'} a type is asked again after one 404`, async () => {
        inner(type);
        server.addGroup('readers', 'dana');
        const { capture, block } = process();
        const dana = await capture(PRODUCTION);
        let left = 1;
        server.odd(({ method, type: kind, id }, usual) =>
          kind === 'Groups' && method === 'GET' && id === 'sre' && left-- > 0 ? gateway : usual(),
        );
        const reason = await finalFailure(FailureType.Refused, block(dana, PRODUCTION));
        assert.match(reason, /comes by way of sre/);
      });

    for (const [type, untold] of [
      ['Group', /does not show sre, a group in "production"/],
      [undefined, /shows sre, a member of "production", neither as a user nor as a group/],
    ] as const)
      it(`${type ? 'with' : 'without'} a type that EMS may not see cannot be told`, async () => {
        inner(type);
        server.addGroup('readers', 'dana');
        server.odd(hiding('sre'));
        const { capture, block, drift } = process();
        const dana = await capture(PRODUCTION);
        assert.match(await finalFailure(FailureType.CannotTell, block(dana, PRODUCTION)), untold);
        assert.match((await drift([]))!.what, untold);
      });

    it('with a type tells once EMS may see it', async () => {
      inner('Group');
      server.addGroup('readers', 'dana');
      server.odd(hiding('sre'));
      const { capture, block } = process();
      const dana = await capture(PRODUCTION);
      await finalFailure(FailureType.CannotTell, block(dana, PRODUCTION));
      server.odd((_asked, usual) => usual());
      assert.match(await finalFailure(FailureType.Refused, block(dana, PRODUCTION)), /comes by way of sre/);
    });

    it('without a type is asked for again by the same process, once EMS may see it', async () => {
      inner();
      server.addGroup('readers', 'dana');
      const hidden = hiding('sre');
      server.odd(hidden);
      const { capture, block } = process();
      const dana = await capture(PRODUCTION);
      await finalFailure(FailureType.CannotTell, block(dana, PRODUCTION));
      // By its id alone.
      server.odd((asked, usual) => (asked.id === 'sre' ? usual() : hidden(asked, usual)));
      const later = Date.now() + 60_000;
      mock.method(Date, 'now', () => later);
      assert.match(await finalFailure(FailureType.Refused, block(dana, PRODUCTION)), /comes by way of sre/);
    });

    it('is none where a member has an id as users have, and groups have not: one was deleted', async () => {
      server.addGroup('production', 'ravi', 'gone');
      server.addGroup('readers', 'dana');
      assert.deepEqual((await process().hold(PRODUCTION)).notes, NONE);
    });

    it('may be a member that has an id as both users and groups have: it is noted', async () => {
      server.addGroup('production', 'ravi', 'sre7');
      server.addGroup('readers', 'dana');
      server.addGroup('crew', 'ravi');
      const [note, ...others] = (await process().hold(PRODUCTION)).notes.filter((each) => each !== NONE[0]);
      assert.match(
        note!,
        /^payroll shows sre7, a member of "production", neither as a user nor as a group: it was deleted, or/,
      );
      assert.deepEqual(others, []);
      const drift = await process().drift([]);
      assert.equal(drift, undefined);
    });

    it('is none where a member is the login of a user', async () => {
      server.users.push({ id: 'u-7', userName: 'kim.ito', active: true });
      server.addGroup('production', 'ravi', 'kim.ito');
      server.addGroup('readers', 'dana');
      assert.deepEqual((await process().hold(PRODUCTION)).notes, NONE);
    });

    it('is none where the same process has known the member as a user', async () => {
      server.addGroup('production', 'dana', 'ravi', 'long-name');
      server.addGroup('readers', 'dana');
      server.users.push({ id: 'long-name', userName: 'long-name', active: true });
      const { hold, drift } = process();
      await hold(PRODUCTION);
      server.users.pop();
      assert.equal(await drift(['production']), undefined);
    });
  });

  describe('of a critical group', () => {
    beforeEach(() => {
      server.addGroup('production', 'dana', 'ravi');
      server.addGroup('readers', 'dana', 'ravi');
    });

    it('is news to a sweep, and named at the end: EMS may not see the group any more', async () => {
      const { capture, block, drift } = process();
      const dana = await capture(PRODUCTION);
      await block(dana, PRODUCTION);
      add('production', 'dana');
      server.odd(hiding('production'));
      for (const each of [drift, process().drift]) {
        const seen = await each(['production']);
        assert.match(seen!.what, /cannot tell: whether the account is in production/);
      }
      const { notes } = await process().revoke([dana]);
      assert.match(
        notes.join(),
        /no longer shows the group production: it was deleted, or EMS may not see it/,
      );
    });

    it('is no news to a sweep where it has another name now, and tells by its id', async () => {
      const { hold, drift } = process();
      await hold(PRODUCTION);
      server.group('production')['displayName'] = 'prod-eu';
      assert.equal(await drift(['production']), undefined);
      add('production', 'dana');
      assert.match((await drift(['production']))!.what, /is in prod-eu again/);
    });

    it('is news to a sweep where it has another name now, and the account was in none', async () => {
      server.groups[0]!['members'] = [{ value: 'ravi' }];
      assert.deepEqual((await process().hold(PRODUCTION)).notes, NONE);
      server.group('production')['displayName'] = 'prod-eu';
      add('production', 'dana');
      assert.match((await process().drift([]))!.what, /payroll has no group "production"/);
    });
  });

  it('of a group but on the account is asked for again after one 404', async () => {
    server.addGroup('readers', 'dana', 'ravi');
    server.addGroup('g-7', 'dana', 'ravi');
    server.group('g-7')['displayName'] = 'kid';
    const shows = showing((each) => (each['id'] === 'g-7' ? undefined : each));
    let left = 0;
    server.odd((asked, usual) => {
      const { type, id, filter } = asked;
      if (type === 'Groups' && id === 'g-7' && asked.method === 'GET') return left-- > 0 ? gateway : usual();
      const groups = [{ value: 'g-7', type: 'direct' }];
      if (type === 'Users' && id === 'dana') return { status: 200, body: { ...server.user('dana'), groups } };
      return filter?.attribute === 'displayName' ? usual() : shows(asked, usual);
    });
    const KID: HoldKind = { kind: 'groups', groups: ['kid'] };
    const { capture, block } = process();
    const dana = await capture(KID);
    left = 1;
    await block(dana, KID);
    assert.deepEqual(server.membersOf('g-7'), ['ravi']);
  });

  it('of a group that grew beyond what the server shows is news to a sweep', async () => {
    const ids = staff(230);
    server.addGroup('production', 'dana', ...ids.slice(0, 40));
    server.addGroup('readers', 'dana', 'ravi');
    const shown = (group: Json): Json => ({ ...group, members: (group['members'] as Json[]).slice(0, 100) });
    server.odd(({ method, type, id, filter }, usual) => {
      if (type !== 'Groups' || method !== 'GET') return usual();
      if (id !== undefined) return { status: 200, body: shown(server.group(id)) };
      const all = server.groups.map(shown);
      const isHit = (each: Json): boolean =>
        filter!.attribute === 'displayName'
          ? each['displayName'] === filter!.value
          : (each['members'] as Json[]).some(({ value }) => value === filter!.value);
      return list(filter ? all.filter(isHit) : all);
    });
    const { hold, drift } = process();
    await hold(PRODUCTION);
    for (const id of ids.slice(40, 130)) add('production', id);
    add('production', 'dana');
    for (const each of [drift, process().drift])
      assert.match((await each(['production']))!.what, /may show only some of the members of "production"/);
  });

  describe('of the members of one group, where others show theirs', () => {
    const leavesOut: Odd = (asked, usual) => {
      const shows = showing((each) => (each['id'] === 'production' ? { ...each, members: undefined } : each));
      if (asked.filter?.attribute !== 'members.value') return shows(asked, usual);
      return showing((each) => (each['id'] === 'production' ? undefined : each))(asked, usual);
    };
    beforeEach(() => {
      server.addGroup('readers', 'dana', 'ravi');
      server.odd(leavesOut);
    });

    it('cannot be told where it shows empty lists of other groups', async () => {
      server.addGroup('production', 'dana', 'ravi');
      server.addGroup('empty');
      const reason = await finalFailure(FailureType.CannotTell, process().hold(PRODUCTION));
      assert.match(
        reason,
        /does not show the members of "production", and shows empty lists of other groups/,
      );
    });

    it('are none where every empty list is left out', async () => {
      server.addGroup('production');
      assert.deepEqual((await process().hold(PRODUCTION)).notes, NONE);
    });
  });
});
