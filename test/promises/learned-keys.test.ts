import assert from 'node:assert/strict';
import type { ExitStatus } from '../../src/exit/status.js';
import { stepOf } from '../support/world.js';
import { untilStep } from './on-the-way.js';
import { inBothForms } from './both-forms.js';

const byLogin: [string, string] = [
  '  - name: code\n',
  "  - name: code\n    match: [{ userName: '{login}' }]\n",
];

inBothForms(
  'a login by which one system calls the employee',
  { systems: ['payroll', 'code'], config: [byLogin] },
  (company) => {
    it('is another person’s on the next one, whose block takes the login of the directory', async () => {
      const { admin, exits, proxies, mend, hire, form } = company();
      const elsewhere = `dmeyer-${form}`;
      const nora = await hire({ on: ['code'] });
      await admin.payroll.createUser({ employeeId: nora.employeeId, userName: elsewhere, email: nora.email });
      const stranger = await admin.code.createUser({ employeeId: `other-${form}`, userName: elsewhere });
      // The login of the first one is learnt before the second one answers.
      proxies.code.fault(() => ({ kind: 'unreachable' }));
      await exits.open({ employeeId: nora.employeeId });
      const attemptOf = (status: ExitStatus): number => stepOf(status, 'block-access:code')?.attempt ?? 0;
      const begun = attemptOf(await untilStep(company(), nora, 'block-access:payroll', 'done'));
      await company().until(nora, 'a later attempt', (status) => attemptOf(status) > begun + 1);
      await mend();
      await untilStep(company(), nora, 'block-access:code', 'done');
      assert.equal((await admin.code.account(stranger)).active, true);
      assert.equal((await admin.code.account(nora.accounts.code!)).active, false);
    });
  },
);
