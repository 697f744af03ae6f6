import assert from 'node:assert/strict';
import type { Decision } from '../../src/exit/decision.js';
import { isSuspension, idIn } from '../contract/costly-writes.js';
import { ENTERPRISE_USER } from '../support/scim-requests.js';
import { HR } from '../support/world.js';
import { inBothForms } from './both-forms.js';
import { ended, settle, untilStep } from './on-the-way.js';

const outcomes = ['retained', 'leaving'] as const;
/** By what a person did about the block. */
const settled = { 'done-by-hand': 'confirmed', skip: 'skipped' } as const;

inBothForms(
  'the report, of a system with two accounts of the employee where one block is refused,',
  {
    systems: ['payroll', 'code'],
    config: [['  - name: code\n', "  - name: code\n    also: [{ userName: 'adm-{login}' }]\n"]],
  },
  (company) => {
    /** Until the block of the second account is refused. */
    async function refused() {
      const { hire, admin, proxies, exits } = company();
      const nora = await hire({ on: ['payroll', 'code'] });
      const userName = `adm-${nora.email}`;
      // It shows no employee id, as many accounts of administrators.
      const attributes = { externalId: undefined, [ENTERPRISE_USER]: undefined };
      const { employeeId } = nora;
      const second = await admin.code.createUser({ employeeId, userName, email: userName, attributes });
      proxies.code.quirk((forward) => (request) => {
        if (!isSuspension(request) || idIn(request) !== second) return forward(request);
        const detail = 'the last owner cannot be suspended';
        return Promise.resolve({ status: 403, headers: {}, body: JSON.stringify({ detail, status: '403' }) });
      });
      await exits.open({ employeeId: nora.employeeId });
      await untilStep(company(), nora, 'block-access:code');
      assert.equal((await admin.code.account(nora.accounts.code!)).active, false);
      assert.equal((await admin.code.account(second)).active, true);
      return nora;
    }

    async function told(employeeId: string) {
      const { systems, verdict } = await company().exits.report(employeeId, 'test');
      const { block, end } = systems.find(({ system }) => system === 'code')!;
      return { block, end, verdict };
    }

    it('says while it is open that it is not yet observed', async () => {
      const nora = await refused();
      const { block, verdict } = await told(nora.employeeId);
      assert.deepEqual([block.how, block.at], ['pending', undefined]);
      assert.match(verdict, /observed blocked on payroll.*not yet observed blocked on code/);
    });

    for (const [action, how] of Object.entries(settled) as [keyof typeof settled, string][])
      for (const outcome of outcomes)
        it(`says after ${outcome} that its block was ${how}, and what was observed at the end`, async () => {
          const { proxies, untilPhase, exits } = company();
          const nora = await refused();
          await settle(company(), nora, 'block-access:code', action, 'ticket 7');
          proxies.code.quirk(undefined);
          const decision: Decision = { outcome, decidedBy: HR };
          await exits.decide(nora.employeeId, decision);
          // What a person blocked by hand, a person gives back.
          if (action === 'done-by-hand' && outcome === 'retained') {
            await untilStep(company(), nora, 'restore-access:code');
            assert.notEqual((await told(nora.employeeId)).end!.how, 'observed');
            await settle(company(), nora, 'restore-access:code', 'done-by-hand', 'ticket 8');
          }
          await untilPhase(nora, 'closed');
          const { block, end } = await told(nora.employeeId);
          assert.deepEqual([block.how, block.at], [how, undefined]);
          const byHand = action === 'done-by-hand' && outcome === 'retained';
          assert.equal(end!.how, byHand ? 'confirmed' : 'observed');
        });

    it('says after a decision that came first that its block was not completed', async () => {
      const { proxies, admin } = company();
      const nora = await refused();
      // An attempt that learnt the key from payroll may be under way still: it is refused as well.
      await ended(company(), nora, 'retained');
      proxies.code.quirk(undefined);
      const { block, end, verdict } = await told(nora.employeeId);
      assert.deepEqual([block.how, end!.how], ['given-up', 'observed']);
      assert.match(verdict, /it was not completed on code, because the decision came first/);
      assert.equal((await admin.code.account(nora.accounts.code!)).active, true);
    });
  },
);
