/** Lists of members as long as those that servers cut off: whole ones keep nothing back, and of cut ones the rest is asked for otherwise. */
import assert from 'node:assert/strict';
import { FailureType } from '../../src/exit/failures.js';
import { nothing, type HoldKind } from '../../src/exit/hold-facts.js';
import { finalFailure } from '../support/failures.js';
import { list, newAccess, newPort, withOddServer, type Json, type Odd } from '../support/odd-scim-server.js';

const { signal } = new AbortController();
const PRODUCTION: HoldKind = { kind: 'groups', groups: ['production'] };
const NONE = ['was in none of the critical groups'];

describe('a long list of members on a SCIM server', () => {
  const server = withOddServer();
  beforeEach(() => {
    user('dana', 'E-1');
    user('ravi', 'E-2');
  });

  const user = (id: string, externalId: string): void =>
    void server.users.push({ id, userName: id, externalId, active: true });
  /** Ids of users that the server has. */
  const staff = (count: number): string[] => {
    const ids = Array.from({ length: count }, (_, n) => `p-${n}`);
    for (const id of ids) if (server.users.every((each) => each['id'] !== id)) user(id, id);
    return ids;
  };
  /** As a new process has it, which remembers nothing. */
  const access = () => newAccess(server);
  const block = async () => {
    const service = access();
    const [account] = (await service.capture({ employeeId: 'E-1' }, PRODUCTION, signal)).accounts;
    return service.block(account!, PRODUCTION, nothing, () => Promise.resolve(), signal);
  };
  const revoke = () => access().revoke({ employeeId: 'E-1' }, [], signal);
  const cutAt = (length: number, group: Json): Json => ({
    ...group,
    members: (group['members'] as Json[]).slice(0, length),
  });
  /** Shows the first members of each group. */
  const cuts =
    (length: number, next: Odd = (_asked, usual) => usual()): Odd =>
    async (asked, usual) => {
      const answer = await next(asked, usual);
      const body = answer.body as { Resources?: Json[] } & Json;
      if (asked.type !== 'Groups' || answer.status !== 200) return answer;
      if (asked.id !== undefined) return { ...answer, body: cutAt(length, body) };
      return { ...answer, body: { ...body, Resources: body.Resources!.map((each) => cutAt(length, each)) } };
    };
  const knowsNoGroups: Odd = ({ filter }, usual) =>
    filter?.attribute === 'members.value' && server.groups.some(({ id }) => id === filter.value)
      ? list([])
      : usual();
  /** Accounts show their groups, and no other question finds their members. */
  const showsGroups: Odd = ({ type, id, filter }, usual) => {
    const answer = usual();
    if (type !== 'Users' || filter) return answer;
    const shown = (account: Json): Json => ({
      ...account,
      groups: server.groups
        .filter(({ members }) => (members as Json[]).some(({ value }) => value === account['id']))
        .map((group) => ({ value: group['id'], type: 'direct' })),
    });
    const body = answer.body as { Resources?: Json[] } & Json;
    if (id !== undefined) return { ...answer, body: shown(body) };
    return { ...answer, body: { ...body, Resources: body.Resources!.map(shown) } };
  };

  for (const length of [50, 64, 99, 100, 255])
    it(`of exactly ${length} is whole: who is not in it, is in none`, async () => {
      server.addGroup('team', 'dana', 'ravi');
      server.addGroup('production', ...staff(length));
      assert.deepEqual((await block()).notes, NONE);
    });

  for (const length of [51, 64, 100])
    it(`of exactly ${length} is whole: a hold takes one of them, and leaves no doubt`, async () => {
      server.addGroup('team', 'dana', 'ravi');
      server.addGroup('production', 'dana', ...staff(length - 1));
      const { notes, taken } = await block();
      assert.deepEqual(notes, []);
      assert.equal(taken.groups.length, 1);
      assert.equal(server.membersOf('production').length, length - 1);
      server.users[0]!['active'] = true;
      server.groups[1]!['members'] = ['dana', ...staff(length - 1)].map((value) => ({ value }));
      assert.deepEqual((await revoke()).notes, []);
    });

  it('is whole where many people leave at once, and it has such a length on the way', async () => {
    const people = staff(300).slice(0, 140);
    server.addGroup('production', ...people);
    const service = access();
    const left = await Promise.all(
      people.slice(0, 60).map((employeeId) => service.revoke({ employeeId }, [], signal)),
    );
    assert.deepEqual(
      left.flatMap(({ notes }) => notes),
      [],
    );
    assert.equal(server.membersOf('production').length, 80);
  });

  it('is whole where the longest list of another group is longer', async () => {
    server.addGroup('team', 'dana');
    server.addGroup(
      'production',
      ...Array.from({ length: 100 }, (_, n) => ({ value: `x-${n}`, type: 'User' })),
    );
    server.addGroup('readers', 'ravi');
    server.addGroup(
      'everyone',
      ...Array.from({ length: 130 }, (_, n) => ({ value: `x-${n}`, type: 'User' })),
    );
    assert.deepEqual((await block()).notes, NONE);
  });

  it('is whole where many users show their groups, and each of that group is listed', async () => {
    server.addGroup('team', 'dana', 'ravi');
    server.addGroup('production', ...staff(300).slice(0, 100));
    await finalFailure(FailureType.CannotTell, block());
    server.odd(showsGroups);
    assert.deepEqual((await block()).notes, NONE);
  });

  it('does not hide an inner group from a filter that finds groups by groups', async () => {
    server.addGroup('production', ...staff(130), { value: 'sre', type: 'Group' });
    server.addGroup('sre', 'dana');
    server.odd(cuts(64));
    const reason = await finalFailure(FailureType.Refused, block());
    assert.match(reason, /cannot be removed from production .* comes by way of sre/);
    server.odd(cuts(64, knowsNoGroups));
    assert.match(
      await finalFailure(FailureType.CannotTell, block()),
      /may show only some of the members of "production"/,
    );
  });

  it('tells all the same where the filter finds an inner group that another list shows', async () => {
    server.addGroup('production', ...staff(130));
    server.addGroup('team', 'dana', { value: 'guests', type: 'Group' });
    server.addGroup('guests', 'ravi');
    server.odd(cuts(64));
    assert.deepEqual((await block()).notes, NONE);
    server.odd(cuts(64, knowsNoGroups));
    await finalFailure(FailureType.CannotTell, block());
  });

  it('that is cut off shows by an active member whom it does not list that there is another one', async () => {
    server.addGroup('production', 'dana', ...staff(130));
    for (const each of server.users.slice(1, 101)) each['active'] = false;
    server.odd(cuts(100));
    assert.equal(await newPort(server).hasOtherActiveMember('production', 'dana', signal), 'yes');
  });

  describe('that is cut off, of which EMS asks for some further members before a removal', () => {
    beforeEach(() => {
      server.addGroup('production', 'dana', ...staff(129));
      server.addGroup('staff', 'dana', 'ravi');
    });
    /** FusionAuth: a PATCH keeps the members that it shows. */
    const keepsWhatItShows =
      (next?: Odd): Odd =>
      (asked, usual) => {
        const { method, type, id } = asked;
        const it = server.groups.find((each) => each['id'] === id);
        if (method === 'PATCH' && type === 'Groups') Object.assign(it!, cutAt(100, it!));
        return cuts(100, next)(asked, usual);
      };

    for (const [what, next] of [
      ['the filter', undefined],
      ['the users themselves', showsGroups],
    ] as const)
      it(`is not reported blocked or revoked where they went, by the word of ${what}`, async () => {
        for (const doing of [block, revoke]) {
          server.groups[0]!['members'] = ['dana', ...staff(129)].map((value) => ({ value }));
          server.odd(keepsWhatItShows(next));
          assert.match(
            await finalFailure(FailureType.HarmedOthers, doing()),
            /no longer lists 5 other members of production since it removed dana: p-99, .* has touched no further group/,
          );
          assert.deepEqual(server.membersOf('staff'), ['dana', 'ravi']);
        }
      });

    it('is blocked where they stay, and says that the others cannot be told', async () => {
      server.groups.pop();
      server.odd(cuts(100));
      const { notes, taken } = await block();
      assert.match(notes.join(), /whether other members went: payroll may show only some of production$/);
      assert.equal(taken.groups.length, 1);
      assert.equal(server.membersOf('production').length, 129);
    });
  });
});
