/** Which groups an account is in, on SCIM servers that hide some of it: what is not told is neither blocked nor revoked. */
import assert from 'node:assert/strict';
import { FailureType } from '../../src/exit/failures.js';
import {
  nothing,
  withoutHarms,
  type CapturedAccount,
  type GroupRef,
  type Taken,
} from '../../src/exit/hold-facts.js';
import { createAccessService } from '../../src/services/access/access.js';
import { createScimAdapter } from '../../src/services/access/adapters/scim-adapter.js';
import { createScimClient } from '../../src/services/protocols/scim.js';
import { finalFailure, outage } from '../support/failures.js';
import { byEmployeeId } from '../support/matching.js';
import {
  list,
  newAccess,
  newPort,
  scimError,
  withOddServer,
  type Answer,
  type Json,
  type Odd,
  type OddServer,
} from '../support/odd-scim-server.js';

const { signal } = new AbortController();
const SUSPEND = { kind: 'suspend' } as const;
const holding = (...groups: string[]) => ({ kind: 'groups' as const, groups });

describe('on a SCIM server that hides memberships', () => {
  const server = withOddServer();
  beforeEach(() => {
    server.users.push(
      { id: 'dana', userName: 'dana', externalId: 'E-1', active: true },
      { id: 'ravi', userName: 'ravi', externalId: 'E-2', active: true },
    );
  });

  /** As a new process has it, which remembers nothing. */
  const access = () => newAccess(server);
  const group = (...given: Parameters<OddServer['addGroup']>): void => server.addGroup(...given);
  const capture = async (hold: Parameters<ReturnType<typeof access>['capture']>[1]) =>
    (await access().capture({ employeeId: 'E-1' }, hold, signal)).accounts[0]!;
  const block = (account: CapturedAccount, hold: Parameters<ReturnType<typeof access>['block']>[1]) =>
    access().block(account, hold, nothing, () => Promise.resolve(), signal);
  const revoke = (captured: CapturedAccount[], earlier: GroupRef[] = []) =>
    access().revoke({ employeeId: 'E-1' }, captured, signal, { earlier });

  /** What the server shows of each group, where members are to be hidden. */
  const showing =
    (shown: (group: Json, isList: boolean) => Json): Odd =>
    ({ type, id }, usual) => {
      const answer = usual();
      const body = answer.body as { Resources?: Json[] } & Json;
      if (type !== 'Groups' || answer.status !== 200) return answer;
      if (id !== undefined) return { ...answer, body: shown(body, false) };
      return { ...answer, body: { ...body, Resources: body.Resources!.map((each) => shown(each, true)) } };
    };
  const withoutMembers = ({ members: _members, ...rest }: Json): Json => rest;
  const isActive = (id: string): boolean =>
    server.users.find((each) => each['id'] === id)?.['active'] === true;
  /** The filter by members finds active accounts only. */
  const leavesOutTheInactive =
    (next: Odd = (_asked, usual) => usual()): Odd =>
    (asked, usual) => {
      const { filter } = asked;
      const isOut = filter?.attribute === 'members.value' && !isActive(filter.value);
      return isOut ? list([]) : next(asked, usual);
    };
  /** The filter by members knows users only. */
  const knowsNoGroups: Odd = ({ filter }, usual) =>
    filter?.attribute === 'members.value' && server.groups.some(({ id }) => id === filter.value)
      ? list([])
      : usual();

  it('is not said to have cost what the filter leaves out of suspended accounts only', async () => {
    group('staff', 'ravi', 'dana');
    server.odd(leavesOutTheInactive());
    const { taken, notes } = await block(await capture(SUSPEND), SUSPEND);
    assert.deepEqual(taken, { suspended: true, groups: [] });
    assert.deepEqual(notes, []);
  });

  /** A suspension takes the account out of its groups. */
  const strips =
    (next: Odd): Odd =>
    async (asked, usual) => {
      const answer = await next(asked, usual);
      if (asked.method === 'PATCH' && asked.type === 'Users' && !isActive('dana'))
        for (const each of server.groups)
          each['members'] = (each['members'] as Json[]).filter(({ value }) => value !== 'dana');
      return answer;
    };

  for (const status of [403, 422])
    it(`gives back what a suspension cost, where it answers ${status} to the filter by members`, async () => {
      group('admins', 'ravi', 'dana');
      server.odd(
        strips((asked, usual) =>
          asked.filter?.attribute === 'members.value' ? scimError(status, 'not supported') : usual(),
        ),
      );
      const account = await capture(SUSPEND);
      const { taken, notes } = await block(account, SUSPEND);
      assert.deepEqual(notes, ['the suspension may have cost admins']);
      await access().restore(account, taken, signal);
      assert.deepEqual(server.membersOf('admins'), ['ravi', 'dana']);
    });

  it('says at the block that the cost cannot be told, and cannot tell at the restore', async () => {
    group('admins', 'ravi', 'dana');
    server.odd(
      strips((asked, usual) =>
        asked.filter?.attribute === 'members.value' ? list([]) : showing(withoutMembers)(asked, usual),
      ),
    );
    const account = await capture(SUSPEND);
    const { taken, notes } = await block(account, SUSPEND);
    assert.match(notes.join('; '), /whether the suspension cost memberships cannot be told/);
    const reason = await finalFailure(FailureType.CannotTell, access().restore(account, taken, signal));
    assert.match(reason, /dana is active again on payroll, .* shows no member of any group/);
    assert.equal(isActive('dana'), true);
  });

  for (const what of ['a first hold', 'a later hold'])
    it(`has what another administrator removed just before ${what} not given back`, async () => {
      group('admins', 'ravi', 'dana');
      group('staff', 'ravi', 'dana');
      const service = access();
      const blocked = async (employeeId: string, between = () => {}) => {
        const [account] = (await service.capture({ employeeId }, SUSPEND, signal)).accounts;
        between();
        const { taken } = await service.block(account!, SUSPEND, nothing, () => Promise.resolve(), signal);
        return { account: account!, taken };
      };
      if (what === 'a later hold') await blocked('E-2');
      const { account, taken } = await blocked(
        'E-1',
        () => void (server.groups[0]!['members'] = [{ value: 'ravi' }]),
      );
      assert.deepEqual(taken, { suspended: true, groups: [] });
      const { notes } = await service.restore(account, taken, signal);
      assert.match(notes.join('; '), /not given back: the membership in admins/);
      assert.deepEqual(server.membersOf('admins'), ['ravi']);
    });

  describe('that takes a suspended account out of one group of administrators alone', () => {
    let isLost: boolean;
    beforeEach(() => {
      isLost = false;
      for (const name of ['readers', 'writers']) group(name, 'dana', 'ravi');
      group('admins', 'dana', 'other');
      server.odd(({ method, type, id }, usual) => {
        const answer = usual();
        if (method !== 'PATCH' || type !== 'Users' || isActive(id!)) return answer;
        const admins = server.groups[2]!;
        admins['members'] = (admins['members'] as Json[]).filter(({ value }) => value !== id);
        return isLost ? { status: 504, body: '<html>Gateway Timeout</html>' } : answer;
      });
    });
    const restored = (account: CapturedAccount, taken: Taken) => access().restore(account, taken, signal);

    it('has it given back, also where an earlier suspension cost none', async () => {
      const service = access();
      const blocked = async (employeeId: string) => {
        const [account] = (await service.capture({ employeeId }, SUSPEND, signal)).accounts;
        const { taken } = await service.block(account!, SUSPEND, nothing, () => Promise.resolve(), signal);
        return { account: account!, taken };
      };
      await blocked('E-2');
      const { account, taken } = await blocked('E-1');
      await restored(account, taken);
      assert.deepEqual(server.membersOf('admins'), ['other', 'dana']);
    });

    it('has it given back by a retry, where the answer to the suspension was lost', async () => {
      const account = await capture(SUSPEND);
      let tried: Taken = nothing;
      const attempt = () => {
        const trying = (taken: Taken) => Promise.resolve(void (tried = structuredClone(taken)));
        return access().block(account, SUSPEND, tried, trying, signal);
      };
      isLost = true;
      await outage(attempt());
      isLost = false;
      const { taken } = await attempt();
      assert.deepEqual(
        taken.groups.map(({ id }) => id),
        ['admins'],
      );
      await restored(account, taken);
      assert.deepEqual(server.membersOf('admins'), ['other', 'dana']);
      assert.equal(isActive('dana'), true);
    });
  });

  it('is looked at again later after a retry of a restore, and not where that look found all', async () => {
    group('admins', 'ravi', 'dana');
    const service = access();
    const [account] = (await service.capture({ employeeId: 'E-1' }, SUSPEND, signal)).accounts;
    const { taken } = await service.block(account!, SUSPEND, nothing, () => Promise.resolve(), signal);
    const isUnavailable: Odd = ({ type, filter }, usual) =>
      type === 'Groups' && filter ? { status: 503, body: '' } : usual();
    server.odd(isUnavailable);
    await outage(service.restore(account!, taken, signal));
    server.odd((_asked, usual) => usual());
    const { now } = Date;
    Date.now = () => now() + 1_100;
    try {
      const first = await service.restore(account!, taken, signal);
      assert.equal(first.isUnsettled, true);
      const { memberships } = first;
      await service.restore(account!, taken, signal, { earlier: { memberships } });
      const third = await service.restore(account!, taken, signal);
      assert.equal(third.isUnsettled, false);
    } finally {
      Date.now = now;
    }
  });

  it('is restored where it has no groups at all', async () => {
    server.odd((asked, usual) => (asked.type === 'Groups' ? scimError(404, 'no such endpoint') : usual()));
    const account = await capture(SUSPEND);
    const { taken } = await block(account, SUSPEND);
    const { active } = await access().restore(account, taken, signal);
    assert.equal(active, true);
  });

  it('says of a restore that the account is inactive, where a removal suspended it late', async () => {
    group('production', 'ravi', 'dana');
    const hold = holding('production');
    const account = await capture(hold);
    const { taken } = await block(account, hold);
    server.users[0]!['active'] = false;
    const { active, notes } = await access().restore(account, taken, signal);
    assert.equal(active, false);
    assert.match(notes.join('; '), /it is inactive now: by a late effect of the removal/);
  });

  describe('where it refuses the filter by members, and only a group read by its id shows them', () => {
    const onlyById: Odd = (asked, usual) =>
      asked.filter?.attribute === 'members.value'
        ? scimError(501, 'not supported')
        : showing((each, isList) => (isList ? withoutMembers(each) : each))(asked, usual);
    beforeEach(() => {
      group('admins', 'ravi', 'dana');
      group('readers', 'ravi', 'dana');
      server.odd(onlyById);
    });

    for (const hold of [{ kind: 'suspend' } as const, holding('admins')])
      it(`a hold of kind ${hold.kind} is made, and given back`, async () => {
        const account = await capture(hold);
        const { taken, notes } = await block(account, hold);
        assert.deepEqual(notes, []);
        await access().restore(account, taken, signal);
        assert.deepEqual(server.membersOf('admins'), ['ravi', 'dana']);
        assert.equal(isActive('dana'), true);
      });

    it('a revocation finds every group', async () => {
      assert.equal((await revoke([])).removedGroups.length, 2);
      assert.deepEqual([server.membersOf('admins'), server.membersOf('readers')], [['ravi'], ['ravi']]);
    });

    it('cannot be told where there are too many groups to read', async () => {
      for (let i = 0; i < 100; i++) group(`g-${i}`, 'ravi');
      await finalFailure(FailureType.CannotTell, revoke([]));
    });
  });

  describe('where it does not take the filter by members, and lists show only some of them', () => {
    const crowd = Array.from({ length: 129 }, (_, i) => `m-${i}`);
    const ways: [what: string, first: Odd][] = [
      ['refuses', () => scimError(403, 'not supported', { scimType: 'invalidFilter' })],
      ['ignores', () => list(server.groups)],
    ];
    const filtering =
      (first: Odd, next: Odd): Odd =>
      (asked, usual) =>
        asked.filter?.attribute === 'members.value'
          ? next(asked, () => first(asked, usual) as Answer)
          : next(asked, usual);
    const cut = (each: Json): Json => ({ ...each, members: (each['members'] as Json[]).slice(0, 100) });
    const isLarge = ({ members }: Json): boolean => (members as Json[]).length > 50;
    const partial: [what: string, shown: (group: Json, isList: boolean) => Json][] = [
      ['show the first 100', (each, isList) => (isList ? cut(each) : each)],
      [
        'leave out those of large groups',
        (each, isList) => (isList && isLarge(each) ? withoutMembers(each) : each),
      ],
      [
        'empty those of large groups',
        (each, isList) => (isList && isLarge(each) ? { ...each, members: [] } : each),
      ],
    ];
    beforeEach(() => {
      group('small', 'ravi');
      group('big', ...crowd, 'dana');
    });
    const isIn = (): boolean => server.membersOf('big').includes('dana');

    for (const [how, first] of ways)
      for (const [what, shown] of partial)
        it(`${how} it, and lists ${what}: the group itself is read`, async () => {
          server.odd(filtering(first, showing(shown)));
          assert.deepEqual(
            (await revoke([])).removedGroups.map(({ id }) => id),
            ['big'],
          );
          assert.equal(isIn(), false);
        });

    it('cannot tell where the group by its id shows the first 100 as well', async () => {
      server.odd(filtering(ways[0]![1], showing(cut)));
      const reason = await finalFailure(FailureType.CannotTell, revoke([]));
      assert.match(reason, /shows 100 of them of one of the Groups, which may be the first ones/);
      assert.equal(isIn(), true);
    });

    it('gives back a large group that a suspension cost', async () => {
      server.odd(strips(filtering(ways[0]![1], showing(partial[1]![1]))));
      const account = await capture(SUSPEND);
      const { taken } = await block(account, SUSPEND);
      assert.equal(isIn(), false);
      await access().restore(account, taken, signal);
      assert.equal(isIn(), true);
    });

    it('tells where more groups are empty than can be read', async () => {
      for (let i = 0; i < 120; i++) group(`empty-${i}`);
      server.odd(filtering(ways[0]![1], (_asked, usual) => usual()));
      assert.equal((await revoke([])).removedGroups.length, 1);
    });
  });

  describe('a revocation', () => {
    it('cannot tell where lists hide members and the filter finds none', async () => {
      group('admins', 'ravi', 'dana');
      const hides = showing((each, isList) => (isList ? withoutMembers(each) : each));
      server.odd((asked, usual) =>
        asked.filter?.attribute === 'members.value' ? list([]) : hides(asked, usual),
      );
      const reason = await finalFailure(FailureType.CannotTell, revoke([]));
      assert.match(
        reason,
        /^cannot tell: payroll has ravi in the group admins, and does not find it by members\.value/,
      );
      assert.equal(isActive('dana'), false, 'it is suspended all the same');
    });

    it('cannot tell where no group shows a member and the filter finds none', async () => {
      group('admins', 'dana');
      server.odd((asked, usual) =>
        asked.filter?.attribute === 'members.value' ? list([]) : showing(withoutMembers)(asked, usual),
      );
      const reason = await finalFailure(FailureType.CannotTell, revoke([]));
      assert.match(reason, /payroll shows no member of any group/);
    });

    it('believes that answer where a user shows a group that the filter does find', async () => {
      group('admins', 'ravi');
      server.users[1]!['groups'] = [{ value: 'admins' }];
      server.odd(showing(withoutMembers));
      assert.deepEqual((await revoke([])).removedGroups, []);
    });

    it('removes what the capture saw, where the filter leaves out suspended accounts', async () => {
      group('admins', 'ravi', 'dana');
      group('readers', 'dana');
      server.odd(leavesOutTheInactive());
      const account = await capture(SUSPEND);
      await block(account, SUSPEND);
      const { removedGroups } = await revoke([account]);
      assert.deepEqual(removedGroups.map(({ id }) => id).toSorted(), ['admins', 'readers']);
      assert.deepEqual([server.membersOf('admins'), server.membersOf('readers')], [['ravi'], []]);
    });

    it('removes what it saw before its own suspension', async () => {
      group('admins', 'ravi', 'dana');
      group('readers', 'ravi');
      server.odd(leavesOutTheInactive());
      assert.equal((await revoke([])).removedGroups.length, 1);
      assert.deepEqual(server.membersOf('admins'), ['ravi']);
    });

    it('removes on a retry what an earlier attempt had set out to remove', async () => {
      group('admins', 'ravi', 'dana');
      server.odd(leavesOutTheInactive());
      server.users[0]!['active'] = false;
      await revoke([], [{ id: 'admins', displayName: 'admins' }]);
      assert.deepEqual(server.membersOf('admins'), ['ravi']);
    });

    it('cannot tell of a group that hides its members, and names it', async () => {
      group('admins', 'ravi', 'dana');
      const account = await capture(SUSPEND);
      await block(account, SUSPEND);
      server.odd(leavesOutTheInactive(showing(withoutMembers)));
      server.users[1]!['groups'] = [{ value: 'admins' }];
      const reason = await finalFailure(FailureType.CannotTell, revoke([account]));
      assert.match(reason, /payroll does not show the members of "admins": look there/);
    });
  });

  it('has a leaver removed from the groups where a rule refuses the suspension, which is named', async () => {
    group('production', 'dana', 'ravi');
    server.odd(({ method, type }, usual) =>
      method === 'PATCH' && type === 'Users'
        ? scimError(403, 'The last owner cannot be deactivated')
        : usual(),
    );
    const ended: string[] = [];
    const endSessions = ({ id }: { id: string }) => Promise.resolve(void ended.push(id));
    const service = createAccessService({
      port: { ...newPort(server), endSessions },
      match: byEmployeeId('externalId'),
      declared: { settleMs: 0 },
    });
    const revoking = service.revoke({ employeeId: 'E-1' }, [], signal);
    assert.match(await finalFailure(FailureType.Refused, revoking), /The last owner cannot be deactivated/);
    assert.deepEqual([server.membersOf('production'), ended], [['ravi'], ['dana']]);
  });

  describe('whose suspension takes others', () => {
    beforeEach(() => {
      server.users.push(...['m-0', 'm-1', 'm-2'].map((id) => ({ id, userName: id, active: true })));
      group('admins', 'dana', 'm-0', 'm-1', 'm-2');
    });
    const takingOthers = (keep: number): void =>
      server.odd(({ method, type }, usual) => {
        const at = server.group('admins');
        if (method === 'PATCH' && type === 'Users') at['members'] = (at['members'] as Json[]).slice(0, keep);
        return usual();
      });
    const suspending = { kind: 'suspend' as const };

    it('out of a group is not reported blocked without a word: a person looks, and the retry goes on', async () => {
      const account = await capture(suspending);
      takingOthers(2);
      let tried: Taken = nothing;
      const attempt = () =>
        access().block(
          account,
          suspending,
          tried,
          (taken) => Promise.resolve(void (tried = structuredClone(taken))),
          signal,
        );
      const reason = await finalFailure(FailureType.HarmedOthers, attempt());
      assert.match(reason, /no longer lists 2 other members of admins since it suspended dana: m-1, m-2/);
      assert.equal(isActive('dana'), false);
      assert.equal((await attempt()).taken.suspended, true);
    });

    it('is not looked for at each further suspension of a system that takes none', async () => {
      const service = access();
      const looks = async (employeeId: string): Promise<number> => {
        const [account] = (await service.capture({ employeeId }, suspending, signal)).accounts;
        server.seen.length = 0;
        await service.block(account!, suspending, nothing, () => Promise.resolve(), signal);
        return server.seen.filter(({ query }) => query.get('attributes')?.includes('members')).length;
      };
      server.group('admins')['members'] = [{ value: 'dana' }, { value: 'm-0' }];
      assert.ok((await looks('E-1')) > 0);
      Object.assign(server.user('m-0'), { externalId: 'E-7' });
      assert.equal(await looks('E-7'), 0);
    });
  });

  describe('a revocation from a group that hides inactive members', () => {
    const hidesInactive = showing((each) => ({
      ...each,
      members: (each['members'] as Json[]).filter(({ value }) => isActive(String(value))),
    }));
    const answering = (answer: Answer): void =>
      server.odd((asked, usual) =>
        asked.method === 'PATCH' && asked.id === 'admins'
          ? answer
          : leavesOutTheInactive(hidesInactive)(asked, usual),
      );
    beforeEach(() => {
      group('admins', 'dana', 'ravi');
      group('readers', 'dana', 'ravi');
    });

    for (const answer of [
      scimError(403, 'the token may not change this group'),
      scimError(400, 'too many operations', { scimType: 'invalidValue' }),
      scimError(404, 'Group admins not found'),
    ])
      it(`cannot tell where the removal is refused with ${answer.status}, and leaves the other groups`, async () => {
        answering(answer);
        let earlier: GroupRef[] = [];
        const attempt = (captured: CapturedAccount[] = []) =>
          access().revoke({ employeeId: 'E-1' }, captured, signal, {
            earlier,
            removing: (groups) => Promise.resolve(void (earlier = structuredClone(groups))),
          });
        const reason = /no longer showed dana in admins since the suspension, and refused its removal there/;
        assert.match(await finalFailure(FailureType.CannotTell, attempt()), reason);
        assert.deepEqual(server.membersOf('readers'), ['ravi']);
        assert.match(await finalFailure(FailureType.CannotTell, attempt()), reason, 'and at a retry');
      });

    for (const [what, answer] of [
      ['a conflict', { status: 409, body: { detail: 'concurrent modification, retry' } }],
      ['the 404 of a gateway', { status: 404, body: 'no route' }],
    ] satisfies [string, Answer][])
      it(`is retried where the removal is answered with ${what}`, async () => {
        answering(answer);
        await outage(revoke([]));
      });

    for (const answer of [
      scimError(400, 'nothing matches', { scimType: 'noTarget' }),
      scimError(400, 'User is not a member of this group'),
      scimError(404, 'member not found'),
      scimError(400, 'User with id dana not found', { scimType: 'invalidSyntax' }),
    ])
      it(`is done where the answer says that it is no member: ${JSON.stringify(answer.body)}`, async () => {
        answering(answer);
        assert.equal((await revoke([])).removedGroups.length, 2);
      });
  });

  describe('a hold on a group that the account reaches by another one', () => {
    const refusal = /dana cannot be removed from production on payroll \(nested\): comes by way of sre/;
    const refused = async (): Promise<void> => {
      const account = await capture(holding('production'));
      const reason = await finalFailure(FailureType.Refused, block(account, holding('production')));
      assert.match(reason, refusal);
    };

    const members: [what: string, member: Json][] = [
      ['a typed member', { value: 'sre', type: 'Group' }],
      ['an untyped member', { value: 'sre' }],
      ['a reference alone', { $ref: 'https://payroll.example/scim/v2/Groups/sre' }],
    ];
    for (const [what, member] of members) {
      it(`is refused where the filter knows no groups, and the inner group is ${what}`, async () => {
        group('production', 'ravi', member);
        group('sre', 'dana');
        server.odd(knowsNoGroups);
        await refused();
      });
    }

    it('is refused where the way has two steps, and the account is a direct member too', async () => {
      group('production', 'dana', 'all');
      group('all', 'sre');
      group('sre', 'dana');
      server.odd(knowsNoGroups);
      await refused();
      assert.deepEqual(server.membersOf('production'), ['dana', 'all'], 'nothing is taken');
    });

    it('is refused where the account is in more than 1,000 groups', async () => {
      group('production', 'ravi', 'sre');
      group('sre', 'dana');
      for (let i = 0; i < 1200; i++) group(`many-${i}`, 'dana');
      server.odd(knowsNoGroups);
      await refused();
    });

    it('is refused where lists hide the inner group', async () => {
      group('production', 'ravi', 'sre');
      group('sre', 'dana');
      server.odd((asked, usual) => {
        if (asked.type !== 'Groups' || asked.id !== undefined || asked.filter)
          return knowsNoGroups(asked, usual);
        return list([]);
      });
      await refused();
    });

    it('is made where the inner group is one of those that it takes', async () => {
      group('production', 'ravi', { value: 'sre', type: 'Group' });
      group('sre', 'ravi', 'dana');
      const account = await capture(holding('production', 'sre'));
      const { taken, notes } = await block(account, holding('production', 'sre'));
      assert.deepEqual([taken.groups.map(({ id }) => id), notes], [['sre'], []]);
      assert.deepEqual(server.membersOf('sre'), ['ravi']);
    });

    it('cannot be told where the group does not show its members', async () => {
      group('production', 'ravi');
      group('readers', 'dana');
      server.odd(showing(withoutMembers));
      server.users[0]!['groups'] = [{ value: 'readers' }];
      const account = await capture(holding('production'));
      const reason = await finalFailure(FailureType.CannotTell, block(account, holding('production')));
      assert.match(reason, /payroll does not show the members of "production"/);
    });

    it('cannot be told where the list may be cut off, and can where a longer list shows that it is not', async () => {
      const many = Array.from({ length: 130 }, (_, i) => ({ value: `u-${i}`, type: 'User' }));
      group('production', ...many, { value: 'sre', type: 'Group' });
      group('sre', 'dana');
      group('readers', 'dana');
      server.odd((asked, usual) => {
        const cut = showing((each) => ({ ...each, members: (each['members'] as Json[]).slice(0, 64) }));
        return asked.filter ? knowsNoGroups(asked, usual) : cut(asked, usual);
      });
      const account = await capture(holding('production'));
      const reason = await finalFailure(FailureType.CannotTell, block(account, holding('production')));
      assert.match(reason, /payroll may show only some of the members of "production"/);

      server.reset();
      server.users.push({ id: 'dana', userName: 'dana', externalId: 'E-1', active: true });
      group('production', ...many);
      group('staff', ...many, 'ravi', 'dana');
      const { notes } = await block(await capture(holding('production')), holding('production'));
      assert.deepEqual(notes, ['was in none of the critical groups']);
    });

    it('is seen as drift', async () => {
      group('production', 'dana');
      group('sre', 'dana');
      await block(await capture(holding('production')), holding('production'));
      const drift = () =>
        access().driftOf(
          { employeeId: 'E-1' },
          [{ id: 'dana', groups: ['production'] }],
          holding('production'),
          signal,
        );
      assert.equal(await drift(), undefined);
      server.groups[0]!['members'] = [{ value: 'sre' }];
      server.odd(knowsNoGroups);
      assert.match((await drift())!.what, /is in production again: it comes by way of sre/);
    });
  });

  describe('drift', () => {
    const drift = async () =>
      (
        await access().driftOf(
          { employeeId: 'E-1' },
          [{ id: 'dana', groups: ['production'] }],
          holding('production'),
          signal,
        )
      )?.what;

    it('is a new account of the employee that is in a critical group by way of another one', async () => {
      group('production', 'ravi', { value: 'sre', type: 'Group' });
      group('sre', 'ravi');
      server.users.push({ id: 'dana-2', userName: 'dana-2', externalId: 'E-1', active: true });
      assert.equal(await drift(), undefined);
      (server.groups[1]!['members'] as Json[]).push({ value: 'dana-2' });
      assert.match((await drift())!, /another account of the employee is active: dana-2 \(dana-2\)/);
    });

    it('is seen in a held group that has another name now', async () => {
      group('production', 'ravi', { value: 'sre', type: 'Group' });
      group('sre', 'ravi', 'dana');
      server.groups[0]!['displayName'] = 'old';
      server.groups.push({ id: 'p-2', displayName: 'production', members: [{ value: 'ravi' }] });
      assert.match((await drift())!, /is in the group production again: it comes by way of sre/);
    });

    it('is no account whose employee id differs in case', async () => {
      group('production', 'ravi', 'zoe');
      server.users.push({ id: 'zoe', userName: 'zoe', externalId: 'e-1', active: true });
      server.odd(({ filter }, usual) =>
        filter?.attribute === 'externalId'
          ? list(server.users.filter((user) => /^e-1$/i.test(String(user['externalId']))))
          : usual(),
      );
      assert.equal(await drift(), undefined);
    });
  });

  describe('what a removal takes besides', () => {
    const blockAndRestore = async () => {
      const account = await capture(holding('production'));
      const blocked = await block(account, holding('production'));
      server.odd((_asked, usual) => usual());
      const restored = await access().restore(account, blocked.taken, signal);
      return { blocked, restored };
    };
    const alsoDoes =
      (more: () => void): Odd =>
      ({ method, type }, usual) => {
        const answer = usual();
        if (method === 'PATCH' && type === 'Groups') more();
        return answer;
      };
    beforeEach(() => {
      group('production', 'ravi', 'dana');
      group('readers', 'ravi', 'dana');
    });

    it('is given back: another membership', async () => {
      server.odd(alsoDoes(() => (server.groups[1]!['members'] = [{ value: 'ravi' }])));
      const { blocked } = await blockAndRestore();
      assert.match(blocked.notes.join(), /also no longer in readers, perhaps by the removal/);
      assert.deepEqual(
        [server.membersOf('production'), server.membersOf('readers')],
        [
          ['ravi', 'dana'],
          ['ravi', 'dana'],
        ],
      );
    });

    it('is given back: the next group of the hold', async () => {
      const hold = holding('production', 'readers');
      const account = await capture(hold);
      const takesBoth = alsoDoes(() => (server.groups[1]!['members'] = [{ value: 'ravi' }]));
      server.odd((asked, usual) =>
        asked.method === 'PATCH' && asked.id === 'readers'
          ? scimError(412, 'stale')
          : takesBoth(asked, usual),
      );
      const { taken, notes } = await block(account, hold);
      assert.match(notes.join(), /also no longer in readers, perhaps by the removal/);
      server.odd((_asked, usual) => usual());
      await access().restore(account, taken, signal);
      assert.deepEqual(server.membersOf('readers'), ['ravi', 'dana']);
    });

    it('is given back: the activation', async () => {
      server.odd(alsoDoes(() => (server.users[0]!['active'] = false)));
      const { blocked } = await blockAndRestore();
      assert.match(blocked.notes.join(), /no longer active, perhaps by the removal/);
      assert.equal(isActive('dana'), true);
    });

    it('is said to be unknown where the group does not show its members', async () => {
      server.groups.length = 1;
      server.odd(showing(withoutMembers));
      server.users[1]!['groups'] = [{ value: 'production' }];
      const { blocked } = await blockAndRestore();
      assert.match(
        blocked.notes.join(),
        /it cannot be told whether other members went: payroll does not show those of production/,
      );
    });

    /** Removes all others, and answers nothing from then on. */
    const emptiesAndIsLost = (): Odd => {
      let isDown = false;
      return ({ method, type, id }, usual) => {
        const answer = isDown ? { status: 503, body: '' } : usual();
        if (isDown || method !== 'PATCH' || type !== 'Groups') return answer;
        server.groups.find((each) => each['id'] === id)!['members'] = [];
        isDown = true;
        return { status: 503, body: '' };
      };
    };

    it('is seen by a retry in another process, where the answer to a removal that emptied the group was lost', async () => {
      const account = await capture(holding('production', 'readers'));
      let tried: Taken = nothing;
      const attempt = () =>
        access().block(
          account,
          holding('production', 'readers'),
          tried,
          (taken) => Promise.resolve(void (tried = structuredClone(taken))),
          signal,
        );
      server.odd(emptiesAndIsLost());
      await outage(attempt());
      server.odd((_asked, usual) => usual());
      const reason = await finalFailure(FailureType.HarmedOthers, attempt());
      assert.match(
        reason,
        /payroll no longer lists 1 other member of production since it removed dana: ravi/,
      );
      tried = { ...tried, groups: withoutHarms(tried.groups) };
      const { taken } = await attempt();
      assert.deepEqual(taken.groups, [
        { id: 'production', displayName: 'production' },
        { id: 'readers', displayName: 'readers' },
      ]);
      assert.deepEqual(server.membersOf('readers'), ['ravi']);
    });

    it('is seen by the retry of a revocation too', async () => {
      let earlier: GroupRef[] = [];
      const attempt = () =>
        access().revoke({ employeeId: 'E-1' }, [], signal, {
          earlier,
          removing: (groups) => Promise.resolve(void (earlier = structuredClone(groups))),
        });
      server.odd(emptiesAndIsLost());
      await outage(attempt());
      server.odd((_asked, usual) => usual());
      server.users[0]!['active'] = true;
      assert.match(
        await finalFailure(FailureType.HarmedOthers, attempt()),
        /other member of production .*: ravi/,
      );
      earlier = withoutHarms(earlier);
      server.users[0]!['active'] = true;
      assert.equal((await attempt()).removedGroups.length, 2);
      assert.deepEqual(server.membersOf('readers'), ['ravi']);
    });
  });

  describe('that does not show inactive accounts, and whose groups list them', () => {
    const hides: Odd = (asked, usual) => {
      const answer = usual();
      if (asked.type !== 'Users' || asked.method !== 'GET') return answer;
      if (asked.id !== undefined) return isActive(asked.id) ? answer : scimError(404, 'no such user');
      const { Resources } = answer.body as { Resources: Json[] };
      return list(Resources.filter(({ active }) => active));
    };
    const held = async () => {
      const account = await capture(SUSPEND);
      const taken = { suspended: true, groups: [] };
      server.odd(hides);
      await finalFailure(FailureType.NotGivenBack, block(account, SUSPEND));
      return { account, taken };
    };
    beforeEach(() => group('production', 'dana', 'ravi'));

    it('has an account removed from its groups, after a hold and without one', async () => {
      const { account } = await held();
      const { removedGroups, notes } = await revoke([account]);
      assert.deepEqual(server.membersOf('production'), ['ravi']);
      assert.equal(removedGroups.length, 1);
      assert.match(
        notes.join('; '),
        /does not show the account dana: it was removed from production all the same/,
      );
      server.users[0]!['active'] = true;
      server.groups[0]!['members'] = [{ value: 'dana' }, { value: 'ravi' }];
      await revoke([]);
      assert.deepEqual(server.membersOf('production'), ['ravi']);
    });

    it('has an account given back', async () => {
      const { account, taken } = await held();
      const { active, hasReactivated } = await access().restore(account, taken, signal);
      assert.deepEqual([active, hasReactivated, isActive('dana')], [true, true, true]);
    });

    it('is asked in vain for one that was deleted', async () => {
      const { account, taken } = await held();
      server.users.shift();
      server.groups[0]!['members'] = [{ value: 'ravi' }];
      const reason = await finalFailure(FailureType.NotGivenBack, access().restore(account, taken, signal));
      assert.match(reason, /the account dana, which was deleted meanwhile/);
      assert.match(
        (await revoke([account])).notes.join(),
        /does not show the account dana: it was deleted, or is hidden/,
      );
    });
  });

  describe('what a write takes of the account besides its groups', () => {
    /** After a write, as long as it is so. */
    const whenever =
      (isSo: (op: string, value: unknown) => boolean, change: () => void): Odd =>
      ({ method, body }, usual) => {
        const answer = usual();
        const [operation] = method === 'PATCH' ? body!.Operations : [];
        if (operation && isSo(operation.op, operation.value)) change();
        return answer;
      };
    const dana = () => server.users[0]!;
    const RIGHTS = {
      roles: [{ value: 'admin', display: 'Administrator' }],
      entitlements: [{ value: 'pro' }],
      'urn:acme:User': { permissions: ['deploy'], licence: 'full' },
    };
    const NONE = { roles: [], entitlements: [], 'urn:acme:User': { permissions: [], licence: 'none' } };
    const cycle = async (hold: Parameters<typeof capture>[0]) => {
      const account = await capture(hold);
      const blocked = await block(account, hold);
      const restored = access().restore(account, blocked.taken, signal, { earlier: blocked });
      return { blocked, restored };
    };
    beforeEach(() => {
      Object.assign(dana(), RIGHTS);
      group('production', 'ravi', 'dana');
    });

    const ways: [what: string, hold: Parameters<typeof capture>[0], odd: Odd][] = [
      [
        'a suspension',
        SUSPEND,
        whenever(
          (_op, value) => value === false,
          () => Object.assign(dana(), NONE),
        ),
      ],
      [
        'a reactivation',
        SUSPEND,
        whenever(
          (_op, value) => value === true,
          () => Object.assign(dana(), NONE),
        ),
      ],
      [
        'a removal',
        holding('production'),
        whenever(
          (op) => op === 'remove',
          () => Object.assign(dana(), NONE),
        ),
      ],
    ];
    for (const [what, hold, odd] of ways)
      it(`is named where ${what} takes it for good`, async () => {
        server.odd(odd);
        const { restored } = await cycle(hold);
        assert.match(
          await finalFailure(FailureType.NotGivenBack, restored),
          /values of roles, entitlements, permissions, licence, which the hold or its end changed/,
        );
        assert.equal(isActive('dana'), true);
      });

    it('is not named where it comes back with what is given back', async () => {
      server.odd(
        whenever(
          () => true,
          () => {
            const isIn = server.membersOf('production').includes('dana') && isActive('dana');
            Object.assign(dana(), isIn ? RIGHTS : NONE, { phoneNumbers: isIn ? [] : [{ value: '1' }] });
          },
        ),
      );
      for (const hold of [SUSPEND, holding('production')]) {
        const { restored } = await cycle(hold);
        await restored;
      }
    });

    const anew: [what: string, shown: (read: number) => Json][] = [
      ['a signed address of a photo', (n) => ({ photos: [{ value: `https://x/dana.png?sig=${n}` }] })],
      [
        'when a device was last seen',
        (n) => ({ 'urn:acme:User': { devices: [{ id: 'd-1', lastSeen: n }] } }),
      ],
      ['a date in a schema of administration', (n) => ({ 'urn:acme:admin:User': { lastSyncedAt: n } })],
      ['how often an entitlement was used', (n) => ({ entitlements: [{ display: 'Seat', used: n }] })],
    ];
    for (const [what, shown] of anew)
      it(`is not what each read shows anew: ${what}`, async () => {
        let reads = 0;
        server.odd(({ type, id, method }, usual) => {
          const answer = usual();
          if (type !== 'Users' || id === undefined || method !== 'GET') return answer;
          return { ...answer, body: { ...(answer.body as Json), ...shown(reads++) } };
        });
        for (const hold of [SUSPEND, holding('production')]) {
          const { blocked, restored } = await cycle(hold);
          assert.equal(blocked.rights, undefined);
          await restored;
        }
      });

    it('is no other value that the write changes: a date, a title, one more address', async () => {
      server.odd(
        whenever(
          () => true,
          () => Object.assign(dana(), { changedAt: Date.now(), title: 'left', addresses: [{ value: 'x' }] }),
        ),
      );
      await (
        await cycle(SUSPEND)
      ).restored;
    });
  });

  it('is believed by the group that the account is out, where the account shows it late', async () => {
    group('production', 'dana', 'ravi');
    server.users[0]!['groups'] = [{ value: 'production', display: 'production', type: 'direct' }];
    const { uncaptured, notes } = await block(await capture(holding('production')), holding('production'));
    assert.deepEqual(uncaptured, []);
    assert.match(
      notes.join('; '),
      /shows production of the account still, and the group says that it is out/,
    );
    assert.deepEqual(server.membersOf('production'), ['ravi']);
  });

  it('a hold does not give back what another administrator took before its first write', async () => {
    group('production', 'dana', 'ravi');
    const account = await capture(holding('production', 'admins'));
    group('admins', 'dana', 'ravi');
    server.odd(({ type, id }, usual) => {
      if (type === 'Groups' && id === 'admins')
        server.groups.find((each) => each['id'] === id)!['members'] = [{ value: 'ravi' }];
      return usual();
    });
    const { taken, notes } = await block(account, holding('production', 'admins'));
    assert.deepEqual(taken.groups, [{ id: 'production', displayName: 'production' }]);
    assert.deepEqual(notes, []);
  });

  describe('a removal from a group that shows its first 100 members', () => {
    const staff = (count: number): string[] => Array.from({ length: count }, (_, n) => `p-${n}`);
    const first100 = (each: Json): Json => ({ ...each, members: (each['members'] as Json[]).slice(0, 100) });
    /** FusionAuth: a PATCH keeps the members that it shows. */
    const keepsWhatItShows: Odd = (asked, usual) => {
      const { method, type, id } = asked;
      const it = server.groups.find((each) => each['id'] === id);
      if (method === 'PATCH' && type === 'Groups') Object.assign(it!, first100(it!));
      return showing(first100)(asked, usual);
    };
    const harm =
      /cannot be told whether other members went: payroll may show only some of production, which listed 100 members, and lists 99 since/;

    it('is not reported revoked where the list became shorter: others may have gone', async () => {
      group('production', 'dana', ...staff(129));
      group('staff', 'dana', 'ravi');
      server.odd(keepsWhatItShows);
      assert.match(await finalFailure(FailureType.CannotTell, revoke([])), harm);
      assert.deepEqual(server.membersOf('staff'), ['ravi']);
    });

    it('stops before the third group', async () => {
      for (const id of ['production', 'staff', 'readers']) group(id, 'dana', ...staff(129));
      server.odd(keepsWhatItShows);
      assert.match(await finalFailure(FailureType.CannotTell, revoke([])), /has touched no further group/);
      assert.equal(server.membersOf('readers').length, 130);
    });

    it('is named by a hold too', async () => {
      group('production', 'dana', ...staff(129));
      group('staff', 'dana', 'ravi');
      server.odd(keepsWhatItShows);
      const hold = holding('production');
      const reason = await finalFailure(FailureType.CannotTell, block(await capture(hold), hold));
      assert.match(reason, harm);
    });

    it('is said to be unknown where another member takes the place in the list', async () => {
      group('production', 'dana', ...staff(129));
      server.odd(showing(first100));
      const { notes } = await revoke([]);
      assert.match(notes.join(), /whether other members went: payroll may show only some of production$/);
    });

    it('leaves no doubt where another group lists more members', async () => {
      group('production', 'dana', ...staff(99));
      group('staff', 'dana', ...staff(129));
      assert.deepEqual((await revoke([])).notes, []);
    });

    it('leaves no doubt at a restore that makes the list longer', async () => {
      for (const id of staff(100)) server.users.push({ id, userName: id, externalId: id, active: true });
      group('production', ...staff(100));
      const taken = { suspended: false, groups: [{ id: 'production', displayName: 'production' }] };
      const { notes } = await access().restore(await capture(holding('production')), taken, signal);
      assert.deepEqual(notes, []);
      assert.equal(server.membersOf('production').length, 101);
    });
  });

  describe('whose group does not list the account, which shows the group all the same', () => {
    const showing = [{ value: 'production', display: 'production', type: 'direct' }];
    const PRODUCTION = holding('production');
    /** As retries of one process. */
    const untilFinal = async (account: CapturedAccount) => {
      const service = access();
      const attempt = () => service.block(account, PRODUCTION, nothing, () => Promise.resolve(), signal);
      for (let n = 0; n < 2; n++) await outage(attempt());
      return attempt();
    };

    it('or a filter finds it, has it removed, where a list is cut off at a length of its own', async () => {
      const others = Array.from({ length: 39 }, (_, n) => `u-${n}`);
      group('production', ...others, 'dana');
      server.odd(({ type, method }, usual) => {
        const answer = usual();
        if (type !== 'Groups' || method !== 'GET' || answer.status !== 200) return answer;
        const shown = (each: Json): Json => ({ ...each, members: (each['members'] as Json[]).slice(0, 25) });
        const { Resources } = answer.body as { Resources?: Json[] };
        return Resources ? list(Resources.map(shown)) : { ...answer, body: shown(answer.body as Json) };
      });
      const { taken, notes } = await block(await capture(PRODUCTION), PRODUCTION);
      assert.deepEqual(
        taken.groups.map(({ id }) => id),
        ['production'],
      );
      assert.doesNotMatch(notes.join(), /another administrator/);
      assert.ok(!server.membersOf('production').includes('dana'));
    });

    it('cannot tell where its removal changes nothing', async () => {
      group('production', 'ravi');
      server.users[0]!['groups'] = showing;
      const reason = await finalFailure(FailureType.CannotTell, untilFinal(await capture(PRODUCTION)));
      assert.match(
        reason,
        /shows the account in "production", which does not list it, before its removal and/,
      );
    });

    it('is believed by the group where its removal is answered so, too', async () => {
      group('production', 'ravi');
      server.users[0]!['groups'] = showing;
      server.odd(({ method, type }, usual) =>
        method === 'PATCH' && type === 'Groups'
          ? scimError(400, 'nothing matches', { scimType: 'noTarget' })
          : usual(),
      );
      const { taken, notes } = await block(await capture(PRODUCTION), PRODUCTION);
      assert.deepEqual(taken.groups, []);
      assert.match(notes.join(), /another administrator removed it from production after the capture/);
    });
  });

  describe('a hold on groups of one name', () => {
    it('is refused where the account is inside the second one', async () => {
      group('g-1', 'ravi');
      group('g-2', 'ravi', { value: 'sre', type: 'Group' });
      group('sre', 'dana');
      for (const each of server.groups.slice(0, 2)) each['displayName'] = 'production';
      const refused = async () => {
        const account = await capture(holding('production'));
        assert.match(
          await finalFailure(FailureType.Refused, block(account, holding('production'))),
          /comes by way of sre/,
        );
      };
      await refused();
      server.groups[0]!['members'] = [{ value: 'ravi' }, { value: 'dana' }];
      await refused();
      assert.deepEqual(server.membersOf('g-1'), ['ravi', 'dana'], 'nothing is taken');
    });
  });

  describe('where the filter by members also finds parts of an id', () => {
    const findsParts: Odd = ({ filter }, usual) =>
      filter?.attribute === 'members.value'
        ? list(
            server.groups
              .filter((each) =>
                (each['members'] as Json[]).some(({ value }) => String(value).includes(filter.value)),
              )
              .map(withoutMembers),
          )
        : usual();
    beforeEach(() => {
      server.users.push({ id: 'dana-2', userName: 'dana.two', externalId: 'E-3', active: true });
      server.odd(findsParts);
    });

    it('what a suspension cost is seen, and given back', async () => {
      group('admins', 'dana', 'dana-2');
      server.odd((asked, usual) => {
        const answer = findsParts(asked, usual);
        if (asked.method === 'PATCH' && asked.id === 'dana' && !isActive('dana'))
          server.groups[0]!['members'] = [{ value: 'dana-2' }];
        return answer;
      });
      const account = await capture(SUSPEND);
      const { taken, notes } = await block(account, SUSPEND);
      assert.deepEqual(notes, ['the suspension may have cost admins']);
      await access().restore(account, taken, signal);
      assert.deepEqual(server.membersOf('admins'), ['dana-2', 'dana']);
    });

    it('an ignored addition is not said to be given back', async () => {
      group('admins', 'dana-2', 'ravi');
      const groups = [{ id: 'admins', displayName: 'admins' }];
      const account = { ...(await capture(SUSPEND)), groups };
      server.odd((asked, usual) => (asked.method === 'PATCH' ? { status: 204 } : findsParts(asked, usual)));
      const reason = await outage(access().restore(account, { suspended: false, groups }, signal));
      assert.match(reason, /adding account dana to admins/);
    });

    it('the groups of others are neither held nor left', async () => {
      group('admins', 'dana-2', 'ravi');
      group('readers', 'dana', 'ravi');
      const { notes } = await block(await capture(holding('admins')), holding('admins'));
      assert.deepEqual(notes, ['was in none of the critical groups']);
      assert.deepEqual(
        (await revoke([])).removedGroups.map(({ id }) => id),
        ['readers'],
      );
    });
  });

  describe('whose ids differ in case alone', () => {
    /** Another person, whose id another server would take for that of dana. */
    beforeEach(() => server.users.push({ id: 'DANA', userName: 'zoe', externalId: 'E-3', active: true }));
    const ignoresCase: Odd = ({ filter }, usual) =>
      filter?.attribute === 'members.value'
        ? list(
            server.groups
              .filter((each) =>
                (each['members'] as Json[]).some(
                  ({ value }) => String(value).toLowerCase() === filter.value.toLowerCase(),
                ),
              )
              .map(withoutMembers),
          )
        : usual();

    it('the groups of the other one are neither held nor left, also where the filter ignores case', async () => {
      group('admins', 'DANA', 'ravi');
      group('readers', 'dana', 'ravi');
      for (const odd of [ignoresCase, (_asked, usual) => usual()] satisfies Odd[]) {
        server.odd(odd);
        const { notes } = await block(await capture(holding('admins')), holding('admins'));
        assert.deepEqual(notes, ['was in none of the critical groups']);
      }
      server.odd(ignoresCase);
      assert.deepEqual(
        (await revoke([])).removedGroups.map(({ id }) => id),
        ['readers'],
      );
      assert.deepEqual(server.membersOf('admins'), ['DANA', 'ravi']);
    });

    it('a membership is not said to be given back by that of the other one', async () => {
      group('admins', 'DANA', 'ravi');
      const groups = [{ id: 'admins', displayName: 'admins' }];
      const account = { ...(await capture(SUSPEND)), groups };
      await access().restore(account, { suspended: false, groups }, signal);
      assert.deepEqual(server.membersOf('admins'), ['DANA', 'ravi', 'dana']);
    });

    it('the loss of the other one is no effect that was meant', async () => {
      group('admins', 'DANA', 'dana');
      server.odd(({ method, type }, usual) => {
        const answer = usual();
        if (method === 'PATCH' && type === 'Groups') server.groups[0]!['members'] = [];
        return answer;
      });
      const account = await capture(holding('admins'));
      const reason = await finalFailure(FailureType.HarmedOthers, block(account, holding('admins')));
      assert.match(reason, /no longer lists 1 other member of admins since it removed dana: DANA/);
    });

    it('a value that is no id of another one may be the account: it cannot be told', async () => {
      server.users.pop();
      group('admins', 'DANA', 'ravi');
      const reason = await finalFailure(
        FailureType.CannotTell,
        block(await capture(holding('admins')), holding('admins')),
      );
      assert.match(reason, /lists DANA in "admins", a name of the account and not its id/);
    });

    it('the account itself is no other active member, where the group has its UUID in another case', async () => {
      const id = '3f2504e0-4f89-41d3-9a0c-0305e82c3301';
      server.users.push({ id, userName: 'lea', externalId: 'E-4', active: true });
      group('guards', id.toUpperCase());
      server.odd(({ id: asked, type, filter }, usual) => {
        if (type === 'Users' && asked?.toLowerCase() === id)
          return { status: 200, body: server.users.find((each) => each['id'] === id) };
        return filter?.value === id && type === 'Groups' ? list(server.groups) : usual();
      });
      assert.equal(await newPort(server).hasOtherActiveMember('guards', id, signal), 'no');
    });
  });

  it('asks a server that finds whole ids only once whether it finds parts of them', async () => {
    group('admins', 'dana', 'ravi');
    server.odd((asked, usual) => {
      const answer = usual();
      const { Resources } = answer.body as { Resources?: Json[] };
      return asked.filter?.attribute === 'members.value' ? list(Resources!.map(withoutMembers)) : answer;
    });
    const same = access();
    const asks = () =>
      server.seen.filter(({ filter }) => ['dan', 'ana', 'DANA'].includes(filter?.value ?? '')).length;
    for (let i = 0; i < 3; i++) await same.capture({ employeeId: 'E-1' }, holding('admins'), signal);
    assert.equal(asks(), 3);
  });

  describe('where groups call their members by login', () => {
    beforeEach(() => {
      for (const [i, each] of server.users.entries()) each['id'] = `u-${i + 1}`;
      group('admins', 'dana', 'ravi');
    });
    const reason = /payroll lists the members of groups by other values than the ids of users/;

    it('neither a hold nor a revocation says that the account was in none', async () => {
      assert.match(await finalFailure(FailureType.CannotTell, capture(holding('admins'))), reason);
      assert.match(await finalFailure(FailureType.CannotTell, revoke([])), reason);
    });

    it('the group itself does not tell', async () => {
      const scim = createScimClient({
        ...{ name: 'payroll', scimUrl: server.scimUrl, token: 'secret', requestTimeoutMs: 5000 },
      });
      const standing = await createScimAdapter({ scim }).standingIn!('u-1', 'admins', undefined, signal);
      assert.equal(standing.is, 'cannot tell');
    });

    it('a deleted member among others keeps nothing back', async () => {
      server.groups[0]!['members'] = [{ value: 'u-9' }, { value: 'u-2' }];
      const { notes } = await block(await capture(holding('admins')), holding('admins'));
      assert.deepEqual(notes, ['was in none of the critical groups']);
    });
  });

  it('cannot be told where every list of members is empty, and the filter finds none', async () => {
    group('admins', 'ravi', 'dana');
    const empty = showing((each) => ({ ...each, members: [] }));
    server.odd((asked, usual) =>
      asked.filter?.attribute === 'members.value' ? list([]) : empty(asked, usual),
    );
    const reason = /payroll shows no member of any group/;
    assert.match(await finalFailure(FailureType.CannotTell, capture(holding('admins'))), reason);
    assert.match(await finalFailure(FailureType.CannotTell, revoke([])), reason);
  });

  it('is believed where the first groups are empty, and a later one shows members', async () => {
    for (let i = 0; i < 120; i++) group(`empty-${i}`);
    group('admins', 'ravi');
    assert.deepEqual((await revoke([])).removedGroups, []);
  });

  it('finds an inner group without a type that lists and filters hide, and its id shows', async () => {
    group('production', 'ravi', 'sre');
    group('sre', 'dana');
    server.odd((asked, usual) => {
      const answer = usual();
      if (asked.type !== 'Groups' || asked.id !== undefined) return answer;
      return list((answer.body as { Resources: Json[] }).Resources.filter(({ id }) => id !== 'sre'));
    });
    const account = await capture(holding('production'));
    const reason = await finalFailure(FailureType.Refused, block(account, holding('production')));
    assert.match(reason, /comes by way of sre/);
  });

  it('asks for the members of a large group without types in few requests', async () => {
    const many = Array.from({ length: 600 }, (_, i) => `m-${i}`);
    server.users.push(...many.map((id) => ({ id, userName: id, active: true })));
    group('production', ...many);
    group('staff', ...many, 'dana');
    const { notes } = await block(await capture(holding('production')), holding('production'));
    assert.deepEqual(notes, ['was in none of the critical groups']);
    assert.ok(server.seen.length < 40, `${server.seen.length} requests`);
  });

  describe('where each removal takes a colleague too', () => {
    const GROUPS = ['g-1', 'g-2', 'g-3', 'g-4'];
    beforeEach(() => {
      const others = Array.from({ length: 12 }, (_, i) => `m-${i}`);
      for (const id of GROUPS) group(id, 'dana', ...others);
      server.users.push(...others.map((id) => ({ id, userName: id, active: true })));
      server.odd(({ method, type, id }, usual) => {
        const answer = usual();
        const at = server.groups.find((each) => each['id'] === id);
        if (method === 'PATCH' && type === 'Groups') at!['members'] = (at!['members'] as Json[]).slice(1);
        return answer;
      });
    });
    const untouched = () => GROUPS.filter((id) => server.membersOf(id).length === 13);

    it('a hold stops at the second loss', async () => {
      const account = await capture(holding(...GROUPS));
      const reason = await finalFailure(FailureType.HarmedOthers, block(account, holding(...GROUPS)));
      assert.match(reason, /no longer lists 1 other member of g-2/);
      assert.deepEqual(untouched(), ['g-3', 'g-4']);
    });

    it('a hold of one group asks a person who went, and is made at the retry', async () => {
      const account = await capture(holding('g-1'));
      let tried: Taken = nothing;
      const attempt = () =>
        access().block(
          account,
          holding('g-1'),
          tried,
          (taken) => Promise.resolve(void (tried = structuredClone(taken))),
          signal,
        );
      const reason = await finalFailure(FailureType.CannotTell, attempt());
      assert.match(reason, /no longer lists 1 other member of g-1 since it removed dana: m-0, perhaps by/);
      tried = { ...tried, groups: withoutHarms(tried.groups) };
      assert.deepEqual((await attempt()).taken.groups, [{ id: 'g-1', displayName: 'g-1' }]);
    });

    it('a restore asks a person who went, and is done at the retry', async () => {
      const restore = () =>
        access().restore(
          { id: 'dana', userName: 'dana', identities: [], active: true, groups: [] },
          { suspended: false, groups: [{ id: 'g-1', displayName: 'g-1' }] },
          signal,
        );
      server.groups.length = 1;
      server.groups[0]!['members'] = (server.groups[0]!['members'] as Json[]).slice(1);
      const reason = await finalFailure(FailureType.CannotTell, restore());
      assert.match(reason, /no longer lists 1 other member of g-1 since it added dana: m-0, perhaps by/);
      assert.deepEqual((await restore()).notes, []);
    });

    it('a revocation from one group asks a person who went, and is done at the retry', async () => {
      server.groups.length = 1;
      let earlier: GroupRef[] = [];
      const service = access();
      const attempt = () =>
        service.revoke({ employeeId: 'E-1' }, [], signal, {
          earlier,
          removing: (groups) => Promise.resolve(void (earlier = structuredClone(groups))),
        });
      const reason = await finalFailure(FailureType.CannotTell, attempt());
      assert.match(reason, /no longer lists 1 other member of g-1 since it removed dana: m-0, perhaps by/);
      earlier = withoutHarms(earlier);
      assert.equal((await attempt()).removedGroups.length, 1);
    });

    it('a revocation stops at the second loss', async () => {
      await finalFailure(FailureType.HarmedOthers, revoke([]));
      assert.deepEqual(untouched(), ['g-3', 'g-4']);
    });
  });

  it('accuses no removal where a list is cut off, and shows another part each time', async () => {
    group(
      'production',
      'dana',
      ...Array.from({ length: 129 }, (_, i) => ({ value: `m-${i}`, type: 'User' })),
    );
    let looks = 0;
    server.odd(({ type, id, method }, usual) => {
      const answer = usual();
      if (type !== 'Groups' || id !== 'production' || method !== 'GET') return answer;
      const all = (answer.body as Json)['members'] as Json[];
      const others = all.filter(({ value }) => value !== 'dana');
      const start = (looks++ * 37) % others.length;
      const turned = [...others.slice(start), ...others.slice(0, start)];
      const members = [...all.filter(({ value }) => value === 'dana'), ...turned].slice(0, 100);
      return { ...answer, body: { ...(answer.body as Json), members } };
    });
    const account = await capture(holding('production'));
    const { taken, notes } = await block(account, holding('production'));
    assert.deepEqual(
      taken.groups.map(({ id }) => id),
      ['production'],
    );
    assert.match(notes.join('; '), /cannot be told whether other members went: payroll may show only some/);
    assert.doesNotMatch(notes.join('; '), /no longer lists/);
    assert.equal(server.membersOf('production').length, 129);
  });

  for (const [size, where] of [
    [200, ''],
    [5000, '@long '],
  ] as const) {
    it(`${where}an account is removed from ${size} groups with three requests for each, and bounded reports`, async function () {
      this.timeout(600_000);
      const ID = 'x'.repeat(250);
      for (let i = 0; i < size; i++) group(`${ID}-${i}`, 'ravi', 'dana');
      let mostBytes = 0;
      const account = await capture(SUSPEND);
      await block(account, SUSPEND);
      server.seen.length = 0;
      await access().revoke({ employeeId: 'E-1' }, [account], signal, {
        removing: (groups) =>
          Promise.resolve(void (mostBytes = Math.max(mostBytes, JSON.stringify(groups).length))),
      });
      assert.ok(server.groups.every(({ members }) => (members as Json[]).length === 1));
      assert.ok(server.seen.length <= 3 * size + 30, `${server.seen.length} requests`);
      assert.ok(mostBytes < 500_000, `${mostBytes} bytes`);
    });
  }
});
