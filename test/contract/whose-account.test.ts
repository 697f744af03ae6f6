import assert from 'node:assert/strict';
import { FailureType } from '../../src/exit/failures.js';
import { mergeAccounts, showingOf } from '../../src/exit/hold-facts.js';
import { watchedOf } from '../../src/exit/holds.js';
import { finalFailure } from '../support/failures.js';
import { contract } from './contract.js';
import { embedded } from './targets.js';

const { signal } = new AbortController();

const EMPLOYEE_NUMBER = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:employeeNumber';
const BY_LOGIN = { attribute: 'userName', template: '{login}' };

contract('whose account it is: a hold', [embedded], (system, { SUSPEND, named }) => {
  /** A second record of the same employee, as after a rehire. */
  const hireTwice = async (states: [first: boolean, second: boolean]) => {
    const first = await system.hire();
    const id = await system.admin.createUser({ employeeId: first.employeeId, userName: `again-${first.id}` });
    if (!states[0]) await system.admin.setActive(first.id, false);
    if (!states[1]) await system.admin.setActive(id, false);
    return { employeeId: first.employeeId, first: first.id, second: id };
  };
  const idsOf = (accounts: readonly { id: string }[]) => accounts.map(({ id }) => id).toSorted();

  it('is on the active one of two records, and names the other', async () => {
    const { employeeId, first, second } = await hireTwice([false, true]);
    const { accounts, notes } = await system.access().capture({ employeeId }, SUSPEND, signal);
    assert.deepEqual(idsOf(accounts), [second]);
    assert.match(notes.join(), new RegExp(`left out: ${first} \\(.*inactive\\)`));
  });

  it('asks which of two active records is meant, with their ids, names and states, and then takes the answer', async () => {
    const { employeeId, first, second } = await hireTwice([true, true]);
    const capturing = system.access().capture({ employeeId }, SUSPEND, signal);
    const reason = await finalFailure(FailureType.Ambiguous, capturing);
    for (const id of [first, second]) assert.match(reason, new RegExp(`${id} \\(.*, active\\)`));
    const answered = (chosen: string[]) =>
      system.access().capture({ employeeId }, SUSPEND, signal, { chosen });
    assert.deepEqual(idsOf((await answered([second])).accounts), [second]);
    assert.deepEqual(idsOf((await answered(['all'])).accounts), [first, second].toSorted());
  });

  it('revokes the account that it holds, and the memberships of a second, inactive record', async () => {
    const { employeeId, first, second } = await hireTwice([false, true]);
    const [account] = (await system.access().capture({ employeeId }, SUSPEND, signal)).accounts;
    await system.block(account!, SUSPEND);
    const { accounts } = await system.access().revoke({ employeeId }, [account!], signal);
    assert.deepEqual(idsOf(accounts!), [first, second].toSorted());
    assert.deepEqual(await system.access().memberships(first, signal), []);
  });

  it('sees a new active account of the employee as drift', async () => {
    const { employeeId, id, account } = await system.captured(SUSPEND);
    await system.block(account, SUSPEND);
    const drift = async () =>
      (await system.access().driftOf({ employeeId }, [{ id, groups: [] }], SUSPEND, signal))?.what;
    assert.equal(await drift(), undefined);
    const anew = await system.admin.createUser({ employeeId, userName: `anew-${id}` });
    assert.match((await drift())!, new RegExp(`another account of the employee is active: .* \\(${anew}\\)`));
    const { accounts } = await system.access().capture({ employeeId }, SUSPEND, signal, { held: [id] });
    assert.deepEqual(idsOf(accounts), [id, anew].toSorted());
  });

  it('is not given back where its keys find another account by then: the id may have passed on', async () => {
    const { employeeId, id, account } = await system.captured(SUSPEND);
    const { taken } = await system.block(account, SUSPEND);
    await system.admin.setExternalId(id, named('E-of-another'));
    const match = [{ attribute: 'externalId', template: '{employeeId}' }];
    const employee = { employeeId };
    const restoring = system.access({ match }).restore(account, taken, signal, { employee });
    const reason = await finalFailure(FailureType.CannotTell, restoring);
    assert.match(reason, /no longer finds the account .* look whose it is, then retry with that account/);
    assert.equal((await system.admin.account(id)).active, false);
    await system.access({ match }).restore(account, taken, signal, { employee, vouched: [id] });
    assert.equal((await system.admin.account(id)).active, true);
  });

  /** The account is blocked, and then given to another person, who may use it. */
  const passOn = async (hold = SUSPEND) => {
    const captured = await system.captured(hold);
    const { taken } = await system.block(captured.account, hold);
    await system.admin.setExternalId(captured.id, named('E-of-another'));
    await system.admin.setActive(captured.id, true);
    const match = [{ attribute: 'externalId', template: '{employeeId}' }];
    return { ...captured, taken, service: system.access({ match }) };
  };
  const PASSED = /no longer finds the account .* by the keys of .* look whose it is/;

  it('leaves the account alone that has passed to another person: the check cannot tell, and names both', async () => {
    const { service, employeeId, id } = await passOn();
    const watched = [{ id, groups: [] }];
    const drift = await service.driftOf({ employeeId }, watched, SUSPEND, signal);
    assert.equal(drift?.isUntold, true);
    assert.match(drift.what, PASSED);
    assert.match(drift.what, new RegExp(named('E-of-another')));
    const capturing = service.capture({ employeeId }, SUSPEND, signal, { held: [id] });
    assert.match(await finalFailure(FailureType.CannotTell, capturing), PASSED);
    assert.equal((await system.admin.account(id)).active, true);
    await service.capture({ employeeId }, SUSPEND, signal, { held: [id], chosen: [id], vouched: [id] });
  });

  it('is not revoked from another person, to whom the account has passed, until its id is named', async () => {
    const { service, employeeId, id, account } = await passOn();
    const revoking = service.revoke({ employeeId }, [account], signal);
    assert.match(await finalFailure(FailureType.CannotTell, revoking), PASSED);
    assert.equal((await system.admin.account(id)).active, true);
    await service.revoke({ employeeId }, [account], signal, { vouched: [id] });
    assert.equal((await system.admin.account(id)).active, false);
  });

  it('does not follow an account that an operator chose before the block to another person', async () => {
    const { service, employeeId, id, account, taken } = await passOn();
    const chosen = [id];
    const employee = { employeeId };
    const drift = await service.driftOf(employee, [{ id, groups: [] }], SUSPEND, signal, { chosen });
    assert.match(drift!.what, PASSED);
    const capturing = service.capture(employee, SUSPEND, signal, { held: [id], chosen });
    assert.match(await finalFailure(FailureType.CannotTell, capturing), PASSED);
    const revoking = service.revoke(employee, [account], signal, { chosen });
    assert.match(await finalFailure(FailureType.CannotTell, revoking), PASSED);
    assert.equal((await system.admin.account(id)).active, true);
    await system.admin.setActive(id, false);
    const restoring = service.restore(account, taken, signal, { employee, chosen });
    assert.match(await finalFailure(FailureType.CannotTell, restoring), PASSED);
    assert.equal((await system.admin.account(id)).active, false);
  });

  for (const what of ['among accounts with one id', 'with the id of another person'])
    it(`does not follow an account that was chosen ${what}, keeps its login, and shows another id by then`, async () => {
      // In groups, so that the memberships of the others are told.
      await system.hire();
      const isOfOther = what.startsWith('with');
      const userName = isOfOther ? 'kept-1' : 'kept-2';
      const employeeId = named(`E-${userName}`);
      const id = await system.admin.createUser({
        employeeId: isOfOther ? named('E-61') : employeeId,
        userName,
      });
      if (!isOfOther) await system.admin.createUser({ employeeId, userName: `again-${userName}` });
      const service = system.access({ match: BY_ID_THEN_LOGIN });
      const employee = { employeeId, login: named(userName) };
      const chosen = [id];
      const [account] = (await service.capture(employee, SUSPEND, signal, { chosen })).accounts;
      const { taken } = await system.block(account!, SUSPEND);
      const watched = watchedOf([account!], { [id]: taken }, SUSPEND);
      const drift = () => service.driftOf(employee, watched, SUSPEND, signal, { chosen });
      const known = { held: [id], chosen, showing: showingOf([account!]) };
      const capturing = () => service.capture(employee, SUSPEND, signal, known);
      const restoring = () => service.restore(account!, taken, signal, { employee, chosen });
      const revoking = () => service.revoke(employee, [account!], signal, { chosen });
      // As it was chosen, it is still theirs.
      assert.equal(await drift(), undefined);
      await restoring();
      assert.match((await drift())!.what, /is active again/);
      await capturing();
      await system.admin.setExternalId(id, named('E-62'));
      assert.match((await drift())!.what, PASSED);
      assert.match(await finalFailure(FailureType.CannotTell, capturing()), PASSED);
      assert.match(await finalFailure(FailureType.CannotTell, revoking()), PASSED);
      assert.equal((await system.admin.account(id)).active, true);
      await system.admin.setActive(id, false);
      assert.match(await finalFailure(FailureType.CannotTell, restoring()), PASSED);
      assert.equal((await system.admin.account(id)).active, false);
    });

  it('is revoked also where the suspension changed what the account is found by', async () => {
    const { employeeId, id, account } = await system.captured(SUSPEND);
    await system.block(account, SUSPEND);
    await system.admin.setExternalId(id, named('E-gone'));
    await system.access().revoke({ employeeId }, [account], signal);
    assert.deepEqual(await system.access().memberships(id, signal), []);
  });

  it('does not block again what has none of the names that it had, unless its keys find it', async () => {
    const { employeeId, id, account } = await system.captured(SUSPEND);
    const old = { ...account, userName: 'someone-else', identities: [] };
    const blocking = system.block(old, SUSPEND);
    assert.match(await finalFailure(FailureType.CannotTell, blocking), /is called .* now: look whose it is/);
    assert.equal((await system.admin.account(id)).active, true);
    const again = await system.access().capture({ employeeId }, SUSPEND, signal, { held: [id] });
    await system.block(mergeAccounts(old, again.accounts[0]), SUSPEND);
    assert.equal((await system.admin.account(id)).active, false);
  });

  it('is found by the login where the system knows no employee id, and says so', async () => {
    const id = await system.admin.createUser({ employeeId: named('other'), userName: 'by-login' });
    const service = system.access({ match: [BY_LOGIN] });
    const person = { employeeId: named('E-77'), login: named('by-login') };
    const { accounts, notes } = await service.capture(person, SUSPEND, signal);
    assert.deepEqual(idsOf(accounts), [id]);
    assert.match(notes.join(), /found by userName/);
  });

  it('asks the directory for a login only where a key needs it', async () => {
    const { employeeId } = await system.hire();
    let asked = 0;
    const lookUp = () => Promise.resolve((asked++, { employeeId, login: 'unused' }));
    const byId = { attribute: 'externalId', template: '{employeeId}' };
    await system.access({ match: [byId, BY_LOGIN], lookUp }).capture({ employeeId }, SUSPEND, signal);
    assert.equal(asked, 0);
    await system.access({ match: [BY_LOGIN], lookUp }).capture({ employeeId }, SUSPEND, signal);
    assert.equal(asked, 1);
  });

  it('cannot tell whose account it is while the key is not known', async () => {
    const capturing = system.access({ match: [BY_LOGIN] }).capture({ employeeId: 'E-1' }, SUSPEND, signal);
    const reason = await finalFailure(FailureType.KeyUnknown, capturing);
    assert.match(reason, /E-1 may have an account on payroll, which is found by \{login\}/);
  });

  it('is also on the second account that a person has on purpose', async () => {
    const { employeeId, id } = await system.hire();
    const admin = await system.admin.createUser({
      employeeId: '',
      email: named('adm@acme.example'),
      userName: `adm-${id}`,
    });
    const also = [{ attribute: 'userName', template: `${named('adm-')}{login}` }];
    const service = system.access({ also });
    const { accounts } = await service.capture({ employeeId, login: id }, SUSPEND, signal);
    assert.deepEqual(idsOf(accounts), [id, admin].toSorted());
  });

  it('is also on the second account where the login is an address, and says so where there is none', async () => {
    const { employeeId, id } = await system.hire();
    const login = `${id}@acme.example`;
    const also = [{ attribute: 'userName', template: `${named('adm-')}{loginLocalPart}` }];
    const service = system.access({ also });
    const capture = () => service.capture({ employeeId, login }, SUSPEND, signal);
    assert.ok((await capture()).notes.includes(`no account with userName ${named('adm-')}${id}`));
    const admin = await system.admin.createUser({
      ...{ employeeId: '', email: named('local@acme.example'), userName: `adm-${id}` },
    });
    assert.deepEqual(idsOf((await capture()).accounts), [id, admin].toSorted());
  });

  for (const [what, attribute, isKeyUnknown, says] of [
    ['whose login is not known', 'userName', true, /a further account on payroll, .*adm-\{login\}/],
    ['by an attribute that no account shows', 'ownerNumber', false, /no account on payroll shows/],
  ] as const)
    it(`is on the account that is found, and does not call itself complete without a second account ${what}`, async () => {
      const { employeeId, id } = await system.hire();
      const service = system.access({ also: [{ attribute, template: 'adm-{login}' }] });
      const person = { employeeId, login: attribute === 'userName' ? undefined : id };
      const { accounts, unfound } = await service.capture(person, SUSPEND, signal);
      assert.deepEqual(idsOf(accounts), [id]);
      assert.equal(unfound?.isKeyUnknown, isKeyUnknown);
      assert.match(unfound.error, says);
      assert.match(
        await finalFailure(FailureType.CannotTell, service.revoke(person, accounts, signal)),
        says,
      );
      assert.equal((await system.admin.account(id)).active, false);
    });

  it('takes no system for one without account while one of its keys is not known', async () => {
    await system.hire();
    const service = system.access({ match: BY_ID_THEN_LOGIN });
    const capturing = service.capture({ employeeId: named('E-unknown') }, SUSPEND, signal);
    assert.match(await finalFailure(FailureType.KeyUnknown, capturing), /which is found by \{login\}/);
    const person = { employeeId: named('E-unknown'), login: named('unknown') };
    assert.deepEqual((await service.capture(person, SUSPEND, signal)).accounts, []);
  });

  const BY_ID_THEN_LOGIN = [{ attribute: 'externalId', template: '{employeeId}' }, BY_LOGIN];

  it('stops where a login finds an account that shows the employee id of another person, until its id is named', async () => {
    const id = await system.admin.createUser({ employeeId: named('E-of-a-stranger'), userName: 'reused' });
    const person = { employeeId: named('E-without'), login: named('reused') };
    const service = system.access({ match: BY_ID_THEN_LOGIN });
    const capturing = (chosen: string[] = []) => service.capture(person, SUSPEND, signal, { chosen });
    for (const chosen of [[], ['all']]) {
      const reason = await finalFailure(FailureType.Ambiguous, capturing(chosen));
      assert.match(reason, new RegExp(`${id} .* is found by userName .* shows externalId .*E-of-a-stranger`));
    }
    assert.deepEqual(idsOf((await capturing([id])).accounts), [id]);
  });

  it('stops where an id finds an account that shows the employee id of another person by the id before it', async () => {
    const id = await system.admin.createUser({ employeeId: named('E-51') });
    const service = system.access({
      match: ['externalId', EMPLOYEE_NUMBER].map((attribute) => ({ attribute, template: '{employeeId}' })),
    });
    const employee = { employeeId: named('E-51') };
    const capturing = (chosen: string[] = []) => service.capture(employee, SUSPEND, signal, { chosen });
    for (const other of [named('a-guid'), '00u1fox', '4711']) {
      await system.admin.setExternalId(id, other);
      assert.deepEqual(idsOf((await capturing()).accounts), [id], `${other} is an id of another kind`);
    }
    await system.admin.setExternalId(id, named('E-52'));
    const reason = await finalFailure(FailureType.Ambiguous, capturing());
    assert.match(reason, new RegExp(`${id} .* is found by .*employeeNumber .* shows externalId .*E-52`));
    assert.deepEqual(idsOf((await capturing([id])).accounts), [id]);
  });

  it('stops where the key of a second account finds the account of another person', async () => {
    const { employeeId, id } = await system.hire();
    const stranger = await system.admin.createUser({
      employeeId: named('other-admin'),
      userName: `sys-${id}`,
    });
    const also = [{ attribute: 'userName', template: `${named('sys-')}{login}` }];
    const capturing = (chosen: string[] = []) =>
      system.access({ also }).capture({ employeeId, login: id }, SUSPEND, signal, { chosen });
    assert.match(await finalFailure(FailureType.Ambiguous, capturing()), new RegExp(`${stranger} .* shows`));
    const { accounts, notes } = await capturing([id]);
    assert.deepEqual(idsOf(accounts), [id]);
    assert.match(notes.join(), new RegExp(`left out: ${stranger}`));
  });

  it('leaves a stranger alone to whom the login has passed on: no drift, no second hold, no revocation', async () => {
    const { employeeId, id } = await system.hire();
    const person = { employeeId, login: named(`passed-${id}`) };
    const service = system.access({ match: BY_ID_THEN_LOGIN });
    const account = (await service.capture(person, SUSPEND, signal)).accounts[0]!;
    const { taken } = await system.block(account, SUSPEND);
    const stranger = await system.admin.createUser({
      ...{ employeeId: named('E-next'), userName: `passed-${id}` },
    });
    assert.equal(await service.driftOf(person, [{ id, groups: [] }], SUSPEND, signal), undefined);
    const again = await service.capture(person, SUSPEND, signal, { held: [id] });
    assert.deepEqual(idsOf(again.accounts), [id]);
    const restored = await service.restore(account, taken, signal, { employee: person });
    assert.doesNotMatch(restored.notes.join(), /also has the account/);
    await service.revoke(person, [account], signal);
    assert.equal((await system.admin.account(stranger)).active, true);
  });

  it('does not call the account drift that an operator has not chosen', async () => {
    const { employeeId, first, second } = await hireTwice([true, true]);
    const chosen = [first];
    const service = system.access();
    const account = (await service.capture({ employeeId }, SUSPEND, signal, { chosen })).accounts[0]!;
    await system.block(account, SUSPEND);
    const drift = (known?: { chosen: string[] }) =>
      service.driftOf({ employeeId }, [{ id: first, groups: [] }], SUSPEND, signal, known);
    assert.equal(await drift({ chosen }), undefined);
    assert.match((await drift())!.what, new RegExp(`another account .* \\(${second}\\)`));
  });

  it('stops where two keys find different accounts', async () => {
    const { employeeId, id } = await system.hire();
    const stranger = await system.admin.createUser({ employeeId: named('stranger'), userName: `as-${id}` });
    const match = BY_ID_THEN_LOGIN;
    const person = { employeeId, login: named(`as-${id}`) };
    const reason = await finalFailure(
      FailureType.Ambiguous,
      system.access({ match }).capture(person, SUSPEND, signal),
    );
    assert.match(reason, /are found by different keys of/);
    for (const each of [id, stranger]) assert.ok(reason.includes(each));
  });
});
