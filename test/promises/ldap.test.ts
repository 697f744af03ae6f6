import assert from 'node:assert/strict';
import path from 'node:path';
import { describeUnless } from '../support/installed.js';
import { ldapAdmin } from '../support/ldap-admin.js';
import { change } from '../support/ldap-change.js';
import type { LdapServer } from '../support/ldap-server.js';
import { slapdLacks, startSlapd } from '../support/slapd.js';
import { scratchFolder } from '../support/temporal.js';
import { inBothForms, type Company } from './both-forms.js';
import { ended } from './on-the-way.js';

const CRITICAL = ['unix-operators', 'unix-admins'];

describeUnless(slapdLacks, 'with a critical system on OpenLDAP', () => {
  let server: LdapServer;
  let admin: ReturnType<typeof ldapAdmin>;
  const [operators, admins] = [{ id: '' }, { id: '' }];
  const config: [string, string][] = [];
  const env: Record<string, string> = {};

  before(async () => {
    server = await startSlapd(path.join(await scratchFolder(), 'log'));
    admin = ldapAdmin(server);
    const { url, bindDn, password, userBase, groupBase, defaultPolicy } = server;
    const system = {
      ...{ name: 'unix', protocol: 'ldap', directory: 'openldap', hold: { groups: CRITICAL } },
      ...{ url, bindDn, passwordEnv: 'UNIX_PASSWORD', userBase, groupBase, defaultPolicy },
    };
    config.push(['\nsystems:', `\nsystems:\n  - ${JSON.stringify(system)}`]);
    env['UNIX_PASSWORD'] = password;
    operators.id = await admin.createGroup(CRITICAL[0]!, []);
    const names = { objectClass: 'groupOfUniqueNames', cn: CRITICAL[1]!, uniqueMember: server.admin.bindDn };
    admins.id = await admin.createEntry(`cn=${CRITICAL[1]},${groupBase}`, names);
  });
  after(() => server.stop());

  inBothForms('an exit', { systems: [], config, env }, (company) => {
    /** Whether the account is active, and who is listed in the groups. */
    async function seen(id: string) {
      const { active, groups } = await admin.account(id);
      const unique = await admin.valueOf(admins.id, 'uniqueMember');
      return { active, groups, isAdmin: unique.includes(`#'0101'B`) };
    }
    async function waiting(world: Company) {
      const nora = await world.hire({ on: [] });
      const id = await admin.createUser({ employeeId: nora.employeeId, email: nora.email });
      await admin.addMember(operators.id, id);
      await admin.addMember(await admin.createGroup(`readers-${nora.employeeId}`, []), id);
      await admin.modify(admins.id, change('add', 'uniqueMember', `${admin.dnOf(id)}#'0101'B`));
      const before = await seen(id);
      await world.exits.open({ employeeId: nora.employeeId });
      await world.untilPhase(nora, 'awaiting-decision');
      const readers = [`readers-${nora.employeeId}`];
      assert.deepEqual(await seen(id), { active: true, groups: readers, isAdmin: false });
      return { nora, id, before };
    }

    it('takes the critical groups alone, and gives them back exactly when the employee is retained', async () => {
      const { nora, id, before } = await waiting(company());
      assert.equal(before.isAdmin, true);
      const { needsAttention } = await ended(company(), nora, 'retained');
      assert.equal(needsAttention, false);
      assert.deepEqual(await seen(id), before);
      await admin.deleteUser(id);
      await admin.modify(admins.id, change('replace', 'uniqueMember', server.admin.bindDn));
    });

    it('suspends the account and removes it from every group when the employee is leaving', async () => {
      const { nora, id } = await waiting(company());
      const { needsAttention } = await ended(company(), nora, 'leaving');
      assert.equal(needsAttention, false);
      assert.deepEqual(await seen(id), { active: false, groups: [], isAdmin: false });
      const { systems } = await company().exits.report(nora.employeeId, 'test');
      const { end } = systems.find(({ system }) => system === 'unix')!;
      assert.deepEqual(end?.after, { active: false, groups: [] });
    });
  });
});
