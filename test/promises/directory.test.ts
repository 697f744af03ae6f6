import assert from 'node:assert/strict';
import path from 'node:path';
import { describeUnless } from '../support/installed.js';
import { ldapAdmin } from '../support/ldap-admin.js';
import { change } from '../support/ldap-change.js';
import type { LdapServer } from '../support/ldap-server.js';
import { slapdLacks, startSlapd } from '../support/slapd.js';
import { scratchFolder } from '../support/temporal.js';
import { stateOf, stepOf } from '../support/world.js';
import { inBothForms } from './both-forms.js';
import { ended, untilStep } from './on-the-way.js';

describeUnless(slapdLacks, 'with OpenLDAP', () => {
  let server: LdapServer;
  let admin: ReturnType<typeof ldapAdmin>;
  const config: [from: string, to: string][] = [];
  const env: Record<string, string> = {};
  before(async () => {
    server = await startSlapd(path.join(await scratchFolder(), 'log'));
    admin = ldapAdmin(server);
    const { url, bindDn, password, userBase, groupBase, defaultPolicy } = server;
    const unix = { name: 'unix', protocol: 'ldap', directory: 'openldap', url, bindDn, userBase, groupBase };
    const entry = { ...unix, defaultPolicy, passwordEnv: 'UNIX_PASSWORD', hold: 'suspend' };
    config.push(['\nsystems:\n', `\nsystems:\n  - ${JSON.stringify(entry)}\n`]);
    env['UNIX_PASSWORD'] = password;
  });
  after(() => server.stop());

  inBothForms('an exit', { config, env }, (company) => {
    for (const outcome of ['retained', 'leaving'] as const)
      it(`holds the account, and ends it as decided: ${outcome}`, async () => {
        const nora = await company().hire();
        const id = await admin.createUser({ employeeId: nora.employeeId });
        const member = await admin.createGroup(`staff-${nora.employeeId}`, [id]);
        await company().exits.open({ employeeId: nora.employeeId });
        await untilStep(company(), nora, 'block-access:unix', 'done');
        assert.equal((await admin.account(id)).active, false);
        await ended(company(), nora, outcome);
        const { active, groups } = await admin.account(id);
        assert.equal(active, outcome === 'retained');
        assert.equal(groups.length, outcome === 'retained' ? 1 : 0);
        await admin.deleteGroup(member);
      });

    it('is not blocked where the directory does not keep the person out, and says why', async () => {
      const nora = await company().hire();
      const id = await admin.createUser({ employeeId: nora.employeeId });
      const policy = `cn=default,${server.userBase.replace(/^[^,]+,/, '')}`;
      await admin.modifyEntry(policy, change('replace', 'pwdLockout', 'FALSE'));
      await company().exits.open({ employeeId: nora.employeeId });
      const stuck = await untilStep(company(), nora, 'block-access:unix');
      assert.match(stepOf(stuck, 'block-access:unix')!.error!, /password policy has pwdLockout TRUE/);
      assert.equal((await admin.account(id)).active, true);
      await admin.modifyEntry(policy, change('replace', 'pwdLockout', 'TRUE'));
      const closed = await ended(company(), nora, 'leaving');
      assert.equal(stateOf(closed, 'revoke-access:unix'), 'done');
      assert.equal((await admin.account(id)).active, false);
    });
  });
});
