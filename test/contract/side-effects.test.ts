import assert from 'node:assert/strict';
import { FailureType } from '../../src/exit/failures.js';
import { finalFailure } from '../support/failures.js';
import type { ProxiedAnswer, ProxiedRequest, Quirk } from '../support/fault-proxy.js';
import { NOTHING, untilDone } from '../support/critical-system.js';
import { contract } from './contract.js';
import {
  andThen,
  deletesTheSuspended,
  emptiesTheGroup,
  idIn,
  isSuspension,
  isWrite,
  removal,
  stripsTheSuspended,
  type Group,
} from './costly-writes.js';
import { hidesActive, prefixesNames, together, withoutEtags } from './quirks.js';
import { embedded } from './targets.js';

const { signal } = new AbortController();

const activation = (active: boolean) => ({
  schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
  Operations: [{ op: 'replace', path: 'active', value: active }],
});

/** Changes other values of an account that is suspended, and of one that is reactivated. */
const renamesTheSuspended = (suspended: object, reactivated?: object): Quirk =>
  andThen('Users', async (request, ask) => {
    const value = isSuspension(request) ? suspended : reactivated;
    const { schemas } = activation(true);
    if (value)
      await ask('PATCH', `/Users/${idIn(request)}`, { schemas, Operations: [{ op: 'replace', value }] });
  });

