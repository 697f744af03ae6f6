/** Accounts and logins that pass to another person while the exit holds them. */
import assert from 'node:assert/strict';
import { FailureType } from '../../src/exit/failures.js';
import { nothing, type CapturedAccount } from '../../src/exit/hold-facts.js';
import type { AccessOptions } from '../../src/services/access/access.js';
import { finalFailure } from '../support/failures.js';
import { byEmployeeId } from '../support/matching.js';
import { list, newAccess, scimError, withOddServer, type Json } from '../support/odd-scim-server.js';

const { signal } = new AbortController();
const SUSPEND = { kind: 'suspend' } as const;
const PRODUCTION = { kind: 'groups' as const, groups: ['production'] };
const BY_LOGIN = { attribute: 'userName', template: '{login}' };
const BY_ID = byEmployeeId('externalId');
const DANA = { employeeId: 'E-1', login: 'dana' };

describe('on a SCIM server where something of a held account passes to another person', () => {
  const server = withOddServer();
  beforeEach(() => {
    server.users.push(
      { id: 'dana', userName: 'dana', externalId: 'E-1', active: true },
      { id: 'ravi', userName: 'ravi', externalId: 'E-2', active: true },
    );
    server.addGroup('production', 'dana', 'ravi');
  });
  const access = (match: AccessOptions['match'], more: Partial<AccessOptions> = {}) =>
    newAccess(server, { match, ...more });
  type Hold = typeof SUSPEND | typeof PRODUCTION;
  const captured = async (match: AccessOptions['match'], hold: Hold): Promise<CapturedAccount> =>
    (await access(match).capture(DANA, hold, signal)).accounts[0]!;
  const block = (account: CapturedAccount, match: AccessOptions['match'], hold: Hold) =>
    access(match).block(account, hold, nothing, () => Promise.resolve(), signal);

  /** The held account is renamed to free the login. */
  const hire = (more: Json = {}): void => {
    server.user('dana')['userName'] = 'dana-leaving';
    server.users.push({ id: 'anew', userName: 'dana', active: true, ...more });
    server.groups[0]!['members'] = [...(server.groups[0]!['members'] as Json[]), { value: 'anew' }];
  };
  const ways: [what: string, match: AccessOptions['match']][] = [
    ['the login alone', [BY_LOGIN]],
    ['the login before the employee id', [BY_LOGIN, ...BY_ID]],
  ];
  for (const [what, match] of ways)
    for (const hold of [SUSPEND, PRODUCTION])
      it(`a login that a new hire has leaves their account alone (${what}, ${hold.kind})`, async () => {
        const account = await captured(match, hold);
        await block(account, match, hold);
        hire();
        const watched = [{ id: 'dana', groups: ['production'] }];
        const drift = await access(match).driftOf(DANA, watched, hold, signal);
        assert.equal(drift?.isUntold, true);
        assert.match(drift.what, /anew \(dana, active\) .* may be another person's by now/);
        const again = access(match).capture(DANA, hold, signal, { held: ['dana'] });
        const unfound = await again.then(({ accounts, unfound }) => {
          assert.ok(accounts.every(({ id }) => id !== 'anew'));
          return unfound!.error;
        }, String);
        assert.match(unfound, /look whose it is/);
        const revoking = access(match).revoke(DANA, [account], signal);
        assert.match(await finalFailure(FailureType.CannotTell, revoking), /anew \(dana, active\)/);
        assert.equal(server.user('anew')['active'], true);
        assert.ok((server.groups[0]!['members'] as Json[]).some(({ value }) => value === 'anew'));
        const chosen = ['dana', 'anew'];
        await access(match).revoke(DANA, [account], signal, { chosen, vouched: chosen });
        assert.equal(server.user('anew')['active'], false, 'once an operator has named it');
      });

  it('a login counts as before where the account that has it shows the employee id, and no more once the held one was deleted', async () => {
    const match = [BY_LOGIN, ...BY_ID];
    const watched = [{ id: 'dana', groups: [] }];
    const account = await captured(match, SUSPEND);
    await block(account, match, SUSPEND);
    hire({ externalId: 'E-1' });
    const drift = async () => (await access(match).driftOf(DANA, watched, SUSPEND, signal))?.what;
    assert.match((await drift())!, /^another account of the employee is active/);
    delete server.user('anew')['externalId'];
    server.users.shift();
    assert.match(
      (await drift())!,
      /^cannot tell: .* no longer finds the held account dana, which was deleted/,
    );
  });

  const passesOn = (): void => void Object.assign(server.user('dana'), { externalId: 'E-7' });

  it('an account that passes on with its name stays inactive, where its suspension changed something else', async () => {
    Object.assign(server.user('dana'), { userName: 'reception@acme.example' });
    let changes = 0;
    server.odd(({ type, id, method }, usual) => {
      const answer = usual();
      if (type === 'Users' && id === 'dana' && method === 'PATCH')
        Object.assign(server.user('dana'), { 'urn:acme:2.0:User': { changedAt: changes++ } });
      return answer;
    });
    const account = await captured(BY_ID, SUSPEND);
    const { taken, renamed, version } = await block(account, BY_ID, SUSPEND);
    passesOn();
    const earlier = { renamed, version };
    const restoring = access(BY_ID).restore(account, taken, signal, { employee: DANA, earlier });
    assert.match(await finalFailure(FailureType.CannotTell, restoring), /look whose it is/);
    assert.equal(server.user('dana')['active'], false);
  });

  it('an account whose employee id the suspension replaces by no id is given back', async () => {
    server.odd(({ type, id, method }, usual) => {
      const answer = usual();
      if (type === 'Users' && id === 'dana' && method === 'PATCH')
        server.user('dana')['externalId'] = server.user('dana')['active'] ? 'E-1' : 'cleared-dana';
      return answer;
    });
    const account = await captured(BY_ID, SUSPEND);
    const { taken, renamed } = await block(account, BY_ID, SUSPEND);
    await access(BY_ID).restore(account, taken, signal, { employee: DANA, earlier: { renamed } });
    assert.deepEqual([server.user('dana')['active'], server.user('dana')['externalId']], [true, 'E-1']);
  });

  it('an account that passes on while the server does not show it is suspended again at once', async () => {
    const isHidden = (id: unknown): boolean =>
      server.users.some((each) => each['id'] === id && !each['active']);
    server.odd(({ method, type, id }, usual) => {
      if (method === 'GET' && type === 'Users' && isHidden(id)) return scimError(404, 'no such user');
      const answer = usual();
      if (method !== 'GET' || type !== 'Users' || id !== undefined) return answer;
      return list((answer.body as { Resources: Json[] }).Resources.filter((each) => !isHidden(each['id'])));
    });
    const account = await captured(BY_ID, SUSPEND);
    server.user('dana')['active'] = false;
    Object.assign(server.user('dana'), { userName: 'kim' });
    passesOn();
    const taken = { suspended: true, groups: [] };
    const restoring = access(BY_ID).restore(account, taken, signal, { employee: DANA });
    const reason = await finalFailure(FailureType.CannotTell, restoring);
    assert.match(reason, /look whose it is.*was active for a moment, and is suspended again/);
    assert.equal(server.user('dana')['active'], false);
  });

  it('an account that shows an employee id of another form by the first key is noted', async () => {
    Object.assign(server.user('dana'), { externalId: 'C-1000', employeeNumber: 'E-1' });
    const match = ['externalId', 'employeeNumber'].map((attribute) => ({
      attribute,
      template: '{employeeId}',
    }));
    const { accounts, notes } = await access(match).capture(DANA, SUSPEND, signal);
    assert.equal(accounts[0]!.id, 'dana');
    assert.match(
      notes.join(),
      /dana \(dana, active\) is found by employeeNumber E-1, and shows externalId C-1000/,
    );
  });
});
