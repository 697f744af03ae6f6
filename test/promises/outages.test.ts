import assert from 'node:assert/strict';
import { eventually } from '../support/eventually.js';
import { HR, stateOf, stepOf } from '../support/world.js';
import { inBothForms, type Company } from './both-forms.js';
import { ended, hasAccess, opened, pastEveryCheck, untilStep, waiting } from './on-the-way.js';

inBothForms(
  'while a server is down',
  { config: [['attentionAfter: PT15M', 'attentionAfter: PT1.5S']] },
  (company) => {
    let world: Company;
    beforeEach(() => (world = company()));

    it('a critical system is retried until it is back, the others are blocked, and the status says so', async () => {
      const nora = await world.hire();
      await world.takeDown('payroll');
      await world.exits.open({ employeeId: nora.employeeId });
      await untilStep(world, nora, 'block-access:payroll');
      for (const step of ['block-access:code', 'block-access:production', 'notify-manager'])
        await untilStep(world, nora, step, 'done');
      const trying = await world.until(nora, 'attempts shown, and when the next one is', (status) => {
        const { attempt = 0, nextAttemptAt } = stepOf(status, 'block-access:payroll')!;
        return attempt > 2 && nextAttemptAt !== undefined;
      });
      assert.equal(trying.blockedAt, undefined, 'two of three is not blocked');
      const { error, startedAt, nextAttemptAt } = stepOf(trying, 'block-access:payroll')!;
      assert.match(error!, /payroll/);
      assert.ok(nextAttemptAt! > startedAt!);
      // Temporal's list may be a moment behind its histories.
      const listed = await eventually('the exit in the list', async () =>
        (await world.exits.list({ attention: true })).find(
          ({ employeeId }) => employeeId === nora.employeeId,
        ),
      );
      assert.ok(listed.stuckSteps.some(({ system }) => system === 'payroll'));

      await world.bringUp('payroll');
      const healed = await world.until(
        nora,
        'healed',
        ({ blockedAt, needsAttention }) => blockedAt !== undefined && !needsAttention,
      );
      assert.equal(stepOf(healed, 'block-access:payroll')?.error, undefined);
      assert.equal((await world.account(nora, 'payroll')).active, false);
    });

    it('a directory that is down does not delay the block', async () => {
      const nora = await world.hire();
      await world.takeDown('directory');
      await world.exits.open({ employeeId: nora.employeeId });
      const blocked = await world.until(nora, 'blocked', ({ blockedAt }) => blockedAt !== undefined);
      assert.notEqual(stateOf(blocked, 'notify-manager'), 'done');
      await world.bringUp('directory');
      await world.until(nora, 'told and invited', (status) =>
        ['notify-manager', 'schedule-hr-interview'].every((step) => stateOf(status, step) === 'done'),
      );
    });

    it('a mail server that is down does not delay the block, and each mail is sent once afterwards', async () => {
      await world.takeDown('mail');
      const nora = await opened(world);
      await world.until(nora, 'blocked', ({ blockedAt }) => blockedAt !== undefined);
      const stuck = await untilStep(world, nora, 'notify-manager');
      assert.match(
        stepOf(stuck, 'notify-manager')!.error!,
        /Mail to boss-of-.* did not go out: .*ECONNREFUSED/,
      );
      await world.bringUp('mail');
      const healed = await world.until(
        nora,
        'told and invited',
        ({ steps, needsAttention }) => !needsAttention && steps.every(({ state }) => state === 'done'),
      );
      assert.equal(healed.phase, 'awaiting-decision');
      assert.equal(world.mail.to(nora.manager).length, 1);
      assert.equal(world.mail.invitationsTo(nora.email).length, 1);
    });

    it('an invitation that reached one recipient is not sent there again', async () => {
      let refusals = 0;
      world.mail.refuse((recipient) => {
        if (recipient !== HR || refusals >= 3) return undefined;
        refusals += 1;
        return { code: 450, message: 'greylisted, come back later' };
      });
      const nora = await opened(world);
      const status = await untilStep(world, nora, 'schedule-hr-interview', 'done');
      assert.equal(refusals, 3);
      assert.equal(world.mail.invitationsTo(nora.email).length, 1, 'one invitation');
      const ofExit = world.mail
        .invitationsTo(HR)
        .filter(({ messageId }) => messageId?.includes(status.exitId));
      assert.equal(ofExit.length, 1);
    });

    it('a lost answer causes no lost and no double write', async () => {
      let lost = 0;
      for (const system of ['payroll', 'production'] as const) {
        world.proxies[system].fault(({ method }) => {
          if (method !== 'PATCH' || lost >= 4) return undefined;
          lost += 1;
          return { kind: 'lost-answer' };
        });
      }
      world.mail.loseNextAnswer();
      const nora = await waiting(world);
      await ended(world, nora, 'retained');
      assert.equal(lost, 4);
      await hasAccess(world, nora);
      const ids = [...world.mail.to(nora.manager), ...world.mail.to(nora.email)].map(
        ({ messageId }) => messageId,
      );
      assert.equal(
        new Set(ids).size,
        5,
        'a mail that came twice has the same Message-ID, so that the receiver drops one',
      );
    });

    it('a block whose success was not observed is given back, even when it needs attention', async () => {
      for (const system of ['payroll', 'production'] as const) {
        let isWritten = false;
        world.proxies[system].fault(({ method }) => {
          isWritten ||= method === 'PATCH';
          return isWritten && method !== 'PATCH' ? { kind: 'unreachable' } : undefined;
        });
      }
      const nora = await opened(world);
      for (const system of ['payroll', 'production']) await untilStep(world, nora, `block-access:${system}`);
      await world.exits.decide(nora.employeeId, { outcome: 'retained', decidedBy: HR });
      await world.until(
        nora,
        'the restore begun',
        (status) => stateOf(status, 'restore-access:payroll') !== undefined,
      );
      await world.mend();
      await world.untilPhase(nora, 'closed');
      await hasAccess(world, nora);
    });

    it('the steps after the decision are retried until they succeed', async () => {
      const nora = await waiting(world);
      await world.takeDown('code');
      await world.takeDown('mail');
      await world.exits.decide(nora.employeeId, { outcome: 'retained', decidedBy: HR });
      await untilStep(world, nora, 'restore-access:code');
      await world.bringUp('code');
      await world.bringUp('mail');
      const closed = await world.untilPhase(nora, 'closed');
      assert.equal(closed.needsAttention, false);
      assert.equal((await world.account(nora, 'code')).active, true);
    });

    it('an interview that cannot be withdrawn does not delay the mail to the manager', async () => {
      const nora = await waiting(world);
      world.mail.refuse((recipient) =>
        recipient === HR ? { code: 450, message: 'try again later' } : undefined,
      );
      await world.exits.decide(nora.employeeId, { outcome: 'retained', decidedBy: HR });
      const told = await untilStep(world, nora, 'notify-manager-of-outcome', 'done');
      assert.notEqual(stateOf(told, 'cancel-hr-interview'), 'done');
      assert.equal(told.phase, 'restoring', 'the exit is open until the interview is withdrawn');
      assert.match(told.awaiting, /^Access is restored; still open: cancel-hr-interview\./);
      world.mail.refuse(undefined);
      const closed = await world.untilPhase(nora, 'closed');
      assert.equal(stateOf(closed, 'cancel-hr-interview'), 'done');
    });
  },
);

inBothForms('workers or services that are down', { systems: ['payroll'] }, (company) => {
  it('lose nothing: the exit goes on where it was', async () => {
    const { exits, untilPhase, account, stopServing, startServing } = company();
    const nora = await company().hire({ on: ['payroll'] });
    await stopServing();
    await exits.open({ employeeId: nora.employeeId });
    await startServing();
    await untilPhase(nora, 'awaiting-decision');
    await stopServing();
    await pastEveryCheck(company(), nora, { outcome: 'retained', decidedBy: HR });
    await startServing();
    await untilPhase(nora, 'closed');
    assert.equal((await account(nora, 'payroll')).active, true);
  });
});
