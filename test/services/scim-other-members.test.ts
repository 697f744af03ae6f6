/** Writes that take others out of a group, on SCIM servers where it is hard to see. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { FailureType } from '../../src/exit/failures.js';
import {
  nothing,
  withoutHarms,
  type CapturedAccount,
  type GroupRef,
  type Taken,
} from '../../src/exit/hold-facts.js';
import type { AccessOptions } from '../../src/services/access/access.js';
import { finalFailure, outage } from '../support/failures.js';
import {
  list,
  newAccess,
  newPort,
  withOddServer,
  type Answer,
  type Json,
} from '../support/odd-scim-server.js';

const { signal } = new AbortController();
const DANA = { employeeId: 'E-1' };
const LOST: Answer = { status: 504, body: '<html>Gateway Timeout</html>' };
const noneHasActed = { hasActed: () => Promise.resolve(false) };

describe('on a SCIM server whose writes take other members', () => {
  const server = withOddServer();
  beforeEach(() => {
    server.users.push({ id: 'dana', userName: 'dana', externalId: 'E-1', active: true });
  });

  /** Groups with the account and so many others. */
  const groups = (count: number, ...names: string[]): void => {
    const ids = Array.from({ length: count }, (_, n) => `u-${n}`);
    for (const [n, id] of ids.entries())
      server.users.push({ id, userName: id, externalId: `E-${1000 + n}`, active: true });
    for (const name of names) server.addGroup(name, 'dana', ...ids);
    server.addGroup('everyone', 'dana', ...ids, 'x-1', 'x-2');
  };
  const keep = (id: string, isKept: (member: unknown) => boolean): void => {
    server.group(id)['members'] = (server.group(id)['members'] as Json[]).filter(({ value }) =>
      isKept(value),
    );
  };
  const takes = (change: (group: string) => void, answer?: (group: string) => Answer | undefined): void =>
    server.odd(({ method, type, id }, usual) => {
      if (method !== 'PATCH' || type !== 'Groups') return usual();
      const usually = usual();
      change(id!);
      return answer?.(id!) ?? usually;
    });
  /** The same, and the server answers nothing more from the first change on. @returns what has it answer again */
  const takesAndGoesDown = (change: (group: string) => void): (() => void) => {
    let state: 'up' | 'down' | 'back' = 'up';
    server.odd(({ method, type, id }, usual) => {
      if (state === 'down') return LOST;
      const usually = usual();
      if (method !== 'PATCH' || type !== 'Groups') return usually;
      change(id!);
      if (state === 'back') return usually;
      state = 'down';
      return LOST;
    });
    return () => void (state = 'back');
  };

  /** As a new process has it, which remembers nothing. */
  const access = (more: Partial<AccessOptions> = {}) => newAccess(server, more);
  const holding = (...names: string[]) => ({ kind: 'groups' as const, groups: names });
  const captured = async (...names: string[]): Promise<CapturedAccount> =>
    (await access().capture(DANA, holding(...names), signal)).accounts[0]!;
  let tried: Taken;
  beforeEach(() => (tried = nothing));
  const retried = () => (tried = { ...tried, groups: withoutHarms(tried.groups) });
  const block = (account: CapturedAccount, service = access()) => {
    const hold = holding(...account.groups.map(({ id }) => id));
    const trying = (taken: Taken) => Promise.resolve(void (tried = structuredClone(taken)));
    return service.block(account, hold, tried, trying, signal);
  };

  describe('and takes a colleague who is inactive, on leave, and has no exit', () => {
    const inactive = () => {
      server.users.find(({ id }) => id === 'u-7')!['active'] = false;
      takes((id) => keep(id, (member) => member !== 'u-7'));
    };

    it('a person is asked to look', async () => {
      groups(20, 'production');
      inactive();
      const reason = await finalFailure(
        FailureType.CannotTell,
        block(await captured('production'), access(noneHasActed)),
      );
      assert.match(reason, /1 other member of production .*: u-7/);
    });

    it('the hold stops at the second group', async () => {
      const names = ['one', 'two', 'three'];
      groups(20, ...names);
      inactive();
      await finalFailure(FailureType.HarmedOthers, block(await captured(...names), access(noneHasActed)));
      assert.deepEqual(
        names.map((name) => (server.group(name)['members'] as Json[]).some(({ value }) => value === 'u-7')),
        [false, false, true],
      );
    });
  });

  it('the sessions of the account end all the same', async () => {
    groups(20, 'production');
    takes((id) => keep(id, () => false));
    const ended: string[] = [];
    const endSessions = ({ id }: { id: string }) => Promise.resolve(void ended.push(id));
    const service = access({ port: { ...newPort(server), endSessions } });
    await finalFailure(FailureType.HarmedOthers, block(await captured('production'), service));
    assert.deepEqual(ended, ['dana']);
  });

  it('a person is asked to look where its versions are hashes of each answer', async () => {
    groups(20, 'production');
    server.group('production')['externalId'] = 'x';
    server.odd(({ method, type, id, query }, usual) => {
      const answer = usual();
      if (type !== 'Groups' || id === undefined) return answer;
      if (method === 'PATCH') keep(id, (member) => member !== 'u-7');
      const shown = query.get('attributes')?.split(',');
      const entries = Object.entries(server.group(id)).filter(
        ([name]) => !shown || name === 'id' || shown.includes(name),
      );
      const body = Object.fromEntries(entries);
      const hash = createHash('sha1').update(JSON.stringify(body)).digest('base64');
      return { ...answer, body, headers: { etag: `W/"${hash}"` } };
    });
    const reason = await finalFailure(
      FailureType.CannotTell,
      block(await captured('production'), access(noneHasActed)),
    );
    assert.match(reason, /1 other member of production .*: u-7/);
  });

  it('is not accused where their own exits have acted, whose removals change no version', async () => {
    groups(20, 'production');
    server.odd(({ method, type, id }, usual) => {
      const answer = usual();
      if (type !== 'Groups' || id === undefined) return answer;
      if (method === 'PATCH') keep(id, (member) => member !== 'u-7');
      return { ...answer, headers: { etag: '"7"' } };
    });
    const hasActed = (employeeId: string) => Promise.resolve(employeeId === 'E-1007');
    const { notes } = await block(await captured('production'), access({ hasActed }));
    assert.match(notes.join(), /1 other member of production .*: u-7, by their own exits/);
    server.group('production')['members'] = [{ value: 'dana' }, { value: 'u-7' }];
    await finalFailure(FailureType.HarmedOthers, access(noneHasActed).revoke(DANA, [], signal));
  });

  it('a retry sees that a large group was emptied by a removal whose answer was lost', async () => {
    groups(600, 'production');
    const goBack = takesAndGoesDown((id) => keep(id, () => false));
    const account = await captured('production');
    await outage(block(account));
    goBack();
    const reason = await finalFailure(FailureType.HarmedOthers, block(account));
    assert.match(reason, /lists 0 other members of production .* and listed 600 before/);
    retried();
    await block(account);
  });

  for (const [what, type, isTaken] of [
    ['all others', FailureType.HarmedOthers, () => true],
    ['one of the others', FailureType.CannotTell, (member: unknown) => member === 'u-7'],
  ] as const)
    it(`the next process finds again that a removal took ${what}, until a person has said so`, async () => {
      groups(20, 'production');
      takes((id) => keep(id, (member) => !isTaken(member)));
      const account = await captured('production');
      // Each of these dies before its failure is known.
      for (let n = 0; n < 2; n++) {
        const reason = await finalFailure(type, block(account));
        assert.match(reason, /production since it removed dana: .*u-7/);
      }
      retried();
      assert.deepEqual((await block(account)).notes, []);
    });

  it('a revocation finds it again as well', async () => {
    groups(20, 'production');
    takes((id) => keep(id, () => id === 'everyone'));
    let earlier: GroupRef[] = [];
    const revoke = () =>
      access().revoke(DANA, [], signal, {
        earlier,
        removing: (removing) => Promise.resolve(void (earlier = structuredClone(removing))),
      });
    for (let n = 0; n < 2; n++) await finalFailure(FailureType.HarmedOthers, revoke());
    earlier = withoutHarms(earlier);
    await revoke();
  });

  describe('by a job, some time after the removal', () => {
    const sweep = (service: ReturnType<typeof access>) =>
      service.driftOf(DANA, [{ id: 'dana', groups: ['production'] }], holding('production'), signal);

    it('is told once by the next sweep of the same process', async () => {
      groups(10, 'production');
      const service = access(noneHasActed);
      await block(await captured('production'), service);
      assert.equal(await sweep(service), undefined);
      keep('production', () => false);
      const { what, isUntold } = (await sweep(service))!;
      assert.match(
        what,
        /^cannot tell: whether a removal took others later: payroll listed 10 other .* no longer lists u-0,/,
      );
      assert.equal(isUntold, true);
      assert.equal(await sweep(service), undefined);
    });

    for (const [what, hasActed, isLeft] of [
      ['their exits have taken them', () => Promise.resolve(true), () => false],
      ['one of them went', () => Promise.resolve(false), (member: unknown) => member !== 'u-7'],
    ] as const)
      it(`is not said where ${what}`, async () => {
        groups(10, 'production');
        const service = access({ hasActed });
        await block(await captured('production'), service);
        keep('production', isLeft);
        assert.equal(await sweep(service), undefined);
      });
  });

  it('a failure at the second group names those of the first one', async () => {
    groups(20, 'one', 'two');
    takes((id) => keep(id, (member) => member !== (id === 'one' ? 'u-3' : 'u-4')));
    const reason = await finalFailure(FailureType.HarmedOthers, block(await captured('one', 'two')));
    assert.match(reason, /of one since it removed dana: u-3, .*of two since it removed dana: u-4/);
  });

  describe('which hides inactive members and writes back what it shows', () => {
    const isActive = (id: unknown): boolean => server.user(String(id))?.['active'] !== false;
    /** @param finds whether the filter finds groups by the members that the lists hide */
    const hidesInactive = (finds: boolean): void =>
      server.odd(({ method, type, id, filter }, usual) => {
        const answer = usual();
        if (type !== 'Groups') return answer;
        if (method === 'PATCH') keep(id!, isActive);
        const body = structuredClone(answer.body) as Json;
        const isFiltered = filter?.attribute === 'members.value' && !finds && !isActive(filter.value);
        if (isFiltered) return list([]);
        for (const each of (body['Resources'] as Json[] | undefined) ?? [body])
          if (Array.isArray(each['members']))
            each['members'] = (each['members'] as Json[]).filter(({ value }) => isActive(value));
        return { ...answer, body };
      });
    const onLeave = (...ids: string[]): void => {
      for (const id of ids) server.user(id)['active'] = false;
    };

    it('is told by the filter, which finds them', async () => {
      groups(5, 'production');
      onLeave('u-3', 'u-4');
      hidesInactive(true);
      const reason = await finalFailure(
        FailureType.HarmedOthers,
        block(await captured('production'), access(noneHasActed)),
      );
      assert.match(reason, /2 other members of production .*: u-3, u-4/);
    });

    it('is told by the accounts, which show their groups', async () => {
      groups(5, 'production');
      onLeave('u-3');
      for (const user of server.users)
        Object.defineProperty(user, 'groups', {
          enumerable: true,
          get: () =>
            server.groups
              .filter(({ members }) => (members as Json[]).some(({ value }) => value === user['id']))
              .map(({ id }) => ({ value: id, type: 'direct' })),
        });
      hidesInactive(false);
      const reason = await finalFailure(
        FailureType.CannotTell,
        block(await captured('production'), access(noneHasActed)),
      );
      assert.match(reason, /1 other member of production .*: u-3/);
    });

    it('a revocation sees it as well', async () => {
      groups(5, 'production');
      onLeave('u-3', 'u-4');
      hidesInactive(true);
      const reason = await finalFailure(
        FailureType.HarmedOthers,
        access(noneHasActed).revoke(DANA, [], signal),
      );
      assert.match(reason, /2 other members of .*: u-3, u-4/);
    });

    it('one that shows them is asked for them once', async () => {
      groups(5, 'one', 'two');
      onLeave('u-3', 'u-4');
      const service = access(noneHasActed);
      const account = await captured('one', 'two');
      const asked = (): number =>
        server.seen.filter(
          ({ filter, query }) => /^u-[34]$/.test(filter?.value ?? '') && query.get('startIndex') === '1',
        ).length;
      for (let n = 0; n < 2; n++) {
        tried = nothing;
        assert.deepEqual((await block(account, service)).notes, []);
        for (const { id } of account.groups) (server.group(id)['members'] as Json[]).push({ value: 'dana' });
      }
      assert.equal(asked(), 1);
    });
  });

  describe('when it adds one, and its answer is lost', () => {
    let recorded: GroupRef[];
    beforeEach(() => (recorded = []));
    const restore = (account: CapturedAccount, taken: Taken) =>
      access().restore(account, taken, signal, {
        ...{ employee: DANA, recorded },
        giving: (given) => Promise.resolve(void (recorded = structuredClone(given))),
      });
    const held = async (...names: string[]) => {
      const account = await captured(...names);
      const { taken } = await block(account);
      return { account, taken };
    };

    it('a retry sees that the others were replaced, and the one after it goes on', async () => {
      groups(5, 'production');
      const { account, taken } = await held('production');
      const goBack = takesAndGoesDown((id) => keep(id, (member) => member === 'dana'));
      await outage(restore(account, taken));
      goBack();
      const reason = await finalFailure(FailureType.HarmedOthers, restore(account, taken));
      assert.match(reason, /5 other members of production since it added dana/);
      recorded = withoutHarms(recorded);
      assert.deepEqual((await restore(account, taken)).givenBack.groups.length, 1);
    });

    it('a restore is not accused of a removal just before its write', async () => {
      groups(1, 'production');
      const { account, taken } = await held('production');
      server.group('production')['members'] = [{ value: 'u-0' }];
      let version = 1;
      let isListed = false;
      server.odd(({ method, type, id, query, headers }, usual) => {
        if (type === 'ServiceProviderConfig') return { status: 200, body: { etag: { supported: true } } };
        if (id !== 'production') return usual();
        if (isListed && server.membersOf(id).includes('u-0')) {
          keep(id, (member) => member !== 'u-0');
          version += 1;
        }
        if (method === 'PATCH' && headers['if-match'] !== `W/"${version}"`)
          return { status: 412, body: { status: '412' } };
        if (method === 'PATCH') version += 1;
        else if (query.get('attributes')?.includes('members')) isListed = true;
        const answer = usual();
        return { ...answer, headers: { etag: `W/"${version}"` } };
      });
      assert.equal((await restore(account, taken)).givenBack.groups.length, 1);
      assert.deepEqual(server.membersOf('production'), ['dana']);
    });

    it('a retry after the outage of another group asks a person to look', async () => {
      groups(20, 'one', 'two');
      const { account, taken } = await held('one', 'two');
      let isOut = true;
      server.odd(({ method, type, id }, usual) => {
        if (method !== 'PATCH' || type !== 'Groups') return usual();
        if (id === 'two' && isOut) return { status: 503, body: 'busy' };
        const answer = usual();
        if (id === 'one') keep(id, (member) => member !== 'u-7');
        return answer;
      });
      await outage(restore(account, taken));
      isOut = false;
      const reason = await finalFailure(FailureType.CannotTell, restore(account, taken));
      assert.match(reason, /1 other member of one since it added dana: u-7/);
      recorded = withoutHarms(recorded);
      assert.equal((await restore(account, taken)).givenBack.groups.length, 2);
    });
  });
});
