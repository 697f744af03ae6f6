import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { rootCertificates } from 'node:tls';
import { parseConfig } from '../../src/config/config.js';
import { FailureType } from '../../src/exit/failures.js';
import type { HoldKind, Taken } from '../../src/exit/hold-facts.js';
import { createAccessService } from '../../src/services/access/access.js';
import { createLdapAdapter } from '../../src/services/access/adapters/ldap-adapter.js';
import { createAccess } from '../../src/services/from-config.js';
import { createLdapClient, type LdapClient } from '../../src/services/protocols/ldap.js';
import { NOTHING, SUSPEND } from '../support/critical-system.js';
import { finalFailure, outage } from '../support/failures.js';
import { describeUnless } from '../support/installed.js';
import { ldapAdmin } from '../support/ldap-admin.js';
import { change } from '../support/ldap-change.js';
import { startLdapProxy } from '../support/ldap-proxy.js';
import type { LdapServer } from '../support/ldap-server.js';
import { byEmployeeId } from '../support/matching.js';
import { hide, MEMBER, sambaLacks, startSamba } from '../support/samba.js';
import { hiddenBase, referringBase, slapdLacks, startSlapd } from '../support/slapd.js';
import { scratchFolder } from '../support/temporal.js';

const { signal } = new AbortController();
const report = () => Promise.resolve();
const PASSWORD = 'Passw0rd!OfDana';
/** Units of 100 ns since 1601 (MS-ADTS §2.3.2). */
const fileTime = (date: string): string => String((BigInt(Date.parse(date)) + 11_644_473_600_000n) * 10_000n);

/** The server, as if groups that list the one name listed the other as well: Samba takes no member of another domain. */
const listingBoth = (ldap: LdapClient, one: string, other: string): LdapClient => ({
  ...ldap,
  session: (signal, work) =>
    ldap.session(signal, (session) =>
      work({
        ...session,
        async read(...asked) {
          const entry = await session.read(...asked);
          return (
            entry && {
              ...entry,
              all: (of) => entry.all(of).flatMap((value) => (value === one ? [one, other] : value)),
            }
          );
        },
      }),
    ),
});

/** The access service on a server, and another administrator there. */
function system(
  server: LdapServer,
  changes: Partial<Parameters<typeof createLdapClient>[0]> = {},
  bases = {},
) {
  const { url, bindDn, password, caFile, dialect, userBase, groupBase } = server;
  const ca = caFile && readFileSync(caFile, 'utf8');
  const settings = { name: 'windows', url, bindDn, password, ca, requestTimeoutMs: 5000, ...changes };
  const ldap = createLdapClient(settings);
  const port = createLdapAdapter({ ldap, dialect, userBase, groupBase, ids: ['employeeNumber'], ...bases });
  const access = createAccessService({ port, match: byEmployeeId('employeeNumber') });
  return {
    ldap,
    port,
    access,
    captured: async (employeeId: string, hold: HoldKind = SUSPEND) => {
      const [account] = (await access.capture({ employeeId }, hold, signal)).accounts;
      return account ?? assert.fail(`${employeeId} has no account`);
    },
  };
}

const servers: [name: string, lacks: string | undefined, start: typeof startSlapd][] = [
  ['OpenLDAP', slapdLacks, startSlapd],
  ['Active Directory (Samba) @long', sambaLacks, startSamba],
];