contract('what a write costs besides: a hold', [embedded], (system, { SUSPEND, GROUPS, named }) => {
  it('gives back the memberships that its suspension cost, and looks again later', async () => {
    const { id, account } = await system.captured(SUSPEND);
    const before = (await system.admin.account(id)).groups;
    system.proxy.quirk(stripsTheSuspended);
    const { taken, notes } = await system.block(account, SUSPEND);
    assert.deepEqual((await system.admin.account(id)).groups, [], 'the server has stripped it');
    assert.deepEqual(system.namesOf(taken.groups), before);
    assert.match(notes.join(), /the suspension (may have )?cost .*admins/);
    const { givenBack, isUnsettled } = await system.access().restore(account, taken, signal);
    assert.deepEqual(givenBack, taken);
    assert.equal(isUnsettled, true);
    assert.deepEqual(await system.admin.account(id), { id, active: true, groups: before });
  });

  it('asks a person where all memberships went later during a suspension', async () => {
    // A colleague in the groups, by whom the server shows that it does list members.
    await system.hire();
    const { id, account } = await system.captured(SUSPEND);
    const { taken } = await system.block(account, SUSPEND);
    for (const group of Object.values(system.groups)) await system.admin.removeMember(group, id);
    const reason = await finalFailure(
      FailureType.NotGivenBack,
      system.access().restore(account, taken, signal),
    );
    assert.match(reason, /the membership in .*admins.* went during the hold/);
    assert.equal((await system.admin.account(id)).active, true, 'what can be given back is given back');
  });

  it('names a membership that another administrator removed during a suspension, and leaves it', async () => {
    const { id, account } = await system.captured(SUSPEND);
    const { taken } = await system.block(account, SUSPEND);
    await system.admin.removeMember(system.groups.readers, id);
    const { notes } = await system.access().restore(account, taken, signal);
    assert.match(notes.join(), /not given back: the membership in .*readers/);
    assert.deepEqual((await system.admin.account(id)).groups, ['admins', 'operators']);
  });

  it('stops before the next group where removing one member removed others, and names them', async () => {
    const ravi = await system.hire();
    const { account } = await system.captured(GROUPS);
    system.proxy.quirk(emptiesTheGroup);
    const reason = await finalFailure(FailureType.HarmedOthers, system.block(account, GROUPS));
    assert.match(reason, new RegExp(`no longer lists \\d+ other members? of .*: .*${ravi.id}`));
    assert.match(reason, /Give them back there by hand/);
    const touched = new Set(system.writes().filter((path) => path.includes('/Groups/')));
    assert.equal(touched.size, 1, 'it touches no further group');
    system.proxy.quirk(undefined);
    const left = (await system.admin.account(ravi.id)).groups;
    assert.equal(left.length, 2, 'the other groups still have their members');
  });

  it('is not blamed for a member who went before its own write, which met another version', async () => {
    const [ravi, account] = [await system.hire(), (await system.captured(GROUPS)).account];
    let isFirst = true;
    system.proxy.quirk((forward) => async (request) => {
      if (isFirst && isWrite(request, 'Groups')) {
        isFirst = false;
        const { 'if-match': _, ...headers } = request.headers;
        await forward({ ...request, headers, body: JSON.stringify(removal(ravi.id)) });
      }
      return forward(request);
    });
    const { notes } = await system.block(account, GROUPS);
    assert.deepEqual([isFirst, notes], [false, []]);
  });

  it('goes on where another administrator removes another member in the same moment', async () => {
    const others = [await system.hire(), await system.hire(), await system.hire()];
    const { id, account } = await system.captured(GROUPS);
    const leaver = others[0]!.id;
    let isFirst = true;
    system.proxy.quirk(
      andThen('Groups', async (request, ask) => {
        if (isFirst) await ask('PATCH', `/Groups/${idIn(request)}`, removal(leaver));
        isFirst = false;
      }),
    );
    await system.block(account, GROUPS);
    assert.deepEqual((await system.admin.account(id)).groups, ['readers']);
  });

  it('stops where the answer to the removal itself shows that one other member went', async () => {
    const others = [await system.hire(), await system.hire(), await system.hire()];
    const { account } = await system.captured(GROUPS);
    system.proxy.quirk((forward) => async (request) => {
      if (!isWrite(request, 'Groups')) return forward(request);
      const { 'if-match': _, ...headers } = request.headers;
      await forward({ ...request, headers, body: JSON.stringify(removal(others[0]!.id)) });
      return forward({ ...request, headers });
    });
    const reason = await finalFailure(FailureType.HarmedOthers, system.block(account, GROUPS));
    assert.match(reason, new RegExp(`no longer lists 1 other member of .*: ${others[0]!.id}`));
  });

  it('says how many memberships it cannot give back where they were too many to record', async () => {
    const { account } = await system.captured(SUSPEND);
    system.proxy.quirk(stripsTheSuspended);
    const { taken } = await system.block(account, SUSPEND);
    const cut = { ...account, memberships: account.memberships!.slice(0, 1) };
    const recorded = { ...taken, groups: taken.groups.slice(0, 1) };
    const reason = await finalFailure(
      FailureType.NotGivenBack,
      system.access().restore(cut, recorded, signal),
    );
    assert.match(reason, /2 further memberships, which were too many to record/);
  });

  it('names another membership that a removal took from the account', async () => {
    const { id, account } = await system.captured(GROUPS);
    system.proxy.quirk(
      andThen('Groups', async (_request, ask) => {
        await ask('PATCH', `/Groups/${system.groups.readers}`, removal(id));
      }),
    );
    const { notes } = await system.block(account, GROUPS);
    assert.match(notes.join(), /also no longer in .*readers, perhaps by the removal/);
  });

  it('stops where adding a member at the restore replaced the others', async () => {
    const ravi = await system.hire();
    const { id, account } = await system.captured(GROUPS);
    const { taken } = await system.block(account, GROUPS);
    system.proxy.quirk(
      andThen('Groups', async (request, ask) => {
        const group = JSON.parse(await ask('GET', `/Groups/${idIn(request)}`)) as Group;
        for (const { value } of group.members ?? [])
          if (value !== id) await ask('PATCH', `/Groups/${group.id}`, removal(value));
      }),
    );
    const reason = await finalFailure(
      FailureType.HarmedOthers,
      system.access().restore(account, taken, signal),
    );
    assert.match(
      reason,
      new RegExp(`no longer lists \\d+ other members? of .* since it added .*: .*${ravi.id}`),
    );
  });

  it('says at once that a suspension deleted the account', async () => {
    const { account } = await system.captured(SUSPEND);
    system.proxy.quirk(deletesTheSuspended);
    const reason = await finalFailure(FailureType.NotGivenBack, system.block(account, SUSPEND));
    assert.match(reason, /no longer shows the account .* after it was suspended: it cannot give it back/);
  });

  it('makes no hold on a system that says it deletes what it suspends, unless the configuration accepts it', async () => {
    const { account } = await system.captured(SUSPEND);
    const deleting = system.access({ tells: { restore: 'nothing' } });
    const blocking = (service = deleting) =>
      service.block(account, SUSPEND, { suspended: false, groups: [] }, () => Promise.resolve(), signal);
    assert.match(await finalFailure(FailureType.Refused, blocking()), /accept that in the configuration/);
    assert.deepEqual(system.writes(), []);
    const accepted = system.access({ tells: { restore: 'nothing' }, declared: { restore: 'nothing' } });
    assert.match(
      (await blocking(accepted)).notes.join(),
      /deletes what it suspends, and cannot give it back/,
    );
  });

  it('cannot tell that an account is blocked where the system does not show it', async () => {
    const { id, employeeId } = await system.hire();
    system.proxy.quirk(hidesActive);
    const account = await system.capture(employeeId, SUSPEND);
    assert.equal(account.active, undefined);
    const reason = await finalFailure(FailureType.CannotTell, system.block(account, SUSPEND));
    assert.match(reason, /^cannot tell: payroll does not show whether the account .* is active/);
    assert.equal((await system.admin.account(id)).active, false, 'it is suspended all the same');
    const taken = { suspended: true, groups: [] };
    await finalFailure(FailureType.CannotTell, system.access().restore(account, taken, signal));
    assert.equal((await system.admin.account(id)).active, true);
  });

  for (const hold of [SUSPEND, GROUPS])
    it(`of kind ${hold.kind} reads again where one answer leaves out whether the account is active`, async () => {
      const { id, employeeId, account } = await system.captured(hold, { active: false });
      let isFirst = true;
      // What is inactive may be called otherwise now, as by an archive.
      system.proxy.quirk((forward) => async (request) => {
        const answer = await (isFirst ? hidesActive(forward) : forward)(request);
        if (!request.path.includes(id)) return answer;
        isFirst = false;
        return { ...answer, body: answer.body.replaceAll(new RegExp(employeeId, 'gi'), 'archived') };
      });
      await system.block(account, hold);
      assert.equal(isFirst, false);
    });

  it('of kind suspend takes no inactive account for the last member that one answer calls neither', async () => {
    const { id, account } = await system.captured(SUSPEND, { active: false });
    const guarded = await system.admin.createGroup('guarded', [id]);
    const service = system.access({ protectedGroups: [named('guarded')] });
    const leftOut = () => {
      let isFirst = true;
      system.proxy.quirk((forward) => async (request) => {
        if (!isFirst || !request.path.includes(id)) return forward(request);
        isFirst = false;
        return hidesActive(forward)(request);
      });
    };
    leftOut();
    assert.deepEqual(await service.wouldBeLast(account, SUSPEND, signal), { last: [], untold: [] });
    leftOut();
    await service.block(account, SUSPEND, NOTHING, () => Promise.resolve(), signal);
    await system.admin.deleteGroup(guarded);
  });

  it('removes the memberships of a leaver whose suspension cannot be told', async () => {
    const { id, employeeId, account } = await system.captured(SUSPEND);
    system.proxy.quirk(hidesActive);
    await finalFailure(FailureType.CannotTell, system.access().revoke({ employeeId }, [account], signal));
    assert.deepEqual(await system.admin.account(id), { id, active: false, groups: [] });
  });

  it('cannot tell what a group gives that the system answers under another name', async () => {
    const { employeeId } = await system.hire();
    system.proxy.quirk(prefixesNames);
    const account = await system.capture(employeeId, GROUPS);
    const reason = await finalFailure(FailureType.CannotTell, system.block(account, GROUPS));
    assert.match(
      reason,
      new RegExp(`answers "${named('admins')}" with the group "PRIMARY/${named('admins')}"`),
    );
  });

  it('writes at most twice where the server ignores a write', async () => {
    const { account } = await system.captured(SUSPEND);
    system.proxy.quirk(
      (forward) => async (request) =>
        isWrite(request, 'Users') ? { status: 204, headers: {}, body: '' } : forward(request),
    );
    await assert.rejects(
      system
        .access()
        .block(account, SUSPEND, { suspended: false, groups: [] }, () => Promise.resolve(), signal),
      /the server accepts the change but does not show it/,
    );
    assert.equal(system.writes().length, 2);
  });

  it('waits for a read that shows a write late, and writes once', async () => {
    const { id, account } = await system.captured(SUSPEND);
    let late: ProxiedAnswer | undefined;
    let reads = 0;
    system.proxy.quirk((forward) => async (request) => {
      if (request.method === 'GET' && request.path.endsWith(`/Users/${id}`)) {
        const answer = await forward(request);
        late ??= answer;
        // The first reads after the write still show the account from before.
        return reads++ < 4 ? late : answer;
      }
      return forward(request);
    });
    const { taken } = await system.block(account, SUSPEND);
    assert.equal(taken.suspended, true);
    assert.equal(system.writes().length, 1);
  });

  it('looks again later after a reactivation, and asks a person where it cost memberships then', async () => {
    const { id, employeeId, account } = await system.captured(SUSPEND);
    const { taken } = await system.block(account, SUSPEND);
    const service = system.access();
    const restore = () => service.restore(account, taken, signal, { employee: { employeeId } });
    assert.equal((await restore()).isUnsettled, true);
    // The system takes them by a job.
    for (const group of Object.values(system.groups)) await system.admin.removeMember(group, id);
    assert.match(
      await finalFailure(FailureType.NotGivenBack, restore()),
      /the membership in .*admins.* went during the hold or at its end, by a write of the hold or by another/,
    );
  });

  it('finds an account by its id that the suspension renamed, and gives it back', async () => {
    const { id, employeeId } = await system.hire();
    const match = [{ attribute: 'userName', template: '{login}' }];
    const employee = { employeeId, login: (await system.capture(employeeId, SUSPEND)).userName };
    const service = system.access({ match });
    const [account] = (await service.capture(employee, SUSPEND, signal)).accounts;
    system.proxy.quirk(renamesTheSuspended({ userName: `hash-${id}` }, { userName: employee.login }));
    const blocked = await system.block(account!, SUSPEND);
    assert.match(blocked.notes.join(), /the suspension also changed userName of the account/);
    const { notes } = await service.restore(account!, blocked.taken, signal, { employee, earlier: blocked });
    assert.match(notes.join(), /found by its id alone/);
    const { userName } = await system.capture(employeeId, SUSPEND);
    assert.deepEqual([userName, (await system.admin.account(id)).active], [employee.login, true]);
  });

  it('names the login that the suspension changed for good', async () => {
    const { id, employeeId, account } = await system.captured(SUSPEND);
    system.proxy.quirk(renamesTheSuspended({ userName: `hash-${id}` }));
    const blocked = await system.block(account, SUSPEND);
    const employee = { employeeId };
    const restoring = system.access().restore(account, blocked.taken, signal, { employee, earlier: blocked });
    assert.match(
      await finalFailure(FailureType.NotGivenBack, restoring),
      new RegExp(
        `the names ${account.userName}, which the suspension changed: the account is called hash-${id} now`,
      ),
    );
    assert.equal((await system.admin.account(id)).active, true);
  });

  for (const [what, lacking] of [
    ['', undefined],
    [', without ETags', withoutEtags],
  ] as const) {
    it(`names the key that the suspension cleared, and gives the account back${what}`, async () => {
      const { id, employeeId } = await system.hire();
      const match = [{ attribute: 'externalId', template: '{employeeId}' }];
      const quirk = renamesTheSuspended({ externalId: `cleared-${id}` });
      system.proxy.quirk(lacking ? together(lacking, quirk) : quirk);
      const service = system.access({ match });
      const employee = { employeeId };
      const [account] = (await service.capture(employee, SUSPEND, signal)).accounts;
      const blocked = await system.block(account!, SUSPEND);
      assert.match(blocked.notes.join(), /the suspension also changed externalId of the account/);
      const restoring = service.restore(account!, blocked.taken, signal, { employee, earlier: blocked });
      assert.match(
        await finalFailure(FailureType.NotGivenBack, restoring),
        /what .* is found by: no key of .* finds it since the suspension/,
      );
      assert.equal((await system.admin.account(id)).active, true);
    });
  }

  it('gives a membership back although the memberships lag behind its removal', async () => {
    const { id, account } = await system.captured(GROUPS);
    const before = (await system.admin.account(id)).groups;
    const stale = new Map<string, ProxiedAnswer>();
    const isMembership = ({ path }: ProxiedRequest) =>
      path.includes('members.value') || path.includes('attributes=groups');
    system.proxy.quirk((forward) => async (request) => {
      const answer = await forward(request);
      if (isMembership(request) && !stale.has(request.path)) stale.set(request.path, answer);
      return answer;
    });
    await system.access().memberships(id, signal);
    system.proxy.quirk(undefined);
    const { taken } = await system.block(account, GROUPS);
    system.proxy.quirk(
      (forward) => (request) =>
        isMembership(request) && stale.has(request.path)
          ? Promise.resolve(stale.get(request.path)!)
          : forward(request),
    );
    await system.access().restore(account, taken, signal);
    system.proxy.quirk(undefined);
    assert.deepEqual((await system.admin.account(id)).groups, before);
  });

  it('is not reported revoked while an administrator reactivates the account meanwhile', async () => {
    const { id, employeeId, account } = await system.captured(SUSPEND);
    let isFirst = true;
    system.proxy.quirk(
      andThen('Groups', async (_request, ask) => {
        if (isFirst) await ask('PATCH', `/Users/${id}`, activation(true));
        isFirst = false;
      }),
    );
    await untilDone(() => system.access().revoke({ employeeId }, [account], signal));
    assert.deepEqual(await system.admin.account(id), { id, active: false, groups: [] });
  });
});

