/** What access reports of an account in very many groups fits into a payload of Temporal's and into a record of NATS. */
import assert from 'node:assert/strict';
import { FailureType } from '../../src/exit/failures.js';
import { nothing, type GroupRef, type HoldKind, type Taken } from '../../src/exit/hold-facts.js';
import { finalFailure } from '../support/failures.js';
import {
  newAccess,
  scimError,
  stripsTheSuspended,
  withOddServer,
  type Json,
} from '../support/odd-scim-server.js';

const { signal } = new AbortController();
const SUSPEND: HoldKind = { kind: 'suspend' };
const NORA = { employeeId: 'E-1' };
/** Several lists are in one record, which may have 1 MB. */
const MOST_BYTES = 100_000;

describe('of an account in groups that take more than 2 MB to list, access on a SCIM server', () => {
  const server = withOddServer();
  const GROUPS = 450;
  const idOf = (n: number): string => `g-${n}-`.padEnd(300, 'x');
  let largest: Record<string, number>;
  beforeEach(() => {
    largest = {};
    server.users.push(
      { id: 'nora', userName: 'nora', externalId: 'E-1', active: true },
      { id: 'ravi', userName: 'ravi', externalId: 'E-2', active: true },
    );
    for (let n = 0; n < GROUPS; n++) {
      server.addGroup(idOf(n), 'ravi', 'nora');
      server.group(idOf(n))['displayName'] = `group ${n} `.padEnd(4500, 'y');
    }
    assert.ok(bytesOf(server.groups.map(({ id, displayName }) => ({ id, displayName }))) > 2 * 1024 * 1024);
  });
  afterEach(() => {
    assert.ok(Object.keys(largest).length > 0);
    for (const [what, bytes] of Object.entries(largest))
      assert.ok(bytes < MOST_BYTES, `${what}: ${bytes} bytes`);
  });

  const bytesOf = (value: unknown): number => Buffer.byteLength(JSON.stringify(value));
  function sized<T>(what: string, value: T): T {
    largest[what] = Math.max(largest[what] ?? 0, bytesOf(value));
    return value;
  }
  const reporting = (what: string) => (value: Taken | GroupRef[]) => Promise.resolve(void sized(what, value));
  const access = newAccess.bind(undefined, server);
  async function blocked(hold = SUSPEND) {
    const service = access();
    const { accounts } = sized('the capture', await service.capture(NORA, hold, signal));
    const [account] = accounts;
    const trying = reporting('what a block sets out to take');
    const result = await service.block(account!, hold, nothing, trying, signal);
    return { service, account: account!, ...sized('the result of a block', result) };
  }
  const lists = (account: string): number =>
    server.groups.filter(({ members }) => (members as Json[]).some(({ value }) => value === account)).length;

  it('removes it from all of them, and lists the first', async () => {
    const { service, account } = await blocked();
    const watched = [{ id: account.id, groups: [] }];
    assert.equal(await service.driftOf(NORA, watched, SUSPEND, signal), undefined);
    server.user('nora')['active'] = true;
    sized('the drift', await service.driftOf(NORA, watched, SUSPEND, signal));
    const removing = reporting('what a revocation sets out to remove');
    const revoked = sized(
      'the result of a revocation',
      await service.revoke(NORA, [account], signal, { removing }),
    );
    assert.deepEqual([lists('nora'), lists('ravi')], [0, GROUPS]);
    assert.match(
      revoked.notes.join(),
      new RegExp(`${GROUPS - revoked.removedGroups.length} further memberships`),
    );
  });

  it('gives back those that it has listed, where the suspension cost all, and says how many there were besides', async () => {
    server.odd(stripsTheSuspended(server));
    const { service, account, taken } = await blocked();
    assert.equal(lists('nora'), 0);
    assert.ok(
      server.seen.length < GROUPS,
      `${server.seen.length} requests: it asks for what it records alone`,
    );
    const giving = reporting('what a restore sets out to give back');
    const restoring = service.restore(account, taken, signal, { employee: NORA, giving });
    const said = sized('the failure of a restore', await finalFailure(FailureType.NotGivenBack, restoring));
    assert.ok(taken.groups.length > 0);
    assert.equal(lists('nora'), taken.groups.length);
    assert.match(
      said,
      new RegExp(`${GROUPS - taken.groups.length} further memberships, which were too many`),
    );
  });

  it('says of the first what it could not remove', async () => {
    server.odd(({ type, method }, usual) =>
      type === 'Groups' && method === 'PATCH' ? scimError(403, 'managed elsewhere') : usual(),
    );
    const { service, account } = await blocked();
    const said = await finalFailure(FailureType.Refused, service.revoke(NORA, [account], signal));
    assert.match(sized('the failure of a revocation', said), /managed elsewhere/);
    assert.equal(server.user('nora')['active'], false);
  });

  it('notes of the first that they do not show whom a removal takes besides', async () => {
    server.groups.splice(60);
    const { account, service } = await blocked();
    server.odd(({ type, id, method }, usual) => {
      const answer = usual();
      if (type !== 'Groups' || id === undefined || method !== 'GET') return answer;
      const { members: _members, ...rest } = answer.body as Json;
      return { ...answer, body: rest };
    });
    const revoking = service.revoke(NORA, [account], signal).then(
      ({ notes }) => notes,
      ({ message }: Error) => [message],
    );
    sized('the notes of a revocation', await revoking);
    assert.equal(lists('nora'), 0);
  });

  it('takes it out of critical groups with more members than a record has room for', async () => {
    const names = Array.from({ length: 40 }, (_, n) => `critical-${n}`);
    for (const name of names) {
      const others = Array.from({ length: 400 }, (_, n) => `${name}-${n}`.padEnd(200, 'z'));
      server.addGroup(name, 'nora', 'ravi', ...others.map((value) => ({ value, type: 'User' })));
    }
    const { taken } = await blocked({ kind: 'groups', groups: names });
    assert.deepEqual([taken.groups.length, lists('nora')], [names.length, GROUPS]);
  });
});
