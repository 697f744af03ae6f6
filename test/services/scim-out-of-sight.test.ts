/** SCIM servers that no longer show an account once it is inactive: its memberships and its sessions end all the same. */
import assert from 'node:assert/strict';
import { FailureType } from '../../src/exit/failures.js';
import { nothing, type CapturedAccount, type GroupRef, type Taken } from '../../src/exit/hold-facts.js';
import type { AccessOptions } from '../../src/services/access/access.js';
import { finalFailure } from '../support/failures.js';
import { list, newAccess, newPort, scimError, withOddServer, type Json } from '../support/odd-scim-server.js';

const { signal } = new AbortController();
const SUSPEND = { kind: 'suspend' } as const;
const DANA = { employeeId: 'E-1' };

describe('on a SCIM server that does not show inactive accounts', () => {
  const server = withOddServer();
  beforeEach(() => {
    server.users.push(
      { id: 'dana', userName: 'dana', externalId: 'E-1', active: true },
      { id: 'ravi', userName: 'ravi', externalId: 'E-2', active: true },
    );
    server.addGroup('production', 'dana', 'ravi');
    server.addGroup('readers', 'dana', 'ravi');
    hidesInactive();
  });

  /** It answers 404 for their ids, and leaves them out of its lists and of those of its groups. */
  function hidesInactive(): void {
    const isHidden = (id: unknown): boolean =>
      server.users.some((each) => each['id'] === id && !each['active']);
    const show = (group: Json): Json => ({
      ...group,
      members: (group['members'] as Json[]).filter(({ value }) => !isHidden(value)),
    });
    server.odd(({ method, type, id, filter }, usual) => {
      if (method === 'GET' && type === 'Users' && isHidden(id)) return scimError(404, 'no such user');
      const answer = usual();
      if (method === 'PATCH' && type === 'Users') return { status: 204 };
      if (type === 'Groups' && id !== undefined) return { ...answer, body: show(answer.body as Json) };
      const { Resources: all } = answer.body as { Resources?: Json[] };
      if (!all) return answer;
      if (type === 'Users') return list(all.filter((each) => !isHidden(each['id'])));
      return list(filter?.attribute.startsWith('members') && isHidden(filter.value) ? [] : all.map(show));
    });
  }

  /** As a new process has it, which remembers nothing. */
  const access = (more: Partial<AccessOptions> = {}) => newAccess(server, more);
  const withSessions = (ended: string[], refusal?: Error) => {
    const { ...port } = newPort(server);
    const endSessions = (account: { id: string }) => {
      ended.push(account.id);
      return refusal ? Promise.reject(refusal) : Promise.resolve();
    };
    return access({ port: { ...port, endSessions } });
  };
  const captured = async (): Promise<CapturedAccount> =>
    (await access().capture(DANA, SUSPEND, signal)).accounts[0]!;

  it('has a leaver removed from what it showed before the suspension', async () => {
    const { accounts, notes } = await access().revoke(DANA, [], signal);
    assert.deepEqual(accounts, [{ id: 'dana', userName: 'dana' }]);
    assert.deepEqual([server.membersOf('production'), server.membersOf('readers')], [['ravi'], ['ravi']]);
    assert.match(notes.join(), /no longer showed dana in production .*, and accepted its removal there/);
  });

  it('has a leaver whom a hold has suspended removed from what the capture saw', async () => {
    const account = await captured();
    const block = access().block(account, SUSPEND, nothing, () => Promise.resolve(), signal);
    await finalFailure(FailureType.NotGivenBack, block);
    await access().revoke(DANA, [account], signal);
    assert.deepEqual([server.membersOf('production'), server.membersOf('readers')], [['ravi'], ['ravi']]);
  });

  it('cannot tell at a retry of a revocation without a hold, which finds the account no longer', async () => {
    let earlier: GroupRef[] = [];
    let isLost = true;
    const removing = (groups: GroupRef[]): Promise<void> => {
      earlier = groups;
      if (!isLost || server.user('dana')['active'] === true) return Promise.resolve();
      isLost = false;
      return Promise.reject(new Error('the process ends'));
    };
    await assert.rejects(access().revoke(DANA, [], signal, { removing }), /the process ends/);
    const reason = await finalFailure(FailureType.CannotTell, access().revoke(DANA, [], signal, { earlier }));
    assert.match(reason, /an account of E-1 on payroll from production, readers, and no key finds it now/);
  });

  it('says that the account is gone where it was deleted, and was in no group', async () => {
    for (const group of server.groups) group['members'] = [{ value: 'ravi' }];
    const account = await captured();
    server.users.shift();
    const { accounts, notes } = await access().revoke(DANA, [account], signal);
    assert.deepEqual([accounts, notes], [[], ['the account no longer exists']]);
  });

  it('is asked to end the sessions by the block, by its retry and by the revocation', async () => {
    const ended: string[] = [];
    const account = await captured();
    let tried: Taken = nothing;
    for (const attempt of ['block', 'retry']) {
      const trying = (taken: Taken) => Promise.resolve(void (tried = taken));
      const block = withSessions(ended).block(account, SUSPEND, tried, trying, signal);
      await finalFailure(FailureType.NotGivenBack, block);
      assert.deepEqual(ended.splice(0), ['dana'], attempt);
    }
    await withSessions(ended).revoke(DANA, [account], signal);
    assert.deepEqual(ended.splice(0), ['dana']);
    server.user('dana')['active'] = true;
    await withSessions(ended).revoke(DANA, [], signal);
    assert.deepEqual(ended, ['dana'], 'without a hold');
  });
});
