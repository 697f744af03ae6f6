import assert from 'node:assert/strict';
import { Temporal } from 'temporal-polyfill';
import { earliestToday } from '../../src/exit/input.js';
import type { Refusal } from '../../src/exit/refusal.js';
import { HR, stateOf, stepOf } from '../support/world.js';
import { inBothForms, type Company } from './both-forms.js';
import { ended, opened, settle, untilStep, waiting } from './on-the-way.js';
import { DAY_MS, inDays } from '../support/in-days.js';

const leaving = { outcome: 'leaving', decidedBy: HR } as const;

/** The instant at which the day after a date begins. */
const endOf = (date: string, zone: string): string =>
  new Date(
    Temporal.PlainDate.from(date).add({ days: 1 }).toZonedDateTime(zone).epochMilliseconds,
  ).toISOString();

inBothForms('the dates of an exit', { systems: ['payroll'] }, (company) => {
  let world: Company;
  beforeEach(() => (world = company()));
  const untilEffectKnown = (nora: Parameters<Company['until']>[0]) =>
    world.until(nora, 'the effect known', ({ effectiveAt }) => effectiveAt !== undefined);

  it('let leaving take effect once the last working day is over where the employee is, and the interview moves until then', async () => {
    const lastWorkingDay = inDays(40);
    const zone = 'America/New_York';
    const nora = await waiting(
      world,
      { on: ['payroll'], attributes: { timezone: zone } },
      { lastWorkingDay },
    );
    const { setsOff, effectiveDay } = (await world.exits.weigh(nora.employeeId, leaving)) as {
      setsOff: object[];
      effectiveDay?: string;
    };
    assert.ok(setsOff.length > 0);
    assert.equal(effectiveDay, inDays(41));
    await world.exits.decide(nora.employeeId, leaving);
    const status = await untilEffectKnown(nora);
    assert.equal(status.phase, 'awaiting-effective-date');
    assert.deepEqual([status.effectiveAt, status.effectiveZone], [endOf(lastWorkingDay, zone), zone]);
    assert.equal(stepOf(status, 'revoke-access:payroll'), undefined);
    const { start } = await world.exits.reschedule(nora.employeeId, { next: true, by: HR });
    assert.ok(start > status.interview!.start);
    await ended(world, nora, 'retained');
  });

  it('let leaving take effect where the employee is, or not yet, while the directory cannot tell who that is', async () => {
    const zone = 'America/Los_Angeles';
    const nora = await waiting(world, { on: ['payroll'], attributes: { timezone: zone } });
    const second = await world.admin.directory.createUser({
      employeeId: nora.employeeId,
      userName: `again-${nora.employeeId}`,
    });
    const decide = () => world.exits.decide(nora.employeeId, { ...leaving, effectiveOn: inDays(30) });
    // The events have no time zone: there the decision waits for the directory.
    const refused = await decide().then(
      () => undefined,
      (error: unknown) => error as Refusal,
    );
    await world.admin.directory.deleteUser(second);
    assert.equal(refused?.code, world.form === 'choreographed' ? 'no-answer' : undefined);
    if (refused) await decide();
    const { effectiveZone } = await untilEffectKnown(nora);
    assert.equal(effectiveZone, zone);
    await ended(world, nora, 'retained');
  });

  it('let leaving take effect at once where that day is over already, where no day is known, and where it is said', async () => {
    // The day is over at UTC+14 as soon as it begins at UTC−12.
    const over = earliestToday(new Date().toISOString());
    const far = { on: ['payroll'] as ['payroll'], attributes: { timezone: 'Pacific/Kiritimati' } };
    const nora = await opened(world, far, { lastWorkingDay: over });
    await untilStep(world, nora, 'schedule-hr-interview');
    await settle(world, nora, 'schedule-hr-interview', 'skip');
    await ended(world, nora, leaving);
    const paul = await waiting(world, { on: ['payroll'] });
    await ended(world, paul, leaving);
    const ida = await waiting(world, { on: ['payroll'] }, { lastWorkingDay: inDays(40) });
    await ended(world, ida, { ...leaving, now: true });
    for (const each of [nora, paul, ida]) assert.equal((await world.account(each, 'payroll')).active, false);
  });

  it('are amended: the due date, the interview and the list follow, with before and after in the record', async () => {
    const nora = await waiting(world, { on: ['payroll'] }, { lastWorkingDay: inDays(60) });
    const { reviewBy } = await world.exits.status(nora.employeeId);
    // To a later day; a time that a person gave would stay.
    await world.exits.reschedule(nora.employeeId, { at: new Date(Date.now() + 6 * DAY_MS).toISOString() });
    const late = (await world.exits.reschedule(nora.employeeId, { next: true })).start;
    const lastWorkingDay = late.slice(0, 10);
    const amended = await world.exits.amend(nora.employeeId, {
      lastWorkingDay,
      by: HR,
      note: 'new contract',
    });
    assert.deepEqual(
      [amended.by, amended.note, amended.before.lastWorkingDay, amended.after.lastWorkingDay],
      [HR, 'new contract', inDays(60), lastWorkingDay],
    );
    const status = await world.until(
      nora,
      'the interview before the last working day',
      (each) =>
        each.interview!.start.slice(0, 10) < lastWorkingDay &&
        stateOf(each, 'reschedule-hr-interview') === 'done',
    );
    assert.equal(status.lastWorkingDay, lastWorkingDay);
    assert.equal(status.amendments.length, 1);
    assert.ok(status.reviewBy! <= `${lastWorkingDay}T12:00:00.000Z`);
    assert.ok(status.reviewBy! <= reviewBy!);
    const [listed] = await world.exits.list({ employeeId: nora.employeeId });
    assert.equal(listed!.lastWorkingDay, lastWorkingDay);
    await ended(world, nora, 'retained');
    const report = await world.exits.report(nora.employeeId, 'test');
    assert.deepEqual(
      report.amendments.map(({ by, before, after }) => [by, before.lastWorkingDay, after.lastWorkingDay]),
      [[HR, inDays(60), lastWorkingDay]],
    );
  });

  it('are amended while leaving waits: a later last working day moves the effect, an earlier effective date brings it', async () => {
    const nora = await waiting(world, { on: ['payroll'] }, { lastWorkingDay: inDays(40) });
    await world.exits.decide(nora.employeeId, leaving);
    const before = await untilEffectKnown(nora);
    await world.exits.amend(nora.employeeId, { lastWorkingDay: inDays(50), by: HR });
    const later = await world.until(
      nora,
      'another effect',
      ({ effectiveAt }) => effectiveAt !== undefined && effectiveAt !== before.effectiveAt,
    );
    assert.equal(later.effectiveAt, endOf(inDays(50), 'Europe/Berlin'));
    await world.exits.amend(nora.employeeId, { effectiveOn: inDays(0), by: HR });
    await world.untilPhase(nora, 'closed');
    assert.equal((await world.account(nora, 'payroll')).active, false);
    await assert.rejects(
      world.exits.amend(nora.employeeId, { lastWorkingDay: inDays(60), by: HR }),
      /has no open exit/,
    );
  });

  it('are not amended by the employee, into the past, to what they are, nor where nothing waits for them', async () => {
    const nora = await waiting(world, { on: ['payroll'] }, { lastWorkingDay: inDays(40) });
    const refused = (amendment: object, why: RegExp) =>
      assert.rejects(world.exits.amend(nora.employeeId, { by: HR, ...amendment }), why);
    await refused({ lastWorkingDay: inDays(50), by: nora.email }, /is the employee concerned/);
    await refused(
      { lastWorkingDay: inDays(50), by: 'eva@evil.example' },
      /the directory knows no such address/,
    );
    await refused({ lastWorkingDay: '2020-01-31' }, /lies in the past/);
    await refused({ lastWorkingDay: '2999-01-31' }, /years ahead/);
    await refused({ lastWorkingDay: inDays(40) }, /is .* already/);
    await refused({ effectiveOn: inDays(50) }, /no decision "leaving" waits/);
    assert.deepEqual((await world.exits.status(nora.employeeId)).amendments, []);
  });
});
