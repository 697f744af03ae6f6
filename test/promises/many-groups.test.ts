import assert from 'node:assert/strict';
import { stripsTheSuspended, withOddServer, type Json } from '../support/odd-scim-server.js';
import { HR, stepOf } from '../support/world.js';
import { inBothForms } from './both-forms.js';
import { ended, settle, untilStep } from './on-the-way.js';

const GROUPS = 800;
const idOf = (n: number): string => `g-${n}-`.padEnd(300, 'x');
const nameOf = (n: number): string => `group ${n} `.padEnd(2500, 'y');

inBothForms(
  'an account in groups that take more than 2 MB to list @long',
  { systems: ['payroll'] },
  (company) => {
    const server = withOddServer();

    /** An employee whose only account is on a server with ids of its own. */
    async function resigned() {
      company().proxies.payroll.quirk(() => async ({ method, path, headers, body }) => {
        const to = server.scimUrl + path.replace('/scim/v2', '');
        const answer = await fetch(to, { method, headers, ...(body && { body }) });
        const type = answer.headers.get('content-type')!;
        return { status: answer.status, headers: { 'content-type': type }, body: await answer.text() };
      });
      const nora = await company().hire({ on: [] });
      const { employeeId: externalId } = nora;
      server.users.push(
        { id: 'nora', userName: 'nora', externalId, active: true },
        { id: 'ravi', userName: 'ravi', externalId: `other-${externalId}`, active: true },
      );
      for (let n = 0; n < GROUPS; n++) {
        server.addGroup(idOf(n), 'ravi', 'nora');
        server.group(idOf(n))['displayName'] = nameOf(n);
      }
      assert.ok(JSON.stringify(server.groups).length > 2 * 1024 * 1024);
      await company().exits.open({ employeeId: externalId });
      return nora;
    }
    const lists = (account: string): number =>
      server.groups.filter(({ members }) => (members as Json[]).some(({ value }) => value === account))
        .length;

    it('is held, and removed from all of them where the employee leaves', async () => {
      const nora = await resigned();
      await company().untilPhase(nora, 'awaiting-decision');
      assert.equal(server.user('nora')['active'], false);
      await ended(company(), nora, 'leaving');
      assert.deepEqual([server.user('nora')['active'], lists('nora'), lists('ravi')], [false, 0, GROUPS]);
      const { systems } = await company().exits.report(nora.employeeId, 'test');
      assert.deepEqual(
        systems.map(({ end }) => end?.how),
        ['observed'],
      );
    });

    it('has again what was recorded, where the suspension cost all, and a person is told how much is left', async () => {
      server.odd(stripsTheSuspended(server));
      const nora = await resigned();
      await company().untilPhase(nora, 'awaiting-decision');
      assert.equal(lists('nora'), 0);
      await company().exits.decide(nora.employeeId, { outcome: 'retained', decidedBy: HR });
      const stuck = await untilStep(company(), nora, 'restore-access:payroll');
      const back = lists('nora');
      assert.ok(back > 0 && server.user('nora')['active'] === true);
      assert.match(
        stepOf(stuck, 'restore-access:payroll')!.error!,
        new RegExp(`${GROUPS - back} further memberships, which were too many to record`),
      );
      await settle(company(), nora, 'restore-access:payroll', 'done-by-hand', 'gave the others back');
      await company().untilPhase(nora, 'closed');
    });
  },
);
