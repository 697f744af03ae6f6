/** What a person has blocked by hand, or left open, and what EMS says of it afterwards. */
import assert from 'node:assert/strict';
import type { Quirk } from '../support/fault-proxy.js';
import { eventually } from '../support/eventually.js';
import { HR, stateOf, stepOf, type Hired } from '../support/world.js';
import { inBothForms, type Company } from './both-forms.js';
import { ended, settle, untilStep, waiting } from './on-the-way.js';

const often: [string, string] = ['recheckEvery: PT15M', 'recheckEvery: PT1S'];
const BLOCK = 'block-access:payroll';

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

    /** EMS has blocked one account, and a person has answered for the second one. */
    async function blockedInPart(nora: Hired, evidence: string): Promise<string> {
      const { admin, proxies } = world;
      const { employeeId } = nora;
      const second = await admin.payroll.createUser({ employeeId, userName: `second-${employeeId}` });
      proxies.payroll.quirk(keeping(second));
      await drifted(world, nora);
      await untilStep(world, nora, BLOCK);
      await settle(world, nora, BLOCK, 'done-by-hand', evidence);
      proxies.payroll.quirk(undefined);
      assert.equal((await reported(nora)).block.how, 'confirmed');
      return second;
    }

    it('has the account watched that EMS has blocked, and asks a person before it blocks any again', async () => {
      const { admin, exits, account } = world;
      const nora = await waiting(world, { on: ['payroll'] });
      const { employeeId } = nora;
      const second = await blockedInPart(nora, 'TICKET-7: suspended the second account');
      await admin.payroll.setActive(second, false);

      await admin.payroll.setActive(nora.accounts.payroll!, true);
      const stuck = await eventually('attention', async () => {
        await world.sweep();
        const status = await exits.status(employeeId);
        return status.needsAttention ? status : undefined;
      });
      assert.match(stepOf(stuck, BLOCK)!.error!, /active again.*it@.* had confirmed the block of the others/);
      const { block, verdict } = await reported(nora);
      assert.notEqual(block.how, 'confirmed');
      assert.doesNotMatch(verdict, /confirmed it blocked|was observed blocked/);
      await settle(world, nora, BLOCK, 'retry');
      await untilStep(world, nora, BLOCK, 'done');
      assert.equal((await account(nora, 'payroll')).active, false);
      assert.equal((await reported(nora)).block.how, 'observed');

      // The block was observed, of both: both are given back.
      await ended(world, nora, 'retained');
      assert.equal((await account(nora, 'payroll')).active, true);
      assert.equal((await admin.payroll.account(second)).active, true);
      await admin.payroll.deleteUser(second);
    });

    it('leaves what the person has left as it is, however often it looks, and gives back without a person once it is skipped', async () => {
      const { admin, exits, account } = world;
      const [nora, ravi] = [
        await waiting(world, { on: ['payroll'] }),
        await waiting(world, { on: ['payroll'] }),
      ];
      const second = await blockedInPart(
        nora,
        'TICKET-9: the second one is the terminal on floor 2, and stays',
      );
      // The sweeps that find this drift look at the other exit as well.
      for (const times of [1, 2]) {
        await admin.payroll.setActive(ravi.accounts.payroll!, true);
        await eventually(`drift ${times} of another exit`, async () => {
          await world.sweep();
          const { drifts, blockedAt } = await exits.status(ravi.employeeId);
          return (drifts.length === times && blockedAt) || undefined;
        });
      }
      const status = await exits.status(nora.employeeId);
      assert.deepEqual([status.needsAttention, stateOf(status, BLOCK)], [false, 'done-by-hand']);
      assert.equal((await admin.payroll.account(second)).active, true);
      assert.equal((await reported(nora)).block.how, 'confirmed');

      await admin.payroll.setActive(nora.accounts.payroll!, true);
      await eventually('attention', async () => {
        await world.sweep();
        return (await exits.status(nora.employeeId)).needsAttention || undefined;
      });
      await settle(world, nora, BLOCK, 'skip', 'TICKET-10: it stays open');
      assert.equal((await reported(nora)).block.how, 'skipped');
      await exits.decide(nora.employeeId, { outcome: 'retained', decidedBy: HR });
      await world.untilPhase(nora, 'closed');
      assert.equal((await account(nora, 'payroll')).active, true);
      await admin.payroll.deleteUser(second);
      await ended(world, ravi, 'leaving');
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
