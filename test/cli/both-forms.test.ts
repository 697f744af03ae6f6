import assert from 'node:assert/strict';
import type { ListedExitOfForm } from '../../src/client/application.js';
import type { ExitStatus } from '../../src/exit/status.js';
import { orchestratedExits } from '../../src/temporal/orchestrated-exits.js';
import { answer, ems, page, refusal, startEms, type Env } from '../support/ems.js';
import { eventually } from '../support/eventually.js';
import { readPage } from '../support/report-page.js';
import { startBothForms, type BothFormsWorld } from '../support/both-forms-world.js';
import { HR, type Hired } from '../support/world.js';
import { freePort } from '../../src/local/ports.js';

interface Opened {
  employeeId: string;
  form: string;
  exitId: string;
}

describe('ems with both forms', () => {
  let world: BothFormsWorld;
  before(async () => {
    world = await startBothForms();
  });
  afterEach(() => world.mend());
  after(() => world.stop());

  const without = (name: string): Env =>
    Object.fromEntries(Object.entries(world.env).filter(([each]) => each !== name));
  const resign = (nora: Hired, form: string) =>
    answer<Opened>(world.env, 'resign', nora.employeeId, '--form', form);
  const status = ({ employeeId }: Hired) => world.application.status({ employeeId });
  const untilPhase = (nora: Hired, phase: string) => world.untilIn(phase, nora);

  it('resigns in the form that is asked for, or else in the orchestrated one', async () => {
    const [nora, paul] = [await world.hire(), await world.hire()];
    const [choreographed, orchestrated] = await Promise.all([
      resign(nora, 'choreographed'),
      answer<Opened>(world.env, 'resign', paul.employeeId),
    ]);
    assert.deepEqual([choreographed.form, orchestrated.form], ['choreographed', 'orchestrated']);
    assert.equal((await world.exits.status(nora.employeeId)).exitId, choreographed.exitId);
    await assert.rejects(world.exits.status(paul.employeeId), /has no exit/);
  });

  for (const [first, second] of [
    ['orchestrated', 'choreographed'],
    ['choreographed', 'orchestrated'],
  ] as const) {
    it(`refuses a ${second} exit while there is an open ${first} one, and says where`, async () => {
      const nora = await world.hire();
      const { exitId } = await resign(nora, first);
      const { code, sentence } = await refusal(world.env, 'resign', nora.employeeId, '--form', second);
      assert.equal(code, 1);
      assert.match(
        sentence,
        new RegExp(`^${nora.employeeId} already has an open exit in the ${first} form, since 2.*ems status`),
      );
      assert.equal((await status(nora)).exitId, exitId);
    });
  }

  it('answers in one shape for both forms', async () => {
    const shapes: string[][] = [];
    for (const form of ['orchestrated', 'choreographed']) {
      const nora = await world.hire();
      await resign(nora, form);
      const waiting = await untilPhase(nora, 'awaiting-decision');
      assert.equal(waiting.form, form);
      const [told, shown] = await Promise.all([
        page(world.env, 'status', nora.employeeId),
        answer<ExitStatus>(world.env, 'status', nora.employeeId),
      ]);
      assert.match(told, /access blocked .*blocked 3 of 3/);
      assert.equal(shown.exitId, waiting.exitId);
      const watching = startEms(world.env, 'watch', nora.employeeId, '--json');
      await eventually('something printed', () => watching.printed().includes('phase') || undefined);
      await page(world.env, 'decide', nora.employeeId, 'retained', '--by', HR);
      const { code, stdout } = await watching.ended;
      const last = (JSON.parse(stdout) as { what: string; state: string }[]).at(-1)!;
      assert.deepEqual([code, last.what, last.state], [0, 'phase', 'closed']);
      const closed = await status(nora);
      shapes.push(Object.keys(JSON.parse(JSON.stringify(closed)) as object).toSorted());
      // The orchestrated form looks the employee up in a step of its own.
      const steps = closed.steps.filter(({ name }) => name !== 'look-up-employee');
      shapes.push(steps.map(({ name, system, state }) => `${name} ${system} ${state}`).toSorted());
    }
    assert.deepEqual(shapes.slice(2), shapes.slice(0, 2));
  });

  it('reports on both in the same words, and names the source of each', async () => {
    const mails: string[][] = [];
    for (const [form, record] of [
      ['orchestrated', 'Temporal’s history of the workflow exit-'],
      ['choreographed', 'the NATS stream EXITS under exit.'],
    ] as const) {
      const nora = await world.hire({ on: ['payroll'] });
      await resign(nora, form);
      await untilPhase(nora, 'awaiting-decision');
      await world.application.reschedule(nora, { next: true });
      await world.application.decide(nora, { outcome: 'retained', decidedBy: HR });
      await untilPhase(nora, 'closed');
      const { all, text, tableAfter } = readPage(await page(world.env, 'report', nora.employeeId));
      const source = text(all('footer')[0]);
      assert.ok(source.includes(`events of ${record}${nora.employeeId}`), source);
      assert.equal(source.includes('Temporal'), form === 'orchestrated');
      const told = text();
      assert.ok(told.indexOf('Decision "retained"') < told.indexOf('Phase: restoring'), 'in their order');
      mails.push(
        tableAfter('Mails')
          .map((cells) => cells[2]!)
          .toSorted(),
      );
    }
    assert.deepEqual(mails[1], mails[0]);
  });

  it('shows the later exit where one in the other form came before', async () => {
    const nora = await world.hire({ on: ['payroll'] });
    await resign(nora, 'choreographed');
    await untilPhase(nora, 'awaiting-decision');
    await page(world.env, 'decide', nora.employeeId, 'retained', '--by', HR);
    await untilPhase(nora, 'closed');
    const { exitId } = await resign(nora, 'orchestrated');
    assert.deepEqual([(await status(nora)).exitId, (await status(nora)).form], [exitId, 'orchestrated']);
    const older = await answer<ExitStatus>(world.env, 'status', nora.employeeId, '--form', 'choreographed');
    assert.equal(older.phase, 'closed');
  });

  it('lists the exits of both, each with its form, in one order', async () => {
    const [nora, paul] = [await world.hire(), await world.hire()];
    await resign(nora, 'orchestrated');
    await resign(paul, 'choreographed');
    const ids = new Set([nora.employeeId, paul.employeeId]);
    await eventually('both in the list', async () => {
      const { exits } = await world.application.list({ open: true });
      return exits.filter(({ employeeId }) => ids.has(employeeId)).length === 2 ? true : undefined;
    });
    const all = await answer<ListedExitOfForm[]>(world.env, 'list', '--open');
    const found = all.filter(({ employeeId }) => ids.has(employeeId));
    assert.deepEqual(
      found.map(({ employeeId, form }) => [employeeId, form]),
      [
        [paul.employeeId, 'choreographed'],
        [nora.employeeId, 'orchestrated'],
      ],
    );
    const shown = await page(world.env, 'list', '--form', 'choreographed');
    assert.match(shown, /^ +EMPLOYEE +FORM +PHASE/);
    assert.match(shown, new RegExp(`${paul.employeeId} +choreographed`));
    assert.ok(!shown.includes(nora.employeeId));
  });

  it('needs only the form that is configured', async () => {
    const nora = await world.hire();
    const only = without('TEMPORAL_ADDRESS');
    const refused = await refusal(only, 'resign', nora.employeeId);
    assert.equal(refused.sentence, 'The orchestrated form is not configured here: set TEMPORAL_ADDRESS');
    await page(only, 'resign', nora.employeeId, '--form', 'choreographed');
    const listed = await answer<ListedExitOfForm[]>(only, 'list');
    assert.ok(listed.every(({ form }) => form === 'choreographed'));
    const neither = await refusal({}, 'status', nora.employeeId);
    assert.match(neither.sentence, /^No form of exits is configured here: .* TEMPORAL_ADDRESS or NATS_URL$/);
  });

  describe('of which one is down', () => {
    let nowhere: Env;
    before(async () => {
      const port = await freePort();
      nowhere = { ...world.env, NATS_URL: `nats://127.0.0.1:${port}` };
    });

    it('lists the other, and says on stderr and by its exit code what is missing', async () => {
      const { code, stdout, stderr } = await ems(nowhere, 'list', '--json');
      assert.equal(code, 1);
      assert.ok((JSON.parse(stdout) as ListedExitOfForm[]).every(({ form }) => form === 'orchestrated'));
      assert.match(
        stderr,
        /^ems: the list is not complete: NATS cannot be reached at 127\.0\.0\.1:\d+: .*\n$/,
      );
    });

    it('refuses to resign in the other: there might be an open exit', async () => {
      const nora = await world.hire();
      const { code, sentence } = await refusal(nowhere, 'resign', nora.employeeId);
      assert.equal(code, 1);
      assert.match(
        sentence,
        new RegExp(
          `^Whether ${nora.employeeId} has an exit in the choreographed form is not known: NATS cannot`,
        ),
      );
      await assert.rejects(orchestratedExits(world.client).status(nora.employeeId), /has no exit/);
    });

    it('says so of either form', async () => {
      const [, port] = nowhere['NATS_URL']!.split('127.0.0.1:');
      const env = { ...world.env, TEMPORAL_ADDRESS: `127.0.0.1:${port}` };
      const nora = await world.open();
      const [listed, refused, found] = await Promise.all([
        ems(env, 'list', '--json'),
        refusal(env, 'resign', (await world.hire()).employeeId, '--form', 'choreographed'),
        answer<ExitStatus>(env, 'status', nora.employeeId),
      ]);
      assert.equal(listed.code, 1);
      assert.ok(
        (JSON.parse(listed.stdout) as ListedExitOfForm[]).some(({ form }) => form === 'choreographed'),
      );
      assert.match(listed.stderr, /^ems: the list is not complete: Temporal cannot be reached at .*\n$/);
      assert.match(refused.sentence, /in the orchestrated form is not known: Temporal cannot be reached/);
      assert.equal(found.exitId, nora.exitId);
    });

    it('still serves an exit that is open in the other', async () => {
      const nora = await world.hire();
      await resign(nora, 'orchestrated');
      await untilPhase(nora, 'awaiting-decision');
      await page(nowhere, 'decide', nora.employeeId, 'leaving', '--by', HR);
      await untilPhase(nora, 'closed');
      const over = await refusal(nowhere, 'status', nora.employeeId);
      assert.match(over.sentence, /in the choreographed form is not known/);
      const there = await answer<ExitStatus>(nowhere, 'status', nora.employeeId, '--form', 'orchestrated');
      assert.equal(there.phase, 'closed');
    });
  });
});