for (const [name, lacks, start] of servers)
  describeUnless(lacks, `a hold over LDAP on ${name}`, () => {
    let server: LdapServer;
    let admin: ReturnType<typeof ldapAdmin>;
    before(async () => {
      server = await start(path.join(await scratchFolder(), 'log'));
      admin = ldapAdmin(server);
    });
    after(() => server.stop());

    it('keeps the person from logging in, until it is restored', async () => {
      const id = await admin.createUser({ employeeId: 'L-1' });
      await admin.setPassword(id, PASSWORD);
      const { access, captured } = system(server);
      const account = await captured('L-1');
      assert.equal(await admin.logIn(id, PASSWORD), true);
      const { taken } = await access.block(account, SUSPEND, NOTHING, report, signal);
      assert.equal(await admin.logIn(id, PASSWORD), false);
      await access.restore(account, taken, signal);
      assert.equal(await admin.logIn(id, PASSWORD), true);
    });

    it('follows an account that gets another name and moves out of the configured unit', async () => {
      const id = await admin.createUser({ employeeId: 'M-1' });
      const group = await admin.createGroup('movers', [id]);
      const hold: HoldKind = { kind: 'groups', groups: ['movers'] };
      const { captured } = system(server);
      const [account, member] = [await captured('M-1'), await captured('M-1', hold)];
      await admin.move(id, `cn=Dana (married),${server.userBase}`);
      // slapd itself leaves the old name in the group.
      if ((await admin.account(id)).groups.length === 0) await admin.addMember(group, id);
      const { access } = system(server, {}, { userBase: server.groupBase });
      const { taken } = await access.block(account, SUSPEND, NOTHING, report, signal);
      assert.equal((await admin.account(id)).active, false);
      await access.restore(account, taken, signal);
      assert.equal((await admin.account(id)).active, true);
      await access.block(member, hold, NOTHING, report, signal);
      assert.deepEqual((await admin.account(id)).groups, []);
    });

    it('gives back to the employee an account that was moved out of the configured unit during the hold', async () => {
      const employee = { employeeId: 'M-2' };
      const id = await admin.createUser(employee);
      await admin.createGroup('away-ops', [id]);
      // A unit that shows no account at all is doubted.
      await admin.move(await admin.createUser({ employeeId: 'M-3' }), `cn=Kim,${server.groupBase}`);
      const before = await admin.account(id);
      for (const hold of [SUSPEND, { kind: 'groups', groups: ['away-ops'] }] satisfies HoldKind[]) {
        const { access, captured } = system(server);
        const account = await captured('M-2', hold);
        const { taken } = await access.block(account, hold, NOTHING, report, signal);
        const outside = system(server, {}, { userBase: server.groupBase });
        await outside.access.restore(account, taken, signal, { employee });
        assert.deepEqual(await admin.account(id), before);
      }
    });

    it('tells a membership that comes by way of another group, and takes only direct ones', async () => {
      const id = await admin.createUser({ employeeId: 'N-1' });
      const inner = await admin.createGroup('sre', [id]);
      await admin.createGroup('nested-admins', [inner]);
      const { port, access } = system(server);
      const found = (await port.groupsOf(id, signal)).map(({ group, via, changeable }) => [
        group.displayName,
        via,
        changeable,
      ]);
      assert.deepEqual(found, [
        ['sre', 'direct', true],
        ['nested-admins', 'nested', 'it comes by way of sre'],
      ]);
      const { removedGroups, notes } = await access.revoke({ employeeId: 'N-1' }, [], signal);
      assert.deepEqual(
        removedGroups.map(({ displayName }) => displayName),
        ['sre'],
      );
      assert.deepEqual(notes, []);
    });

    it('does not take the groups of a former name for those of an account that is renamed meanwhile', async () => {
      const id = await admin.createUser({ employeeId: 'N-3' });
      await admin.createGroup('renamers', [id]);
      const proxy = await startLdapProxy(server.url);
      const { port } = system(server, { url: proxy.url, ca: undefined });
      let renamed: Promise<void> | undefined;
      proxy.fault(({ path }) => {
        if (path !== server.groupBase || renamed) return undefined;
        renamed = admin.move(id, `cn=renamed,${server.userBase}`);
        return { kind: 'held', until: renamed };
      });
      assert.match(await outage(port.groupsOf(id, signal)), /on windows was renamed meanwhile/);
      await proxy.stop();
    });

    it('tells what was so already from what it has written', async () => {
      const id = await admin.createUser({ employeeId: 'W-1' });
      const groupId = await admin.createGroup('written', [id]);
      const { port } = system(server);
      const group = { id: groupId, displayName: 'written' };
      const [membership] = await port.groupsOf(id, signal);
      const seen = await port.read({ id }, signal);
      const outcomes = [
        await port.addToGroup(id, group, signal),
        await port.setActive(seen!, true, signal),
        await port.removeFromGroup(id, membership!, signal),
        await port.removeFromGroup(id, membership!, signal),
        await port.addToGroup(id, group, signal),
      ];
      const kinds = ['unchanged', 'unchanged', 'written', 'unchanged', 'written'];
      assert.deepEqual(
        outcomes.map(({ kind }) => kind),
        kinds,
      );
      await admin.deleteGroup(groupId);
      await finalFailure(FailureType.CannotTell, port.addToGroup(id, group, signal));
    });

    it('ends with groups that are members of each other', async () => {
      const id = await admin.createUser({ employeeId: 'N-2' });
      const one = await admin.createGroup('one', [id]);
      const two = await admin.createGroup('two', [one]);
      await admin.addMember(one, two);
      const groups = (await system(server).port.groupsOf(id, signal)).map(({ group }) => group.displayName);
      assert.deepEqual(groups.toSorted(), ['one', 'one', 'two']);
    });

    it('counts active members of a group among the members of a protected one', async () => {
      const [dana, ravi] = [
        await admin.createUser({ employeeId: 'P-1' }),
        await admin.createUser({ employeeId: 'P-2' }),
      ];
      const inner = await admin.createGroup('inner', [ravi]);
      const outer = await admin.createGroup('outer', [dana, inner]);
      const other = () => system(server).port.hasOtherActiveMember(outer, dana, signal);
      assert.equal(await other(), 'yes');
      await admin.setActive(ravi, false);
      assert.equal(await other(), 'no');
    });

    it('does not take an attribute that the server does not know for an account that does not exist', async () => {
      await admin.createUser({ employeeId: 'U-1' });
      const { port } = system(server);
      const capturing = (...attributes: string[]) =>
        createAccessService({ port, match: byEmployeeId(...attributes) }).capture(
          { employeeId: 'U-1' },
          SUSPEND,
          signal,
        );
      const reason = await finalFailure(FailureType.CannotTell, capturing('employeeNumbr'));
      assert.match(reason, /no account on windows shows employeeNumbr/);
      assert.deepEqual(await port.find({ attribute: 'employeeNumber', value: 'U-none' }, signal), []);
      assert.equal(await port.hasKey!('employeeNumber', signal), true);
      // Only as a further key, which an account need not have.
      const { accounts } = await capturing('employeeNumber', 'employeeNumbr');
      assert.equal(accounts.length, 1);
    });

    it('finds an account by a value that would be a filter, and nothing by a wildcard', async () => {
      const hostile = 'E(1)*\\2,=';
      const id = await admin.createUser({
        employeeId: hostile,
        userName: 'hostile',
        email: 'h@acme.example',
      });
      const { port } = system(server);
      const [found] = await port.find({ attribute: 'employeeNumber', value: hostile }, signal);
      assert.equal(found?.account.id, id);
      assert.deepEqual(await port.find({ attribute: 'employeeNumber', value: '*' }, signal), []);
    });

    it('does not take a base that it cannot see for an empty one', async () => {
      const id = await admin.createUser({ employeeId: 'B-1' });
      const { port } = system(server, {}, { groupBase: `ou=grups,${server.userBase}` });
      const reason = await finalFailure(FailureType.Refused, port.groupsOf(id, signal));
      assert.match(reason, /windows shows no entry ou=grups,.*: check userBase and groupBase/);
    });

    it('says which right is missing, in the words of the server', async () => {
      await admin.createUser({ employeeId: 'R-1' });
      const id = await admin.createUser({ employeeId: 'R-2' });
      await admin.move(id, `cn=outside,${server.groupBase}`);
      const { access, captured } = system(server, {}, { userBase: server.groupBase });
      const account = await captured('R-2');
      const blocking = access.block(account, SUSPEND, NOTHING, report, signal);
      const reason = await finalFailure(FailureType.Refused, blocking);
      assert.match(
        reason,
        /^suspending the account R-2 on windows is refused \(rights\): windows answered 50 /,
      );
      assert.equal((await admin.account(id)).active, true);
    });

    it('is refused for a wrong password, without showing it', async () => {
      const { captured } = system(server, { password: 'wrong-password' });
      const reason = await finalFailure(FailureType.Refused, captured('L-1'));
      assert.match(reason, /^windows answered 49 to "bind as .*: check bindDn and its password$/);
      assert.ok(!reason.includes('wrong-password'));
    });

    it('is an outage where the connection breaks, or there is none', async () => {
      const proxy = await startLdapProxy(server.url);
      const { captured } = system(server, { url: proxy.url, ca: undefined });
      let asked = 0;
      // After the bind.
      proxy.fault(() => (++asked === 2 ? { kind: 'unreachable' } : undefined));
      assert.match(await outage(captured('L-1')), /^windows cannot be reached at ldap:/);
      await proxy.stop();
      assert.match(await outage(captured('L-1')), /^windows cannot be reached at .*ECONNREFUSED/);
    });
  });

describeUnless(slapdLacks, 'a hold over LDAP on OpenLDAP alone', () => {
  let server: LdapServer;
  let admin: ReturnType<typeof ldapAdmin>;
  before(async () => {
    server = await startSlapd(path.join(await scratchFolder(), 'log'));
    admin = ldapAdmin(server);
  });
  after(() => server.stop());

  it('cannot tell whether an account is active whose lock it may not read', async () => {
    const id = await admin.createUser({ employeeId: 'H-1' });
    await admin.move(id, `cn=hidden,${hiddenBase}`);
    const { port } = system(server);
    const seen = async () => (await port.read({ id }, signal))?.active;
    assert.equal(await seen(), undefined);
    const account = await port.read({ id }, signal);
    const outcome = await port.setActive(account!, false, signal);
    assert.ok(outcome.kind === 'refused' && outcome.why === 'rights');
    assert.match(outcome.detail, /^windows does not show whether it is active: let bindDn read pwdAccount/);
    await admin.setActive(id, false);
    assert.equal(await seen(), undefined);
  });

  it('cannot tell whether there is an account where a part of them is on another server', async () => {
    await admin.createUser({ employeeId: 'S-1' });
    const { port } = system(server, {}, { userBase: referringBase });
    const elsewhere = /a part of it, and refers to ldap:\/\/other\.acme\.example\/ou=elsewhere/;
    const finding = port.find({ attribute: 'employeeNumber', value: 'S-1' }, signal);
    assert.match(await finalFailure(FailureType.CannotTell, finding), elsewhere);
  });

  it('is made from the configuration', async () => {
    const id = await admin.createUser({ employeeId: 'C-1' });
    const { url, bindDn, userBase, groupBase, defaultPolicy } = server;
    const settings = {
      name: 'unix',
      protocol: 'ldap',
      directory: 'openldap',
      url,
      bindDn,
      userBase,
      groupBase,
      defaultPolicy,
    };
    const entry = {
      ...settings,
      passwordEnv: 'UNIX_PASSWORD',
      hold: 'suspend',
      rateLimit: { requestsPerSecond: 100 },
    };
    const sample = readFileSync('ems.config.yaml', 'utf8').replace(
      '\nsystems:',
      `\nsystems:\n  - ${JSON.stringify(entry)}`,
    );
    const config = parseConfig(sample, 'ems.config.yaml', {
      UNIX_PASSWORD: server.password,
      DIRECTORY_SCIM_TOKEN: 'unused',
    });
    const services = await createAccess({ ...config, systems: config.systems.slice(0, 1) });
    const access = services.get('unix')!;
    const [account] = (await access.capture({ employeeId: 'C-1' }, SUSPEND, signal)).accounts;
    await access.block(account!, SUSPEND, NOTHING, report, signal);
    assert.equal((await admin.account(id)).active, false);
  });

  it('cannot tell the groups of an account where it may not read their members', async () => {
    const id = await admin.createUser({ employeeId: 'H-2' });
    const group = await admin.createGroup('secret', [id]);
    await admin.move(group, `cn=secret,${hiddenBase}`);
    const { port } = system(server, {}, { groupBase: hiddenBase });
    const reason = await finalFailure(FailureType.CannotTell, port.groupsOf(id, signal));
    assert.match(
      reason,
      /windows shows no members of the groups below ou=hidden,.*: let bindDn read "member"/,
    );
  });

  it('takes no lock-out by failed logins for a suspension, since it may end by itself, and gives it back', async () => {
    const lockedOut = '20261126000000Z';
    const id = await admin.createUser({ employeeId: 'O-1' });
    await admin.setPassword(id, PASSWORD);
    await admin.modify(id, change('replace', 'pwdAccountLockedTime', lockedOut));
    const { access, captured } = system(server);
    const account = await captured('O-1');
    assert.equal(account.active, true);
    const block = (tried: Taken) => access.block(account, SUSPEND, tried, report, signal);
    const { taken } = await block(NOTHING);
    assert.deepEqual(taken, { ...NOTHING, suspended: true, replaced: lockedOut });
    assert.equal((await admin.account(id)).active, false);
    // The answer to a block may be lost.
    assert.deepEqual((await block(taken)).taken, taken);
    await access.restore(account, taken, signal);
    assert.equal(await admin.valueOf(id, 'pwdAccountLockedTime'), lockedOut);
    assert.equal(await admin.logIn(id, PASSWORD), false);
    await access.restore(account, taken, signal);
    assert.equal(await admin.valueOf(id, 'pwdAccountLockedTime'), lockedOut);
  });

  it('gives back no lock-out that an administrator has ended during the hold', async () => {
    const id = await admin.createUser({ employeeId: 'O-3' });
    await admin.modify(id, change('replace', 'pwdAccountLockedTime', '20261126000000Z'));
    const { access, captured } = system(server);
    const account = await captured('O-3');
    const first = await access.block(account, SUSPEND, NOTHING, report, signal);
    await admin.setPassword(id, PASSWORD);
    const again = await access.block(account, SUSPEND, first.taken, report, signal);
    await access.restore(account, again.taken, signal);
    assert.equal(await admin.logIn(id, PASSWORD), true);
  });

  it('does not count a lock that the password policy lets pass', async () => {
    const policy = `cn=default,${server.userBase.replace(/^[^,]+,/, '')}`;
    const lax = (isLax: boolean) =>
      admin.modifyEntry(policy, change('replace', 'pwdLockout', isLax ? 'FALSE' : 'TRUE'));
    const id = await admin.createUser({ employeeId: 'Q-1' });
    await admin.setPassword(id, PASSWORD);
    const { access, captured, port } = system(server);
    const account = await captured('Q-1');
    const seen = await port.read(account, signal);
    await lax(true);
    const outcome = await port.setActive(seen!, false, signal);
    assert.ok(outcome.kind === 'refused' && /pwdLockout TRUE/.test(outcome.detail));
    assert.equal((await admin.account(id)).active, true);
    await lax(false);

    const { taken } = await access.block(account, SUSPEND, NOTHING, report, signal);
    await lax(true);
    assert.equal(await admin.logIn(id, PASSWORD), true, 'the server itself lets the person in');
    assert.equal((await port.read(account, signal))?.active, undefined);
    await lax(false);
    await access.restore(account, taken, signal);
  });

  it('looks at the password policy that the account has of its own', async () => {
    const lax = `cn=lax,${server.userBase.replace(/^[^,]+,/, '')}`;
    const id = await admin.createUser({ employeeId: 'Q-2' });
    await admin.modify(id, change('replace', 'pwdPolicySubentry', lax));
    const { port } = system(server);
    const outcome = await port.setActive((await port.read({ id }, signal))!, false, signal);
    assert.ok(outcome.kind === 'refused' && outcome.detail.includes(`${lax} does not show it`));
  });

  it('sees as drift that an administrator resets the password, which removes the lock', async () => {
    const id = await admin.createUser({ employeeId: 'O-2' });
    const { access, captured } = system(server);
    await access.block(await captured('O-2'), SUSPEND, NOTHING, report, signal);
    await admin.setPassword(id, PASSWORD);
    const drift = await access.driftOf({ employeeId: 'O-2' }, [{ id, groups: [] }], SUSPEND, signal);
    assert.deepEqual(drift, { what: 'the account is active again' });
  });

  it('is refused where a group would be left without a member', async () => {
    const id = await admin.createUser({ employeeId: 'G-1' });
    const group = await admin.createGroup('lonely', [id]);
    await admin.modify(group, change('delete', 'member', server.admin.bindDn));
    const hold: HoldKind = { kind: 'groups', groups: ['lonely'] };
    const { access, captured } = system(server);
    const blocking = access.block(await captured('G-1', hold), hold, NOTHING, report, signal);
    const reason = await finalFailure(FailureType.Refused, blocking);
    assert.match(reason, /is refused \(last\): windows answered 65 .*put another one into lonely first$/);
  });

  it('writes on the version that it has read, so that a late request changes nothing', async () => {
    const id = await admin.createUser({ employeeId: 'V-1' });
    const { port } = system(server);
    const seen = await port.read({ id }, signal);
    await admin.setExternalId(id, 'changed');
    assert.deepEqual(await port.setActive(seen!, false, signal), { kind: 'conflict' });
    assert.equal((await admin.account(id)).active, true);
  });
});

describeUnless(sambaLacks, 'a hold over LDAP on Active Directory (Samba) alone @long', () => {
  let server: LdapServer;
  let admin: ReturnType<typeof ldapAdmin>;
  before(async () => {
    server = await startSamba(path.join(await scratchFolder(), 'log'));
    admin = ldapAdmin(server);
  });
  after(() => server.stop());

  it('takes no base below which it sees no account for one where an account was deleted', async () => {
    const id = randomUUID();
    const { access, port } = system(server, {}, { userBase: server.groupBase });
    const none = /windows shows no account at all below .*look there what bindDn may read/;
    const capturing = access.capture({ employeeId: 'A-0' }, SUSPEND, signal);
    assert.match(await finalFailure(FailureType.CannotTell, capturing), none);
    assert.match(await finalFailure(FailureType.CannotTell, port.read({ id }, signal)), none);
  });

  it('believes that an entry was deleted where it may read the deleted objects, and where it may not cannot tell', async () => {
    const id = await admin.createUser({ employeeId: 'D-1', userName: 'deleted' });
    const groupId = await admin.createGroup('deleted-group', [id]);
    await admin.deleteUser(id);
    await admin.deleteGroup(groupId);
    await admin.createUser({ employeeId: 'D-2' });
    const { port } = system(server, server.admin);
    assert.equal(await port.read({ id, userName: 'deleted' }, signal), undefined);
    assert.deepEqual(await port.standingIn!(id, groupId, undefined, signal), { is: 'gone' });
    const reading = system(server).port.read({ id, userName: 'deleted' }, signal);
    assert.match(
      await finalFailure(FailureType.CannotTell, reading),
      /account deleted \(.*\): it was deleted, or/,
    );
    // An id that no entry ever had.
    await finalFailure(FailureType.CannotTell, port.read({ id: randomUUID() }, signal));
  });

  it('is refused on the primary group, which lists no members', async () => {
    const id = await admin.createUser({ employeeId: 'A-1' });
    const group = await admin.createGroup('primary', [id]);
    const rid = await admin.valueOf(group, 'primaryGroupToken');
    await admin.modify(id, change('replace', 'primaryGroupID', rid));
    const hold: HoldKind = { kind: 'groups', groups: ['primary'] };
    const { access, captured } = system(server);
    const blocking = access.block(await captured('A-1', hold), hold, NOTHING, report, signal);
    assert.match(
      await finalFailure(FailureType.Refused, blocking),
      /cannot be removed from primary on windows \(primary\): it is the primary group/,
    );
  });

  it('tells a group that the primary group is a member of', async () => {
    const id = await admin.createUser({ employeeId: 'A-2' });
    const group = await admin.createGroup('everyone-admins');
    const [, ...suffix] = server.userBase.split(',');
    await admin.modify(group, change('add', 'member', `CN=Domain Users,CN=Users,${suffix.join(',')}`));
    const memberships = await system(server).port.groupsOf(id, signal);
    assert.deepEqual(
      memberships.map(({ group, via, changeable }) => [group.displayName, via, changeable]),
      [['everyone-admins', 'nested', 'it comes by way of Domain Users']],
    );
  });

  describe('where a critical group lists a principal that is not of the domain', () => {
    const lists = async (group: string, principal: string) =>
      admin.modify(await admin.createGroup(group), change('add', 'member', principal));
    const blocking = async (employeeId: string, group: string) => {
      const hold: HoldKind = { kind: 'groups', groups: [group] };
      const { access, captured } = system(server);
      return access.block(await captured(employeeId, hold), hold, NOTHING, report, signal);
    };

    it('is refused where that is everybody who logs in, also by way of other groups', async () => {
      await admin.createUser({ employeeId: 'F-1' });
      const [, ...suffix] = server.userBase.split(',');
      for (const [group, who, principal] of [
        ['all', 'S-1-5-11', `CN=S-1-5-11,CN=ForeignSecurityPrincipals,${suffix.join(',')}`],
        ['world', 'Everyone', '<SID=S-1-1-0>'],
      ] as const) {
        await lists(group, principal);
        assert.match(
          await finalFailure(FailureType.Refused, blocking('F-1', group)),
          new RegExp(`from ${group} on windows \\(nested\\): it comes by way of ${who}, which stands for`),
        );
        const outer = await admin.createGroup(`${group}-outer`);
        await admin.modify(outer, change('add', 'member', `CN=${group},${server.groupBase}`));
        assert.match(
          await finalFailure(FailureType.Refused, blocking('F-1', `${group}-outer`)),
          new RegExp(`from ${group}-outer on windows \\(nested\\): it comes by way of ${group}$`),
        );
      }
    });

    it('cannot tell where that is a principal of another domain', async () => {
      const id = await admin.createUser({ employeeId: 'F-2' });
      const sid = 'S-1-5-21-1111111111-2222222222-3333333333-1105';
      await lists('trusting', `<SID=${sid}>`);
      const reason = await finalFailure(FailureType.CannotTell, blocking('F-2', 'trusting'));
      assert.match(
        reason,
        new RegExp(
          `windows does not show who is "${sid}", and "${sid}" is in "trusting": look there whether`,
        ),
      );
      const { port } = system(server);
      const [group] = await port.findGroup('trusting', signal);
      await admin.addMember(group!.id, id);
      assert.equal(await port.hasOtherActiveMember(group!.id, id, signal), 'cannot tell');
      await admin.createGroup('no-principal', [id]);
      assert.equal((await blocking('F-2', 'no-principal')).taken.groups.length, 1);
    });
  });

  it('cannot tell where a critical group lists a member of another domain, also by way of other groups', async () => {
    const id = await admin.createUser({ employeeId: 'F-3' });
    const listed = await admin.createGroup('listed');
    const inner = await admin.createGroup('universal', [listed]);
    const outer = await admin.createGroup('universal-outer', [inner]);
    const guarded = await admin.createGroup('universal-guarded', [id, listed]);
    const { ldap, port } = system(server);
    const through = () => true;
    assert.deepEqual(await port.standingIn!(id, outer, through, signal), { is: 'out' });
    assert.equal(await port.hasOtherActiveMember(guarded, id, signal), 'no');
    const { dialect, userBase, groupBase } = server;
    const [, ...suffix] = userBase.split(',');
    for (const domain of [`DC=emea,${suffix.join(',')}`, 'DC=partner,DC=example']) {
      const both = listingBoth(ldap, admin.dnOf(listed).replace(/^cn/, 'CN'), `CN=sre,CN=Users,${domain}`);
      const other = createLdapAdapter({ ldap: both, dialect, userBase, groupBase, ids: ['employeeNumber'] });
      assert.equal(await other.hasOtherActiveMember(guarded, id, signal), 'cannot tell');
      for (const group of [inner, outer]) {
        const standing = await other.standingIn!(id, group, through, signal);
        assert.ok(standing.is === 'cannot tell');
        assert.ok(
          standing.because.startsWith(
            `says that "universal" has the member "CN=sre,CN=Users,${domain}", which`,
          ),
        );
      }
    }
  });

  it('takes a membership in a group whose members it may not read, and sees a way by such a group', async () => {
    const id = await admin.createUser({ employeeId: 'A-8' });
    const [secret, inner] = [
      await admin.createGroup('secret', [id]),
      await admin.createGroup('secret-inner', [id]),
    ];
    await admin.createGroup('secret-outer', [inner]);
    for (const group of ['secret', 'secret-inner', 'secret-outer'])
      await hide(server, `CN=${group},${server.groupBase}`, MEMBER);
    const hold: HoldKind = { kind: 'groups', groups: ['secret'] };
    const { port, access, captured } = system(server);
    const account = await captured('A-8', hold);
    const { taken } = await access.block(account, hold, NOTHING, report, signal);
    assert.deepEqual(taken.groups, [{ id: secret, displayName: 'secret' }]);
    assert.deepEqual((await admin.account(id)).groups, ['secret-inner']);
    await access.restore(account, taken, signal);
    assert.deepEqual((await admin.account(id)).groups, ['secret', 'secret-inner']);
    const outer = (await port.groupsOf(id, signal)).find(({ group }) => group.displayName === 'secret-outer');
    assert.deepEqual([outer?.via, outer?.by], ['nested', inner]);
  });

  it('counts those whose primary group a protected group is, and members of one that it may not read', async () => {
    const dana = await admin.createUser({ employeeId: 'A-9' });
    const ravi = await admin.createUser({ employeeId: 'A-10' });
    const eva = await admin.createUser({ employeeId: 'A-11' });
    const inner = await admin.createGroup('unread', [eva]);
    await hide(server, `CN=unread,${server.groupBase}`, MEMBER);
    const group = await admin.createGroup('main', [dana, ravi, inner]);
    await admin.modify(
      ravi,
      change('replace', 'primaryGroupID', await admin.valueOf(group, 'primaryGroupToken')),
    );
    await admin.setActive(eva, false);
    const other = () => system(server).port.hasOtherActiveMember(group, dana, signal);
    assert.equal(await other(), 'yes');
    await admin.setActive(ravi, false);
    assert.equal(await other(), 'no');
    await admin.setActive(eva, true);
    assert.equal(await other(), 'yes');
  });

  it('takes no computer for an active member of a protected group, and no account that has expired', async () => {
    const [, ...suffix] = server.userBase.split(',');
    const id = await admin.createUser({ employeeId: 'A-12' });
    const computer = await admin.createEntry(`CN=PC1,CN=Computers,${suffix.join(',')}`, {
      ...{ objectClass: 'computer', sAMAccountName: 'PC1$', userAccountControl: '4096' },
    });
    const expired = await admin.createUser({ employeeId: 'A-13' });
    await admin.modify(expired, change('replace', 'accountExpires', fileTime('2020-01-01')));
    const group = await admin.createGroup('tier-0', [id, computer, expired]);
    const other = () => system(server).port.hasOtherActiveMember(group, id, signal);
    assert.equal(await other(), 'no');
    await admin.modify(expired, change('replace', 'accountExpires', fileTime('2120-01-01')));
    assert.equal(await other(), 'yes');
  });

  it('leaves the other flags of the account as they are', async () => {
    const id = await admin.createUser({ employeeId: 'A-3' });
    // The password never expires (0x10000).
    await admin.modify(id, change('replace', 'userAccountControl', '66080'));
    const { access, captured } = system(server);
    const account = await captured('A-3');
    const { taken } = await access.block(account, SUSPEND, NOTHING, report, signal);
    assert.equal(await admin.valueOf(id, 'userAccountControl'), '66082');
    await access.restore(account, taken, signal);
    assert.equal(await admin.valueOf(id, 'userAccountControl'), '66080');
  });

  it('says of an account that expires by itself that it has not set that, and suspends it all the same', async () => {
    const id = await admin.createUser({ employeeId: 'A-14', userName: 'ends' });
    await admin.setPassword(id, PASSWORD);
    const expire = (date: string) => admin.modify(id, change('replace', 'accountExpires', fileTime(date)));
    await expire('2120-01-01');
    const { access, captured } = system(server);
    const capturedNotes = async () =>
      (await access.capture({ employeeId: 'A-14' }, SUSPEND, signal)).notes.join('; ');
    assert.match(await capturedNotes(), /ends expires at 2120-01-01T00:00:00.000Z, which EMS has not set$/);
    const account = await captured('A-14');
    const first = await access.block(account, SUSPEND, NOTHING, report, signal);
    await expire('2020-01-01');
    const { active, notes } = await access.restore(account, first.taken, signal);
    assert.equal(await admin.logIn(id, PASSWORD), false);
    assert.equal(active, false);
    assert.match(notes.join(), /ends expired at 2020-01-01T.*, which EMS has not set: change it there if/);

    // It is no suspension: an administrator who lifts it does not open the account.
    assert.match(await capturedNotes(), /ends expired at 2020-01-01T/);
    const again = await access.block(await captured('A-14'), SUSPEND, NOTHING, report, signal);
    assert.deepEqual(again.taken, { ...NOTHING, suspended: true });
    await admin.modify(id, change('replace', 'accountExpires', '0'));
    assert.equal(await admin.logIn(id, PASSWORD), false);
    const restored = await access.restore(account, again.taken, signal);
    assert.deepEqual([restored.active, restored.notes], [true, []]);
    assert.equal(await admin.logIn(id, PASSWORD), true);
  });

  it('keeps a flag that another administrator sets in the same moment', async () => {
    const id = await admin.createUser({ employeeId: 'A-6' });
    const proxy = await startLdapProxy(server.url);
    const { access, captured } = system(server, { url: proxy.url, ca: undefined });
    const account = await captured('A-6');
    let changed: Promise<void> | undefined;
    proxy.fault(({ method }) => {
      if (method !== 'PATCH' || changed) return undefined;
      changed = admin.modify(id, change('replace', 'userAccountControl', '66080'));
      return { kind: 'held', until: changed };
    });
    await access.block(account, SUSPEND, NOTHING, report, signal);
    assert.equal(await admin.valueOf(id, 'userAccountControl'), '66082');
    await proxy.stop();
  });

  it('says of an account that AdminSDHolder protects what to do', async () => {
    const id = await admin.createUser({ employeeId: 'A-7' });
    await admin.modify(id, change('replace', 'adminCount', '1'));
    // Without the right, as on Windows.
    await admin.move(id, `CN=protected,${server.groupBase}`);
    const { access, captured } = system(server, {}, { userBase: server.groupBase });
    const blocking = access.block(await captured('A-7'), SUSPEND, NOTHING, report, signal);
    assert.match(
      await finalFailure(FailureType.Refused, blocking),
      /is refused \(privileged\): windows answered 50 .*; AdminSDHolder protects the account/,
    );
  });

  it('finds the account by employeeID, and shows its logins and addresses', async () => {
    const id = await admin.createUser({ employeeId: 'A-4', userName: 'dana', email: 'dana@acme.example' });
    await admin.modify(
      id,
      change('replace', 'employeeID', 'E-1002'),
      change('replace', 'userPrincipalName', 'dana@ad.acme.example'),
    );
    const [found] = await system(server).port.find({ attribute: 'employeeID', value: 'e-1002' }, signal);
    assert.equal(found?.value, 'E-1002');
    assert.equal(found.account.userName, 'dana');
    assert.deepEqual(found.account.identities, ['dana', 'dana@ad.acme.example', 'dana@acme.example']);
  });

  it('uses StartTLS where the address is not ldaps:', async () => {
    await admin.createUser({ employeeId: 'A-5' });
    const { captured } = system(server, { url: server.url.replace('ldaps:', 'ldap:') });
    assert.equal((await captured('A-5')).userName, 'A-5');
  });

  for (const scheme of ['ldaps:', 'ldap:'])
    it(`does not trust another certificate than those of caFile (${scheme})`, async () => {
      const [ca] = rootCertificates;
      const { captured } = system(server, { url: server.url.replace('ldaps:', scheme), ca });
      const reason = await finalFailure(FailureType.Refused, captured('A-1'));
      assert.match(reason, /^the certificate of windows at ldaps?:.* is not trusted \(.*\): check caFile/);
    });
});
