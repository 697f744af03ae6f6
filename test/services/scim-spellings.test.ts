/** Members and groups that a SCIM server calls otherwise than by their ids: by an id in another case, by a login, by a name. */
import assert from 'node:assert/strict';
import { mock } from 'node:test';
import { FailureType } from '../../src/exit/failures.js';
import { nothing, type HoldKind } from '../../src/exit/hold-facts.js';
import { finalFailure } from '../support/failures.js';
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
const SUSPEND = { kind: 'suspend' } as const;
const ADMINS: HoldKind = { kind: 'groups', groups: ['admins'] };

describe('on a SCIM server', () => {
  const server = withOddServer();
  afterEach(() => mock.timers.reset());

  /** As a new process has it, which remembers nothing. */
  const access = () => newAccess(server);
  const user = (id: string, externalId: string, more: Json = {}): void =>
    void server.users.push({ id, userName: `login-of-${id}`, externalId, active: true, ...more });
  const captured = async (hold: HoldKind) =>
    (await access().capture({ employeeId: 'E-1' }, hold, signal)).accounts[0]!;
  const block = async (hold: HoldKind) => {
    const account = await captured(hold);
    const blocked = await access().block(account, hold, nothing, () => Promise.resolve(), signal);
    return { account, ...blocked };
  };
  const revoke = () => access().revoke({ employeeId: 'E-1' }, [], signal);
  const withoutMembers = ({ members: _members, ...rest }: Json): Json => rest;

  describe('whose members have ids in another case than its users', () => {
    const same = (a: unknown, b: unknown): boolean => String(a).toLowerCase() === String(b).toLowerCase();
    const lists = (group: Json, value: string): boolean =>
      (group['members'] as Json[]).some((each) => same(each['value'], value));
    const userIn = (id: string): Json | undefined => server.users.find((each) => same(each['id'], id));
    /** A search by members, and a removal, take an id in either case. */
    const findsInEitherCase: Odd = ({ type, method, filter, id, body }, usual) => {
      if (filter?.attribute === 'members.value')
        return list(server.groups.filter((each) => lists(each, filter.value)).map(withoutMembers));
      const [, removed] = /^members\[value eq "(.*)"\]$/.exec(body?.Operations[0]?.path ?? '') ?? [];
      if (type !== 'Groups' || method !== 'PATCH' || removed === undefined) return usual();
      const group = server.groups.find((each) => each['id'] === id)!;
      group['members'] = (group['members'] as Json[]).filter((each) => !same(each['value'], removed));
      return { status: 204 };
    };
    /** A user is read by an id in either case. */
    const readsInEitherCase =
      (next: Odd): Odd =>
      (asked, usual) => {
        const { type, method, id } = asked;
        const found = type === 'Users' && method === 'GET' && id !== undefined && userIn(id);
        return found ? { status: 200, body: found } : next(asked, usual);
      };
    const exact: Odd = (_asked, usual) => usual();

    beforeEach(() => {
      user('00u1Fox', 'E-1');
      user('00u2Owl', 'E-2');
      server.addGroup('admins', '00U1FOX', '00U2OWL');
      server.addGroup('staff', '00u2Owl');
    });

    for (const [what, odd] of [
      ['in every question', readsInEitherCase(findsInEitherCase)],
      ['in reads alone', readsInEitherCase(exact)],
    ] as const) {
      it(`and which takes either case ${what}, a hold is made and given back`, async () => {
        server.odd(odd);
        const { account, taken, notes } = await block(ADMINS);
        assert.deepEqual(notes, []);
        assert.deepEqual(server.membersOf('admins'), ['00U2OWL']);
        await access().restore(account, taken, signal);
        assert.deepEqual(server.membersOf('admins'), ['00U2OWL', '00u1Fox']);
      });

      it(`and which takes either case ${what}, a revocation takes the membership`, async () => {
        server.odd(odd);
        const { removedGroups } = await revoke();
        assert.deepEqual(
          removedGroups.map(({ id }) => id),
          ['admins'],
        );
        assert.deepEqual(server.membersOf('admins'), ['00U2OWL']);
      });
    }

    it('and which knows no user by them, cannot tell: neither a hold nor a revocation takes it for none', async () => {
      server.groups.pop();
      for (const doing of [() => block(ADMINS), revoke])
        assert.match(
          await finalFailure(FailureType.CannotTell, doing()),
          /lists the members of groups by other values than the ids of users/,
        );
      assert.deepEqual(server.membersOf('admins'), ['00U1FOX', '00U2OWL']);
    });

    it('and which does not take the filter by members, is read whole for them', async () => {
      server.odd(
        readsInEitherCase(({ filter }, usual) =>
          filter?.attribute === 'members.value' ? scimError(501, 'not supported') : usual(),
        ),
      );
      await revoke();
      assert.deepEqual(server.membersOf('admins'), ['00U2OWL']);
    });

    it('the membership of another user, whose id is that in the other case, is left alone', async () => {
      user('00U1FOX', 'E-3');
      server.odd(({ filter }, usual) =>
        filter?.attribute === 'members.value'
          ? list(server.groups.filter((each) => lists(each, filter.value)).map(withoutMembers))
          : usual(),
      );
      assert.deepEqual((await block(ADMINS)).notes, ['was in none of the critical groups']);
      assert.deepEqual((await revoke()).removedGroups, []);
      assert.deepEqual(server.membersOf('admins'), ['00U1FOX', '00U2OWL']);
    });

    it('another active member of a protected group is seen, and the account itself is none', async () => {
      server.odd(readsInEitherCase(findsInEitherCase));
      const other = () => newPort(server).hasOtherActiveMember('admins', '00u1Fox', signal);
      assert.equal(await other(), 'yes');
      server.users[1]!['active'] = false;
      assert.equal(await other(), 'no');
    });
  });

  it('which reads a user by the login too, a member that is called so is the account', async () => {
    user('u-1', 'E-1');
    user('u-2', 'E-2');
    server.addGroup('admins', 'login-of-u-1', 'u-2');
    server.odd(({ type, method, id }, usual) => {
      const found =
        type === 'Users' && method === 'GET' && server.users.find(({ userName }) => userName === id);
      return found ? { status: 200, body: found } : usual();
    });
    assert.equal((await newPort(server).standingIn!('u-1', 'admins', undefined, signal)).is, 'direct');
    assert.equal(await newPort(server).hasOtherActiveMember('admins', 'u-1', signal), 'yes');

    const one = newPort(server);
    const standing = async (id: string) => (await one.standingIn!(id, 'admins', undefined, signal)).is;
    assert.equal(await standing('u-1'), 'direct');
    Object.assign(server.user('u-1'), { userName: 'renamed' });
    Object.assign(server.user('u-2'), { userName: 'login-of-u-1' });
    server.group('admins')['members'] = [{ value: 'login-of-u-1' }];
    mock.timers.enable({ apis: ['Date'], now: Date.now() + 3_600_000 });
    assert.deepEqual(
      [await standing('u-1'), await standing('u-2')],
      ['out', 'direct'],
      'the login passed on',
    );
  });

  it('whose ids are numbers, and which finds no member by a string, a membership is taken by the number', async () => {
    user('53', 'E-1');
    user('54', 'E-2');
    server.addGroup('admins', '53', '54');
    server.odd(({ type, method, body }, usual) => {
      const [operation] = body?.Operations ?? [];
      if (type !== 'Groups' || method !== 'PATCH' || operation?.op !== 'remove') return usual();
      if (/eq "/.test(operation.path!)) return scimError(400, 'nothing matches', { scimType: 'noTarget' });
      operation.path = operation.path!.replace(/eq (\d+)/, 'eq "$1"');
      return usual();
    });
    await block(ADMINS);
    assert.deepEqual(server.membersOf('admins'), ['54']);
  });

  describe('whose accounts name their groups', () => {
    const ways: [what: string, shown: unknown][] = [
      ['in place of the id', [{ value: 'Admins' }]],
      ['by a text alone', ['Admins']],
      ['without the id', [{ display: 'admins', type: 'direct' }]],
      ['beside another value', [{ value: 'cn=admins', display: 'Admins', type: 'direct' }]],
    ];
    beforeEach(() => {
      user('u-1', 'E-1');
      user('u-2', 'E-2');
      server.addGroup('g-1', 'u-1', 'u-2');
      server.groups[0]!['displayName'] = 'Admins';
      server.addGroup('g-2', 'u-2');
    });
    const showing =
      (groups: unknown, next: Odd = (_asked, usual) => usual()): Odd =>
      (asked, usual) => {
        const { method, type, id } = asked;
        const isShown =
          method === 'GET' && type === 'Users' && id === 'u-1' && server.membersOf('g-1').includes(id);
        return isShown ? { status: 200, body: { ...server.users[0], groups } } : next(asked, usual);
      };
    /** As some servers do for what is no id of theirs. */
    const refusesOtherIds: Odd = ({ type, id }, usual) =>
      type === 'Groups' && id !== undefined && !id.startsWith('g-')
        ? scimError(400, 'the id is malformed')
        : usual();

    for (const [what, shown] of ways)
      for (const odd of [undefined, refusesOtherIds])
        it(`${what}${odd ? ', and which refuses a name as id' : ''}, a hold is made, and a revocation`, async () => {
          server.odd(showing(shown, odd));
          const { account, taken, notes } = await block(ADMINS);
          assert.deepEqual(notes, []);
          assert.deepEqual(taken.groups, [{ id: 'g-1', displayName: 'Admins' }]);
          await access().restore(account, taken, signal);
          assert.deepEqual(server.membersOf('g-1'), ['u-2', 'u-1']);
          await block(SUSPEND);
          await revoke();
          assert.deepEqual(server.membersOf('g-1'), ['u-2']);
        });

    it('is believed where only the account shows the membership', async () => {
      const findsOthers: Odd = ({ filter }, usual) =>
        filter?.attribute === 'members.value' && filter.value === 'u-1' ? list([]) : usual();
      server.odd(showing([{ display: 'Admins', type: 'direct' }], findsOthers));
      assert.deepEqual(
        (await newPort(server).groupsOf('u-1', signal)).map(({ group, via, changeable }) => [
          group.id,
          via,
          changeable,
        ]),
        [['g-1', 'direct', true]],
      );
    });

    it('of several groups of that name, the one that lists the account is meant', async () => {
      server.addGroup('g-3', 'u-2');
      server.groups.at(-1)!['displayName'] = 'admins';
      const findsNone: Odd = ({ filter }, usual) =>
        filter?.attribute === 'members.value' && filter.value === 'u-1' ? list([]) : usual();
      server.odd(showing([{ display: 'Admins' }], findsNone));
      assert.deepEqual(
        (await newPort(server).groupsOf('u-1', signal)).map(({ group }) => group.id),
        ['g-1'],
      );
    });
  });
});
