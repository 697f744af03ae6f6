import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import { all } from '../../src/client/bulk.js';
import { forms, type Form } from '../../src/client/forms.js';
import { PLACES, isBlockOver, paceOf } from '../../src/client/opening-pace.js';
import { startBothForms, type BothFormsWorld } from '../support/both-forms-world.js';
import { openTable as openTableIn, settled as settledIn } from '../support/tables.js';
import { eventually } from '../support/eventually.js';
import { gate } from '../support/gate.js';
import { HR, type Hired } from '../support/world.js';

const BOSS = 'head-of-hr@acme.example';

describe('the exits that a table opens', () => {
  let world: BothFormsWorld;
  before(async () => {
    world = await startBothForms({
      systems: ['payroll'],
      // A write that is held back is no outage.
      config: [['requestTimeout: PT3S', 'requestTimeout: PT60S']],
    });
  });
  afterEach(async () => {
    world.config.openings = {};
    await world.mend();
  });
  after(() => world.stop());

  const hire = (count: number): Promise<Hired[]> =>
    Promise.all(Array.from({ length: count }, () => world.hire({ on: ['payroll'] })));

  const openTable = (people: readonly Hired[], form: Form) => openTableIn(world, people, form);
  const settled = (people: readonly Hired[]) => settledIn(world, people);

  /** Holds each write back until as many exits have begun as may, and lets these go. */
  async function requireFewAtOnce(people: readonly Hired[]): Promise<void> {
    const held: (() => void)[] = [];
    world.proxies.payroll.fault(({ method }) => {
      if (method === 'GET') return undefined;
      const { passed, open } = gate();
      held.push(open);
      return { kind: 'held', until: passed };
    });
    const begun = async (): Promise<number> => {
      const exits = people.map(({ employeeId }) => world.application.newest(employeeId));
      return (await Promise.all(exits)).filter((exit) => exit !== undefined).length;
    };
    for (let over = 0; over < people.length; over += PLACES) {
      const next = Math.min(PLACES, people.length - over);
      await eventually(`${next} blocks to be under way`, () => held.length >= next || undefined);
      // Time for others, if more would come.
      await pause(500);
      assert.equal(await begun(), over + next);
      for (const open of held.splice(0)) open();
    }
  }

  for (const form of forms) {
    it(`begin as others are blocked, so that few are before the end of their block (${form})`, async () => {
      const people = await hire(PLACES + 3);
      const [opened] = await Promise.all([openTable(people, form), requireFewAtOnce(people)]);
      assert.deepEqual([...new Set(opened.map(({ state }) => state))], ['opened']);
      await settled(people);
    });

    it(`begin so as well once a second person has confirmed them (${form})`, async () => {
      world.config.openings = { perTable: 1 };
      const people = await hire(PLACES + 3);
      await openTable(people, form);
      const ids = people.map(({ employeeId }) => employeeId);
      const confirmed = world.application.confirmOpenings(ids, { by: BOSS });
      const [opened] = await Promise.all([confirmed.then(all), requireFewAtOnce(people)]);
      assert.deepEqual([...new Set(opened.map(({ state }) => state))], ['opened']);
      await settled(people);
    });
  }

  it('@long all begin while their system is away, in either form', async () => {
    const tables = await Promise.all(forms.map(() => hire(2 * PLACES)));
    await world.takeDown('payroll');
    const opened = await Promise.all(forms.map((form, i) => openTable(tables[i]!, form)));
    assert.deepEqual([...new Set(opened.flat().map(({ state }) => state))], ['opened']);
    await world.mend();
    await settled(tables.flat());
  });

  it('ask the directory once for each row', async () => {
    // They are looked up and kept, so that no exit asks as well.
    world.config.openings = { perTable: 1 };
    const people = await hire(5);
    const { seen } = world.proxies.directory;
    const before = seen.length;
    const kept = await openTable(people, 'choreographed');
    assert.deepEqual([...new Set(kept.map(({ state }) => state))], ['waiting']);
    const asked = seen.slice(before).map(({ path }) => decodeURIComponent(path));
    for (const { employeeId } of people) {
      const about = asked.filter((path) => path.includes(`"${employeeId}"`));
      assert.deepEqual(about, [...new Set(about)]);
    }
    await all(
      await world.application.rejectOpenings(
        people.map(({ employeeId }) => employeeId),
        { by: HR },
      ),
    );
  });
});

describe('the pace of exits that open together', () => {
  it('gives a refused row’s place to the next, and goes on where no block ends any more', async () => {
    let looks = 0;
    const pace = paceOf<string>(() => Promise.resolve((looks += 1) > 1_000), 50);
    for (let i = 0; i < 2 * PLACES; i += 1) {
      await pace.place();
      pace.leave();
    }
    assert.equal(looks, 0, 'no exit was looked at while there was room');
    for (let i = 0; i < 3 * PLACES; i += 1) {
      await pace.place();
      pace.leave(`E-${i}`);
    }
    assert.ok(looks >= 2 * PLACES);
  });

  it('waits for each system that EMS asks, whatever the owner of another one has to do by hand', () => {
    const manual = new Set(['badges']);
    const step = (system: string, state: 'running' | 'done' | 'needs-attention' | 'cannot-tell') => ({
      ...{ name: 'block-access', system, state },
    });
    const isOver = (...steps: ReturnType<typeof step>[]) => isBlockOver({ steps }, manual);
    assert.equal(isOver(), false, 'it has not read its plan');
    assert.equal(isOver(step('payroll', 'done'), step('code', 'running')), false);
    assert.equal(isOver(step('payroll', 'done'), step('badges', 'running')), true);
    assert.equal(isOver(step('payroll', 'needs-attention'), step('code', 'cannot-tell')), true);
    assert.equal(isBlockOver({ steps: [step('payroll', 'running')], closedAt: '2026-01-01' }, manual), true);
  });
});
