/** An account that appears on a system where the employee had none, as the sweep sees it. */
import assert from 'node:assert/strict';
import type { HoldKind } from '../../src/exit/hold-facts.js';
import { createAccessService } from '../../src/services/access/access.js';
import { FailureType } from '../../src/exit/failures.js';
import { finalFailure } from '../support/failures.js';
import { byEmployeeId } from '../support/matching.js';
import { newAccess, newPort, withOddServer } from '../support/odd-scim-server.js';

const { signal } = new AbortController();
const SUSPEND = { kind: 'suspend' } as const;

describe('an account that the employee gets during the hold, and had none at the block', () => {
  const server = withOddServer();
  beforeEach(() => server.users.push({ id: 'u-2', userName: 'ravi', externalId: 'E-2', active: true }));

  const seen = async (hold: HoldKind) => {
    const service = createAccessService({
      port: newPort(server),
      match: [{ attribute: 'userName', template: '{login}' }],
      declared: { settleMs: 0 },
      // The exit itself has not learnt the login.
      lookUp: (person) => Promise.resolve({ ...person, login: 'dana' }),
    });
    return (await service.driftOf({ employeeId: 'E-1' }, [], hold, signal))?.what;
  };
  const dana = (active?: boolean) =>
    server.users.push({ id: 'u-1', userName: 'dana', ...(active !== undefined && { active }) });

  it('is found by a key that only the directory tells', async () => {
    assert.equal(await seen(SUSPEND), undefined);
    dana(true);
    assert.equal(await seen(SUSPEND), 'an account of the employee is active: dana (u-1)');
  });

  it('is looked for by the next key where the first one finds an old, inactive record alone', async () => {
    server.users.push({ id: 'u-old', userName: 'old', externalId: 'E-1', active: false });
    dana(true);
    const capturing = newAccess(server, {
      match: [...byEmployeeId('externalId'), { attribute: 'userName', template: '{login}' }],
      lookUp: (person) => Promise.resolve({ ...person, login: 'dana' }),
    }).capture({ employeeId: 'E-1' }, SUSPEND, signal);
    assert.match(
      await finalFailure(FailureType.Ambiguous, capturing),
      /u-old \(old, inactive\).*u-1 \(dana, active\)/,
    );
  });

  it('is not taken for none where the system has lost zeros or space of the employee id', async () => {
    for (const [shown, employeeId] of [
      ['1002', '001002'],
      ['E-1 ', 'E-1'],
    ] as const) {
      server.users.push({ id: 'u-1', userName: 'dana', externalId: shown, active: true });
      const capturing = newAccess(server).capture({ employeeId }, SUSPEND, signal);
      assert.match(await finalFailure(FailureType.CannotTell, capturing), /lists a user with the externalId/);
      server.users.pop();
    }
  });

  it('is no drift while it is inactive, and cannot be told where the system does not show it', async () => {
    dana(false);
    assert.equal(await seen(SUSPEND), undefined);
    server.users.pop();
    dana();
    assert.match((await seen(SUSPEND))!, /whether an account of the employee is active, is not shown/);
  });

  it('is a drift of a hold of groups once it is in one of them', async () => {
    server.addGroup('production', 'u-2');
    server.addGroup('readers', 'u-1', 'u-2');
    dana(true);
    const hold = { kind: 'groups' as const, groups: ['production'] };
    assert.equal(await seen(hold), undefined);
    server.groups[0]!['members'] = [{ value: 'u-2' }, { value: 'u-1' }];
    assert.equal(await seen(hold), 'an account of the employee is active: dana (u-1)');
  });
});
