/** What an OpenLDAP server does not show, and groups of several kinds. */
import assert from 'node:assert/strict';
import path from 'node:path';
import { mock } from 'node:test';
import { FailureType } from '../../src/exit/failures.js';
import type { HoldKind } from '../../src/exit/hold-facts.js';
import { watchedOf } from '../../src/exit/holds.js';
import { createAccessService } from '../../src/services/access/access.js';
import { createLdapAdapter } from '../../src/services/access/adapters/ldap-adapter.js';
import { createLdapClient } from '../../src/services/protocols/ldap.js';
import { NOTHING, SUSPEND } from '../support/critical-system.js';
import { finalFailure, outage } from '../support/failures.js';
import { describeUnless } from '../support/installed.js';
import { ldapAdmin } from '../support/ldap-admin.js';
import { change } from '../support/ldap-change.js';
import type { LdapServer } from '../support/ldap-server.js';
import { byEmployeeId } from '../support/matching.js';
import {
  hiddenBase,
  otherContext,
  referringBase,
  secret,
  slapdLacks,
  startSlapd,
  unseenBase,
} from '../support/slapd.js';
import { scratchFolder } from '../support/temporal.js';

const { signal } = new AbortController();
const report = () => Promise.resolve();
const take = (...groups: string[]): HoldKind => ({ kind: 'groups', groups });