contract('whether a hold still stands: the drift check', [embedded], (system, { SUSPEND, GROUPS, named }) => {
  const watched = (id: string) => [{ id, groups: [system.groups.operators, system.groups.admins] }];
  it('knows a taken group by its id, also under another name', async () => {
    const { id, employeeId, account } = await system.captured(GROUPS);
    await system.block(account, GROUPS);
    await system.admin.addMember(system.groups.admins, id);
    const renamed = `renamed-${id}`;
    system.proxy.quirk((forward) => async (request) => {
      const answer = await forward(request);
      return { ...answer, body: answer.body.replaceAll(named('admins'), renamed) };
    });
    const drift = await system.access().driftOf({ employeeId }, watched(id), GROUPS, signal);
    assert.deepEqual(drift, { what: `is in ${renamed} again` });
  });

  it('cannot tell where the system shows no longer whether the account is active', async () => {
    const { id, employeeId, account } = await system.captured(SUSPEND);
    await system.block(account, SUSPEND);
    system.proxy.quirk(hidesActive);
    const drift = await system.access().driftOf({ employeeId }, watched(id), SUSPEND, signal);
    assert.match(drift!.what, /^cannot tell: whether the account .* is active, is not shown any more/);
    assert.equal(drift!.isUntold, true);
  });

  it('looks by the other keys where the system cannot be asked for one', async () => {
    const { id, employeeId, account } = await system.captured(SUSPEND);
    await system.block(account, SUSPEND);
    const anew = await system.admin.createUser({ employeeId, userName: `anew-${id}` });
    system.proxy.fault(({ path }) =>
      path.includes('employeeNumber') ? { kind: 'answer', status: 400 } : undefined,
    );
    const drift = await system.access().driftOf({ employeeId }, watched(id), SUSPEND, signal);
    assert.match(drift!.what, new RegExp(`another account of the employee is active: .* \\(${anew}\\)`));
    await system.admin.deleteUser(anew);
  });

  it('cannot tell where no key finds accounts any more', async () => {
    const { id, employeeId, account } = await system.captured(SUSPEND);
    await system.block(account, SUSPEND);
    system.proxy.fault(({ path }) =>
      /\/Users(\?|$)/.test(path) ? { kind: 'answer', status: 400 } : undefined,
    );
    const drift = await system.access().driftOf({ employeeId }, watched(id), SUSPEND, signal);
    assert.equal(drift!.isUntold, true);
    assert.match(drift!.what, /no key of .* finds accounts now/);
  });
});
