import assert from 'node:assert/strict';
import { FailureType, FinalFailure } from '../../src/exit/failures.js';
import type { Blocked, CapturedAccount, GroupRef, Taken } from '../../src/exit/hold-facts.js';
import { noHold, perform, type Goal, type Held, type Performer } from '../../src/exit/hold.js';

const account: CapturedAccount = { id: 'u-1', userName: 'nora', identities: [], active: true, groups: [] };
const suspended: Taken = { suspended: true, groups: [] };
const capture = { capturedAt: '2026-11-23T09:00:00.000Z', account, notes: [] };
const LATE_MS = 30_000;

/** Performs a hold in memory, on a clock that only waiting moves. */
function site(
  held: Held = noHold,
  restore: () => Promise<void> = () => Promise.resolve(),
  /** What each block finds after it, in turn. */
  found: GroupRef[][] = [],
) {
  const did: string[] = [];
  let now = Date.parse('2026-11-23T09:00:00.000Z');
  const blocked: Blocked = { blockedAt: '', taken: suspended, uncaptured: [], notes: [] };
  const performer: Performer = {
    held,
    now: () => now,
    save: () => Promise.resolve(void did.push('save')),
    capture: () => Promise.resolve((did.push('capture'), { ...capture, taken: undefined })),
    block: () => Promise.resolve((did.push('block'), { ...blocked, uncaptured: found.shift() ?? [] })),
    async restore({ taken }) {
      did.push('restore');
      await restore();
      return { restoredAt: '', givenBack: taken, active: true, notes: [] };
    },
    revoke: () => Promise.resolve((did.push('revoke'), { revokedAt: '', removedGroups: [], notes: [] })),
    wait: ({ until }) => {
      did.push('wait');
      now = Date.parse(until);
      return Promise.resolve();
    },
  };
  const to = (goal: Goal, starts = 1) =>
    perform(performer, { system: 'payroll', kind: { kind: 'suspend' }, lateWriteMs: LATE_MS, goal, starts });
  return { did, performer, to };
}

describe('the hold', () => {
  it('captures before it blocks, and blocks once however often it is asked', async () => {
    const { did, to } = site();
    await to({ to: 'block' });
    await to({ to: 'block' });
    assert.deepEqual(did, ['capture', 'block']);
    await to({ to: 'block', drift: 'event-7' });
    assert.deepEqual(
      did,
      ['capture', 'block', 'capture', 'block'],
      'it looks for accounts and blocks again after drift',
    );
  });

  const admins = [{ id: 'g-1', displayName: 'admins' }];

  it('pauses while memberships come back after each removal, and then asks for help', async () => {
    const found = Array.from({ length: 7 }, () => admins);
    const { did, to } = site(noHold, undefined, found);
    const refused = { type: FailureType.Refused, message: /nora is in admins on payroll after each of 4 / };
    await assert.rejects(to({ to: 'block' }), refused);
    const round = ['capture', 'block'];
    const all = [...round, ...round, 'wait', ...round, 'wait', ...round, 'save'];
    assert.deepEqual(did, all);
    // A retry counts anew.
    await to({ to: 'block' });
    assert.equal(did.at(-1), 'block');
  });

  it('captures again at once where a membership appeared once', async () => {
    const { did, to } = site(noHold, undefined, [admins]);
    await to({ to: 'block' });
    assert.deepEqual(did, ['capture', 'block', 'capture', 'block']);
  });

  it('waits once for late writes: a retried restore does not wait again', async () => {
    let isRefused = true;
    const refused = new FinalFailure(FailureType.Refused, 'no');
    const { did, performer, to } = site({ capture, taken: suspended, mayLandUntil: 'unknown' }, () =>
      isRefused && did.includes('wait') ? Promise.reject(refused) : Promise.resolve(),
    );
    await assert.rejects(to({ to: 'restore' }), refused);
    isRefused = false;
    await to({ to: 'restore' });
    assert.deepEqual(did, ['restore', 'wait', 'restore', 'restore']);
    assert.deepEqual(performer.held.restored?.givenBack, suspended);
  });

  it('reports what cannot be given back only after the second look', async () => {
    const lost = new FinalFailure(FailureType.NotGivenBack, 'the account was deleted');
    const { did, to } = site({ capture, taken: suspended, mayLandUntil: 'unknown' }, () =>
      Promise.reject(lost),
    );
    await assert.rejects(to({ to: 'restore' }), lost);
    assert.deepEqual(did, ['restore', 'wait', 'restore']);
  });

  it('refuses a restore after a revocation has begun, or of what was blocked by hand', async () => {
    const revoking = { capture, taken: suspended, revokingSince: '2026-11-23T09:00:00.000Z' };
    await assert.rejects(site(revoking).to({ to: 'restore' }), /had begun at .* before "retained" arrived/);
    const byHand = site({ capture, taken: suspended });
    await assert.rejects(
      byHand.to({ to: 'restore', blockedByHand: { by: 'it@acme.example', at: '2026-11-23T09:00:00.000Z' } }),
      /it@\S+ blocked payroll by hand/,
    );
    assert.deepEqual(byHand.did, ['restore'], 'what the hold took is given back all the same');
  });

  it('looks at the account before it reports that an inherited hold took nothing', async () => {
    const { did, to } = site({ ...noHold, inherits: true });
    assert.deepEqual(await to({ to: 'restore' }), ['nothing had been taken']);
    assert.deepEqual(did, ['capture']);
    assert.match((await site().to({ to: 'restore' })).join(), /was never looked at/);
  });

  it('forgets what an attempt has said of others once a person has the step begun again', async () => {
    const others = ['u-2'];
    const groups: GroupRef[] = [
      { id: 'g-1', displayName: 'admins', others, isHarmed: true },
      { id: 'g-2', displayName: 'readers', others },
    ];
    const { performer, to } = site({ ...noHold, begun: 'revoke 1', removing: groups });
    performer.revoke = () => Promise.reject(new Error('the process dies'));
    const recorded = () => performer.held.removing!.map((group) => group.others);
    await assert.rejects(to({ to: 'revoke' }, 1));
    assert.deepEqual(recorded(), [others, others]);
    await assert.rejects(to({ to: 'revoke' }, 2));
    assert.deepEqual(recorded(), [undefined, others]);
  });

  it('records a revocation before it revokes', async () => {
    const { did, to } = site({ capture, taken: suspended });
    await to({ to: 'revoke' });
    await to({ to: 'revoke' });
    assert.deepEqual(did, ['save', 'revoke']);
  });
});
