/** What a person has blocked by hand, or left open, and what EMS says of it afterwards. */
import assert from 'node:assert/strict';
import type { Quirk } from '../support/fault-proxy.js';
import { eventually } from '../support/eventually.js';
import { HR, stateOf, stepOf, type Hired } from '../support/world.js';
import { inBothForms, type Company } from './both-forms.js';
import { settle, untilStep, waiting } from './on-the-way.js';

const often: [string, string] = ['recheckEvery: PT15M', 'recheckEvery: PT1S'];
const BLOCK = 'block-access:payroll';
const RESTORE = 'restore-access:payroll';

/** The system refuses to suspend the account. */
const keeping =
  (accountId: string): Quirk =>
  (forward) =>
  (request) => {
    if (request.method !== 'PATCH' || !request.path.includes(accountId)) return forward(request);
    const body = JSON.stringify({
      schemas: ['urn:ietf:params:scim:api:messages:2.0:Error'],
      ...{ status: '403', detail: 'the last owner cannot be suspended' },
    });
    return Promise.resolve({ status: 403, headers: { 'content-type': 'application/scim+json' }, body });
  };

const drifted = ({ sweep, exits }: Company, { employeeId }: Hired) =>
  eventually('a drift', async () => {
    await sweep();
    const { drifts } = await exits.status(employeeId);
    return drifts.at(-1);
  });

inBothForms(
  'a system that a person has blocked in part',
  { config: [often], systems: ['payroll'] },
  (company) => {
    let world: Company;
    beforeEach(() => (world = company()));
    afterEach(() => world.proxies.payroll.quirk(undefined));

    const reported = async ({ employeeId }: Hired) => {
      const { systems, verdict } = await world.exits.report(employeeId, 'test');
      return { ...systems.find(({ system }) => system === 'payroll')!, verdict };
    };

    it('is looked at all the same: the account that EMS has blocked is blocked again, and the other stays the work of a person', async () => {
      const { admin, exits, proxies, account } = world;
      const nora = await world.hire({ on: ['payroll'] });
      const { employeeId } = nora;
      const second = await admin.payroll.createUser({ employeeId, userName: `second-${employeeId}` });
      proxies.payroll.quirk(keeping(second));
      await exits.open({ employeeId });
      await untilStep(world, nora, BLOCK);
      await admin.payroll.setActive(second, false);
      await settle(world, nora, BLOCK, 'done-by-hand', 'TICKET-7: suspended the second account');
      assert.equal((await reported(nora)).block.how, 'confirmed');
      proxies.payroll.quirk(undefined);

      await admin.payroll.setActive(nora.accounts.payroll!, true);
      assert.match((await drifted(world, nora)).what, /is active/);
      await untilStep(world, nora, BLOCK, 'done');
      assert.equal((await account(nora, 'payroll')).active, false);

      await exits.decide(employeeId, { outcome: 'retained', decidedBy: HR });
      const stuck = await untilStep(world, nora, RESTORE);
      assert.match(stepOf(stuck, RESTORE)!.error!, /blocked payroll by hand: give the access back by hand/);
      assert.equal((await account(nora, 'payroll')).active, true, 'what EMS took is back');
      assert.equal((await admin.payroll.account(second)).active, false);
      await admin.payroll.setActive(second, true);
      await settle(world, nora, RESTORE, 'done-by-hand', 'TICKET-8: reactivated the second account');
      await world.untilPhase(nora, 'closed');
      await admin.payroll.deleteUser(second);
    });

    it('is not called blocked where EMS sees the account active that a person has confirmed', async () => {
      const { exits, proxies } = world;
      const nora = await world.hire({ on: ['payroll'] });
      proxies.payroll.quirk(keeping(nora.accounts.payroll!));
      await exits.open({ employeeId: nora.employeeId });
      await untilStep(world, nora, BLOCK);
      await settle(world, nora, BLOCK, 'done-by-hand', 'TICKET-9: suspended it, as I believe');
      assert.match((await drifted(world, nora)).what, /is active/);
      const again = await untilStep(world, nora, BLOCK);
      assert.equal(again.blockedAt, undefined);
      await settle(world, nora, BLOCK, 'skip', 'TICKET-10: it stays open');
      assert.equal((await reported(nora)).block.how, 'skipped');
    });

    it('is not reported as observed once the access is back, and cannot be taken again', async () => {
      const { admin, exits, proxies } = world;
      const nora = await waiting(world, { on: ['payroll'] });
      assert.match((await reported(nora)).verdict, /was observed blocked on payroll/);
      proxies.payroll.quirk(keeping(nora.accounts.payroll!));
      await admin.payroll.setActive(nora.accounts.payroll!, true);
      await drifted(world, nora);
      await untilStep(world, nora, BLOCK);
      assert.doesNotMatch((await reported(nora)).verdict, /was observed blocked on payroll/);
      await settle(world, nora, BLOCK, 'skip', 'TICKET-11: it stays open');
      const { block, verdict } = await reported(nora);
      assert.equal(block.how, 'skipped');
      assert.doesNotMatch(verdict, /was observed blocked on payroll/);
      await exits.decide(nora.employeeId, { outcome: 'leaving', decidedBy: HR, now: true });
      await untilStep(world, nora, 'revoke-access:payroll');
      assert.equal(stateOf(await exits.status(nora.employeeId), BLOCK), 'skipped');
    });
  },
);
