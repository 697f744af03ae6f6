/** One group to which the system answers no write keeps none of the others as they are. */
import assert from 'node:assert/strict';
import { FailureType } from '../../src/exit/failures.js';
import { nothing, type GroupRef, type Taken } from '../../src/exit/hold-facts.js';
import { finalFailure } from '../support/failures.js';
import { newAccess, scimError, withOddServer } from '../support/odd-scim-server.js';

const { signal } = new AbortController();
const GROUPS = { kind: 'groups' as const, groups: ['production-a', 'production-b'] };
const internal = /500/;

describe('a system that answers each write to one group with 500', () => {
  const server = withOddServer();
  let isDown = true;
  beforeEach(() => {
    isDown = true;
    server.users.push({ id: 'u-1', userName: 'dana', externalId: 'E-1', active: true });
    for (const group of GROUPS.groups) server.addGroup(group, 'u-1', 'u-2', 'u-3');
    server.odd(({ method, id }, usual) =>
      isDown && method === 'PATCH' && id === 'production-a' ? scimError(500, 'internal error') : usual(),
    );
  });
  const isIn = (group: string) => server.membersOf(group).includes('u-1');
  const service = () => newAccess(server);
  const capture = async () => (await service().capture({ employeeId: 'E-1' }, GROUPS, signal)).accounts[0]!;

  it('has the other group taken by the block, and given back by the restore', async () => {
    const account = await capture();
    let tried: Taken = nothing;
    const trying = (taken: Taken) => Promise.resolve(void (tried = structuredClone(taken)));
    await assert.rejects(service().block(account, GROUPS, tried, trying, signal), internal);
    assert.deepEqual(GROUPS.groups.map(isIn), [true, false]);
    isDown = false;
    const { taken } = await service().block(account, GROUPS, tried, trying, signal);
    assert.deepEqual(GROUPS.groups.map(isIn), [false, false]);
    isDown = true;
    await assert.rejects(service().restore(account, taken, signal), internal);
    assert.deepEqual(GROUPS.groups.map(isIn), [false, true]);
    isDown = false;
    const { givenBack } = await service().restore(account, taken, signal);
    assert.equal(givenBack.groups.length, 2);
    assert.deepEqual(GROUPS.groups.map(isIn), [true, true]);
  });

  it('has the other group left alone where the failed write took a colleague as well', async () => {
    const account = await capture();
    server.odd(({ method, id }, usual) => {
      if (method !== 'PATCH' || id !== 'production-a') return usual();
      server.group(id)['members'] = [{ value: 'u-1' }];
      return scimError(500, 'internal error');
    });
    const block = service().block(account, GROUPS, nothing, () => Promise.resolve(), signal);
    assert.match(await finalFailure(FailureType.HarmedOthers, block), /u-2, u-3/);
    assert.deepEqual(GROUPS.groups.map(isIn), [true, true]);
  });

  it('has a leaver removed from the other group', async () => {
    const account = await capture();
    let earlier: GroupRef[] = [];
    const removing = (groups: GroupRef[]) => Promise.resolve(void (earlier = groups));
    const revoke = () => service().revoke({ employeeId: 'E-1' }, [account], signal, { earlier, removing });
    await assert.rejects(revoke(), internal);
    assert.deepEqual(GROUPS.groups.map(isIn), [true, false]);
    isDown = false;
    assert.deepEqual((await revoke()).removedGroups.map(({ id }) => id).toSorted(), GROUPS.groups);
    assert.deepEqual(GROUPS.groups.map(isIn), [false, false]);
  });
});

