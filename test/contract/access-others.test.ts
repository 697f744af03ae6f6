import assert from 'node:assert/strict';
import { FailureType } from '../../src/exit/failures.js';
import type { HoldKind } from '../../src/exit/hold-facts.js';
import { NOTHING } from '../support/critical-system.js';
import { finalFailure } from '../support/failures.js';
import { RequestRefused } from '../support/scim-admin.js';
import { contract } from './contract.js';
import { pagesOfTwo } from './quirks.js';
import { all } from './targets.js';

const { signal } = new AbortController();

contract('among other administrators, a hold', all, (system, { SUSPEND, GROUPS, named }) => {
  it('leaves an account suspended that was suspended before', async () => {
    const { id, account } = await system.captured(SUSPEND, { active: false });
    assert.equal(account.active, false);
    const { taken, notes } = await system.block(account, SUSPEND);
    assert.deepEqual(taken, NOTHING);
    assert.deepEqual(notes, ['already suspended before the hold']);
    await system.access().restore(account, taken, signal);
    assert.equal((await system.admin.account(id)).active, false);
    assert.deepEqual(system.writes(), []);
  });

  it('leaves an account suspended that another administrator suspended after the capture', async () => {
    const { id, account } = await system.captured(SUSPEND);
    await system.admin.setActive(id, false);
    const { taken, notes } = await system.block(account, SUSPEND);
    assert.deepEqual(notes, ['another administrator suspended it after the capture']);
    await system.access().restore(account, taken, signal);
    assert.equal((await system.admin.account(id)).active, false);
  });

  it('asks a person to decide on an account that was activated after the capture', async () => {
    const { id, account } = await system.captured(SUSPEND, { active: false });
    await system.admin.setActive(id, true);
    const { taken } = await system.block(account, SUSPEND);
    assert.equal((await system.admin.account(id)).active, false, 'blocked all the same');
    const restoring = system.access().restore(account, taken, signal);
    assert.match(await finalFailure(FailureType.NotGivenBack, restoring), /decide by hand/);
    assert.equal((await system.admin.account(id)).active, false);
  });

  it('blocks an account again that was activated during the hold', async () => {
    const { id, account } = await system.captured(SUSPEND);
    const { taken } = await system.block(account, SUSPEND);
    await system.admin.setActive(id, true);
    await system.block(account, SUSPEND, taken);
    assert.equal((await system.admin.account(id)).active, false);
  });

  it('takes nothing from an account in none of its groups, and says so', async () => {
    const { employeeId, id } = await system.hire();
    for (const group of [system.groups.operators, system.groups.admins])
      await system.admin.removeMember(group, id);
    const account = await system.capture(employeeId, GROUPS);
    const { taken, notes } = await system.block(account, GROUPS);
    assert.deepEqual([taken, notes], [NOTHING, ['was in none of the critical groups']]);
    assert.deepEqual(system.writes(), []);
  });

  it('finds a configured group whatever the case of its name', async () => {
    const shouting: HoldKind = { kind: 'groups', groups: GROUPS.groups.map((name) => name.toUpperCase()) };
    assert.equal((await system.captured(shouting)).account.groups.length, 2);
  });

  it('is not blocked where a configured group does not exist: it cannot tell what else gives access', async () => {
    const mistaken: HoldKind = { kind: 'groups', groups: [named('operatorz')] };
    const { account } = await system.captured(mistaken);
    const reason = await finalFailure(FailureType.CannotTell, system.block(account, mistaken));
    assert.match(reason, /^cannot tell: payroll has no group ".*operatorz"\. Correct the group/);
  });

  it('leaves the other members of the groups where they are', async () => {
    const [{ account }, ravi] = [await system.captured(GROUPS), await system.hire()];
    const { taken } = await system.block(account, GROUPS);
    assert.deepEqual((await system.admin.account(ravi.id)).groups, ['admins', 'operators', 'readers']);
    await system.admin.removeMember(system.groups.admins, ravi.id);
    await system.access().restore(account, taken, signal);
    assert.deepEqual((await system.admin.account(ravi.id)).groups, ['operators', 'readers']);
  });

  it('gives back only the memberships that it took itself', async () => {
    const { id, account } = await system.captured(GROUPS);
    await system.admin.removeMember(system.groups.admins, id);
    const { taken, notes } = await system.block(account, GROUPS);
    assert.deepEqual(notes, [`another administrator removed it from ${named('admins')} after the capture`]);
    await system.access().restore(account, taken, signal);
    assert.deepEqual((await system.admin.account(id)).groups, ['operators', 'readers']);
  });

  it('takes a membership again that was given back during the hold', async () => {
    const { id, account } = await system.captured(GROUPS);
    const { taken } = await system.block(account, GROUPS);
    await system.admin.addMember(system.groups.admins, id);
    const again = await system.block(account, GROUPS, taken);
    assert.deepEqual((await system.admin.account(id)).groups, ['readers']);
    assert.deepEqual(again.taken, taken);
  });

  it('reports a critical membership that came after the capture, and leaves it', async () => {
    const { employeeId, id } = await system.hire();
    await system.admin.removeMember(system.groups.admins, id);
    const account = await system.capture(employeeId, GROUPS);
    await system.admin.addMember(system.groups.admins, id);
    const { uncaptured, taken } = await system.block(account, GROUPS);
    assert.deepEqual(uncaptured, [{ id: system.groups.admins, displayName: named('admins') }]);
    assert.deepEqual(taken.groups, [{ id: system.groups.operators, displayName: named('operators') }]);
    assert.deepEqual((await system.admin.account(id)).groups, ['admins', 'readers']);
  });

  it('gives back all that it can, and names the group that was deleted meanwhile', async () => {
    const { employeeId, id } = await system.hire();
    const passing = await system.admin.createGroup('passing', [id]);
    const hold = { ...GROUPS, groups: ['passing', 'operators', 'admins'].map(named) };
    const account = await system.capture(employeeId, hold);
    const { taken } = await system.block(account, hold);
    await system.admin.deleteGroup(passing);
    const reason = await finalFailure(
      FailureType.NotGivenBack,
      system.access().restore(account, taken, signal),
    );
    const why = system.tellsDeletion
      ? ', a group that was deleted meanwhile'
      : ' \\(payroll no longer shows the group ';
    assert.match(
      reason,
      new RegExp(`^cannot give back on payroll: the membership in ${named('passing')}${why}`),
    );
    assert.deepEqual((await system.admin.account(id)).groups, ['admins', 'operators', 'readers']);
  });

  it('reports an account that is deleted during the restore', async () => {
    const { id, account } = await system.captured(SUSPEND, { userName: 'going' });
    const { taken } = await system.block(account, SUSPEND);
    system.proxy.fault((request) =>
      system.isWrite(request)
        ? { kind: 'held', until: system.admin.deleteUser(id).then(() => undefined) }
        : undefined,
    );
    const restoring = system.access().restore(account, taken, signal);
    assert.match(
      await finalFailure(system.tellsDeletion ? FailureType.NotGivenBack : FailureType.CannotTell, restoring),
      new RegExp(`the account ${named('going')}\\b.* deleted`),
    );
  });

  it('spares the last active member of a protected group, and counts no suspended or deleted ones', async () => {
    const [dana, ravi, ines] = [await system.hire(), await system.hire(), await system.hire()];
    const guarded = await system.admin.createGroup('guarded', [dana.id, ravi.id, ines.id]);
    await system.admin.setActive(ravi.id, false);
    await system.admin.deleteUser(ines.id);
    const account = await system.capture(dana.employeeId, SUSPEND);
    const service = system.access({ protectedGroups: [named('guarded')] });
    const block = () => service.block(account, SUSPEND, NOTHING, () => Promise.resolve(), signal);
    const reason = await finalFailure(FailureType.LastOfProtectedGroup, block());
    assert.match(reason, new RegExp(`is the last active member of ${named('guarded')} on payroll`));
    assert.deepEqual(system.writes(), []);

    await system.admin.setActive(ravi.id, true);
    await block();
    assert.equal((await system.admin.account(dana.id)).active, false);
    await system.admin.deleteGroup(guarded);
  });

  it('sees drift by reading alone', async () => {
    const { employeeId, id } = await system.hire();
    const taken = [{ id, groups: [system.groups.operators, system.groups.admins] }];
    const drift = async (hold: HoldKind) =>
      (await system.access().driftOf({ employeeId }, taken, hold, signal))?.what;
    const account = await system.capture(employeeId, SUSPEND);
    await system.block(account, SUSPEND);
    await system.block(await system.capture(employeeId, GROUPS), GROUPS);
    system.proxy.seen.length = 0;
    assert.deepEqual([await drift(SUSPEND), await drift(GROUPS)], [undefined, undefined]);
    await system.admin.setActive(id, true);
    await system.admin.addMember(system.groups.admins, id);
    assert.equal(await drift(SUSPEND), 'the account is active again');
    assert.equal(await drift(GROUPS), `is in ${named('admins')} again`);
    assert.deepEqual(system.writes(), []);
  });

  it('takes no group that the account is in by way of another one, and says by which', async function () {
    const { employeeId, id } = await system.hire();
    const [inner, outer] = [`inner-${employeeId}`, `outer-${employeeId}`];
    const innerId = await system.admin.createGroup(inner, [id]);
    const outerId = await system.admin.createGroup(outer);
    try {
      await system.admin.addMember(outerId, innerId);
    } catch (error) {
      // A server without groups in groups.
      if (system.protocol === 'own' || (error instanceof RequestRefused && error.status < 500))
        return this.skip();
      throw error;
    }
    const hold: HoldKind = { kind: 'groups', groups: [named(outer)] };
    const account = await system.capture(employeeId, hold);
    const reason = await finalFailure(FailureType.Refused, system.block(account, hold));
    assert.match(reason, new RegExp(`${named(outer)} .*by way of ${named(inner)}`));
    assert.deepEqual(system.writes(), []);
  });

  it('sees every membership of an account in more groups than fit on a page', async () => {
    const { employeeId, id } = await system.hire();
    for (const name of ['one more', 'another', 'the last']) await system.admin.createGroup(name, [id]);
    system.proxy.quirk(pagesOfTwo);
    const everything = ['admins', 'operators', 'readers', 'one more', 'another', 'the last'];
    const account = await system.capture(employeeId, { kind: 'groups', groups: everything.map(named) });
    assert.deepEqual(system.namesOf(account.groups), everything.toSorted());
  });
});
