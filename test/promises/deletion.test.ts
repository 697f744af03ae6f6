import assert from 'node:assert/strict';
import { deletesTheSuspended } from '../contract/costly-writes.js';
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

for (const word of ['restore: exact', 'restore: { loses: the forks }'] as const)
  inBothForms(
    `a system whose suspension is a deletion, where the configuration says "${word}"`,
    { systems: ['payroll'], config: [overDeletingAdapter(word)] },
    (company) => {
      it('is not held: that is no acceptance of a deletion', async () => {
        const nora = await company().hire({ on: ['payroll'] });
        assert.match(await preview(company(), nora.employeeId), /a hold would delete the account on payroll/);
        await company().exits.open({ employeeId: nora.employeeId });
        await untilStep(company(), nora, 'block-access:payroll');
        assert.equal(await exists(company(), nora.accounts.payroll), true);
      });
    },
  );

inBothForms(
  'a SCIM server that deletes what it suspends, of which the configuration says nothing',
  { systems: ['payroll'], config: [['- name: payroll\n', '- name: payroll\n    settle: PT0.2S\n']] },
  (company) => {
    it('is said to have deleted it at the block, is not called blocked or restored, and holds no second account', async () => {
      const world = company();
      const [nora, ravi] = [await world.hire({ on: ['payroll'] }), await world.hire({ on: ['payroll'] })];
      world.proxies.payroll.quirk(deletesTheSuspended);
      await world.exits.open({ employeeId: nora.employeeId });
      const stuck = await untilStep(world, nora, 'block-access:payroll');
      assert.match(
        stepOf(stuck, 'block-access:payroll')!.error!,
        /payroll no longer shows the account .* after it was suspended: it cannot give it back.*"restore: nothing"/,
      );
      assert.equal(stuck.blockedAt, undefined);
      await world.exits.open({ employeeId: ravi.employeeId });
      const refused = await untilStep(world, ravi, 'block-access:payroll');
      assert.match(
        stepOf(refused, 'block-access:payroll')!.error!,
        /payroll no longer showed an account after its suspension, so that a hold may delete the next one/,
      );
      assert.equal(await exists(world, ravi.accounts.payroll), true);
      await world.exits.decide(nora.employeeId, { outcome: 'retained', decidedBy: HR });
      const unrestored = await untilStep(world, nora, 'restore-access:payroll');
      assert.match(stepOf(unrestored, 'restore-access:payroll')!.error!, /payroll/);
      const { verdict, systems } = await world.exits.report(nora.employeeId, 'test');
      const { block, end } = systems.find(({ system }) => system === 'payroll')!;
      assert.notEqual(block.how, 'observed');
      assert.equal(end!.how, 'pending');
      assert.doesNotMatch(verdict, /was observed (blocked|restored) on [^;]*payroll/);
      await settle(world, nora, 'restore-access:payroll', 'done-by-hand', 'made anew in payroll');
      await world.untilPhase(nora, 'closed');
    });
  },
);
