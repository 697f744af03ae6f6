import assert from 'node:assert/strict';
import { FailureType, FinalFailure } from '../../src/exit/failures.js';
import type { CapturedAccount, HoldKind } from '../../src/exit/hold-facts.js';
import { NOTHING, untilDone } from '../support/critical-system.js';
import { finalFailure, outage } from '../support/failures.js';
import type { Fault } from '../support/fault-proxy.js';
import { gate } from '../support/gate.js';
import { contract, itOverAnyHttp, itOverHttp, itOverScim, itWithEtags } from './contract.js';
import { filtersIgnoreCase } from './quirks.js';
import { faulty } from './targets.js';

const { signal } = new AbortController();
const ALL = ['admins', 'operators', 'readers'];
const report = () => Promise.resolve();

contract('when a system or the network fails, a hold', faulty, (system, names) => {
  const { SUSPEND, GROUPS, named, asItIs } = names;
  /** The fault meets the first writes to each resource. */
  function hinder(fault: Fault, often: number): () => number {
    const met = new Map<string, number>();
    system.proxy.fault((request) => {
      const { path } = request;
      const times = met.get(path) ?? 0;
      if (!system.isWrite(request) || times === often) return undefined;
      met.set(path, times + 1);
      return fault;
    });
    return () => [...met.values()].reduce((sum, times) => sum + times, 0);
  }

  async function captured(hold: HoldKind): Promise<CapturedAccount & { employeeId: string }> {
    const { employeeId, account } = await system.captured(hold);
    return { employeeId, ...account };
  }
  const block = (account: CapturedAccount, hold: HoldKind, given = signal) =>
    system.access().block(account, hold, NOTHING, report, given);

  const answers = (status: number): [what: string, fault: Fault] => [
    `the answer is ${status}`,
    { kind: 'answer', status },
  ];
  const both = [SUSPEND, GROUPS];
  const faults: [what: string, fault: Fault, often: number, holds: HoldKind[]][] = [
    ['the answer is lost', { kind: 'lost-answer' }, 2, both],
    ['the request is lost', { kind: 'unreachable' }, 2, both],
    [...answers(429), 2, both],
    [...answers(500), 2, both],
    [...answers(503), 2, both],
    // A conflict is looked at again after a pause. Both are met by accounts and groups, at the latest when revoked.
    [...answers(409), 1, asItIs ? [SUSPEND] : []],
    [...answers(412), 1, asItIs ? [GROUPS] : []],
  ];
  for (const [what, fault, often, holds] of faults) {
    for (const hold of holds) {
      it(`of the kind ${hold.kind} comes out exact although ${what}`, async () => {
        const { id, employeeId, ...rest } = await captured(hold);
        const account = { id, ...rest };
        let met = hinder(fault, often);
        const { taken, notes } = await system.block(account, hold);
        assert.ok(met() > 0, 'the fault was met');
        assert.deepEqual(notes, [], 'its own work is not noted as that of others');
        const isSuspend = hold.kind === 'suspend';
        const groups = isSuspend ? ALL : ['readers'];
        assert.deepEqual(await system.admin.account(id), { id, active: !isSuspend, groups });

        met = hinder(fault, often);
        await untilDone(() => system.access().restore(account, taken, signal));
        assert.ok(met() > 0, 'the fault was met');
        assert.deepEqual(await system.admin.account(id), { id, active: true, groups: ALL });

        met = hinder(fault, often);
        await untilDone(() => system.access().revoke({ employeeId }, [account], signal));
        assert.ok(met() > 0, 'the fault was met');
        assert.deepEqual(await system.admin.account(id), { id, active: false, groups: [] });
      });
    }
  }

  it('does not count a write that is answered with 200 and has no effect', async function () {
    if (!asItIs) return this.skip();
    const accounts = [await captured(SUSPEND), await captured(GROUPS)];
    system.proxy.fault((request) =>
      system.isWrite(request)
        ? { kind: 'answer', status: 200, body: { id: 'as asked', active: false } }
        : undefined,
    );
    const blocking = [SUSPEND, GROUPS].map((hold, i) => outage(block(accounts[i]!, hold)));
    for (const reason of await Promise.all(blocking))
      assert.match(reason, /on payroll: the server accepts the change but does not show it/);
    for (const { id } of accounts) {
      assert.deepEqual(await system.admin.account(id), { id, active: true, groups: ALL });
    }
  });

  for (const hold of [SUSPEND, GROUPS]) {
    it(`of the kind ${hold.kind} writes only what it has recorded before`, async () => {
      const account = await captured(hold);
      const unrecorded = () => Promise.reject(new Error('cannot record'));
      await outage(system.access().block(account, hold, NOTHING, unrecorded, signal));
      assert.deepEqual(system.writes(), []);
    });
  }

  itWithEtags(
    'writes conditionally: another administrator’s change in between is looked at first',
    system,
    async () => {
      const account = await captured(SUSPEND);
      let changed: Promise<void> | undefined;
      system.proxy.fault((request) => {
        if (!system.isWrite(request) || changed) return undefined;
        changed = system.admin.setExternalId(account.id, named('changed')).then(() => undefined);
        return { kind: 'held', until: changed };
      });
      await system.block(account, SUSPEND);
      assert.equal(system.writes().length, 2, 'the first was refused, for its version had passed');
      assert.equal((await system.admin.account(account.id)).active, false);
    },
  );

  for (const status of [200, 404]) {
    itOverScim(
      `does without versions where the system has none (${status} to ServiceProviderConfig)`,
      system,
      async () => {
        const account = await captured(GROUPS);
        system.proxy.fault(({ path }) =>
          path.endsWith('/ServiceProviderConfig')
            ? { kind: 'answer', status, body: { etag: { supported: false } } }
            : undefined,
        );
        const { taken } = await system.block(account, GROUPS);
        assert.deepEqual((await system.admin.account(account.id)).groups, ['readers']);
        await system.access().restore(account, taken, signal);
        assert.equal((await system.admin.account(account.id)).groups.length, 3);
      },
    );
  }

  const refusals = {
    scim: {
      401: /^payroll answered 401 to .*: "\(the token\)" may not; /,
      403: /^payroll answered 403 to .*: "\(the token\)" may not; /,
    },
    own: { 401: /^payroll answered 401/, 403: /^payroll answered 403/ },
    keycloak: { 401: /^payroll answered 401 /, 403: /^payroll answered 403 / },
    ldap: {
      401: /^payroll answered 49 .*check bindDn and its password/,
      403: /^payroll answered 50 .*check the rights of bindDn/,
    },
  };
  for (const status of [401, 403] as const) {
    it(`is not retried after ${status}, and the failure does not show the token`, async () => {
      const account = await captured(SUSPEND);
      const { token } = system;
      system.proxy.fault(() => ({ kind: 'answer', status, body: { detail: `"${token}" may not` } }));
      for (const acting of [
        () => system.access().capture(account, SUSPEND, signal),
        () => block(account, SUSPEND),
        () => system.access().restore(account, { suspended: true, groups: [] }, signal),
        () => system.access().revoke(account, [account], signal),
      ]) {
        const reason = await finalFailure(FailureType.Refused, acting());
        assert.match(reason, refusals[system.protocol][status]);
        assert.ok(!reason.includes(token));
      }
    });
  }

  itOverAnyHttp('does not mistake an outage or a strange answer for a missing account', system, async () => {
    const { employeeId } = await captured(SUSPEND);
    const capturing = () => system.access().capture({ employeeId }, SUSPEND, signal);
    const isOwn = system.protocol === 'own';
    const strange: Fault[] = [404, 500, 503].map((status) => ({ kind: 'answer', status }));
    for (const fault of [...strange, { kind: 'answer', status: 200, body: {} } as const]) {
      system.proxy.fault(() => fault);
      // What an adapter of its owner's says, is for the owner.
      await assert.rejects(capturing(), isOwn ? /./ : /payroll answered/);
    }
    system.proxy.fault(() => ({ kind: 'unreachable' }));
    assert.match(await outage(capturing()), isOwn ? /./ : /^payroll cannot be reached at http/);
  });

  itOverAnyHttp('does not believe one 404 that an account was deleted', system, async () => {
    const account = await captured(SUSPEND);
    let isLost = false;
    system.proxy.fault(({ method }) => {
      if (method !== 'GET' || isLost) return undefined;
      isLost = true;
      return { kind: 'answer', status: 404 };
    });
    const blocked = await block(account, SUSPEND).catch((error: unknown) => {
      // It may be asked again in the next attempt.
      if (error instanceof FinalFailure) throw error;
      return undefined;
    });
    const { taken } = blocked ?? (await block(account, SUSPEND));
    assert.equal(taken.suspended, true);
    assert.equal((await system.admin.account(account.id)).active, false);
  });

  itOverScim('does not believe a resource without an id', system, async () => {
    const { employeeId, ...account } = await captured(SUSPEND);
    const body = { userName: 1234, totalResults: 1, Resources: [{ userName: 1234 }] };
    system.proxy.fault(() => ({ kind: 'answer', status: 200, body }));
    const capturing = system.access().capture({ employeeId }, SUSPEND, signal);
    assert.match(await finalFailure(FailureType.CannotTell, capturing), /payroll .*externalId/);
    assert.match(await outage(block(account, SUSPEND)), /not a SCIM resource: it has no id$/);
  });

  it('refuses another spelling of the employee id, which would be a second exit of one person', async () => {
    const { employeeId } = await system.hire();
    system.proxy.quirk(filtersIgnoreCase);
    const other =
      employeeId.toUpperCase() === employeeId ? employeeId.toLowerCase() : employeeId.toUpperCase();
    const reason = await finalFailure(
      FailureType.OtherSpelling,
      system.access().capture({ employeeId: other }, SUSPEND, signal),
    );
    assert.ok(reason.includes(`spells the employee id "${employeeId}", not "${other}"`));
    assert.deepEqual(system.writes(), []);
  });

  itOverHttp('does not mistake the 404 of a gateway for a deleted account', system, async () => {
    const account = await captured(SUSPEND);
    const lose = () =>
      system.proxy.fault(({ method, path }) =>
        method === 'GET' && path.toLowerCase().includes(`/users/${account.id}`)
          ? { kind: 'answer', status: 404 }
          : undefined,
      );
    lose();
    const contradiction = /^payroll lists the account .*, and answers 404 for its id/;
    assert.match(await outage(system.block(account, SUSPEND)), contradiction);
    assert.match(await outage(system.access().revoke(account, [account], signal)), contradiction);
    system.proxy.fault(undefined);
    const { taken } = await system.block(account, SUSPEND);
    lose();
    assert.match(await outage(system.access().restore(account, taken, signal)), contradiction);
  });

  itOverHttp('does not mistake an answer that is not SCIM for a restored account', system, async () => {
    const account = await captured(SUSPEND);
    const { taken } = await system.block(account, SUSPEND);
    system.proxy.fault(() => ({ kind: 'answer', status: 200, body: {} }));
    await outage(system.access().restore(account, taken, signal));
  });

  it('is abandoned as soon as the attempt is cancelled', async () => {
    const account = await captured(SUSPEND);
    const attempt = new AbortController();
    const { passed: until, open } = gate();
    system.proxy.fault((request) => {
      if (!system.isWrite(request)) return undefined;
      attempt.abort();
      return { kind: 'held', until };
    });
    await outage(block(account, SUSPEND, attempt.signal));
    assert.equal((await system.admin.account(account.id)).active, true);
    open();
  });
});
