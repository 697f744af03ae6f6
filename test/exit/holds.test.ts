import assert from 'node:assert/strict';
import { FailureType, FinalFailure } from '../../src/exit/failures.js';
import type { CapturedAccount } from '../../src/exit/hold-facts.js';
import { noHolds, performAll, watchedOf, type HoldsPerformer } from '../../src/exit/holds.js';

const account = (id: string): CapturedAccount => ({
  ...{ id, userName: id, identities: [], active: true, groups: [] },
});

/** @param failures by account id, why its block fails */
function site(failures: Record<string, Error>) {
  const did: string[] = [];
  const performer: HoldsPerformer = {
    holds: noHolds,
    now: () => 0,
    save: () => Promise.resolve(),
    capture: () =>
      Promise.resolve({
        ...{ system: 'payroll', capturedAt: '2026-11-23T09:00:00.000Z', notes: [] },
        accounts: ['dana', 'adm-dana', 'dana-2'].map(account),
      }),
    block({ account: { id } }) {
      did.push(id);
      const failure = failures[id];
      if (failure) return Promise.reject(failure);
      const taken = { suspended: true, groups: [] };
      return Promise.resolve({ blockedAt: '', taken, uncaptured: [], notes: [] });
    },
    restore: () => Promise.reject(new Error('not asked for')),
    revoke: () => Promise.reject(new Error('not asked for')),
    wait: () => Promise.reject(new Error('not asked for')),
  };
  const blocking = () =>
    performAll(performer, {
      ...{ system: 'payroll', kind: { kind: 'suspend' }, lateWriteMs: 1, goal: { to: 'block' }, starts: 1 },
    });
  return { did, performer, blocking };
}

describe('the holds on several accounts', () => {
  const refused = new FinalFailure(FailureType.Refused, 'dana is refused');
  const untold = new FinalFailure(FailureType.CannotTell, 'cannot tell: adm-dana is not shown');

  it('says what failed on each account, and blocks the others', async () => {
    const { did, performer, blocking } = site({ dana: refused, 'adm-dana': untold });
    await assert.rejects(blocking(), {
      message: 'dana is refused; cannot tell: adm-dana is not shown',
      type: FailureType.Refused,
    });
    assert.deepEqual(did, ['dana', 'adm-dana', 'dana-2']);
    assert.equal(performer.holds.filter(({ blocked }) => blocked).length, 1);
  });

  it('blocks what it found where further accounts cannot be looked for, says so, and looks for them at the next attempt', async () => {
    const { did, performer, blocking } = site({});
    const { capture } = performer;
    const unfound = { isKeyUnknown: true, error: 'cannot tell: the login is not known' };
    performer.capture = async (held) => ({ ...(await capture(held)), unfound });
    const failure = { message: unfound.error, type: FailureType.KeyUnknown };
    await assert.rejects(blocking(), failure);
    assert.deepEqual(did, ['dana', 'adm-dana', 'dana-2']);
    await assert.rejects(blocking(), failure);
    performer.capture = capture;
    await blocking();
    assert.deepEqual(did, ['dana', 'adm-dana', 'dana-2'], 'none is blocked twice');
  });

  it('is retried where a retry mends one account, and meets the final failure of another again then', async () => {
    const outage = new Error('payroll gave no answer');
    const { blocking } = site({ dana: refused, 'adm-dana': outage });
    await assert.rejects(blocking(), outage);
  });

  it('are watched for the groups that they are about, and not for one that went besides', () => {
    const [admins, licences] = ['admins', 'licences'].map((id) => ({ id, displayName: id }));
    const dana = { ...account('dana'), groups: [admins!] };
    const taken = { dana: { suspended: false, groups: [admins!, licences!] } };
    assert.deepEqual(watchedOf([dana], taken, { kind: 'groups', groups: ['admins'] }), [
      { id: 'dana', groups: ['admins'] },
    ]);
  });
});
