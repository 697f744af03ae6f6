import assert from 'node:assert/strict';
import { overDeletingAdapter } from '../support/deleting-adapter.js';
import { page } from '../support/ems.js';
import { HR, stepOf } from '../support/world.js';
import { inBothForms, type Company } from './both-forms.js';
import { ended, settle, untilStep } from './on-the-way.js';

const exists = ({ admin }: Company, id: string | undefined): Promise<boolean> =>
  admin.payroll.account(id!).then(
    () => true,
    () => false,
  );
const preview = ({ env, form }: Company, employeeId: string): Promise<string> =>
  page(env, 'resign', employeeId, '--form', form, '--dry-run');

inBothForms(
  'a system whose suspension is a deletion',
  { systems: ['payroll'], config: [overDeletingAdapter()] },
  (company) => {
    it('is not held, which the preview says before, and the step until a person settles it', async () => {
      const nora = await company().hire({ on: ['payroll'] });
      assert.match(
        await preview(company(), nora.employeeId),
        /look at payroll before +.*: a hold would delete the account on payroll, .*"restore: nothing", or block it by hand/,
      );
      await company().exits.open({ employeeId: nora.employeeId });
      const stuck = await untilStep(company(), nora, 'block-access:payroll');
      assert.match(
        stepOf(stuck, 'block-access:payroll')!.error!,
        /a hold would delete the account on payroll/,
      );
      assert.equal(await exists(company(), nora.accounts.payroll), true);
      await settle(company(), nora, 'block-access:payroll', 'skip');
      await ended(company(), nora, 'retained');
      assert.equal(await exists(company(), nora.accounts.payroll), true);
    });
  },
);

inBothForms(
  'a system whose suspension is a deletion, as the configuration accepts',
  { systems: ['payroll'], config: [overDeletingAdapter('restore: nothing')] },
  (company) => {
    it('is held, and the preview, the status and the restore say that it cannot give the account back', async () => {
      const nora = await company().hire({ on: ['payroll'] });
      const said = await preview(company(), nora.employeeId);
      assert.match(
        said,
        /block-access:payroll +.*the system deletes what it suspends, and cannot give it back/,
      );
      assert.doesNotMatch(said, /a hold would delete/);
      const { exits, untilPhase } = company();
      await exits.open({ employeeId: nora.employeeId });
      await untilPhase(nora, 'awaiting-decision');
      assert.equal(await exists(company(), nora.accounts.payroll), false);
      const { costs } = await exits.status(nora.employeeId);
      assert.equal(costs[0]!.restore, 'nothing');
      await exits.decide(nora.employeeId, { outcome: 'retained', decidedBy: HR });
      const stuck = await untilStep(company(), nora, 'restore-access:payroll');
      assert.match(
        stepOf(stuck, 'restore-access:payroll')!.error!,
        /the account .*, which was deleted meanwhile/,
      );
      await settle(company(), nora, 'restore-access:payroll', 'done-by-hand', 'made a new one');
      await untilPhase(nora, 'closed');
    });
  },
);
