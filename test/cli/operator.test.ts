import assert from 'node:assert/strict';
import type { ListedExit, ListFilter } from '../../src/exit/exits.js';
import { stepKey, type Step } from '../../src/exit/status.js';
import { ended } from '../promises/on-the-way.js';
import { answer, page, refusal } from '../support/ems.js';
import { eventually } from '../support/eventually.js';
import { HR, IT, startWorld, stateOf, stepOf, type Hired, type World } from '../support/world.js';

describe('an operator with ems', () => {
  let world: World;
  let stuck: Hired;
  let waiting: Hired;
  let closed: Hired;
  before('one exit is stuck twice over, one waits for its decision, one is closed', async () => {
    world = await startWorld();
    [stuck, waiting, closed] = await Promise.all([world.hire(), world.hire(), world.hire()]);
    world.mail.refuse((recipient) =>
      recipient === stuck.manager ? { code: 550, message: 'no such mailbox' } : undefined,
    );
    world.proxies.payroll.fault(({ path }) =>
      path.includes(stuck.accounts.payroll!) ? { kind: 'answer', status: 403 } : undefined,
    );
    for (const { employeeId } of [stuck, waiting, closed])
      await world.exits.open({ employeeId, lastWorkingDay: '2999-12-31' });
    await world.untilPhase(closed, 'awaiting-decision');
    await ended(world, closed, { outcome: 'leaving', decidedBy: HR, now: true });
    await world.untilPhase(waiting, 'awaiting-decision');
    await world.until(stuck, 'stuck', (status) =>
      ['notify-manager', 'block-access:payroll'].every((key) => stateOf(status, key) === 'needs-attention'),
    );
    await inTheList([stuck], { attention: true });
    await inTheList([stuck, waiting], { phase: 'awaiting-decision' });
    await inTheList([closed], { phase: 'closed' });
  });
  after(() => world.stop());

  const idsOf = (exits: ListedExit[]): string[] => {
    const ours = new Set([stuck, waiting, closed].map(({ employeeId }) => employeeId));
    return exits.map(({ employeeId }) => employeeId).filter((employeeId) => ours.has(employeeId));
  };
  /** Temporal's list may be a moment behind its histories. */
  const inTheList = (wanted: Hired[], filter: ListFilter) =>
    eventually(`${JSON.stringify(filter)} to be in the list`, async () => {
      const ids = idsOf(await world.exits.list(filter));
      return ids.length === wanted.length && wanted.every(({ employeeId }) => ids.includes(employeeId))
        ? true
        : undefined;
    });
  const list = (...filter: string[]) => answer<ListedExit[]>(world.env, 'list', ...filter);

  it('lists all exits with phase, outcome and dates: open ones first, the newest on top', async () => {
    const all = await list();
    const [c, b, a] = [closed, stuck, waiting].map(({ employeeId }) => employeeId);
    assert.deepEqual(idsOf(all), [a, b, c]);
    const exits = all.filter(({ employeeId }) => [a, b, c].includes(employeeId));
    const { exitId, openedAt, closedAt, ...rest } = exits[2]!;
    assert.equal(exitId, (await world.exits.status(c!)).exitId);
    assert.ok(Date.parse(openedAt) < Date.parse(closedAt!));
    assert.deepEqual(rest, {
      form: 'orchestrated',
      employeeId: c,
      phase: 'closed',
      outcome: 'leaving',
      needsAttention: false,
      lastWorkingDay: '2999-12-31',
      stuckSteps: [],
    });
    assert.deepEqual([exits[0]!.phase, exits[0]!.closedAt], ['awaiting-decision', undefined]);
  });

  it('lists what is open, or in one phase', async () => {
    const { employeeId } = closed;
    const [open, over] = await Promise.all([list('--open'), list('--phase', 'closed')]);
    assert.deepEqual(idsOf(open), [waiting.employeeId, stuck.employeeId]);
    assert.ok(over.some((exit) => exit.employeeId === employeeId));
    assert.ok(over.every(({ phase }) => phase === 'closed'));
  });

  it('finds with --attention what is stuck, at which step and why, also on the page', async () => {
    const [exits, shown] = await Promise.all([list('--attention'), page(world.env, 'list', '--attention')]);
    assert.deepEqual(idsOf(exits), [stuck.employeeId]);
    assert.ok(exits.every(({ needsAttention }) => needsAttention));
    const exit = exits.find(({ employeeId }) => employeeId === stuck.employeeId);
    assert.deepEqual(exit!.stuckSteps.map(stepKey).toSorted(), ['block-access:payroll', 'notify-manager']);
    const ours = shown.split('\n').filter((line) => line.includes(stuck.employeeId));
    assert.match(ours[0]!, /^! /);
    assert.match(
      ours.find((line) => line.includes('notify-manager'))!,
      /550.*no such mailbox: correct the address and retry; since /,
    );
    assert.match(
      ours.find((line) => line.includes('block-access:payroll'))!,
      /payroll answered 403 .*token/,
    );
  });

  it('is told by status how each stuck step can be mended', async () => {
    const shown = await page(world.env, 'status', stuck.employeeId);
    assert.match(shown, /^ +phase +awaiting-decision \(needs attention\)$/m);
    assert.match(shown, /access blocked +blocked 2 of 3/);
    for (const step of ['notify-manager', 'block-access:payroll'])
      assert.ok(shown.includes(`ems resolve ${stuck.employeeId} ${step} retry|done-by-hand|skip --by`), step);
  });

  it('sees with resolve --dry-run how the step stands, and changes nothing', async () => {
    const told = await answer<{ dryRun: boolean; resolution: object; step: Step }>(
      world.env,
      ...['resolve', stuck.employeeId, 'notify-manager', 'skip', '--by', IT, '--dry-run'],
    );
    assert.equal(told.dryRun, true);
    assert.deepEqual(told.resolution, { step: 'notify-manager', action: 'skip', by: IT });
    assert.match(told.step.error!, /no such mailbox/);
    const status = await world.exits.status(stuck.employeeId);
    assert.equal(stateOf(status, 'notify-manager'), 'needs-attention');
  });

  it('cannot mend an unknown or a done step, or any step without a name', async () => {
    const resolve = (step: string, by = IT) =>
      refusal(world.env, 'resolve', stuck.employeeId, step, 'retry', '--by', by);
    const [none, done, nameless] = await Promise.all([
      resolve('block-access'),
      resolve('block-access:code'),
      resolve('notify-manager', 'anonymous'),
    ]);
    assert.match(none.sentence, /there is no step block-access; open steps: .*block-access:payroll/);
    assert.match(done.sentence, /step block-access:code is already done/);
    assert.match(nameless.sentence, /by: must be a mail address/);
    assert.deepEqual(
      [none, done, nameless].map(({ code, why }) => [code, why]),
      [
        [1, 'not-allowed'],
        [1, 'not-allowed'],
        [2, 'invalid'],
      ],
    );
  });

  it('mends one step by a retry, and records who did the other by hand with what evidence', async () => {
    world.proxies.payroll.fault(undefined);
    const by = ['done-by-hand', '--by', IT, '--evidence', 'TICKET-42'];
    const [retried, told] = await Promise.all([
      page(world.env, 'resolve', stuck.employeeId, 'block-access:payroll', 'retry', '--by', IT),
      answer<Step>(world.env, 'resolve', stuck.employeeId, 'notify-manager', ...by),
    ]);
    assert.match(
      retried,
      new RegExp(`^block-access:payroll of ${stuck.employeeId} is now (running|done)( \\(.+\\))?\\.$`, 'm'),
    );
    assert.deepEqual([told.state, told.by, told.evidence], ['done-by-hand', IT, 'TICKET-42']);
    const healed = await world.until(
      stuck,
      'healed',
      ({ needsAttention, blockedAt }) => !needsAttention && blockedAt !== undefined,
    );
    assert.equal(stateOf(healed, 'block-access:payroll'), 'done');
    assert.equal(stepOf(healed, 'notify-manager')?.evidence, 'TICKET-42');
    assert.equal((await world.account(stuck, 'payroll')).active, false);
    await inTheList([], { attention: true });
  });
});
