import assert from 'node:assert/strict';
import { FailureType } from '../../src/exit/failures.js';
import type { HoldKind } from '../../src/exit/hold-facts.js';
import { finalFailure } from '../support/failures.js';
import { RequestRefused } from '../support/scim-admin.js';
import { contract } from './contract.js';
import { all } from './targets.js';

const { signal } = new AbortController();

contract('a hold', all, (system, { SUSPEND, GROUPS, named }) => {
  const holds: [hold: HoldKind, writes: number][] = [
    [SUSPEND, 1],
    [GROUPS, 2],
  ];
  for (const [hold, writes] of holds) {
    describe(`of the kind ${hold.kind}`, () => {
      const held =
        hold.kind === 'suspend'
          ? { active: false, groups: ['admins', 'operators', 'readers'] }
          : { active: true, groups: ['readers'] };
      const free = { active: true, groups: ['admins', 'operators', 'readers'] };

      it('captures the account, and writes nothing', async () => {
        const dana = { userName: `dana-${hold.kind}`, email: named(`${hold.kind}@acme.example`) };
        const { id, account } = await system.captured(hold, dana);
        const { membershipsAt, ...captured } = account;
        assert.ok(membershipsAt);
        assert.deepEqual(
          {
            ...captured,
            groups: system.namesOf(account.groups),
            memberships: system.namesOf(account.memberships!),
          },
          {
            id,
            userName: named(`dana-${hold.kind}`),
            identities: [named(dana.userName), dana.email],
            active: true,
            groups: hold.kind === 'groups' ? ['admins', 'operators'] : [],
            memberships: free.groups,
            membershipCount: 3,
          },
        );
        assert.ok(system.proxy.seen.length > 0);
        assert.deepEqual(system.writes(), []);
      });

      it('blocks, and gives back exactly what it took', async () => {
        const { id, account } = await system.captured(hold);
        const { taken, uncaptured, notes } = await system.block(account, hold);
        assert.deepEqual(await system.admin.account(id), { id, ...held });
        const others = system.writes().filter((path) => path.includes(system.groups.readers));
        assert.deepEqual(others, [], 'it takes only the groups that it lists');
        assert.deepEqual(uncaptured, []);
        assert.deepEqual(notes, []);
        const { givenBack } = await system.access().restore(account, taken, signal);
        assert.deepEqual(givenBack, taken);
        assert.deepEqual(await system.admin.account(id), { id, ...free });
      });

      it('blocks, and revokes: the account stays, inactive and in no group', async () => {
        const { employeeId, id, account } = await system.captured(hold);
        await system.block(account, hold);
        const { removedGroups, notes } = await system.access().revoke({ employeeId }, [account], signal);
        assert.deepEqual(await system.admin.account(id), { id, active: false, groups: [] });
        assert.deepEqual(system.namesOf(removedGroups), held.groups);
        assert.deepEqual(notes, []);
      });

      it('reports what a revocation is about to remove, with what earlier attempts had reported', async () => {
        const { employeeId, id, account } = await system.captured(hold);
        const before = (await system.admin.account(id)).groups;
        const left = named(`left-${employeeId}`);
        const earlier = { id: await system.admin.createGroup(`left-${employeeId}`), displayName: left };
        const said: string[][] = [];
        const { removedGroups, accounts } = await system.access().revoke({ employeeId }, [account], signal, {
          earlier: [earlier],
          removing: async (groups) => {
            said.push(system.namesOf(groups.filter(({ id }) => id !== earlier.id)));
            assert.deepEqual((await system.admin.account(id)).groups, before, 'reported before it is done');
          },
        });
        assert.deepEqual(said, [before]);
        assert.deepEqual(removedGroups[0], earlier);
        assert.equal(removedGroups.length, before.length + 1);
        assert.deepEqual(accounts, [{ id, userName: account.userName }]);
        await system.admin.deleteGroup(earlier.id);
      });

      it('writes once, however often it is asked to block, to give back or to revoke', async () => {
        const { employeeId, account } = await system.captured(hold);
        const first = await system.block(account, hold);
        const again = await system.block(account, hold, first.taken);
        assert.equal(system.writes().length, writes);
        assert.deepEqual(again.taken, first.taken);
        assert.deepEqual(again.notes, []);

        system.proxy.seen.length = 0;
        await system.access().restore(account, first.taken, signal);
        await system.access().restore(account, first.taken, signal);
        assert.equal(system.writes().length, writes);

        system.proxy.seen.length = 0;
        await system.access().revoke({ employeeId }, [account], signal);
        await system.access().revoke({ employeeId }, [account], signal);
        assert.equal(system.writes().length, 4, 'the account and three groups');
      });

      it('leaves what other people change meanwhile', async () => {
        const { employeeId, id, account } = await system.captured(hold);
        const { taken } = await system.block(account, hold);
        const promoted = await system.admin.createGroup(`promoted-${employeeId}`, [id]);
        await system.admin.removeMember(system.groups.readers, id);
        await system.access().restore(account, taken, signal);
        const { active, groups } = await system.admin.account(id);
        assert.equal(active, true);
        assert.deepEqual(groups, ['admins', 'operators', `promoted-${employeeId}`]);
        await system.admin.deleteGroup(promoted);
      });

      it('reports what cannot be given back to a deleted account', async () => {
        const { employeeId, id, account } = await system.captured(hold, { userName: `gone-${hold.kind}` });
        const { taken } = await system.block(account, hold);
        await system.admin.deleteUser(id);
        const restoring = system.access().restore(account, taken, signal);
        if (!system.tellsDeletion) {
          const untold = (doing: Promise<unknown>) => finalFailure(FailureType.CannotTell, doing);
          assert.match(await untold(restoring), /no longer shows the account .*: it was deleted, or moved/);
          await untold(system.block(account, hold, taken));
          await untold(system.access().revoke({ employeeId }, [account], signal));
          return;
        }
        assert.match(
          await finalFailure(FailureType.NotGivenBack, restoring),
          new RegExp(`^cannot give back on payroll: the account ${named(`gone-${hold.kind}`)}, .*deleted`),
        );
        const again = system.block(account, hold, taken);
        // It may be the suspension itself that deleted it.
        if (hold.kind === 'suspend')
          assert.match(await finalFailure(FailureType.NotGivenBack, again), /no longer shows the account/);
        else assert.deepEqual((await again).notes, ['the account no longer exists']);
        const { notes } = await system.access().revoke({ employeeId }, [account], signal);
        // Some servers keep the memberships of an account that they have deleted.
        assert.match(
          notes.join('; '),
          /^(the account no longer exists|[^;]* does not show the account .*: it was removed from .* all the same)$/,
        );
      });

      it('succeeds without an account', async () => {
        const capture = await system.access().capture({ employeeId: named('E-unknown') }, hold, signal);
        assert.deepEqual(capture.accounts, []);
        const { notes, removedGroups } = await system
          .access()
          .revoke({ employeeId: named('E-unknown') }, [], signal);
        assert.deepEqual([notes, removedGroups], [['no account'], []]);
        assert.deepEqual(system.writes(), []);
      });
    });
  }

  it('finds the account by the employee number where the system knows no external id', async function () {
    if (system.keys < 2) return this.skip();
    const { employeeId, id } = await system.hire();
    await system.admin.setExternalId(id, named('something-else'));
    assert.equal((await system.capture(employeeId, SUSPEND)).id, id);
  });

  it('touches no account where two match the employee id', async function () {
    const { employeeId, id } = await system.hire();
    try {
      await system.admin.createUser({
        employeeId,
        userName: 'a-namesake',
        email: named('namesake@acme.example'),
      });
    } catch (error) {
      // A server that keeps these ids unique cannot have two such accounts.
      if (error instanceof RequestRefused && [400, 409].includes(error.status)) return this.skip();
      throw error;
    }
    for (const acting of [
      () => system.access().capture({ employeeId }, SUSPEND, signal),
      () => system.access().revoke({ employeeId }, [], signal),
    ])
      assert.match(
        await finalFailure(FailureType.Ambiguous, acting()),
        /2 accounts on payroll .* none is changed/,
      );
    assert.deepEqual(system.writes(), []);
    assert.equal((await system.admin.account(id)).active, true);
  });

  it('does not mistake an account whose id differs in case only: it finds the right one, or stops', async () => {
    const right = await system.hire();
    const other = await system.admin.createUser({
      employeeId: right.employeeId.toLowerCase(),
      userName: 'in-lower-case',
      email: named('lower@acme.example'),
    });
    const capturing = system.access().capture(right, SUSPEND, signal);
    const found = await capturing.catch((error: unknown) => {
      assert.match(String(error), /2 accounts on payroll .* none is changed/);
      return undefined;
    });
    if (found)
      assert.deepEqual(
        found.accounts.map(({ id }) => id),
        [right.id],
      );
    assert.equal((await system.admin.account(other)).active, true);
  });

  it('revokes an account that was created again after the capture', async () => {
    const { employeeId, id, account } = await system.captured(SUSPEND);
    await system.admin.deleteUser(id);
    const anew = await system.admin.createUser({ employeeId });
    await system.admin.addMember(system.groups.admins, anew);
    const revoking = system.access().revoke({ employeeId }, [account], signal);
    await (system.tellsDeletion ? revoking : finalFailure(FailureType.CannotTell, revoking));
    assert.deepEqual(await system.admin.account(anew), { id: anew, active: false, groups: [] });
  });
});
