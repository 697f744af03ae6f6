/** What a SCIM server has shown once proves nothing of a later answer; and what groups call by other values than ids. */
import assert from 'node:assert/strict';
import { mock } from 'node:test';
import { FailureType } from '../../src/exit/failures.js';
import type { WatchedAccount } from '../../src/exit/drift.js';
import {
  nothing,
  type CapturedAccount,
  type GroupRef,
  type HoldKind,
  type Taken,
} from '../../src/exit/hold-facts.js';
import { watchedOf } from '../../src/exit/holds.js';
import { createAccessService } from '../../src/services/access/access.js';
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
  type OddServer,
} from '../support/odd-scim-server.js';

const { signal } = new AbortController();
const SUSPEND = { kind: 'suspend' } as const;
const PRODUCTION = { kind: 'groups' as const, groups: ['production'] };

describe('a SCIM server', () => {
  const server = withOddServer();
  beforeEach(() => {
    server.users.push(
      { id: 'u-1', userName: 'dana', externalId: 'E-1', active: true, emails: ['dana@acme.example'] },
      { id: 'u-2', userName: 'ravi', externalId: 'E-2', active: true },
      { id: 'u-3', userName: 'zoe', externalId: 'E-3', active: true },
    );
  });

  /** One process, which remembers what the server has proven. */
  function process(protectedGroups: string[] = [], criticalGroups: string[] = []) {
    const service = newAccess(server, { protectedGroups, criticalGroups });
    const capture = async (hold: HoldKind, employeeId = 'E-1') =>
      (await service.capture({ employeeId }, hold, signal)).accounts[0]!;
    const block = (account: CapturedAccount, hold: HoldKind, tried = nothing) =>
      service.block(account, hold, tried, () => Promise.resolve(), signal);
    const restore = (account: CapturedAccount, taken: Taken) => service.restore(account, taken, signal);
    const revoke = (captured: CapturedAccount[] = [], earlier: GroupRef[] = []) =>
      service.revoke({ employeeId: 'E-1' }, captured, signal, { earlier });
    const drift = (groups: string[], kind: HoldKind = PRODUCTION, untold?: string[]) =>
      service.driftOf({ employeeId: 'E-1' }, [{ id: 'u-1', groups, untold }], kind, signal);
    const hold = async (kind: HoldKind, employeeId?: string) => block(await capture(kind, employeeId), kind);
    return { capture, block, hold, restore, revoke, drift };
  }
  const group = (...given: Parameters<OddServer['addGroup']>): void => server.addGroup(...given);

  /** What the server shows of each group. */
  const showing =
    (shown: (group: Json) => Json, hits?: (value: string) => Json[]): Odd =>
    ({ type, id, filter }, usual) => {
      if (hits && filter?.attribute === 'members.value') return list(hits(filter.value));
      const answer = usual();
      const body = answer.body as { Resources?: Json[] } & Json;
      if (type !== 'Groups' || answer.status !== 200) return answer;
      if (id !== undefined) return { ...answer, body: shown(body) };
      return { ...answer, body: { ...body, Resources: body.Resources!.map(shown) } };
    };
  const without = ({ members: _members, ...rest }: Json): Json => rest;
  const empty = (each: Json): Json => ({ ...each, members: [] });

  it('is not said to hide the members of a critical group that was emptied, while another one shows its own', async () => {
    const both = { kind: 'groups' as const, groups: ['production', 'readers'] };
    group('production', 'u-1', 'u-2');
    group('readers', 'u-2', 'u-3');
    server.odd(showing((each) => ((each['members'] as Json[]).length > 0 ? each : without(each))));
    const sweeping = process();
    await sweeping.hold(both);
    server.group('production')['members'] = [];
    assert.equal(await sweeping.drift(['production'], both), undefined);
    assert.equal(await process().drift(['production'], both), undefined);
  });

  describe('that hides its members later', () => {
    const later: [what: string, odd: () => Odd][] = [
      ['leaves out every list, and finds none', () => showing(without, () => [])],
      ['empties every list, and finds none', () => showing(empty, () => [])],
      [
        'leaves out every list, and finds none of this account',
        () => showing(without, (id) => (id === 'u-2' ? [server.group('readers')] : [])),
      ],
    ];
    for (const [what, odd] of later) {
      describe(`and ${what}`, () => {
        beforeEach(() => {
          group('production', 'u-1', 'u-2', 'u-3');
          group('readers', 'u-2', 'u-3');
        });

        it('blocks none by what it has shown for another exit', async () => {
          const one = process();
          await one.hold(PRODUCTION, 'E-2');
          server.odd(odd());
          await finalFailure(FailureType.CannotTell, one.hold(PRODUCTION));
        });

        it('is not said to have lost a member between capture and block', async () => {
          const one = process();
          const account = await one.capture(PRODUCTION);
          await one.hold(PRODUCTION, 'E-2');
          server.odd(odd());
          await finalFailure(FailureType.CannotTell, one.block(account, PRODUCTION));
        });
      });
    }

    it('keeps a removal honest where only the group hides its members, and the filter finds the account', async () => {
      group('production', 'u-1', 'u-2');
      group('readers', 'u-2', 'u-3');
      const one = process();
      const account = await one.capture(PRODUCTION);
      await one.hold(PRODUCTION, 'E-2');
      server.odd(showing((each) => (each['id'] === 'production' ? without(each) : each)));
      const { taken } = await one.block(account, PRODUCTION);
      assert.deepEqual(taken.groups, [{ id: 'production', displayName: 'production' }]);
      assert.deepEqual(server.group('production')['members'], []);
    });

    it('reports no revocation by what it has shown before', async () => {
      group('readers', 'u-1', 'u-2', 'u-3');
      const one = process();
      await one.hold(SUSPEND, 'E-2');
      server.odd(showing(without, () => []));
      await finalFailure(FailureType.CannotTell, one.revoke());
      assert.equal(server.user('u-1')['active'], false);
    });

    it('has no account only where it still shows the key', async () => {
      const one = process();
      await one.capture(SUSPEND);
      server.odd((asked, usual) => {
        if (asked.type !== 'Users') return usual();
        if (asked.filter) return list([]);
        return list(server.users.map(({ externalId: _hidden, ...rest }) => rest));
      });
      await finalFailure(FailureType.CannotTell, one.capture(SUSPEND));
    });
  });

  describe('that shows no user', () => {
    /** As to a token without rights. */
    const showsNone = (): void =>
      server.odd(({ type, id }, usual) => {
        if (type === 'ServiceProviderConfig') return usual();
        return id === undefined ? list([]) : scimError(404, 'not found');
      });
    const NONE = /payroll shows no (other )?user at all, so that it may hide the account as well: look there/;

    it('is not said to have no account of the employee', async () => {
      showsNone();
      assert.match(await finalFailure(FailureType.CannotTell, process().capture(SUSPEND)), NONE);
    });

    it('is not said to have deleted a captured account, at a block, a sweep and the end', async () => {
      const one = process();
      const account = await one.capture(SUSPEND);
      const { taken } = await one.block(account, SUSPEND);
      showsNone();
      assert.match(await finalFailure(FailureType.CannotTell, one.block(account, SUSPEND)), NONE);
      assert.match(await finalFailure(FailureType.CannotTell, one.block(account, SUSPEND, taken)), NONE);
      const drift = await one.drift([], SUSPEND);
      assert.equal(drift?.isUntold, true);
      assert.match(drift.what, NONE);
      assert.match(await finalFailure(FailureType.CannotTell, one.revoke([account])), NONE);
    });

    it('is believed that an account was deleted where it shows another one', async () => {
      const one = process();
      const account = await one.capture(SUSPEND);
      server.users.splice(server.users.indexOf(server.user('u-1')), 1);
      assert.deepEqual((await one.block(account, SUSPEND)).notes, ['the account no longer exists']);
      assert.equal(await one.drift([], SUSPEND), undefined);
      assert.deepEqual((await one.revoke([account])).notes, ['the account no longer exists']);
    });
  });

  describe('whose search by the key worked for an earlier exit', () => {
    it('and finds nothing now, is read whole instead', async () => {
      const one = process();
      await one.capture(SUSPEND, 'E-2');
      server.odd(({ type, filter }, usual) => (type === 'Users' && filter ? list([]) : usual()));
      assert.equal((await one.capture(SUSPEND)).id, 'u-1');
    });

    it('and does not find one that the list shows, cannot tell', async () => {
      const one = process();
      await one.capture(SUSPEND, 'E-2');
      server.odd((asked, usual) => (asked.filter?.value === 'E-1' ? list([]) : usual()));
      assert.match(
        await finalFailure(FailureType.CannotTell, one.capture(SUSPEND)),
        /payroll lists a user with the externalId "E-1", and does not find it by that/,
      );
    });

    it('and still finds another one, pays one more request for "no account"', async () => {
      const one = process();
      const requests = async (): Promise<number> => {
        server.seen.length = 0;
        assert.equal(await one.capture(SUSPEND, 'E-9'), undefined);
        return server.seen.length;
      };
      await one.capture(SUSPEND, 'E-2');
      await requests();
      // The search, a witness, and whether any user has the key.
      assert.equal(await requests(), 3);
    });
  });

  describe('whose search leaves inactive members out, and whose groups list them', () => {
    const leavesOutInactive = (): void =>
      server.odd(({ filter }, usual) =>
        filter?.attribute === 'members.value' && server.user(filter.value)['active'] !== true
          ? list([])
          : usual(),
      );

    it('has an account that was inactive before captured with its groups, and removed from them', async () => {
      group('admins', 'u-2', 'u-1');
      server.user('u-1')['active'] = false;
      leavesOutInactive();
      const one = process();
      const account = await one.capture(SUSPEND);
      assert.deepEqual(account.memberships, [{ id: 'admins', displayName: 'admins' }]);
      await one.revoke([account]);
      assert.deepEqual(server.group('admins')['members'], [{ value: 'u-2' }]);
    });

    it('has a second, inactive account of the leaver removed as well', async () => {
      server.users.push({ id: 'u-9', userName: 'dana.old', externalId: 'E-1', active: false });
      group('admins', 'u-2', 'u-9');
      leavesOutInactive();
      const { accounts } = await process().revoke();
      assert.deepEqual(
        accounts!.map(({ id }) => id),
        ['u-1', 'u-9'],
      );
      assert.deepEqual(server.group('admins')['members'], [{ value: 'u-2' }]);
    });
  });

  describe('with a critical group of very many members, and the account in another group as well', () => {
    const crowd = (length: number) => Array.from({ length }, (_, i) => ({ value: `m-${i}`, type: 'User' }));
    beforeEach(() => group('team', ...crowd(7), { value: 'u-1', type: 'User' }));

    it('has it blocked where the list is cut at no usual limit, also at a retry', async () => {
      group('production', ...crowd(130), { value: 'u-1', type: 'User' });
      const one = process();
      const account = await one.capture(PRODUCTION);
      const { taken } = await one.block(account, PRODUCTION);
      assert.deepEqual(taken.groups, [{ id: 'production', displayName: 'production' }]);
      assert.deepEqual((await one.block(account, PRODUCTION, taken)).taken, taken);
    });

    for (const length of [100, 255, 500])
      it(`cannot tell whether it is in a list of ${length}, which may be the first ones`, async () => {
        group('production', ...crowd(length));
        await finalFailure(FailureType.CannotTell, process().hold(PRODUCTION));
      });
  });

  it('that cuts its lists later does not tell who is not in them', async () => {
    const many = Array.from({ length: 130 }, (_, i) => ({ value: `m-${i}`, type: 'User' }));
    group('staff', ...many, 'u-2');
    group('production', ...many.slice(0, 120), { value: 'sre', type: 'Group' });
    group('sre', 'u-1');
    const one = process();
    await finalFailure(FailureType.Refused, one.hold(PRODUCTION));
    await one.hold({ kind: 'groups', groups: ['staff'] }, 'E-2');
    const cut = showing((each) => ({ ...each, members: (each['members'] as Json[]).slice(0, 100) }));
    server.odd((asked, usual) => (asked.filter?.value === 'sre' ? list([]) : cut(asked, usual)));
    assert.match(
      await finalFailure(FailureType.CannotTell, one.hold(PRODUCTION)),
      /may show only some of the members of "production"/,
    );
  });

  describe('where a critical group was deleted and made again under its name', () => {
    const renew = (...members: unknown[]): void => {
      server.groups.splice(server.groups.indexOf(server.group('production')), 1);
      group('p-2', ...members);
      server.group('p-2')['displayName'] = 'production';
    };
    beforeEach(() => {
      group('production', 'u-1', 'u-2');
      group('readers', 'u-1', 'u-2');
      group('sre', 'u-1');
    });

    it('gives nothing back by the name, and says which group has it', async () => {
      const one = process();
      const account = await one.capture(PRODUCTION);
      const { taken } = await one.block(account, PRODUCTION);
      renew('u-2');
      assert.match(
        await finalFailure(FailureType.NotGivenBack, one.restore(account, taken)),
        /the membership in production, a group that was deleted meanwhile \(p-2 has its name now\)/,
      );
      assert.deepEqual(server.group('p-2')['members'], [{ value: 'u-2' }]);
    });

    it('blocks no account that is inside the new one, and says that the old one was deleted', async () => {
      const one = process();
      await one.hold(PRODUCTION, 'E-2');
      const account = await one.capture(PRODUCTION);
      renew({ value: 'sre', type: 'Group' });
      await finalFailure(FailureType.Refused, one.block(account, PRODUCTION));
      server.group('p-2')['members'] = [{ value: 'u-2' }];
      const { notes } = await one.block(account, PRODUCTION);
      assert.deepEqual(notes, ['production (production) was deleted after the capture']);
    });

    it('sees the account in one that was made while the old one has another name', async () => {
      const one = process();
      await one.hold(PRODUCTION, 'E-2');
      const account = await one.capture(PRODUCTION);
      server.group('production')['displayName'] = 'old';
      group('p-2', { value: 'sre', type: 'Group' });
      server.group('p-2')['displayName'] = 'production';
      await finalFailure(FailureType.Refused, one.block(account, PRODUCTION));
    });

    it('cannot tell in a sweep where the new one does not show its members', async () => {
      const one = process();
      await one.hold(PRODUCTION);
      renew('u-2');
      assert.equal(await one.drift(['production']), undefined);
      server.odd((asked, usual) => {
        if (asked.filter?.attribute === 'members.value') return list([server.group('readers')]);
        return asked.id === 'p-2' ? scimError(403, 'restricted') : usual();
      });
      const drift = await one.drift(['production']);
      assert.equal(drift?.isUntold, true);
      assert.match(drift.what, /whether the account is in production: payroll does not show all/);
    });
  });

  describe('in a sweep, where a critical group does not show its members', () => {
    const hidden = showing(
      (each) => (each['id'] === 'production' ? without(each) : each),
      () => [server.group('readers')],
    );
    /** By another process than the one that made the hold. */
    const sweep = async ({ taken }: { taken: Taken }) => {
      const account = { id: 'u-1', groups: [{ id: 'production', displayName: 'production' }] };
      const [{ groups, untold }] = watchedOf([account], { 'u-1': taken }, PRODUCTION) as [WatchedAccount];
      return process().drift(groups, PRODUCTION, untold);
    };
    beforeEach(() => group('readers', 'u-1', 'u-2'));

    it('cannot tell where it did so at the block', async () => {
      group('production', 'u-1', 'u-2');
      const blocked = await process().hold(PRODUCTION);
      assert.equal(await sweep(blocked), undefined);
      server.group('production')['members'] = [{ value: 'u-2' }, { value: 'u-1' }];
      server.odd(hidden);
      const drift = await sweep(blocked);
      assert.equal(drift?.isUntold, true);
      assert.match(drift.what, /is in production: payroll no longer shows the members of that group/);
      // The operator has heard of it, and the next block begins with what the group tells now.
      assert.equal(await sweep(await process().hold(PRODUCTION)), undefined);
    });

    it('is no news where it did not do so at the block', async () => {
      group('production', 'u-2');
      server.odd(hidden);
      assert.equal(await sweep(await process().hold(PRODUCTION)), undefined);
    });

    it('is no news where the block has emptied it', async () => {
      group('production', 'u-1');
      server.odd(showing((each) => ((each['members'] as Json[]).length === 0 ? without(each) : each)));
      assert.equal(await sweep(await process().hold(PRODUCTION)), undefined);
    });
  });

  describe('whose groups call some members by id, and others by name', () => {
    for (const name of ['dana', 'DANA@acme.example', 'E-1'])
      it(`cannot tell whether the account is in a group that lists ${name}`, async () => {
        group('production', 'u-2', name);
        group('readers', 'u-1', 'u-2');
        assert.match(
          await finalFailure(FailureType.CannotTell, process().hold(PRODUCTION)),
          /lists \S+ in "production", a name of the account and not its id/,
        );
      });

    it('cannot tell where the account leaves its last group that has its id', async () => {
      group('production', 'u-2', 'dana');
      group('admins', 'u-1', 'u-2');
      const hold = { kind: 'groups' as const, groups: ['production', 'admins'] };
      await finalFailure(FailureType.CannotTell, process().hold(hold));
    });

    it('is blocked where the value is the id of another user, or of a user deleted long ago', async () => {
      server.user('u-3')['id'] = 'dana';
      group('production', 'u-2', 'dana', 'u-9');
      assert.deepEqual((await process().hold(PRODUCTION)).notes, ['was in none of the critical groups']);
    });

    it('counts an active member by the login, and cannot tell of what is no user and no group', async () => {
      const ADMINS = { kind: 'groups' as const, groups: ['admins'] };
      group('admins', 'u-1', 'ravi');
      await process(['admins']).hold(ADMINS);
      server.group('admins')['members'] = [{ value: 'u-1' }, { value: 'unknown' }];
      await finalFailure(FailureType.MaybeLastOfProtectedGroup, process(['admins']).hold(ADMINS));
      server.group('admins')['members'] = [{ value: 'u-1' }, { value: 'ravi' }];
      server.user('u-2')['active'] = false;
      await finalFailure(FailureType.LastOfProtectedGroup, process(['admins']).hold(ADMINS));
    });
  });

  describe('whose lists do not show whether an account is active', () => {
    beforeEach(() =>
      server.odd((asked, usual) => {
        const answer = usual();
        if (asked.type !== 'Users' || asked.id !== undefined) return answer;
        const { Resources } = answer.body as { Resources: Json[] };
        return list(Resources.map(({ active: _active, ...rest }) => rest));
      }),
    );

    it('has the active one of two records held, and the inactive one left out', async () => {
      server.users.push({ id: 'u-9', userName: 'dana.old', externalId: 'E-1', active: false });
      group('readers', 'u-2');
      group('production', 'u-2');
      const { id, active } = await process().capture(SUSPEND);
      assert.deepEqual([id, active], ['u-1', true]);
      assert.equal(await process().drift(['production']), undefined);
    });

    it('has an account that was inactive before said to be so', async () => {
      server.user('u-1')['active'] = false;
      group('readers', 'u-2');
      assert.deepEqual((await process().hold(SUSPEND)).notes, ['already suspended before the hold']);
    });
  });

  it('whose list shows an active second account as inactive is asked for that account by its id', async () => {
    server.users.push({ id: 'u-9', userName: 'dana-2', externalId: 'E-1', active: true });
    server.odd(({ type, id }, usual) => {
      const answer = usual();
      if (type !== 'Users' || id !== undefined) return answer;
      const { Resources } = answer.body as { Resources: Json[] };
      return list(Resources.map((user) => (user['id'] === 'u-9' ? { ...user, active: false } : user)));
    });
    const reason = await finalFailure(FailureType.Ambiguous, process().capture(SUSPEND));
    assert.match(reason, /2 accounts on payroll have the externalId E-1: .*u-9 \(dana-2, active\)/);
  });

  describe('whose lists end without saying so', () => {
    beforeEach(() => {
      for (let n = 10; n < 160; n++) {
        server.users.push({ id: `u-${n}`, userName: `user-${n}`, externalId: `E-${n}`, active: true });
      }
    });
    const E159 = 'E-159';

    it('is not believed where it pages by cursors', async () => {
      server.odd(({ type, id }, usual) => {
        if (type !== 'Users' || id !== undefined) return usual();
        const Resources = server.users.slice(0, 100);
        return { status: 200, body: { Resources, nextCursor: 'more' } };
      });
      await finalFailure(FailureType.CannotTell, process().capture(SUSPEND, E159));
    });

    it('is not believed where it ignores filters and pages, and gives just as many as it was asked for', async () => {
      server.odd(({ type, id }, usual) => {
        if (type !== 'Users' || id !== undefined) return usual();
        return list(server.users.slice(0, 100));
      });
      await finalFailure(FailureType.CannotTell, process().capture(SUSPEND, E159));
    });
  });

  describe('that does not give its groups', () => {
    const answering = (status: number): void =>
      server.odd((asked, usual) =>
        asked.type === 'Groups' ? scimError(status, 'no access to groups') : usual(),
      );

    it('and refuses them, has an account suspended, and a person look at each end', async () => {
      group('readers', 'u-1');
      answering(403);
      const one = process(['admins']);
      const account = await one.capture(SUSPEND);
      await finalFailure(FailureType.MaybeLastOfProtectedGroup, one.block(account, SUSPEND));
      const two = process();
      const { taken, notes } = await two.block(account, SUSPEND);
      assert.match(
        notes.join(),
        /^whether the suspension cost memberships cannot be told: payroll answered 403 .*no access to groups/,
      );
      const what = /dana is active again on payroll, and whether .* could not be told: payroll answered 403/;
      assert.match(await finalFailure(FailureType.CannotTell, two.restore(account, taken)), what);
      assert.equal(server.user('u-1')['active'], true);
      assert.match(await finalFailure(FailureType.CannotTell, two.revoke([account])), /payroll answered 403/);
      assert.equal(server.user('u-1')['active'], false);
    });

    for (const status of [404, 501])
      it(`and answers ${status}, since it has none, needs no person, and the report says so`, async () => {
        answering(status);
        const one = process();
        const account = await one.capture(SUSPEND);
        const { taken, notes } = await one.block(account, SUSPEND);
        const none = new RegExp(`payroll has no groups \\(.*payroll answered ${status}`);
        assert.match(notes.join(), none);
        assert.match((await one.restore(account, taken)).notes.join(), none);
        const revoked = await one.revoke([account]);
        assert.match(revoked.notes.join(), none);
        assert.equal(revoked.groups, undefined, 'the system has shown none');
        assert.equal(server.user('u-1')['active'], false);
      });

    describe('and answers 404, which something contradicts', () => {
      const endsUntold = async (one: ReturnType<typeof process>, said: RegExp): Promise<void> => {
        const account = await one.capture(SUSPEND);
        const { taken } = await one.block(account, SUSPEND);
        assert.match(await finalFailure(FailureType.CannotTell, one.restore(account, taken)), said);
        assert.match(await finalFailure(FailureType.CannotTell, one.revoke([account])), said);
        assert.equal(server.user('u-1')['active'], false);
      };

      it('has a person look where the account shows groups', async () => {
        server.user('u-1')['groups'] = [{ value: 'admins' }];
        answering(404);
        await endsUntold(process(), /payroll answered 404/);
      });

      for (const [when, restarted] of [
        ['in one process', false],
        ['in a process for each step, by what another account shows', true],
      ] as const)
        it(`has a person look where the suspension took the groups that the account showed, ${when}`, async () => {
          server.user('u-1')['groups'] = [{ value: 'admins' }];
          if (restarted) server.user('u-2')['groups'] = [{ value: 'admins' }];
          server.odd((asked, usual) => {
            const answer = asked.type === 'Groups' ? scimError(404, 'no access to groups') : usual();
            if (server.user('u-1')['active'] === false) delete server.user('u-1')['groups'];
            return answer;
          });
          const one = process();
          const next = () => (restarted ? process() : one);
          const account = await one.capture(SUSPEND);
          const { taken, notes } = await next().block(account, SUSPEND);
          assert.doesNotMatch(notes.join(), /has no groups/);
          await finalFailure(FailureType.CannotTell, next().restore(account, taken));
          await finalFailure(FailureType.CannotTell, next().revoke([account]));
        });

      it('has a person look where a gateway answers, and not SCIM', async () => {
        server.odd((asked, usual) =>
          asked.type === 'Groups' ? { status: 404, body: { message: 'no Route matched' } } : usual(),
        );
        await endsUntold(process(), /no Route matched/);
      });

      it('has a person look where a group is configured as protected, before the block', async () => {
        answering(404);
        const one = process(['admins']);
        const account = await one.capture(SUSPEND);
        const blocking = one.block(account, SUSPEND);
        const said = await finalFailure(FailureType.MaybeLastOfProtectedGroup, blocking);
        assert.match(said, /who else is in admins \(payroll answered 404/);
        assert.equal(server.user('u-1')['active'], true);
        await finalFailure(FailureType.CannotTell, one.revoke());
      });

      it('has a person look where the hold takes groups', async () => {
        answering(404);
        await finalFailure(FailureType.CannotTell, process([], ['production']).revoke());
      });

      it('has a person look where the capture, or an earlier attempt, saw groups', async () => {
        group('readers', 'u-1', 'u-2');
        const one = process();
        const account = await one.capture(SUSPEND);
        const { taken } = await one.block(account, SUSPEND);
        answering(404);
        const of = /payroll answered 404 .*, and the account was in readers/;
        assert.match(await finalFailure(FailureType.CannotTell, one.revoke([account])), of);
        const earlier = [{ id: 'readers', displayName: 'readers' }];
        assert.match(await finalFailure(FailureType.CannotTell, one.revoke([], earlier)), of);
        await finalFailure(FailureType.CannotTell, one.restore(account, taken));
      });
    });

    it('but for one, has the account leave the others, and the refusal named', async () => {
      group('g-1', 'u-1', 'u-2');
      group('g-2', 'u-1', 'u-2');
      server.odd((asked, usual) =>
        asked.method === 'PATCH' && asked.id === 'g-1' ? scimError(403, 'managed by the owners') : usual(),
      );
      assert.match(
        await finalFailure(FailureType.Refused, process().revoke()),
        /Groups\/g-1.*managed by the owners/,
      );
      assert.deepEqual(server.group('g-2')['members'], [{ value: 'u-2' }]);
    });

    it('has the other accounts of a leaver revoked where it refuses one, which is named', async () => {
      const one = process();
      const held = [await one.capture(SUSPEND), await one.capture(SUSPEND, 'E-3')];
      server.user('u-3')['externalId'] = 'E-1';
      server.odd((asked, usual) =>
        asked.method === 'PATCH' && asked.id === 'u-1' ? scimError(403, 'a privileged account') : usual(),
      );
      assert.match(
        await finalFailure(FailureType.Refused, one.revoke(held)),
        /Users\/u-1.*a privileged account/,
      );
      assert.deepEqual([server.user('u-1')['active'], server.user('u-3')['active']], [true, false]);
    });

    it('is asked for the other members where it refuses to show one of them', async () => {
      const ADMINS = { kind: 'groups' as const, groups: ['admins'] };
      group('admins', 'u-1', 'u-2', 'u-3');
      server.odd((asked, usual) => (asked.id === 'u-2' ? scimError(403, 'restricted') : usual()));
      await process(['admins']).hold(ADMINS);
      assert.deepEqual(server.group('admins')['members'], [{ value: 'u-2' }, { value: 'u-3' }]);
      server.group('admins')['members'] = [{ value: 'u-1' }, { value: 'u-2' }];
      await finalFailure(FailureType.MaybeLastOfProtectedGroup, process(['admins']).hold(ADMINS));
    });
  });

  describe('that hides the memberships of inactive accounts', () => {
    const isActive = (id: string): boolean => server.user(id)['active'] === true;
    const hides = (from: (id: string) => boolean): Odd =>
      showing(
        (each) => ({
          ...each,
          members: (each['members'] as { value: string }[]).filter(({ value }) => !from(value)),
        }),
        (id) =>
          from(id)
            ? []
            : server.groups.filter(({ members }) => (members as Json[]).some(({ value }) => value === id)),
      );
    beforeEach(() => {
      group('readers', 'u-1', 'u-2');
      server.users.push({ id: 'u-9', userName: 'dana.old', externalId: 'E-1', active: false });
    });

    it('does not tell whether a second, inactive one is in groups, also at a retry', async () => {
      group('admins', 'u-9', 'u-2');
      const account = await process().capture(SUSPEND);
      server.odd(hides((id) => !isActive(id)));
      const of = /payroll may not show the memberships of inactive accounts: look whether dana\.old \(u-9\)/;
      assert.match(await finalFailure(FailureType.CannotTell, process().revoke()), of);
      assert.deepEqual(server.group('readers')['members'], [{ value: 'u-2' }]);
      await finalFailure(
        FailureType.CannotTell,
        process().revoke([account], [{ id: 'readers', displayName: 'readers' }]),
      );
    });

    it('has a leaver removed from what it showed before the suspension, and says that it did not show it', async () => {
      server.users.pop();
      server.odd(hides((id) => !isActive(id)));
      const { notes } = await process().revoke();
      assert.match(
        notes.join(),
        /payroll no longer showed u-1 in readers since the suspension, and accepted/,
      );
      assert.deepEqual(server.group('readers')['members'], [{ value: 'u-2' }]);
    });

    it('is believed at a retry that a second one has none, where it shows other inactive members', async () => {
      group('production', 'u-1', 'u-3');
      const account = await process().capture(SUSPEND);
      const revoked = async (by: ReturnType<typeof process>) => {
        const { accounts } = await by.revoke([account], [{ id: 'readers', displayName: 'readers' }]);
        return accounts!.map(({ id }) => id);
      };
      const same = process();
      await same.revoke([account]);
      assert.deepEqual(await revoked(same), ['u-1']);
      server.user('u-3')['active'] = false;
      assert.deepEqual(await revoked(process()), ['u-1']);
    });

    it('has a leaver whom EMS has blocked removed from what the capture saw', async () => {
      server.users.pop();
      server.odd(hides((id) => !isActive(id)));
      const account = await process().capture(SUSPEND);
      const { notes } = await process().block(account, SUSPEND);
      assert.match(notes.join(), /the suspension may have cost readers/);
      const revoked = await process().revoke([account]);
      assert.match(
        revoked.notes.join(),
        /payroll no longer showed u-1 in readers .*, and accepted its removal/,
      );
      assert.deepEqual(server.group('readers')['members'], [{ value: 'u-2' }]);
    });

    it('is given back as it shows it again, and not what an administrator took while it was hidden', async () => {
      server.users.pop();
      group('production', 'u-1', 'u-2');
      server.odd(hides((id) => !isActive(id)));
      const account = await process().capture(SUSPEND);
      const { taken } = await process().block(account, SUSPEND);
      const all = await process().restore(account, taken);
      assert.deepEqual(all.givenBack.groups.map(({ id }) => id).toSorted(), ['production', 'readers']);
      await process().block(account, SUSPEND);
      server.group('production')['members'] = [{ value: 'u-2' }];
      const { notes } = await process().restore(account, taken);
      assert.match(notes.join(), /^not given back: the membership in production, which went during the hold/);
      assert.deepEqual(server.membersOf('production'), ['u-2']);
      assert.equal(isActive('u-1'), true);
    });

    it('is not said to have lost one that became inactive after the capture, and the sweep sees it once it is active', async () => {
      server.users.pop();
      group('production', 'u-1', 'u-2');
      const account = await process().capture(PRODUCTION);
      server.user('u-1')['active'] = false;
      server.odd(hides((id) => !isActive(id)));
      const { notes } = await process().block(account, PRODUCTION);
      assert.doesNotMatch(notes.join(), /removed it|in none of/);
      assert.match(notes.join(), /is inactive, and payroll may not show inactive members of "production"/);
      const again = await process().capture(PRODUCTION);
      const late = await process().block(again, PRODUCTION);
      assert.doesNotMatch(late.notes.join(), /removed it|in none of/);
      assert.equal(await process().drift([]), undefined);
      server.user('u-1')['active'] = true;
      assert.equal((await process().drift([]))?.what, 'is in production again');
    });

    it('is believed that one left, where it shows another inactive one', async () => {
      group('production', 'u-1', 'u-2', 'u-9');
      const account = await process().capture(PRODUCTION);
      server.user('u-1')['active'] = false;
      for (const each of server.groups) each['members'] = [{ value: 'u-2' }, { value: 'u-9' }];
      const { notes } = await process().block(account, PRODUCTION);
      assert.match(notes.join(), /another administrator removed it from production after the capture/);
    });

    it('is believed where it shows those of inactive accounts: the second one has none', async () => {
      assert.deepEqual(
        (await process().revoke()).accounts!.map(({ id }) => id),
        ['u-1'],
      );
    });
  });

  describe('where a member whom EMS removed was given back by hand, and goes with the removal of another', () => {
    afterEach(() => mock.restoreAll());

    for (const [what, pass] of [
      ['the restore saw the member', (restore: () => Promise<unknown>) => restore()],
      [
        'the group shows the member minutes later',
        () => {
          const later = Date.now() + 120_000;
          return Promise.resolve(mock.method(Date, 'now', () => later));
        },
      ],
    ] as const)
      it(`is accused where ${what}`, async () => {
        group('production', 'u-1', 'u-2', 'u-3');
        const one = process();
        const ravi = await one.capture(PRODUCTION, 'E-2');
        const { taken } = await one.block(ravi, PRODUCTION);
        server.group('production')['members'] = ['u-1', 'u-2', 'u-3'].map((value) => ({ value }));
        await pass(() => one.restore(ravi, taken));
        server.odd(({ method, type, id }, usual) => {
          const answer = usual();
          if (method === 'PATCH' && type === 'Groups') server.group(id!)['members'] = [{ value: 'u-3' }];
          return answer;
        });
        const reason = await finalFailure(FailureType.HarmedOthers, one.hold(PRODUCTION));
        assert.match(reason, /no longer lists 1 other member of production since it removed u-1: u-2/);
      });
  });

  describe('whose versions are spelt in two ways', () => {
    for (const [what, patched, shown, reason] of [
      ['a proxy that compresses weakens', '"2"', 'W/"2"', FailureType.HarmedOthers],
      ['a proxy that compresses marks', '"2"', '"2-gzip"', FailureType.CannotTell],
      ['a read gives as a hash', '"2"', '"d41d8cd9"', FailureType.CannotTell],
    ] as const)
      it(`is not taken for another administrator by a version that ${what}`, async () => {
        const staff = Array.from({ length: 20 }, (_, n) => `p-${n}`);
        for (const id of staff) server.users.push({ id, userName: id, externalId: id, active: true });
        group('readers', 'u-1', ...staff);
        let isPatched = false;
        server.odd(({ type, method, id }, usual) => {
          if (type === 'ServiceProviderConfig') return { status: 200, body: { etag: { supported: true } } };
          const answer = usual();
          if (type !== 'Groups' || id === undefined) return answer;
          if (method !== 'PATCH') return { ...answer, headers: { etag: isPatched ? shown : '"1"' } };
          server.group(id)['members'] = (server.group(id)['members'] as Json[]).filter(
            ({ value }) => value !== 'p-7',
          );
          isPatched = true;
          return { status: 204, headers: { etag: patched } };
        });
        const said = await finalFailure(reason, process().revoke());
        assert.match(said, /no longer lists 1 other member of readers since it removed u-1: p-7/);
      });
  });

  describe('without versions, where another process removes members in the same moment', () => {
    /** The others go with the first removal. */
    const alsoRemoves = (): void =>
      server.odd(({ method, type, id }, usual) => {
        const answer = usual();
        if (method === 'PATCH' && type === 'Groups') server.group(id!)['members'] = [];
        return answer;
      });
    beforeEach(() => group('readers', 'u-1', 'u-2', 'u-3'));

    it('is not accused of a removal of those whose exits have suspended them too', async () => {
      server.user('u-2')['active'] = server.user('u-3')['active'] = false;
      alsoRemoves();
      const { removedGroups, notes } = await process().revoke();
      assert.equal(removedGroups.length, 1);
      assert.match(notes.join(), /no longer lists 2 other members of readers .*: u-2, u-3, all inactive/);
    });

    describe('of those who are active', () => {
      const acted: string[] = [];
      const exits = () =>
        createAccessService({
          port: newPort(server),
          match: byEmployeeId('externalId'),
          declared: { settleMs: 0 },
          hasActed: (employeeId) => Promise.resolve(acted.includes(employeeId)),
        }).revoke({ employeeId: 'E-1' }, [], signal);
      beforeEach(() => {
        acted.length = 0;
        alsoRemoves();
      });

      it('is not accused where their own exits have just acted', async () => {
        acted.push('E-2', 'E-3');
        assert.match(
          (await exits()).notes.join(),
          /2 other members of readers .*: u-2, u-3, by their own exits/,
        );
      });

      it('is accused of those who are inactive, and have no exit', async () => {
        server.user('u-2')['active'] = server.user('u-3')['active'] = false;
        const reason = await finalFailure(FailureType.HarmedOthers, exits());
        assert.match(reason, /no longer lists 2 other members of readers since it removed u-1: u-2, u-3\./);
      });

      it('is accused of the one without an exit alone', async () => {
        acted.push('E-2');
        const reason = await finalFailure(FailureType.HarmedOthers, exits());
        assert.match(reason, /no longer lists 1 other member of readers since it removed u-1: u-3\./);
      });

      it('cannot be accused of one that does not show whose it is', async () => {
        acted.push('E-2');
        delete server.user('u-3')['externalId'];
        const reason = await finalFailure(FailureType.CannotTell, exits());
        assert.match(reason, /since it removed u-1: u-3, perhaps by their own exits/);
      });
    });

    it('is accused where one of them is active', async () => {
      server.user('u-2')['active'] = false;
      alsoRemoves();
      await finalFailure(FailureType.HarmedOthers, process().revoke());
    });
  });
});
