import assert from 'node:assert/strict';
import { CRITICAL_GROUPS, HR, stepOf, systems } from '../support/world.js';
import { calendarOf } from '../support/smtp.js';
import { inBothForms, type Company } from './both-forms.js';
import { ended, opened } from './on-the-way.js';

inBothForms('an exit', {}, (company) => {
  let world: Company;
  beforeEach(() => (world = company()));

  it('blocks, tells and invites at once, and gives everything back when the employee is retained', async () => {
    const nora = await world.hire();
    const before = await Promise.all(systems.map((system) => world.account(nora, system)));

    await world.exits.open({ employeeId: nora.employeeId, lastWorkingDay: '2999-12-31' });
    const waiting = await world.untilPhase(nora, 'awaiting-decision');
    assert.ok(waiting.blockedAt, 'the block shows');
    assert.equal((await world.account(nora, 'payroll')).active, false);
    assert.equal((await world.account(nora, 'code')).active, false);
    assert.deepEqual(
      (await world.account(nora, 'production')).groups,
      ['readers'],
      'only the critical groups are taken',
    );

    const closed = await ended(world, nora, 'retained');
    assert.equal(closed.form, world.form);
    const after = await Promise.all(systems.map((system) => world.account(nora, system)));
    assert.deepEqual(after, before, 'exactly as it was');
    assert.equal(closed.needsAttention, false);
    assert.ok(closed.closedAt);

    const [resigned, outcome, ...more] = world.mail.to(nora.manager);
    assert.match(resigned!.subject!, /has resigned$/);
    assert.match(resigned!.text!, /payroll, code,? and production is being blocked/);
    assert.match(outcome!.subject!, /stays$/);
    assert.deepEqual(more, []);
    for (const person of [nora.email, HR]) {
      const invitations = world.mail
        .invitationsTo(person)
        .filter(({ messageId }) => messageId?.includes(closed.exitId));
      assert.deepEqual(
        invitations.map((mail) => calendarOf(mail).method),
        ['REQUEST', 'CANCEL'],
        person,
      );
    }
  });

  it('revokes when the employee is leaving, and keeps the account and the invitation', async () => {
    const nora = await opened(world);
    await world.untilPhase(nora, 'awaiting-decision');
    const closed = await ended(world, nora, { outcome: 'leaving', decidedBy: HR, note: 'new job' });

    for (const system of systems) {
      const { active, groups } = await world.account(nora, system);
      assert.deepEqual({ active, groups }, { active: false, groups: [] }, system);
    }
    assert.deepEqual(
      world.mail.invitationsTo(nora.email).map((mail) => calendarOf(mail).method),
      ['REQUEST'],
    );
    assert.deepEqual(closed.decision?.note, 'new job');
    assert.match(world.mail.to(nora.manager).at(-1)!.subject!, /is leaving$/);
  });

  it('gives no access to an employee who had none', async () => {
    const nora = await opened(world, { on: ['payroll', 'code'], suspendedOn: 'code' });
    const waiting = await world.untilPhase(nora, 'awaiting-decision');
    assert.equal(stepOf(waiting, 'block-access:production')?.note, 'no account');
    assert.equal(stepOf(waiting, 'block-access:code')?.note, 'already suspended before the hold');
    await ended(world, nora, 'retained');
    assert.equal((await world.account(nora, 'payroll')).active, true);
    assert.equal(
      (await world.account(nora, 'code')).active,
      false,
      'was suspended before, is suspended after',
    );
  });

  it('undoes nothing that others changed during the hold', async () => {
    const { production } = world.admin;
    const nora = await opened(world);
    await world.untilPhase(nora, 'awaiting-decision');
    const member = nora.accounts.production!;
    const maintainers = await production.createGroup('maintainers', [member]);
    const { id: readers } = (await production.groupIds()).find((group) => group.displayName === 'readers')!;
    await production.removeMember(readers, member);
    await ended(world, nora, 'retained');
    const { groups } = await world.account(nora, 'production');
    assert.deepEqual(groups, [...CRITICAL_GROUPS, 'maintainers'].toSorted());
    await production.deleteGroup(maintainers);
  });

  it('notes on the step that the account was changed during the hold', async () => {
    const nora = await opened(world);
    await world.untilPhase(nora, 'awaiting-decision');
    await world.admin.payroll.setDisplayName(nora.accounts.payroll!, 'Nora Other');
    const closed = await ended(world, nora, 'retained');
    assert.match(stepOf(closed, 'restore-access:payroll')!.note!, /the account was changed during the hold/);
    assert.equal(stepOf(closed, 'restore-access:code')!.note, undefined);
  });

  it('waits for the effective date, stays blocked, and can still end in retained', async () => {
    const nora = await opened(world);
    await world.untilPhase(nora, 'awaiting-decision');
    const effectiveOn = `${new Date().getUTCFullYear() + 1}-12-31`;
    await world.exits.decide(nora.employeeId, { outcome: 'leaving', decidedBy: HR, effectiveOn });
    const waiting = await world.untilPhase(nora, 'awaiting-effective-date');
    assert.match(waiting.awaiting, new RegExp(`revoked when ${effectiveOn} begins`));
    assert.equal(stepOf(waiting, 'revoke-access:payroll'), undefined);
    assert.equal((await world.account(nora, 'payroll')).active, false);
    await assert.rejects(
      world.exits.decide(nora.employeeId, { outcome: 'leaving', decidedBy: HR }),
      /the first decision stands/,
    );

    await ended(world, nora, 'retained');
    assert.equal((await world.account(nora, 'payroll')).active, true);
  });

  it('revokes at once when the effective date is today', async () => {
    const nora = await opened(world);
    await world.untilPhase(nora, 'awaiting-decision');
    const today = new Date().toISOString().slice(0, 10);
    await ended(world, nora, { outcome: 'leaving', decidedBy: HR, effectiveOn: today });
    assert.equal((await world.account(nora, 'payroll')).active, false);
  });

  it('can be repeated for the same employee, under other Message-IDs and another UID', async () => {
    const nora = await world.hire();
    const ids: string[] = [];
    for (let time = 0; time < 2; time++) {
      await world.exits.open({ employeeId: nora.employeeId });
      await world.untilPhase(nora, 'awaiting-decision');
      await world.exits.decide(nora.employeeId, { outcome: 'retained', decidedBy: HR });
      ids.push((await world.untilPhase(nora, 'closed')).exitId);
    }
    assert.notEqual(ids[0], ids[1]);
    const mails = [...world.mail.to(nora.manager), ...world.mail.to(nora.email)];
    assert.equal(mails.length, 10);
    assert.equal(new Set(mails.map(({ messageId }) => messageId)).size, 10);
    const uids = world.mail
      .invitationsTo(nora.email)
      .map((mail) => /UID:(.*)/.exec(calendarOf(mail).content)?.[1]);
    assert.equal(new Set(uids).size, 2);
  });

  it('is followed to its end, with a status for each change', async () => {
    const nora = await opened(world, { on: ['payroll'] });
    const phases = new Set<string>();
    for await (const { phase } of world.exits.follow(nora.employeeId, 30_000)) {
      if (phase === 'awaiting-decision' && !phases.has(phase))
        await world.exits.decide(nora.employeeId, { outcome: 'leaving', decidedBy: HR });
      phases.add(phase);
    }
    assert.deepEqual([...phases].slice(-2), ['revoking', 'closed']);
    assert.ok(phases.has('awaiting-decision'));
  });
});
