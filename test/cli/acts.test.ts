import assert from 'node:assert/strict';
import { applicationOf } from '../../src/client/application.js';
import type { Amended } from '../../src/exit/amendment.js';
import type { ExitsOfForm } from '../../src/exit/evidence/evidence.js';
import type { ExitStatus } from '../../src/exit/status.js';
import { waiting } from '../promises/on-the-way.js';
import { inBothForms, type Company } from '../promises/both-forms.js';
import { answer, ems, page, refusal } from '../support/ems.js';
import { eventually } from '../support/eventually.js';
import { HR } from '../support/world.js';
import { inDays } from '../support/in-days.js';

const onPayroll: Parameters<Company['hire']>[0] = { on: ['payroll'], attributes: { timezone: 'Asia/Tokyo' } };
const successor: [string, string] = [
  'hrPartners:\n',
  'hrPartners:\n    - { name: First Partner, email: first@acme.example }\n',
];

inBothForms('ems', { systems: ['payroll'], config: [successor] }, (company) => {
  let world: Company;
  beforeEach(() => (world = company()));

  it('amends the last working day, and shows before and after', async () => {
    const nora = await waiting(world, onPayroll, { lastWorkingDay: inDays(40) });
    const told = await page(
      world.env,
      ...['amend', nora.employeeId, '--last-working-day', inDays(50), '--by', HR, '--note', 'longer notice'],
    );
    assert.match(
      told,
      new RegExp(`last working day ${inDays(50)}\\. Before: last working day ${inDays(40)}\\.`),
    );
    const shown = await page(world.env, 'status', nora.employeeId);
    assert.match(shown, /amended .* by hr@acme\.example: .* → .*; longer notice/);
    const again = await answer<Amended>(
      world.env,
      ...['amend', nora.employeeId, '--last-working-day', inDays(60), '--by', HR],
    );
    assert.deepEqual([again.before.lastWorkingDay, again.after.lastWorkingDay], [inDays(50), inDays(60)]);
    const { code } = await refusal(world.env, 'amend', nora.employeeId, '--by', HR);
    assert.equal(code, 2);
  });

  it('says in --dry-run when leaving takes effect, there and in UTC, and at once with --now', async () => {
    const nora = await waiting(world, onPayroll, { lastWorkingDay: inDays(40) });
    const dry = ['decide', nora.employeeId, 'leaving', '--by', HR, '--dry-run'];
    const told = await page(world.env, ...dry);
    assert.match(
      told,
      new RegExp(`when ${inDays(41)} begins: .* at 00:00 in Asia/Tokyo, the employee’s time zone`),
    );
    assert.ok(told.includes(`${inDays(40)}T15:00:00.000Z`), told);
    assert.match(await page(world.env, ...dry, '--now'), /It would take effect at once\./);
    await page(world.env, 'decide', nora.employeeId, 'leaving', '--by', HR);
    const { phase } = await answer<ExitStatus>(world.env, 'status', nora.employeeId);
    assert.equal(phase, 'awaiting-effective-date');
    await page(world.env, 'decide', nora.employeeId, 'withdrawn', '--by', HR);
    await world.untilPhase(nora, 'closed');
  });

  it('hands one exit over, or all of an HR partner, to one of the configuration', async () => {
    const [nora, paul] = [await waiting(world, onPayroll), await waiting(world, onPayroll)];
    const by = ['--by', HR];
    const told = await page(world.env, 'hand-over', nora.employeeId, '--to', HR, ...by);
    assert.match(told, /goes from first@acme\.example to hr@acme\.example/);
    const stranger = await refusal(
      world.env,
      'hand-over',
      nora.employeeId,
      '--to',
      'eva@acme.example',
      ...by,
    );
    assert.match(stranger.sentence, /is no HR partner of the configuration/);
    const neither = await refusal(world.env, 'hand-over', '--to', HR, ...by);
    assert.match(neither.sentence, /name either an employee or, with --all-of, an HR partner/);
    // Other tests leave exits open on the server that they share.
    const ids = new Set([nora.employeeId, paul.employeeId]);
    const list: ExitsOfForm['list'] = async (filter) =>
      (await world.exits.list(filter)).filter(({ employeeId }) => ids.has(employeeId));
    const application = applicationOf(
      { [world.form]: () => Promise.resolve({ ...world.exits, list }) },
      () => world.config,
    );
    await eventually('both in the list', async () =>
      (await list({ open: true })).length === 2 ? true : undefined,
    );
    const all = await application.handOverAll({ from: 'FIRST@acme.example', to: HR, by: HR });
    assert.deepEqual(
      all.map(({ employeeId, problem }) => [employeeId, problem]),
      [[paul.employeeId, undefined]],
    );
    assert.equal((await world.exits.status(paul.employeeId)).hrPartner?.email, HR);
  });

  it('prints no character that a terminal obeys, no line that a value forges, and no endless name', async () => {
    const hostile = `Nora\u001b[2J\u001b]0;owned\u0007\u009b31m\u202Eexe\u200B${'x'.repeat(500)}`;
    const note = 'fine\n26 Nov 2026, 10:00:00  phase                        closed';
    const nora = await waiting(world, { ...onPayroll, displayName: hostile }, { lastWorkingDay: inDays(40) });
    const { employeeId } = nora;
    const decided = await page(world.env, 'decide', employeeId, 'leaving', '--by', HR, '--note', note);
    const printed = [decided];
    for (const command of ['status', 'list', 'report'])
      printed.push(await page(world.env, command, ...(command === 'list' ? [] : [employeeId])));
    if (world.form === 'choreographed')
      printed.push(await page(world.env, 'trace', employeeId), await page(world.env, 'tracker', '--once'));
    for (const text of printed) {
      assert.doesNotMatch(text, /(?!\n)[\p{Cc}\u2028\u2029\u202A-\u202E\u2066-\u2069\u200B]/u);
      assert.doesNotMatch(text, /^26 Nov 2026, 10:00:00 {2}phase/m);
    }
    for (const text of printed.slice(0, 3)) assert.doesNotMatch(text, /x{150}/);
    const status = await answer<ExitStatus>(world.env, 'status', employeeId);
    assert.deepEqual([status.employeeName, status.decision?.note], [hostile, note]);
    const json = await page(world.env, 'status', employeeId, '--json');
    assert.doesNotMatch(json, /(?!\n)[\p{Cc}\p{Cf}\u2028\u2029]/u);
    const unknown = `E-\u001b[2J`;
    const { stderr } = await ems(world.env, 'status', unknown);
    assert.doesNotMatch(stderr, /(?!\n)\p{Cc}/u);
  });
});
