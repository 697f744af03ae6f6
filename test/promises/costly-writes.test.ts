/** Critical systems whose writes do more than they were asked, and what people hear of it. */
import assert from 'node:assert/strict';
import {
  deletesTheSuspended,
  emptiesTheGroup,
  isWrite,
  stripsTheSuspended,
} from '../contract/costly-writes.js';
import { page } from '../support/ems.js';
import { CRITICAL_GROUPS, HR, stateOf, stepOf, systems, type Hired } from '../support/world.js';
import { inBothForms, type Company } from './both-forms.js';
import { ended, settle, untilStep } from './on-the-way.js';

const payroll: [string, string] = ['- name: payroll\n', '- name: payroll\n    settle: PT0.2S\n'];
const code: [string, string] = ['- name: code\n', '- name: code\n    settle: PT0.2S\n    restore: nothing\n'];
// A restore waits so long for the last write of its block.
const sooner: [string, string] = ['requestTimeout: PT3S', 'requestTimeout: PT1.5S'];

inBothForms(
  'where a write costs more than it was asked for',
  { config: [payroll, code, sooner] },
  (company) => {
    let world: Company;
    beforeEach(() => (world = company()));
    afterEach(() => {
      for (const system of systems) world.proxies[system].quirk(undefined);
    });

    const reported = async ({ employeeId }: Hired, name: string) => {
      const report = await world.exits.report(employeeId, 'test');
      const { verdict } = report;
      return { ...report.systems.find(({ system }) => system === name)!, verdict };
    };
    /** Two colleagues in two groups on payroll, and how the groups are called. */
    async function inGroups(): Promise<{ nora: Hired; ravi: Hired; groups: string[]; ids: string[] }> {
      const [nora, ravi] = [await world.hire({ on: ['payroll'] }), await world.hire({ on: ['payroll'] })];
      const groups = ['approvers', 'clerks'].map((name) => `${name}-of-${nora.employeeId}`);
      const ids: string[] = [];
      for (const group of groups)
        ids.push(
          await world.admin.payroll.createGroup(group, [nora.accounts.payroll!, ravi.accounts.payroll!]),
        );
      return { nora, ravi, groups, ids };
    }
    const begin = async (nora: Hired, system: string, state: 'done' | 'needs-attention' = 'done') => {
      await world.exits.open({ employeeId: nora.employeeId });
      return untilStep(world, nora, `block-access:${system}`, state);
    };

    it('an exit gives back the memberships that the suspension cost, and has named them at the block', async () => {
      const { nora, ravi, groups } = await inGroups();
      world.proxies.payroll.quirk(stripsTheSuspended);
      const blocked = await begin(nora, 'payroll');
      const { note } = stepOf(blocked, 'block-access:payroll')!;
      for (const group of groups) assert.ok(note!.includes(group), note);
      assert.match(note!, /the suspension (may have )?cost/);
      assert.deepEqual((await world.account(nora, 'payroll')).groups, [], 'the system took them');
      const closed = await ended(world, nora, 'retained');
      assert.equal(stateOf(closed, 'restore-access:payroll'), 'done');
      const { active, groups: back } = await world.account(nora, 'payroll');
      assert.deepEqual([active, back], [true, groups]);
      assert.deepEqual((await world.account(ravi, 'payroll')).groups, groups);
      assert.equal((await reported(nora, 'payroll')).end!.how, 'observed');
    });

    it('an exit is not called restored where a later job took the memberships: it names them for a person', async () => {
      const { nora, ravi, groups, ids } = await inGroups();
      await begin(nora, 'payroll');
      for (const id of ids) await world.admin.payroll.removeMember(id, nora.accounts.payroll!);
      await world.exits.decide(nora.employeeId, { outcome: 'retained', decidedBy: HR });
      const stuck = await untilStep(world, nora, 'restore-access:payroll');
      const { error } = stepOf(stuck, 'restore-access:payroll')!;
      for (const group of groups) assert.ok(error!.includes(group), error);
      assert.match(error!, /went during the hold/);
      assert.equal((await world.account(nora, 'payroll')).active, true, 'what can be given back is');
      const open = await reported(nora, 'payroll');
      assert.deepEqual([open.end!.how, open.notGivenBack.length], ['pending', 1]);
      assert.match(open.verdict, /not yet observed restored on/);
      await settle(world, nora, 'restore-access:payroll', 'done-by-hand', 'given back in payroll');
      await world.untilPhase(nora, 'closed');
      assert.equal((await reported(nora, 'payroll')).end!.how, 'confirmed');
      assert.deepEqual((await world.account(ravi, 'payroll')).groups, groups);
    });

    it('an exit whose removal empties a group stops before the next one, and names who went', async () => {
      const [nora, ravi] = [await world.hire(), await world.hire()];
      world.proxies.production.quirk(emptiesTheGroup);
      const stuck = await begin(nora, 'production', 'needs-attention');
      const { error } = stepOf(stuck, 'block-access:production')!;
      assert.match(
        error!,
        new RegExp(`no longer lists \\d+ other members? of .*${ravi.accounts.production}`),
      );
      assert.equal(stuck.blockedAt, undefined);
      world.proxies.production.quirk(undefined);
      const left = (await world.account(ravi, 'production')).groups;
      assert.equal(CRITICAL_GROUPS.filter((group) => left.includes(group)).length, 1, left.join());
      const { block, verdict } = await reported(nora, 'production');
      assert.equal(block.how, 'pending');
      assert.doesNotMatch(verdict, /was observed blocked on [^;]*production/);
      // The operator gives them back there, as the step says.
      const emptied = CRITICAL_GROUPS.find((group) => !left.includes(group))!;
      const groups = await world.admin.production.groupIds();
      const { id } = groups.find(({ displayName }) => displayName === emptied)!;
      for (const member of [world.standIn, ravi.accounts.production!])
        await world.admin.production.addMember(id, member);
      await settle(world, nora, 'block-access:production', 'retry');
      await untilStep(world, nora, 'block-access:production', 'done');
      await ended(world, nora, 'leaving');
      assert.equal((await world.account(ravi, 'production')).groups.length, 3);
    });

    it('an exit on a system that the configuration lets delete says so in the preview, in the block and at the end', async () => {
      const nora = await world.hire({ on: ['code'] });
      world.proxies.code.quirk(deletesTheSuspended);
      const { employeeId } = nora;
      const preview = await page(world.env, 'resign', employeeId, '--form', world.form, '--dry-run');
      assert.match(preview, /block-access:code .*deletes what it suspends, and cannot give it back/);
      const blocked = await begin(nora, 'code');
      assert.match(stepOf(blocked, 'block-access:code')!.note!, /it cannot give it back/);
      await world.exits.decide(employeeId, { outcome: 'retained', decidedBy: HR });
      await untilStep(world, nora, 'restore-access:code');
      const { end, verdict } = await reported(nora, 'code');
      assert.equal(end!.how, 'pending');
      assert.doesNotMatch(verdict, /was observed restored on [^;]*code/);
      await settle(world, nora, 'restore-access:code', 'done-by-hand', 'made anew in code');
      await world.untilPhase(nora, 'closed');
    });

    it('an exit looks again where reads lag, and its repeated write is refused', async () => {
      const nora = await world.hire({ on: ['payroll'] });
      /** What reads show until the repeated write is refused. */
      const shown = new Map<string, string>();
      let isWritten = false;
      let refusals = 0;
      world.proxies.payroll.quirk((forward) => async (request) => {
        const isOfAccount = request.path.endsWith(`/Users/${nora.accounts.payroll}`);
        const isSuspending = isOfAccount && isWrite(request, 'Users') && /false/.test(request.body);
        if (isSuspending && isWritten) {
          refusals += 1;
          const body = JSON.stringify({ status: '400', detail: 'no valid fields to update' });
          return { status: 400, headers: { 'content-type': 'application/scim+json' }, body };
        }
        const answer = await forward(request);
        if (isSuspending) {
          isWritten = true;
          // The answer is lost behind the gateway.
          return { status: 504, headers: {}, body: '' };
        }
        if (!isOfAccount || request.method !== 'GET') return answer;
        if (isWritten && refusals === 0) return { ...answer, body: shown.get(request.path)! };
        shown.set(request.path, answer.body);
        return answer;
      });
      const blocked = await begin(nora, 'payroll');
      assert.equal(blocked.needsAttention, false);
      assert.equal(refusals, 1, 'the write was repeated');
      assert.equal((await world.account(nora, 'payroll')).active, false);
      assert.equal((await reported(nora, 'payroll')).block.how, 'observed');
      world.proxies.payroll.quirk(undefined);
      await ended(world, nora, 'retained');
      assert.equal((await world.account(nora, 'payroll')).active, true);
    });
  },
);