describe('a system that costs only one of two accounts a group at its suspension', () => {
  const server = withOddServer();
  it('has that given back, also by a process that has seen the other account keep it', async () => {
    const SUSPEND = { kind: 'suspend' } as const;
    server.users.push(
      { id: 'u-1', userName: 'dana', externalId: 'E-1', active: true, userType: 'Guest' },
      { id: 'u-2', userName: 'ravi', externalId: 'E-2', active: true },
    );
    for (const group of ['g-1', 'g-2']) server.addGroup(group, 'u-1', 'u-2', 'u-3');
    server.odd(({ type, id, body }, usual) => {
      const isSuspended = body?.Operations.some(({ path, value }) => path === 'active' && value === false);
      const { members } = server.group('g-1') as { members: { value: string }[] };
      if (type === 'Users' && id === 'u-1' && isSuspended)
        server.group('g-1')['members'] = members.filter(({ value }) => value !== 'u-1');
      return usual();
    });
    const access = newAccess(server);
    const hold = async (employeeId: string) => {
      const account = (await access.capture({ employeeId }, SUSPEND, signal)).accounts[0]!;
      return { account, ...(await access.block(account, SUSPEND, nothing, () => Promise.resolve(), signal)) };
    };
    await hold('E-2');
    const { account, taken } = await hold('E-1');
    assert.deepEqual(
      taken.groups.map(({ id }) => id),
      ['g-1'],
    );
    await access.restore(account, taken, signal);
    assert.ok(server.membersOf('g-1').includes('u-1'));
  });

  it('has not given back what an administrator took between two attempts, of which the first had no effect', async () => {
    const SUSPEND = { kind: 'suspend' } as const;
    server.users.push({ id: 'u-1', userName: 'dana', externalId: 'E-1', active: true });
    for (const group of ['owners', 'team']) server.addGroup(group, 'u-1', 'u-2', 'u-3');
    const access = newAccess(server);
    const account = (await access.capture({ employeeId: 'E-1' }, SUSPEND, signal)).accounts[0]!;
    let tried: Taken = nothing;
    const block = () =>
      access.block(account, SUSPEND, tried, (taken) => Promise.resolve(void (tried = taken)), signal);
    server.odd(({ method, type }, usual) =>
      method === 'PATCH' && type === 'Users' ? scimError(403, 'the last owner cannot be suspended') : usual(),
    );
    await assert.rejects(block(), /last owner/);
    server.group('owners')['members'] = [{ value: 'u-2' }, { value: 'u-3' }];
    server.odd((_asked, usual) => usual());
    const { taken, notes } = await block();
    assert.deepEqual(taken.groups, []);
    assert.match(
      notes.join(),
      /no longer in owners since an earlier attempt, by another administrator or by that/,
    );
    await access.restore(account, taken, signal);
    assert.ok(!server.membersOf('owners').includes('u-1'));
    assert.ok(server.membersOf('team').includes('u-1'));
  });
});

describe('a system where an administrator deletes an account during its hold', () => {
  const server = withOddServer();
  it('is not taken for one that deletes what it suspends: the next account is held', async () => {
    const SUSPEND = { kind: 'suspend' } as const;
    server.users.push(
      { id: 'u-1', userName: 'dana', externalId: 'E-1', active: true },
      { id: 'u-2', userName: 'ravi', externalId: 'E-2', active: true },
    );
    const access = newAccess(server);
    const capture = async (employeeId: string) =>
      (await access.capture({ employeeId }, SUSPEND, signal)).accounts[0]!;
    const block = (account: Awaited<ReturnType<typeof capture>>, tried = nothing) =>
      access.block(account, SUSPEND, tried, () => Promise.resolve(), signal);
    const dana = await capture('E-1');
    const { taken } = await block(dana);
    server.users.splice(0, 1);
    await finalFailure(FailureType.NotGivenBack, block(dana, taken));
    await block(await capture('E-2'));
    assert.equal(server.user('u-2')['active'], false);
  });
});

describe('a person with two accounts on a system', () => {
  const server = withOddServer();
  it('is not said to have another one where the exit holds both', async () => {
    const SUSPEND = { kind: 'suspend' } as const;
    server.users.push(
      { id: 'u-1', userName: 'dana', externalId: 'E-1', active: true },
      { id: 'u-2', userName: 'adm-dana', active: true },
    );
    const also = [{ attribute: 'userName', template: 'adm-{loginLocalPart}' }];
    const access = newAccess(server, { also });
    const employee = { employeeId: 'E-1', login: 'dana@acme.example' };
    const { accounts } = await access.capture(employee, SUSPEND, signal);
    assert.equal(accounts.length, 2);
    const taken: Taken[] = [];
    for (const each of accounts)
      taken.push((await access.block(each, SUSPEND, nothing, () => Promise.resolve(), signal)).taken);
    for (const [index, each] of accounts.entries()) {
      const others = accounts.flatMap(({ id }) => (id === each.id ? [] : id));
      const { notes, lasting = [] } = await access.restore(each, taken[index]!, signal, { employee, others });
      assert.deepEqual(
        [...notes, ...lasting].filter((note) => note.includes('also has')),
        [],
      );
    }
  });
});