describeUnless(slapdLacks, 'answers of OpenLDAP', () => {
  let server: LdapServer;
  let admin: ReturnType<typeof ldapAdmin>;
  let suffix: string;
  before(async () => {
    server = await startSlapd(path.join(await scratchFolder(), 'log'));
    admin = ldapAdmin(server);
    suffix = server.userBase.replace(/^[^,]+,/, '');
  });
  after(() => server.stop());

  function system(bases = {}, protectedGroups: string[] = []) {
    const { url, bindDn, password, dialect, userBase, groupBase } = server;
    const ldap = createLdapClient({ name: 'unix', url, bindDn, password, requestTimeoutMs: 5000 });
    const port = createLdapAdapter({ ldap, dialect, userBase, groupBase, ids: ['employeeNumber'], ...bases });
    const access = createAccessService({ port, match: byEmployeeId('employeeNumber'), protectedGroups });
    const captured = async (employeeId: string, hold: HoldKind) => {
      const [account] = (await access.capture({ employeeId }, hold, signal)).accounts;
      return account ?? assert.fail(`${employeeId} has no account`);
    };
    return {
      port,
      access,
      captured,
      block: async (employeeId: string, hold: HoldKind) =>
        access.block(await captured(employeeId, hold), hold, NOTHING, report, signal),
    };
  }

  /** A group of another class than the other tests have. */
  const group = (cn: string, attributes: Record<string, string | string[]>) =>
    admin.createEntry(`cn=${cn},${server.groupBase}`, { cn, ...attributes });
  const dnOf = (id: string) => admin.dnOf(id);
  const valuesOf = (id: string, attribute: string) => admin.valueOf(id, attribute);

  it('cannot tell whether a group has an account whose members it may not read, where it may read others', async () => {
    const id = await admin.createUser({ employeeId: 'H-1' });
    await admin.createGroup('shown', [id]);
    const hidden = `${secret}admins`;
    await admin.createGroup(hidden, [id]);
    const { block } = system();
    const because = /unix does not show the members of "secret-admins": let bindDn read member/;
    assert.match(await finalFailure(FailureType.CannotTell, block('H-1', take(hidden))), because);
    // Also where the account is in no other group any more.
    assert.match(await finalFailure(FailureType.CannotTell, block('H-1', take(hidden, 'shown'))), because);
    assert.deepEqual((await admin.account(id)).groups, [hidden]);
  });

  it('cannot tell in a sweep whether the account is back in a group whose members it may not read any more', async () => {
    const id = await admin.createUser({ employeeId: 'H-3' });
    const group = await admin.createGroup('open-ops', [id]);
    await admin.createGroup('other-ops', [id]);
    const hold = take('open-ops');
    const { access, captured, block } = system();
    const account = await captured('H-3', hold);
    const { taken } = await block('H-3', hold);
    const watched = watchedOf([account], { [id]: taken }, hold);
    const sweep = () => system().access.driftOf({ employeeId: 'H-3' }, watched, hold, signal);
    assert.equal(await access.driftOf({ employeeId: 'H-3' }, watched, hold, signal), undefined);
    await admin.addMember(group, id);
    assert.match((await sweep())!.what, /is in open-ops again/);
    await admin.move(group, `cn=${secret}ops,${server.groupBase}`);
    const drift = await sweep();
    assert.equal(drift?.isUntold, true);
    assert.match(drift.what, /unix does not show the members of "secret-ops": let bindDn read member/);
  });

  it('cannot tell who else is in a protected group whose members it may not read', async () => {
    const id = await admin.createUser({ employeeId: 'H-2' });
    const hidden = `${secret}guards`;
    await admin.createGroup(hidden, [id]);
    const { block } = system({}, [hidden]);
    const reason = await finalFailure(FailureType.MaybeLastOfProtectedGroup, block('H-2', SUSPEND));
    assert.match(reason, /does not list who else is in secret-guards/);
    assert.equal((await admin.account(id)).active, true);
  });

  it('cannot tell whether an account comes into a group by one whose members it may not read', async () => {
    const id = await admin.createUser({ employeeId: 'H-5' });
    const inner = await admin.createGroup(`${secret}crew`, [id]);
    const middle = await group('middle', { objectClass: 'groupOfUniqueNames', uniqueMember: dnOf(inner) });
    await admin.createGroup('operators', [id, middle]);
    const reason = await finalFailure(FailureType.CannotTell, system().block('H-5', take('operators')));
    assert.match(
      reason,
      /unix does not show the members of "secret-crew", and "secret-crew" is in "operators": let/,
    );
    assert.deepEqual((await admin.account(id)).groups, [`${secret}crew`]);
  });

  it('sees soon that such a group has become a member', async () => {
    const id = await admin.createUser({ employeeId: 'H-60' });
    const outer = await admin.createGroup('nightshift', []);
    const { block } = system();
    await block('H-60', take('nightshift'));
    await admin.addMember(outer, await admin.createGroup(`${secret}night`, [id]));
    const later = Date.now() + 60_000;
    mock.method(Date, 'now', () => later);
    const reason = await finalFailure(FailureType.CannotTell, block('H-60', take('nightshift')));
    mock.restoreAll();
    assert.match(reason, /unix does not show the members of "secret-night"/);
  });

  describe('once an account is where bindDn may not read', () => {
    const UNSEEN =
      /unix no longer shows the account (\S+ )?\(.*\): it was deleted, or moved to where bindDn may not/;
    /** The account stays as it is, and out of sight. */
    const away = (id: string, employeeId: string) => admin.move(id, `cn=${employeeId},${unseenBase}`);

    it('does not say that it was deleted: at a block, a sweep, a restore and a revocation, of either kind', async () => {
      await admin.createUser({ employeeId: 'STAYS-1' });
      for (const hold of [SUSPEND, take('movers')]) {
        const employeeId = `AWAY-${hold.kind}`;
        const id = await admin.createUser({ employeeId });
        const group = await admin.createGroup('movers', [id]);
        const { access, captured } = system();
        const account = await captured(employeeId, hold);
        await away(id, employeeId);
        const untold = async (doing: Promise<unknown>) =>
          assert.match(await finalFailure(FailureType.CannotTell, doing), UNSEEN);
        await untold(access.block(account, hold, NOTHING, report, signal));
        const taken = { suspended: hold.kind === 'suspend', groups: account.groups };
        await untold(access.restore(account, taken, signal));
        await untold(access.revoke({ employeeId }, [account], signal));
        const drift = await access.driftOf({ employeeId }, [{ id, groups: [] }], hold, signal);
        assert.equal(drift?.isUntold, true);
        assert.match(drift.what, UNSEEN);
        assert.equal((await admin.account(id)).active, true);
        await admin.deleteGroup(group);
        await admin.deleteUser(id);
      }
    });

    it('has another account of a leaver revoked all the same', async () => {
      const id = await admin.createUser({ employeeId: 'AWAY-1' });
      const { access, captured } = system();
      const account = await captured('AWAY-1', SUSPEND);
      await away(id, 'AWAY-1');
      const anew = await admin.createUser({ employeeId: 'AWAY-1', userName: 'g-1-anew' });
      const revoking = access.revoke({ employeeId: 'AWAY-1' }, [account], signal);
      assert.match(await finalFailure(FailureType.CannotTell, revoking), UNSEEN);
      assert.equal((await admin.account(anew)).active, false);
    });
  });

  it('does not take a group for deleted, or without the account, that was moved to where bindDn may not read', async () => {
    const id = await admin.createUser({ employeeId: 'AWAY-2' });
    const [moved, other] = [await admin.createGroup('moved', [id]), await admin.createGroup('other', [id])];
    const hold = take('moved', 'other');
    const { access, captured, block } = system();
    const account = await captured('AWAY-2', hold);
    const { taken } = await block('AWAY-2', hold);
    for (const group of [moved, other]) await admin.addMember(group, id);
    await admin.move(moved, `cn=moved,${unseenBase}`);
    const unseen = /unix no longer shows the group \(.*\): it was deleted, or moved to where/;
    const blocking = access.block(account, hold, NOTHING, report, signal);
    assert.match(await finalFailure(FailureType.CannotTell, blocking), unseen);
    assert.deepEqual((await admin.account(id)).groups, [], 'it has left the other one');
    const restoring = access.restore(account, taken, signal);
    assert.match(await finalFailure(FailureType.NotGivenBack, restoring), unseen);
    assert.deepEqual((await admin.account(id)).groups, ['other']);
  });

  it('believes no lock of an account whose password policy it may not read', async () => {
    const id = await admin.createUser({ employeeId: 'H-6' });
    await admin.modify(id, change('replace', 'pwdPolicySubentry', `cn=lax,${suffix}`));
    await admin.move(id, `cn=${secret}policy,${server.userBase}`);
    const reason = await finalFailure(FailureType.Refused, system().block('H-6', SUSPEND));
    assert.match(
      reason,
      /does not show whether cn=secret-policy,.* has one of its own: let bindDn read pwdP/,
    );
    assert.equal((await admin.account(id)).active, true);
  });

  it('does not take an account for none that it finds, and whose key it may not read', async () => {
    const id = await admin.createUser({ employeeId: 'H-3' });
    await admin.move(id, `cn=hidden,${hiddenBase}`);
    const { port } = system({ userBase: hiddenBase });
    const finding = port.find({ attribute: 'employeeNumber', value: 'H-3' }, signal);
    assert.match(
      await finalFailure(FailureType.CannotTell, finding),
      /unix finds cn=hidden,.* by employeeNumber "H-3", and shows no employeeNumber of it: let bindDn read it/,
    );
  });

  it('takes no account for none where another account hides its key', async () => {
    const hidden = await admin.createUser({ employeeId: 'H-31' });
    await admin.move(await admin.createUser({ employeeId: 'H-30' }), `cn=shown,${hiddenBase}`);
    const capture = async () =>
      system({ userBase: hiddenBase }).access.capture({ employeeId: 'H-31' }, SUSPEND, signal);
    assert.deepEqual((await capture()).accounts, []);
    await admin.move(hidden, `cn=${secret}key,${hiddenBase}`);
    assert.match(
      await finalFailure(FailureType.CannotTell, capture()),
      /unix does not show whether cn=secret-key,.* has employeeNumber, so that it may be the account/,
    );
    // Others use the unit as well.
    await admin.move(hidden, `cn=H-31,${server.userBase}`);
  });

  it('does not take an account for none that has the key in a spelling which only the server takes for the same', async () => {
    await admin.createUser({ employeeId: 'H  4' });
    const finding = system().port.find({ attribute: 'employeeNumber', value: 'H 4' }, signal);
    assert.match(
      await finalFailure(FailureType.CannotTell, finding),
      /unix finds .* by employeeNumber "H 4", and shows "H {2}4"/,
    );
  });

  it('takes no group among the members of a protected group for an active person', async () => {
    const id = await admin.createUser({ employeeId: 'P-1' });
    const ravi = await admin.createUser({ employeeId: 'P-2', active: false });
    const inner = await group('inner', { objectClass: 'groupOfUniqueNames', uniqueMember: dnOf(ravi) });
    const outer = await admin.createGroup('outer', [id, inner]);
    const other = () => system().port.hasOtherActiveMember(outer, id, signal);
    assert.equal(await other(), 'no');
    await admin.addMember(outer, await admin.createGroup(`${secret}inner`));
    assert.equal(await other(), 'cannot tell');
    await admin.setActive(ravi, true);
    assert.equal(await other(), 'yes');
  });

  it('takes what is no person for no active member of a protected group', async () => {
    const id = await admin.createUser({ employeeId: 'PP-1' });
    const dummy = await admin.createEntry(`cn=dummy,${suffix}`, { objectClass: 'organizationalRole' });
    const guarded = await admin.createGroup('root-admins', [id, dummy]);
    const other = () => system().port.hasOtherActiveMember(guarded, id, signal);
    assert.equal(await other(), 'no');
    await admin.addMember(guarded, await admin.createUser({ employeeId: 'PP-2' }));
    assert.equal(await other(), 'yes');
  });

  it('cannot tell who else is in a protected group with a member on another server', async () => {
    const id = await admin.createUser({ employeeId: 'P-3' });
    const outer = await admin.createGroup('afar', [id]);
    await admin.modify(outer, change('add', 'member', 'cn=eva,dc=other,dc=example'));
    assert.equal(await system().port.hasOtherActiveMember(outer, id, signal), 'cannot tell');
    await admin.addMember(outer, await admin.createUser({ employeeId: 'P-4' }));
    assert.equal(await system().port.hasOtherActiveMember(outer, id, signal), 'yes');
  });

  for (const [objectClass, attribute] of [
    ['groupOfUniqueNames', 'uniqueMember'],
    ['posixGroup', 'memberUid'],
  ] as const)
    it(`takes a membership in a ${objectClass}, and gives it back`, async () => {
      const cn = `of-${attribute}`;
      const id = await admin.createUser({ employeeId: `K-${attribute}`, userName: `k-${attribute}` });
      const isPosix = attribute === 'memberUid';
      const name = isPosix ? `k-${attribute}` : dnOf(id);
      const other = isPosix ? 'other' : `cn=other,${suffix}`;
      const made = await group(cn, {
        objectClass: isPosix ? ['organizationalRole', objectClass] : objectClass,
        ...(isPosix && { gidNumber: '7001' }),
        [attribute]: [other, name],
      });
      const before = await valuesOf(made, attribute);
      const { access, captured, block } = system();
      const account = await captured(`K-${attribute}`, take(cn));
      const { taken, notes } = await block(`K-${attribute}`, take(cn));
      assert.deepEqual(notes, []);
      assert.equal(await valuesOf(made, attribute), other);
      await access.restore(account, taken, signal);
      assert.equal(await valuesOf(made, attribute), before);
    });

  for (const [objectClass, attribute] of [
    ['groupOfNames', 'member'],
    ['groupOfUniqueNames', 'uniqueMember'],
    ['posixGroup', 'memberUid'],
  ] as const)
    it(`takes what a ${objectClass} spells in another case, and gives it back as it was listed`, async () => {
      const cn = `case-${attribute}`;
      const employeeId = `C-${attribute}`;
      const id = await admin.createUser({ employeeId, userName: `c-${attribute}` });
      const isPosix = attribute === 'memberUid';
      const listed = isPosix ? `C-${attribute.toUpperCase()}` : dnOf(id).toUpperCase();
      const other = isPosix ? 'other' : `cn=other,${suffix}`;
      const made = await group(cn, {
        objectClass: isPosix ? ['organizationalRole', objectClass] : objectClass,
        ...(isPosix && { gidNumber: '7011' }),
        [attribute]: [other, listed],
      });
      const { access, captured, block } = system();
      const account = await captured(employeeId, take(cn));
      const { taken, notes } = await block(employeeId, take(cn));
      assert.deepEqual(notes, []);
      assert.equal(await valuesOf(made, attribute), other);
      await access.restore(account, taken, signal);
      const now = await valuesOf(made, attribute);
      if (isPosix) assert.equal(now, `${other},${listed}`);
      else assert.ok(now.toLowerCase().includes(`c-${attribute.toLowerCase()}`), now);
      await access.revoke({ employeeId }, [account], signal);
      assert.equal(await valuesOf(made, attribute), other);
    });

  it('takes a login from a group under each spelling, and sees one that another administrator lists again', async () => {
    await admin.createUser({ employeeId: 'C-1', userName: 'cleo' });
    const made = await group('spellings', {
      objectClass: ['organizationalRole', 'posixGroup'],
      gidNumber: '7012',
      memberUid: ['other', 'cleo', 'Cleo'],
    });
    const hold = take('spellings');
    const { access, captured, block } = system();
    const account = await captured('C-1', hold);
    const { taken } = await block('C-1', hold);
    assert.equal(await valuesOf(made, 'memberUid'), 'other');
    const watched = watchedOf([account], { [account.id]: taken }, hold);
    const sweep = () => access.driftOf({ employeeId: 'C-1' }, watched, hold, signal);
    assert.equal(await sweep(), undefined);
    await admin.modify(made, change('add', 'memberUid', 'CLEO'));
    assert.match((await sweep())!.what, /is in spellings again/);
  });

  it('takes no login of another account for one in another case, and cannot tell where it may be either', async () => {
    await admin.createUser({ employeeId: 'C-2', userName: 'nora' });
    const namesake = await admin.createUser({ employeeId: 'C-3', userName: 'NORA' });
    const made = await group('namesakes', {
      objectClass: ['organizationalRole', 'posixGroup'],
      gidNumber: '7013',
      memberUid: ['other', 'NORA'],
    });
    const { block } = system();
    assert.deepEqual((await block('C-2', take('namesakes'))).notes, ['was in none of the critical groups']);
    await admin.modify(made, change('add', 'memberUid', 'Nora'));
    const reason = await finalFailure(FailureType.CannotTell, block('C-2', take('namesakes')));
    assert.match(
      reason,
      /unix lists Nora in "namesakes", which may be .* or .*: spell it there as one of them/,
    );
    await admin.deleteUser(namesake);
    await block('C-2', take('namesakes'));
    assert.equal(await valuesOf(made, 'memberUid'), 'other');
  });

  it('takes an account from both lists of a group that has two, and gives back only what it took', async () => {
    const id = await admin.createUser({ employeeId: 'K-1', userName: 'kim' });
    const lee = await admin.createUser({ employeeId: 'K-2', userName: 'lee' });
    const made = await group('double', {
      objectClass: ['groupOfNames', 'posixGroup'],
      gidNumber: '7002',
      member: [server.admin.bindDn, dnOf(id), dnOf(lee)],
      memberUid: 'kim',
    });
    for (const [employeeId, login] of [
      ['K-1', 'kim'],
      ['K-2', 'lee'],
    ] as const) {
      const { access, captured, block } = system();
      const account = await captured(employeeId, take('double'));
      const { taken } = await block(employeeId, take('double'));
      const name = `${login}\\22`;
      assert.ok(!(await valuesOf(made, 'member')).includes(name));
      assert.ok(!(await valuesOf(made, 'memberUid')).includes(login));
      await access.restore(account, taken, signal);
      assert.ok((await valuesOf(made, 'member')).includes(name));
      assert.equal(await valuesOf(made, 'memberUid'), 'kim');
    }
  });

  /** As Univention has it: the class is that of logins, and a schema of its own adds names. */
  const ofUnivention = (cn: string, gidNumber: string, lists: Record<string, string[]>) =>
    group(cn, { objectClass: ['organizationalRole', 'posixGroup', 'extensibleObject'], gidNumber, ...lists });

  for (const [what, names] of [
    ['names and logins', ['uniqueMember', 'memberUid']],
    ['names alone', ['uniqueMember']],
    ['names by another attribute', ['member']],
  ] as const)
    it(`takes an account from every list of a group, of whatever class it is: ${what}`, async () => {
      const employeeId = `U-${names.join('-')}`;
      const cn = `univention-${names.join('-')}`;
      const login = cn.toLowerCase();
      const id = await admin.createUser({ employeeId, userName: login });
      const of = (list: string) =>
        list === 'memberUid' ? ['other', login] : [server.admin.bindDn, dnOf(id)];
      const made = await ofUnivention(cn, `71${names.length}${names[0].length}`, {
        ...Object.fromEntries(names.map((list) => [list, of(list)])),
      });
      const lists = () => Promise.all(names.map((list) => valuesOf(made, list)));
      const before = await lists();
      const without = names.map((list) => of(list)[0]);
      const { access, captured, block } = system();
      const account = await captured(employeeId, take(cn));
      const { taken, notes } = await block(employeeId, take(cn));
      assert.deepEqual([notes, await lists()], [[], without]);
      const watched = watchedOf([account], { [id]: taken }, take(cn));
      const drift = () => system().access.driftOf({ employeeId }, watched, take(cn), signal);
      assert.equal(await drift(), undefined);
      await access.restore(account, taken, signal);
      assert.deepEqual(await lists(), before);
      assert.match((await drift())!.what, new RegExp(`is in ${cn}.* again`));
      await access.revoke({ employeeId }, [account], signal);
      assert.deepEqual(await lists(), without);
    });

  it('sees a way into a group by a group inside it, of whatever class they are', async () => {
    const id = await admin.createUser({ employeeId: 'U-9', userName: 'walt' });
    const inner = await ofUnivention('inner-ucs', '7191', { uniqueMember: [dnOf(id)], memberUid: ['walt'] });
    await ofUnivention('outer-ucs', '7192', { uniqueMember: [dnOf(inner)] });
    const reason = await finalFailure(FailureType.Refused, system().block('U-9', take('outer-ucs')));
    assert.match(reason, /cannot be removed from outer-ucs on unix \(nested\): it comes by way of inner-ucs/);
  });

  it('sees another active member in any list of a protected group', async () => {
    const id = await admin.createUser({ employeeId: 'U-7', userName: 'uwe' });
    const ravi = await admin.createUser({ employeeId: 'U-8', userName: 'ulf' });
    const uniqueMember = [dnOf(id), dnOf(ravi)];
    await ofUnivention('guards-ucs', '7193', { uniqueMember, memberUid: ['uwe'] });
    const guarded = system({}, ['guards-ucs']);
    await guarded.block('U-7', SUSPEND);
    await finalFailure(FailureType.LastOfProtectedGroup, guarded.block('U-8', SUSPEND));
  });

  const posix = (cn: string, gidNumber: string, ...memberUid: string[]) =>
    group(cn, { objectClass: ['organizationalRole', 'posixGroup'], gidNumber, memberUid });
  /** Another entry with a login, in another unit. */
  const namesake = (uid: string, more: Record<string, string | string[]> = {}) =>
    admin.createEntry(`uid=${uid},ou=services,${suffix}`, {
      objectClass: 'inetOrgPerson',
      ...{ uid, sn: uid, cn: `${uid} Other` },
      ...more,
    });

  it('takes no login that is also of another account from a group: neither a hold nor a revocation', async () => {
    const id = await admin.createUser({ employeeId: 'V-1', userName: 'vera' });
    await namesake('vera', { employeeNumber: 'V-2' });
    const made = await posix('posix-v', '7301', 'vera', 'kim');
    const own = await admin.createGroup('names-v', [id]);
    const because = /unix lists vera in "posix-v", which may be .* or uid=vera,ou=services,/;
    const { access, captured, block } = system();
    assert.match(await finalFailure(FailureType.CannotTell, block('V-1', take('posix-v'))), because);
    assert.match((await access.foresee(id, take('posix-v'), signal)).join(), because);
    const watched = watchedOf([await captured('V-1', take('posix-v'))], {}, take('posix-v'));
    const drift = await access.driftOf({ employeeId: 'V-1' }, watched, take('posix-v'), signal);
    assert.equal(drift?.isUntold, true);
    assert.match(drift.what, because);
    // It keeps nothing else from being taken.
    const { taken } = await block('V-1', take('names-v'));
    assert.deepEqual(
      taken.groups.map(({ displayName }) => displayName),
      ['names-v'],
    );
    await admin.addMember(own, id);
    const revoking = access.revoke({ employeeId: 'V-1' }, [], signal);
    assert.match(await finalFailure(FailureType.CannotTell, revoking), because);
    assert.deepEqual(await admin.account(id), { id, active: false, groups: [] });
    assert.equal(await valuesOf(made, 'memberUid'), 'vera,kim');
  });

  it('takes a login that another entry of the same person has as well, or one that is no account of a Unix system', async () => {
    await admin.createUser({ employeeId: 'V-3', userName: 'vito' });
    await namesake('vito', { employeeNumber: 'V-3' });
    const unix = await admin.createUser({ employeeId: 'V-4', userName: 'vasil' });
    await admin.modify(
      unix,
      change('add', 'objectClass', 'posixAccount'),
      change('add', 'uidNumber', '4712'),
      change('add', 'gidNumber', '7399'),
      change('add', 'homeDirectory', '/home/vasil'),
    );
    await namesake('vasil');
    const made = await posix('posix-w', '7302', 'vito', 'vasil', 'kim');
    for (const employeeId of ['V-3', 'V-4'])
      assert.deepEqual((await system().block(employeeId, take('posix-w'))).notes, []);
    assert.equal(await valuesOf(made, 'memberUid'), 'kim');
  });

  it('cannot tell of a protected group whether a login that two accounts share is that of another active member', async () => {
    const id = await admin.createUser({ employeeId: 'R-1', userName: 'rosa' });
    await admin.createUser({ employeeId: 'R-2', userName: 'rosa' });
    await admin.createUser({ employeeId: 'R-3', userName: 'ruth' });
    const made = await posix('guards-r', '7305', 'rosa');
    const other = () => system().port.hasOtherActiveMember(`${made};memberUid`, id, signal);
    assert.equal(await other(), 'cannot tell');
    await admin.modify(made, change('add', 'memberUid', 'ruth'));
    assert.equal(await other(), 'yes');
  });

  it('takes no login that is also of another account where people and groups are in two databases', async () => {
    await admin.createUser({ employeeId: 'DB-1', userName: 'willa' });
    await namesake('willa', { employeeNumber: 'DB-2' });
    const made = await admin.createEntry(`cn=posix-s,${otherContext}`, {
      ...{ cn: 'posix-s', objectClass: ['organizationalRole', 'posixGroup'] },
      ...{ gidNumber: '7311', memberUid: 'willa' },
    });
    const { block } = system({ groupBase: otherContext });
    assert.match(
      await finalFailure(FailureType.CannotTell, block('DB-1', take('posix-s'))),
      /unix lists willa in "posix-s", which may be .* or uid=willa,ou=services,/,
    );
    assert.equal(await valuesOf(made, 'memberUid'), 'willa');
  });

  it('gives back the login that a group listed, of an account that has two', async () => {
    const id = await admin.createUser({ employeeId: 'Y-1', userName: 'yara' });
    await admin.modify(id, change('add', 'uid', 'yfox'));
    const [one, both] = [
      await posix('posix-y', '7303', 'kim', 'yfox'),
      await posix('posix-z', '7304', 'kim', 'yara', 'yfox'),
    ];
    const lists = () => Promise.all([one, both].map((each) => valuesOf(each, 'memberUid')));
    const before = await lists();
    const hold = take('posix-y', 'posix-z');
    const { access, captured, block } = system();
    const account = await captured('Y-1', hold);
    const { taken, notes } = await block('Y-1', hold);
    assert.deepEqual([notes, await lists()], [[], ['kim', 'kim']]);
    await access.restore(account, taken, signal);
    assert.deepEqual(await lists(), before);
  });

  it('takes an account that a group lists with an optional UID, which no search finds, and gives it back with that', async () => {
    const id = await admin.createUser({ employeeId: 'W-1', userName: 'wanda' });
    const ravi = await admin.createUser({ employeeId: 'W-2', userName: 'wim' });
    const uniqueMember = [dnOf(ravi), `${dnOf(id)}#'0101'B`];
    const made = await group('with-uids', { objectClass: 'groupOfUniqueNames', uniqueMember });
    const outer = [server.admin.bindDn, `${dnOf(made)}#'1'B`];
    await group('around-uids', { objectClass: 'groupOfUniqueNames', uniqueMember: outer });
    const before = await valuesOf(made, 'uniqueMember');
    const { access, captured, block, port } = system();
    assert.equal(await port.hasOtherActiveMember(`${made};uniqueMember`, ravi, signal), 'yes');
    const nested = await finalFailure(FailureType.Refused, block('W-1', take('around-uids')));
    assert.match(nested, /around-uids on unix \(nested\): it comes by way of with-uids/);

    const hold = take('with-uids');
    const account = await captured('W-1', hold);
    const { taken, notes } = await block('W-1', hold);
    assert.deepEqual(notes, []);
    const left = await valuesOf(made, 'uniqueMember');
    assert.deepEqual([left.includes('wanda'), left.includes('wim')], [false, true]);
    const watched = watchedOf([account], { [id]: taken }, hold);
    const drift = () => system().access.driftOf({ employeeId: 'W-1' }, watched, hold, signal);
    assert.equal(await drift(), undefined);
    await access.restore(account, taken, signal);
    assert.equal(await valuesOf(made, 'uniqueMember'), before);
    assert.match((await drift())!.what, /is in with-uids again/);
    const { removedGroups } = await access.revoke({ employeeId: 'W-1' }, [account], signal);
    assert.deepEqual(
      removedGroups.map(({ displayName }) => displayName),
      ['with-uids'],
    );
    assert.ok(!(await valuesOf(made, 'uniqueMember')).includes('wanda'));
    assert.deepEqual((await block('W-1', hold)).notes, ['was in none of the critical groups']);
  });

  it('reads the groups of an account again where one lists it with an optional UID since a moment', async () => {
    const id = await admin.createUser({ employeeId: 'W-3', userName: 'wilma' });
    const uniqueMember = server.admin.bindDn;
    const made = await group('new-uids', { objectClass: 'groupOfUniqueNames', uniqueMember });
    const hold = take('new-uids');
    const { block } = system();
    await block('W-3', hold);
    await admin.modify(made, change('add', 'uniqueMember', `${dnOf(id)}#'11'B`));
    assert.match(await outage(block('W-3', hold)), /with an optional UID, since a moment/);
    assert.deepEqual((await block('W-3', hold)).notes, []);
    assert.ok(!(await valuesOf(made, 'uniqueMember')).includes('wilma'));
  });

  it('is refused on the group that an account is in by its gidNumber, without being listed', async () => {
    const id = await admin.createUser({ employeeId: 'G-1', userName: 'gina' });
    await admin.modify(
      id,
      change('add', 'objectClass', 'posixAccount'),
      change('add', 'uidNumber', '4711'),
      change('add', 'gidNumber', '7003'),
      change('add', 'homeDirectory', '/home/gina'),
    );
    await group('by-number', { objectClass: ['organizationalRole', 'posixGroup'], gidNumber: '7003' });
    const reason = await finalFailure(FailureType.Refused, system().block('G-1', take('by-number')));
    assert.match(reason, /cannot be removed from by-number on unix \(primary\): it is the primary group/);
  });

  it('takes no one from a group whose members the server computes, and cannot tell who else is in it', async () => {
    const id = await admin.createUser({ employeeId: 'D-1' });
    await admin.createGroup('listed', [id]);
    await group('computed', {
      objectClass: 'groupOfURLs',
      memberURL: `ldap:///${server.userBase}??sub?(employeeNumber=D-1)`,
    });
    const { access, block } = system();
    assert.match(
      await finalFailure(FailureType.Refused, block('D-1', take('computed', 'listed'))),
      /cannot be removed from computed on unix \(direct\): its members are computed by its memberURL/,
    );
    assert.deepEqual((await admin.account(id)).groups, ['computed', 'listed']);
    const { notes, groups } = await access.revoke({ employeeId: 'D-1' }, [], signal);
    assert.match(notes.join(), /stays in computed \(direct\): its members are computed/);
    assert.deepEqual(
      groups?.map(({ displayName }) => displayName),
      ['computed'],
    );
    assert.deepEqual((await admin.account(id)).groups, ['computed']);
    await admin.createUser({ employeeId: 'D-3' });
    const untold = await finalFailure(FailureType.CannotTell, block('D-3', take('computed')));
    assert.match(untold, /unix computes the members of "computed" by its memberURL/);
  });

  it('is refused by a group of which the server computes the members, and lists them like its own', async () => {
    const id = await admin.createUser({ employeeId: 'D-2' });
    await group('mixed', {
      objectClass: ['groupOfNames', 'labeledURIObject'],
      member: server.admin.bindDn,
      labeledURI: `ldap:///${server.userBase}??sub?(employeeNumber=D-2)`,
    });
    assert.deepEqual((await admin.account(id)).groups, ['mixed']);
    const reason = await finalFailure(FailureType.Refused, system().block('D-2', take('mixed')));
    assert.match(reason, /is refused \(dynamic\): unix answered 16 .*its members may be computed/);
  });

  describe('where a critical group has a member that is elsewhere', () => {
    /** A group that has the account, in another naming context of the server. */
    const elsewhere = (cn: string, member: string) =>
      admin.createEntry(`cn=${cn},${otherContext}`, { cn, objectClass: 'groupOfNames', member });
    const names = (cn: string, ...member: string[]) => group(cn, { objectClass: 'groupOfNames', member });
    const untold = async (employeeId: string, critical: string) =>
      finalFailure(FailureType.CannotTell, system().block(employeeId, take(critical)));

    it('cannot tell whether it has the account where the member is a group, also by way of other groups', async () => {
      const id = await admin.createUser({ employeeId: 'E-1' });
      await elsewhere('sre', dnOf(id));
      const inner = await group('sre-inner', {
        objectClass: 'groupOfUniqueNames',
        uniqueMember: [`cn=sre,${otherContext}#'1'B`],
      });
      await names('sre-outer', dnOf(inner));
      const because =
        /unix says that "sre-inner" has the member "cn=sre,o=shared", which is in another naming context/;
      assert.match(await untold('E-1', 'sre-inner'), because);
      const outer = await untold('E-1', 'sre-outer');
      assert.match(outer, because);
      assert.match(outer, /, and "sre-inner" is in "sre-outer": look there whether it has the account/);
    });

    it('cannot tell whether it has the account where the server only refers for it', async () => {
      await admin.createUser({ employeeId: 'E-2' });
      await names('away-1', 'cn=sre,ou=groups,dc=partner,dc=example');
      assert.match(await untold('E-2', 'away-1'), /"cn=sre,ou=groups,dc=partner,dc=example", which is in/);
      await names('away-2', `cn=sre,ou=elsewhere,${referringBase}`);
      assert.match(await untold('E-2', 'away-2'), /"cn=sre,ou=elsewhere,.*", which is in/);
    });

    it('is not disturbed by a member that is no group, or no longer there', async () => {
      await admin.createUser({ employeeId: 'E-3' });
      const other = `cn=person,${otherContext}`;
      await admin.createEntry(other, { objectClass: 'inetOrgPerson', sn: 'person' });
      await names('mixed-members', other, `cn=gone,${otherContext}`);
      const { notes } = await system().block('E-3', take('mixed-members'));
      assert.deepEqual(notes, ['was in none of the critical groups']);
    });
  });

  it('sees a nested group whose members the server computes and shows', async () => {
    await admin.createUser({ employeeId: 'D-4' });
    const computed = await group('computed-inner', {
      objectClass: 'groupOfURLs',
      memberURL: `ldap:///${server.userBase}??sub?(employeeNumber=D-4)`,
    });
    await admin.createGroup('computed-outer', [computed]);
    const reason = await finalFailure(FailureType.Refused, system().block('D-4', take('computed-outer')));
    assert.match(reason, /cannot be removed from computed-outer on unix \(nested\)/);
    await admin.createUser({ employeeId: 'D-5' });
    const { notes } = await system().block('D-5', take('computed-outer'));
    assert.deepEqual(notes, ['was in none of the critical groups']);
  });

  describe('that has neither a default policy nor the overlay dynlist', () => {
    let full: typeof server;
    before(async () => {
      full = server;
      const without = ['ppolicy_default', 'overlay dynlist', 'dynlist-attrset'];
      server = await startSlapd(path.join(await scratchFolder(), 'log'), without);
      admin = ldapAdmin(server);
    });
    after(async () => {
      await server.stop();
      server = full;
      admin = ldapAdmin(server);
    });

    it('believes no lock of an account under no policy, although there are policies', async () => {
      const id = await admin.createUser({ employeeId: 'L-1' });
      const hold = system();
      const reason = await finalFailure(FailureType.Refused, hold.block('L-1', SUSPEND));
      assert.match(
        reason,
        /has none of its own: name that of ppolicy_default as "defaultPolicy" in the conf/,
      );
      await admin.setActive(id, false);
      assert.equal((await hold.port.read({ id }, signal))?.active, undefined);
      await admin.setActive(id, true);
      await admin.modify(id, change('replace', 'pwdPolicySubentry', `cn=default,${suffix}`));
      await hold.block('L-1', SUSPEND);
      assert.equal((await hold.port.read({ id }, signal))?.active, false);
    });

    it('cannot tell whether an account comes into a group by one whose members it would have to search', async () => {
      const id = await admin.createUser({ employeeId: 'D-1' });
      const computed = await group('dynamic', {
        objectClass: 'groupOfURLs',
        memberURL: `ldap:///${server.userBase}??sub?(employeeNumber=D-1)`,
      });
      await admin.createGroup('dynamic-admins', [computed, id]);
      const blocking = system().block('D-1', take('dynamic-admins'));
      assert.match(
        await finalFailure(FailureType.CannotTell, blocking),
        /unix computes the members of "dynamic" by its memberURL, and "dynamic" is in "dynamic-admins": look/,
      );
    });
  });

  it('sees each way into a nested group, and takes the group only with all of them', async () => {
    const id = await admin.createUser({ employeeId: 'N-1' });
    const [one, two] = [await admin.createGroup('way-1', [id]), await admin.createGroup('way-2', [id])];
    await group('around', { objectClass: 'groupOfUniqueNames', uniqueMember: [dnOf(one), dnOf(two)] });
    const reason = await finalFailure(FailureType.Refused, system().block('N-1', take('around', 'way-1')));
    assert.match(reason, /cannot be removed from around on unix \(nested\): it comes by way of way-2/);
    assert.equal((await admin.account(id)).groups.length, 2);
    const { taken } = await system().block('N-1', take('around', 'way-1', 'way-2'));
    assert.deepEqual(taken.groups.map(({ displayName }) => displayName).toSorted(), ['way-1', 'way-2']);
  });

  it('knows a base by another spelling of its name', async () => {
    const id = await admin.createUser({ employeeId: 'B-1' });
    await admin.createGroup('spelt', [id]);
    const spelt = (base: string) => base.replaceAll(',', ' , ').toUpperCase();
    const bases = { userBase: spelt(server.userBase), groupBase: spelt(server.groupBase) };
    await system(bases).block('B-1', take('spelt'));
    assert.deepEqual((await admin.account(id)).groups, []);
  });
});
