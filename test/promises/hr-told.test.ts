import assert from 'node:assert/strict';
import { HR, stepOf, type Hired } from '../support/world.js';
import { inBothForms, type Company } from './both-forms.js';
import { ended, opened, settle, untilStep } from './on-the-way.js';

inBothForms(
  'HR, when an exit opens,',
  { systems: ['payroll'], config: [['${EMS_PUBLIC_URL:-}', 'https://exits.acme.example']] },
  (company) => {
    let world: Company;
    beforeEach(() => (world = company()));
    const toHr = ({ exitId }: Hired & { exitId: string }) =>
      world.mail.to(HR).filter(({ messageId }) => messageId?.includes(`${exitId}.notify-hr.`));

    it('hears of it in one mail with a link to the exit, however often the step is repeated', async () => {
      world.mail.refuse((to) =>
        to.startsWith('boss-of') ? { code: 550, message: 'no such user' } : undefined,
      );
      const nora = await opened(
        world,
        { on: ['payroll'] },
        { submittedBy: 'hris', lastWorkingDay: '2999-12-31' },
      );
      await untilStep(world, nora, 'notify-manager');
      const [mail] = toHr(nora);
      assert.match(mail!.subject!, /^Exit opened: Nora Test/);
      for (const said of [nora.employeeId, 'handed in by hris', '31 December 2999', 'payroll'])
        assert.ok(mail!.text!.includes(said), mail!.text);
      assert.ok(mail!.text!.includes(`https://exits.acme.example/exits/${nora.exitId}`), mail!.text);
      world.mail.refuse(undefined);
      await settle(world, nora, 'notify-manager', 'retry');
      const told = await untilStep(world, nora, 'notify-manager', 'done');
      assert.match(stepOf(told, 'notify-manager')!.note!, /HR was told at hr@acme\.example/);
      assert.equal(world.mail.to(nora.manager).length, 1);
      await ended(world, nora, 'withdrawn');
      assert.equal(toHr(nora).length, 1);
      const corrected = world.mail
        .to(HR)
        .filter(({ messageId }) => messageId?.includes(`${nora.exitId}.send-correction`));
      assert.equal(corrected.length, 1);
      const { mails } = await world.exits.report(nora.employeeId, 'test');
      assert.ok(
        mails.some(({ to, mail: kind }) => to === HR && /hr/i.test(kind)),
        JSON.stringify(mails),
      );
    });

    it('hears nothing where they have opened it themselves, or are told in place of the manager', async () => {
      const byHr = await opened(world, { on: ['payroll'] }, { submittedBy: 'HR@acme.example' });
      const alone = await opened(world, { on: ['payroll'], manager: null });
      for (const each of [byHr, alone]) {
        await untilStep(world, each, 'notify-manager', 'done');
        assert.deepEqual(toHr(each), []);
        await ended(world, each, 'retained');
      }
    });

    it('does not hold the manager up where HR’s mailbox takes no mail', async () => {
      world.mail.refuse((to) => (to === HR ? { code: 550, message: 'no such user' } : undefined));
      const nora = await opened(world, { on: ['payroll'] });
      const told = await untilStep(world, nora, 'notify-manager', 'done');
      assert.match(stepOf(told, 'notify-manager')!.note!, /HR was not told: .*no such user/);
      world.mail.refuse(undefined);
      await ended(world, nora, 'retained');
    });
  },
);
