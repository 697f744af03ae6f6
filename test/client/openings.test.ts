import assert from 'node:assert/strict';
import { applicationOf, type Application } from '../../src/client/application.js';
import { all, openRows, readTable } from '../../src/client/bulk.js';
import { forms, type Form } from '../../src/client/forms.js';
import type { Refusal } from '../../src/exit/refusal.js';
import { connectBus } from '../../src/choreography/jetstream/bus.js';
import { choreographedExits } from '../../src/choreography/client/choreographed-exits.js';
import { orchestratedExits } from '../../src/temporal/orchestrated-exits.js';
import { startBothForms, type BothFormsWorld } from '../support/both-forms-world.js';
import { eventually } from '../support/eventually.js';
import { HR } from '../support/world.js';

const BOSS = 'head-of-hr@acme.example';

describe('a limit of openings, over both forms', () => {
  let world: BothFormsWorld;
  let application: Application;
  before(async () => {
    world = await startBothForms({ systems: ['payroll'] });
    ({ application } = world);
  });
  afterEach(async () => {
    world.config.openings = {};
    await world.mend();
    const left = (await application.waiting()).map(({ resignation }) => resignation.employeeId);
    await all(await application.rejectOpenings(left, { by: HR }));
    await eventually(
      'no opening to wait',
      async () => (await application.waiting()).length === 0 || undefined,
    );
  });
  after(() => world.stop());

  const hire = async (): Promise<string> => (await world.hire({ on: ['payroll'] })).employeeId;
  const begun = async (): Promise<number> => {
    const since = new Date(Date.now() - 60 * 60 * 1000).toISOString();
    const exits = [orchestratedExits(world.client), world.exits];
    const found = await Promise.all(exits.map(({ openings }) => openings.begunSince(since)));
    return new Set(found.flat()).size;
  };
  const open = (employeeId: string, form: Form = 'orchestrated', of = application) =>
    of.open({ employeeId, submittedBy: HR }, form);
  const waits = (asked: Promise<unknown>) =>
    assert.rejects(asked, ({ code, message }: Refusal) => {
      assert.equal(code, 'awaits-second-person', message);
      return /waits for a second person since .*, asked for by .*nothing is blocked yet/.test(message);
    });
  const end = async (ended: Promise<AsyncIterable<{ state: string; message?: string | undefined }>>) =>
    all(await ended);

  /** Lets so many more exits begin without a second person. */
  const room = async (more: number): Promise<void> => {
    world.config.openings = { perHour: (await begun()) + more };
  };

  /** What another process would know. */
  async function restarted(): Promise<{ other: Application; stop: () => Promise<void> }> {
    const bus = await connectBus({ servers: [world.broker.address] }, 'another process');
    const choreographed = await choreographedExits(bus, world.config);
    const other = applicationOf(
      {
        orchestrated: () => Promise.resolve(orchestratedExits(world.client)),
        choreographed: () => Promise.resolve(choreographed),
      },
      () => world.config,
    );
    return { other, stop: () => bus.close() };
  }

  for (const form of forms) {
    it(`keeps what is beyond it, also after a restart, until another person confirms it, ${form}`, async () => {
      const [nora, paul, zoe] = [await hire(), await hire(), await hire()];
      await room(1);
      await open(nora, form);
      await waits(open(paul, form));
      await waits(open(paul, form));
      const { other, stop } = await restarted();
      await eventually(
        'the opening to be in the list',
        async () =>
          (await other.waiting()).some(({ resignation }) => resignation.employeeId === paul) || undefined,
      );
      // The hour may pass, but what waits is looked at first.
      world.config.openings = { perHour: 10_000 };
      await waits(open(zoe, form === 'orchestrated' ? 'choreographed' : 'orchestrated', other));
      assert.equal(await other.newest(paul), undefined, 'nothing is blocked');

      const [own] = await end(other.confirmOpenings([paul], { by: HR }));
      assert.match(own!.message!, /has proposed it, so a second person is to confirm it/);
      const states = (await end(other.confirmOpenings([paul, zoe, paul], { by: BOSS }))).map(
        ({ state }) => state,
      );
      assert.deepEqual(states, ['opened', 'opened']);
      await world.untilIn('awaiting-decision', { employeeId: paul });
      const { submittedBy, confirmedBy } = await other.report({ employeeId: paul }, 'test');
      assert.deepEqual([submittedBy, confirmedBy], [HR, BOSS]);
      const [again] = await end(other.confirmOpenings([paul], { by: BOSS }));
      assert.match(again!.message!, /no opening of this employee waits/);
      await stop();
    });
  }

  it('does not count exits that a second person confirmed, and ends what is rejected, withdrawn or open already', async () => {
    const [nora, paul, zoe, ida] = [await hire(), await hire(), await hire(), await hire()];
    await room(0);
    const before = await begun();
    for (const who of [nora, paul, zoe])
      await waits(open(who, who === zoe ? 'choreographed' : 'orchestrated'));
    await end(application.confirmOpenings([nora, zoe], { by: BOSS }));
    assert.equal(await begun(), before);
    const [rejected] = await end(application.rejectOpenings([paul], { by: BOSS, note: 'a mistake' }));
    assert.equal(rejected!.state, 'rejected');
    assert.equal(await application.newest(paul), undefined);
    // Sent again, it waits again; the HRIS may take it back.
    await waits(open(paul));
    const decision = { outcome: 'withdrawn', decidedBy: HR, note: 'delivery 7' } as const;
    const { exitId, form } = await application.withdraw(paul, decision);
    assert.deepEqual([exitId, form], [undefined, 'orchestrated']);
    await eventually(
      'no opening to wait',
      async () => (await application.waiting()).length === 0 || undefined,
    );
    world.config.openings = { perTable: 1 };
    const rows = readTable(`employeeId\n${ida}\n${paul}`, 'choreographed');
    await all(openRows(application, rows, { submittedBy: HR }));
    await open(ida, 'orchestrated');
    const [already] = await end(application.confirmOpenings([ida], { by: BOSS }));
    assert.equal(already!.state, 'open-already');
    assert.equal((await application.waiting()).length, 1);
  });

  it('holds for requests at the same time', async () => {
    const people = await Promise.all(Array.from({ length: 8 }, hire));
    await room(3);
    const asked = await Promise.allSettled(
      people.map((who, i) => open(who, i % 2 === 0 ? 'orchestrated' : 'choreographed')),
    );
    assert.equal(asked.filter(({ status }) => status === 'fulfilled').length, 3);
    assert.equal(await application.room(10), 0);
  });

  it('keeps a whole table with more rows than one person may open, and holds up no single exit for it', async () => {
    const [nora, paul, zoe] = [await hire(), await hire(), await hire()];
    world.config.openings = { perTable: 1, perHour: 10_000 };
    const rows = readTable(
      `employeeId,form\n${nora},\n${paul},choreographed\nE-unknown-here,`,
      'orchestrated',
    );
    assert.equal(await application.room(rows.length), 0);
    const kept = await all(openRows(application, rows, { submittedBy: HR }));
    assert.deepEqual(
      kept.map(({ state, message }) => (state === 'unknown' ? message : state)),
      ['waiting', 'waiting', 'refused'],
    );
    await eventually('both to wait', async () => (await application.waiting()).length === 2 || undefined);
    await open(zoe);
    const ended = await end(application.confirmOpenings([nora, paul], { by: BOSS }));
    assert.deepEqual(
      ended.map(({ state }) => state),
      ['opened', 'opened'],
    );
  });

  it('tells HR by one mail for each who asks, and says so where it fails', async () => {
    const [nora, paul, zoe] = [await hire(), await hire(), await hire()];
    await room(0);
    const asks = (employeeId: string) =>
      application.open({ employeeId, submittedBy: 'webhook hris' }, 'choreographed');
    await world.takeDown('mail');
    await assert.rejects(asks(nora), /nothing is blocked yet: .*HR got no mail of it: .*Ask a colleague/);
    await world.bringUp('mail');
    for (const who of [paul, zoe]) await waits(asks(who));
    const mails = world.mail.to(HR).filter(({ text }) => text?.includes('webhook hris asked on'));
    assert.equal(mails.length, 1);
    assert.match(mails[0]!.text!, /Nothing of them is blocked yet[^]*ems openings/);
  });

  it('is confirmed by the next contact, while a decider has an open exit of their own', async () => {
    const { decisions } = world.config;
    const ada = await world.hire({ on: ['payroll'], email: 'ada.board@acme.example' });
    const [bo, paul] = [{ name: 'Bo', email: 'bo.board@acme.example' }, await hire()];
    world.config.decisions = { ...decisions, deciders: [{ name: 'Ada', email: ada.email }, bo] };
    try {
      await room(0);
      const asked = application.open({ employeeId: paul, submittedBy: 'webhook hris' }, 'choreographed');
      await waits(asked);
      const [refused] = await end(application.confirmOpenings([paul], { by: HR }));
      assert.match(refused!.message!, /does not decide on this exit: ask Ada .*, Bo /);
      world.config.openings = { perHour: 10_000 };
      await world.exits.open({ employeeId: ada.employeeId });
      const [confirmed] = await end(application.confirmOpenings([paul], { by: HR }));
      assert.equal(confirmed!.state, 'opened', confirmed!.message);
    } finally {
      world.config.decisions = decisions;
    }
  });

  it('asks who asks, since a second person must be another one', async () => {
    const nora = await hire();
    await room(0);
    await assert.rejects(
      application.open({ employeeId: nora }, 'orchestrated'),
      /submittedBy: .*say who asks/,
    );
    assert.equal((await application.waiting()).length, 0);
  });
});
