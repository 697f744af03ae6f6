import assert from 'node:assert/strict';
import type { Decision } from '../../src/exit/decision.js';
import { hidesMembers } from '../contract/quirks.js';
import { CRITICAL_GROUPS, HR, IT, stateOf, stepOf } from '../support/world.js';
import { inBothForms, type Company } from './both-forms.js';
import { ended, opened, pastEveryCheck, untilRefused, untilStep, waiting } from './on-the-way.js';
import { inDays } from '../support/in-days.js';

const HEAD = 'head-of-hr@acme.example';
const leaving: Decision = { outcome: 'leaving', decidedBy: HR };
const config: [string, string][] = [['secondPerson: []', 'secondPerson: [leaving, override]']];

inBothForms('what needs a second person', { systems: ['payroll', 'production'], config }, (company) => {
  let world: Company;
  beforeEach(() => (world = company()));

  describe('leaving', () => {
    it('is proposed, changes nothing, and asks a second person by mail; it counts once that one confirms it', async () => {
      const { exits } = world;
      const nora = await waiting(world, { on: ['payroll'] });
      const { employeeId } = nora;
      assert.equal((await exits.weigh(employeeId, leaving)).problem, undefined);
      const proposed = await exits.decide(employeeId, { ...leaving, note: 'as agreed' });
      assert.ok(
        proposed.proposedAt !== undefined && proposed.decidedAt === undefined,
        JSON.stringify(proposed),
      );
      const status = await untilStep(world, nora, 'ask-second-person', 'done');
      assert.equal(status.phase, 'awaiting-confirmation');
      assert.match(
        status.awaiting,
        /^hr@acme\.example proposed "leaving" at .*: a second person, such as Acme Head of HR \(head-of-hr@acme\.example\), is to confirm or reject it/,
      );
      assert.equal(stepOf(status, 'ask-second-person')!.note, `asked ${HEAD}`);
      const mail = world.mail.to(HEAD).find(({ messageId }) => messageId?.includes(status.exitId));
      assert.match(mail!.subject!, /^Please confirm/);
      for (const expected of [
        HR,
        'as agreed',
        'effective at once',
        `ems decide ${employeeId} --confirm --by ${HEAD}`,
      ])
        assert.ok(mail!.text!.includes(expected), mail!.text);
      assert.equal((await exits.list({ employeeId }))[0]!.phase, 'awaiting-confirmation');
      assert.equal((await world.account(nora, 'payroll')).active, false, 'the hold goes on');

      const confirmed = await exits.decide(employeeId, { ...leaving, decidedBy: HEAD });
      assert.ok(confirmed.decidedAt !== undefined);
      const closed = await world.untilPhase(nora, 'closed');
      assert.deepEqual([closed.decision!.decidedBy, closed.decision!.proposedBy], [HEAD, HR]);
      const [proposal] = closed.proposals;
      assert.deepEqual([proposal!.state, proposal!.by, proposal!.endedBy], ['confirmed', HR, HEAD]);
      assert.deepEqual((await world.account(nora, 'payroll')).active, false);
      const { decisions, proposals } = await exits.report(employeeId, 'test');
      assert.deepEqual(
        decisions.map(({ decidedBy, result }) => [decidedBy, result]),
        [
          [HR, 'proposed'],
          [HEAD, 'accepted'],
        ],
      );
      assert.equal(proposals.length, 1);
    });

    it('tells the second person when it would take effect: once the last working day is over', async () => {
      const nora = await waiting(world, { on: ['payroll'] }, { lastWorkingDay: '2999-06-30' });
      await world.exits.decide(nora.employeeId, leaving);
      const { exitId } = await untilStep(world, nora, 'ask-second-person', 'done');
      const mail = world.mail.to(HEAD).find(({ messageId }) => messageId?.includes(exitId));
      assert.match(mail!.text!, /effective on .*1 July 2999/);
      await world.exits.decide(nora.employeeId, { outcome: 'retained', decidedBy: HR });
    });

    it('takes effect no earlier by the word of one, and may be put off', async () => {
      const { exits } = world;
      const nora = await waiting(world, { on: ['payroll'] }, { lastWorkingDay: '2999-06-30' });
      const { employeeId } = nora;
      const on: Decision = { ...leaving, effectiveOn: inDays(60) };
      await exits.decide(employeeId, on);
      await exits.decide(employeeId, { ...on, decidedBy: HEAD });
      for (const day of [inDays(0), inDays(59)])
        await assert.rejects(
          exits.amend(employeeId, { effectiveOn: day, by: HR }),
          /two people decided that "leaving" takes effect on .*, and one alone cannot bring it forward/,
        );
      await exits.amend(employeeId, { effectiveOn: inDays(61), by: HR });
      const { phase, decision } = await exits.status(employeeId);
      assert.deepEqual([phase, decision!.outcome], ['awaiting-effective-date', 'leaving']);
      await exits.decide(employeeId, { outcome: 'retained', decidedBy: HR });
      await world.untilPhase(nora, 'closed');
    });

    it('is not confirmed by the same person under any address, by the employee, by a stranger, or in other words', async () => {
      const { exits } = world;
      const alias = 'ada.at.home@example.net';
      const { email: own } = await world.hire({ on: [], personalEmail: alias });
      const nora = await waiting(world, { on: ['payroll'] });
      const { employeeId } = nora;
      await exits.decide(employeeId, { ...leaving, decidedBy: own });
      const refused = async (decision: Decision, why: RegExp) => {
        await assert.rejects(exits.decide(employeeId, decision), why);
      };
      await refused({ ...leaving, decidedBy: own }, /has proposed it, so a second person is to confirm it/);
      await refused({ ...leaving, decidedBy: own.toUpperCase() }, /has proposed it/);
      await refused({ ...leaving, decidedBy: own.replace('@', '+hr@') }, /has proposed it/);
      await refused({ ...leaving, decidedBy: alias }, /is the same person as/);
      await refused({ ...leaving, decidedBy: nora.email }, /is the employee concerned/);
      await refused({ ...leaving, decidedBy: 'eva@evil.example' }, /the directory knows no such address/);
      await refused({ ...leaving, decidedBy: HEAD, now: true }, /confirm exactly that, or reject it first/);
      world.proxies.directory.fault(() => ({ kind: 'unreachable' }));
      await refused({ ...leaving, decidedBy: HEAD }, /cannot tell whether .* are two people: .*Try again/);
      await world.mend();
      assert.equal((await exits.status(employeeId)).phase, 'awaiting-confirmation');
      await exits.decide(employeeId, { ...leaving, decidedBy: HEAD });
      await world.untilPhase(nora, 'closed');
    });

    it('is withdrawn by the one who proposed it, or rejected by another; retained needs one person and ends it', async () => {
      const { exits } = world;
      const nora = await waiting(world, { on: ['payroll'] });
      const { employeeId } = nora;
      await exits.decide(employeeId, leaving);
      await assert.rejects(
        exits.reject(employeeId, { number: 1, by: nora.email }),
        /is the employee concerned/,
      );
      await assert.rejects(exits.reject(employeeId, { number: 7, by: HEAD }), /no proposal 7 waits/);
      assert.equal((await exits.reject(employeeId, { number: 1, by: HR })).state, 'withdrawn');
      assert.equal((await exits.status(employeeId)).phase, 'awaiting-decision');
      await exits.decide(employeeId, leaving);
      const rejected = await exits.reject(employeeId, { number: 2, by: HEAD, note: 'she stays' });
      assert.deepEqual([rejected.state, rejected.note], ['rejected', 'she stays']);
      await exits.decide(employeeId, leaving);
      const closed = await ended(world, nora, { outcome: 'retained', decidedBy: HR });
      assert.deepEqual(
        closed.proposals.map(({ state }) => state),
        ['withdrawn', 'rejected', 'lapsed'],
      );
      assert.equal(closed.decision!.outcome, 'retained');
      assert.equal(closed.decision!.proposedBy, undefined);
      assert.equal((await world.account(nora, 'payroll')).active, true);
    });

    it('does not count by one person where it goes past every check', async () => {
      const nora = await waiting(world, { on: ['payroll'] });
      await pastEveryCheck(world, nora, leaving);
      await (world.bus
        ? untilRefused(world, nora)
        : world.until(nora, 'proposed', ({ proposals }) => proposals.length === 1));
      const { decision } = await world.exits.status(nora.employeeId);
      assert.equal(decision, undefined);
      await ended(world, nora, 'retained');
      assert.equal((await world.account(nora, 'payroll')).active, true);
    });
  });

  describe('an override of a protected group', () => {
    const setStandIn = (isActive: boolean) => world.admin.production.setActive(world.standIn, isActive);
    beforeEach(() => setStandIn(false));
    afterEach(() => setStandIn(true));
    const groupsOf = async (nora: Awaited<ReturnType<typeof opened>>) =>
      (await world.account(nora, 'production')).groups;
    const all = [...CRITICAL_GROUPS, 'readers'].toSorted();
    const retry = { step: 'block-access', system: 'production', action: 'retry', override: true } as const;

    it('that comes with the resignation is proposed once the block needs it, and another person confirms it', async () => {
      const nora = await opened(world, { on: ['production'] }, { overrideBy: HR });
      const status = await untilStep(world, nora, 'ask-second-person', 'done');
      assert.match(
        status.awaiting,
        /hr@acme\.example proposed an override of the protected groups on production/,
      );
      assert.equal(stepOf(status, 'ask-second-person')!.note, `asked ${IT}`);
      assert.deepEqual(await groupsOf(nora), all, 'nothing was taken');
      await assert.rejects(world.exits.resolve(nora.employeeId, { ...retry, by: HR }), /has proposed it/);
      await world.exits.resolve(nora.employeeId, { ...retry, by: IT });
      const blocked = await untilStep(world, nora, 'block-access:production', 'done');
      assert.equal(blocked.proposals[0]!.state, 'confirmed');
      assert.deepEqual(await groupsOf(nora), ['readers']);
      await world.exits.decide(nora.employeeId, leaving);
      await ended(world, nora, { ...leaving, decidedBy: HEAD });
    });

    it('that comes with the resignation is proposed too where the system does not tell who else is in the group', async () => {
      world.proxies.production.quirk(hidesMembers);
      const nora = await opened(world, { on: ['production'] }, { overrideBy: HR });
      const status = await untilStep(world, nora, 'ask-second-person', 'done');
      world.proxies.production.quirk(undefined);
      const { state, error } = stepOf(status, 'block-access:production')!;
      assert.equal(state, 'cannot-tell');
      assert.match(error!, /^cannot tell: production does not list who else is in production-admins/);
      assert.deepEqual(await groupsOf(nora), all, 'nothing was taken');
      await assert.rejects(world.exits.resolve(nora.employeeId, { ...retry, by: HR }), /has proposed it/);
      await world.exits.resolve(nora.employeeId, { ...retry, by: IT });
      const blocked = await untilStep(world, nora, 'block-access:production', 'done');
      assert.deepEqual([blocked.proposals.length, blocked.proposals[0]!.state], [1, 'confirmed']);
      await world.exits.decide(nora.employeeId, leaving);
      await ended(world, nora, { ...leaving, decidedBy: HEAD });
    });

    it('of an operator waits for another person, and lapses where it is no longer needed', async () => {
      const nora = await opened(world, { on: ['production'] });
      await untilStep(world, nora, 'block-access:production');
      await assert.rejects(
        world.exits.resolve(nora.employeeId, { ...retry, by: 'eva@evil.example' }),
        /the directory knows no such address/,
      );
      await world.exits.resolve(nora.employeeId, { ...retry, by: IT });
      const proposed = await untilStep(world, nora, 'ask-second-person', 'done');
      assert.equal(stateOf(proposed, 'block-access:production'), 'needs-attention');
      assert.deepEqual(await groupsOf(nora), all, 'nothing was taken');
      await setStandIn(true);
      await world.exits.resolve(nora.employeeId, { ...retry, override: undefined, by: IT });
      const blocked = await untilStep(world, nora, 'block-access:production', 'done');
      assert.equal(blocked.proposals[0]!.state, 'lapsed');
      await ended(world, nora, 'retained');
    });
  });
});
