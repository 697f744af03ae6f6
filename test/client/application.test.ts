import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { connectBus } from '../../src/choreography/jetstream/bus.js';
import { applicationOf, type ListedExitOfForm } from '../../src/client/application.js';
import { forms, type Form } from '../../src/client/forms.js';
import { openApplication } from '../../src/client/open-application.js';
import { natsConfigOf } from '../../src/config/environment.js';
import type { ExitsOfForm } from '../../src/exit/evidence/evidence.js';
import { exitWorkflowId } from '../../src/exit/ids.js';
import { Refusal, type RefusalCode } from '../../src/exit/refusal.js';
import { orchestratedExits } from '../../src/temporal/orchestrated-exits.js';
import { startBothForms, type BothFormsWorld } from '../support/both-forms-world.js';
import { answer, page, refusal } from '../support/ems.js';
import { eventually } from '../support/eventually.js';
import { sampleConfig } from '../support/sample-config.js';
import { HR, IT, type Hired } from '../support/world.js';
import { freePort } from '../../src/local/ports.js';

const retained = { outcome: 'retained', decidedBy: HR } as const;

describe('the application', () => {
  let world: BothFormsWorld;
  before(async () => {
    world = await startBothForms();
  });
  afterEach(() => world.mend());
  after(() => world.stop());

  /** Opens an exit, and answers with its id. */
  async function open({ employeeId }: Hired, form: Form): Promise<string> {
    const { opened } = await world.application.open({ employeeId }, form);
    await world.untilIn('awaiting-decision', { employeeId });
    return opened.exitId;
  }
  async function retain(nora: Hired): Promise<void> {
    await world.application.decide(nora, retained);
    await world.untilIn('closed', nora);
  }
  /** Temporal's list may be a moment behind its histories. */
  const listed = (
    what: string,
    nora: { employeeId: string },
    wanted: (exits: ListedExitOfForm[]) => boolean,
  ) =>
    eventually(what, async () => {
      const { exits } = await world.application.list({ employeeId: nora.employeeId });
      return wanted(exits) ? exits : undefined;
    });
  const arePhases =
    (...phases: string[]) =>
    (exits: ListedExitOfForm[]) =>
      isDeepStrictEqual(
        phases,
        exits.map(({ phase }) => phase),
      );
  const needsAttention = async ({ employeeId }: { employeeId: string }): Promise<boolean> => {
    const { exits } = await world.application.list({ attention: true });
    return exits.some((exit) => exit.employeeId === employeeId);
  };
  async function refused(code: RefusalCode, asked: Promise<unknown>): Promise<Refusal> {
    const why = await asked.then(
      () => assert.fail(`not refused: ${code}`),
      (error: unknown) => error,
    );
    assert.ok(why instanceof Refusal, String(why));
    assert.equal(why.code, code, why.message);
    return why;
  }

  for (const form of forms) {
    it(`finds an earlier ${form} exit by its id, and refuses to change it`, async () => {
      const nora = await world.hire({ on: ['payroll'] });
      const { employeeId } = nora;
      const first = await open(nora, form);
      await retain(nora);
      const second = await open(nora, form);
      const exits = await listed('two exits', nora, arePhases('awaiting-decision', 'closed'));
      assert.deepEqual(
        exits.map(({ exitId, phase }) => [exitId, phase]),
        [
          [second, 'awaiting-decision'],
          [first, 'closed'],
        ],
      );
      const earlier = { employeeId, exitId: first };
      const { phase, exitId } = await world.application.status(earlier);
      assert.deepEqual([phase, exitId], ['closed', first]);
      assert.equal((await world.application.report(earlier, 'test')).outcome, 'retained');
      assert.equal((await world.application.report({ employeeId }, 'test')).outcome, undefined);
      for await (const status of world.application.follow(earlier, 1000)) assert.equal(status.exitId, first);
      const mend = { step: 'notify-manager', action: 'retry', by: IT } as const;
      const { facts } = await refused('not-open', world.application.decide(earlier, retained));
      assert.deepEqual([facts['exitId'], facts['phase']], [first, 'closed']);
      await refused('not-open', world.application.resolve(earlier, mend));
      await refused('not-open', world.application.reschedule(earlier, { next: true }));
      for (const exitId of [randomUUID(), 'none'])
        await refused('no-exit', world.application.status({ employeeId, exitId }));
      await world.application.decide({ employeeId, exitId: second }, retained);

      const [shown, told, list] = await Promise.all([
        answer<{ exitId: string }>(world.env, 'status', employeeId, '--exit', first),
        page(world.env, 'report', employeeId, '--exit', first),
        page(world.env, 'list', '--employee', employeeId),
      ]);
      assert.equal(shown.exitId, first);
      assert.match(told, /Decision to verified restoration/);
      assert.ok(list.includes(first) && list.includes(second), list);
    });

    it(`reports a ${form} exit of an unknown employee as failed and in need of attention`, async () => {
      const employeeId = `T-none-${form}`;
      const exits = form === 'choreographed' ? world.exits : orchestratedExits(world.client);
      await exits.open({ employeeId });
      await world.untilIn('failed', { employeeId });
      const [exit] = await listed(
        'the exit to be listed',
        { employeeId },
        ([found]) => found?.closedAt !== undefined,
      );
      assert.deepEqual([exit!.phase, exit!.needsAttention], ['failed', true]);
      assert.ok(await needsAttention({ employeeId }));
      await refused('not-open', world.application.decide({ employeeId }, retained));
    });

    it(`refuses with a code in the ${form} form`, async () => {
      const nora = await world.hire({ on: ['payroll'] });
      const { employeeId } = nora;
      const { application } = world;
      const resign = (input: unknown) => application.open(input, form, { isPatient: true });
      await refused('invalid', resign({ employeeId: 'E 1' }));
      await refused('invalid', resign({ employeeId, lastWorkingDay: '2020-01-31' }));
      await refused('unknown-employee', resign({ employeeId: 'T-unknown' }));
      await refused('no-exit', application.status({ employeeId }));
      const exitId = await open(nora, form);
      const { facts } = await refused('already-open', resign({ employeeId }));
      assert.deepEqual([facts['form'], facts['exitId'], facts['phase']], [form, exitId, 'awaiting-decision']);
      await refused('invalid', application.decide(nora, { outcome: 'leaving', decidedBy: 'HR' }));
      for (const decidedBy of [nora.email, nora.email.toUpperCase()])
        await refused('not-allowed', application.decide(nora, { ...retained, decidedBy }));
      const { phase, decision } = await application.status({ employeeId });
      assert.deepEqual([phase, decision], ['awaiting-decision', undefined]);
      await refused(
        'not-allowed',
        application.resolve(nora, { step: 'block-access', system: 'payroll', action: 'skip', by: IT }),
      );
      const other = form === 'choreographed' ? orchestratedExits(world.client) : world.exits;
      await other.open({ employeeId });
      await refused('ambiguous-form', application.status({ employeeId }));
      assert.equal((await application.status({ employeeId, form })).exitId, exitId);
    });

    it(`refuses a ${form} exit of the last active member of a protected group`, async () => {
      const nora = await world.hire();
      await world.admin.production.setActive(world.standIn, false);
      // Otherwise a slow server is left to the hold, which refuses as well.
      const opening = world.application.open(nora, form, { isPatient: true });
      const { facts } = await refused('last-of-protected-group', opening);
      await world.admin.production.setActive(world.standIn, true);
      await world.admin.production.setActive(nora.accounts.production!, false);
      assert.deepEqual(facts['systems'], ['production']);
      assert.equal((await world.application.list(nora)).exits.length, 0);
    });
  }

  it('shows one exit after a reset', async () => {
    const nora = await world.hire({ on: ['payroll'] });
    const exitId = await open(nora, 'orchestrated');
    const handle = world.client.workflow.getHandle(exitWorkflowId(nora.employeeId));
    const { events } = await handle.fetchHistory();
    await world.client.workflowService.resetWorkflowExecution({
      namespace: 'default',
      workflowExecution: { workflowId: handle.workflowId },
      reason: 'a test',
      requestId: randomUUID(),
      workflowTaskFinishEventId: events!.find((event) => event.workflowTaskCompletedEventAttributes)!
        .eventId!,
    });
    await world.untilIn('awaiting-decision', nora);
    const [exit, ...more] = await listed(
      'the run to be listed',
      nora,
      ([found]) => found?.phase === 'awaiting-decision',
    );
    assert.deepEqual([exit!.exitId, more], [exitId, []]);
    assert.ok(!(await needsAttention(nora)), 'the run that was reset was not cut short');
    await retain(nora);
    assert.equal((await world.application.status({ ...nora, exitId })).phase, 'closed');
  });

  it('reports a terminated exit until a new one of its form takes over its hold', async () => {
    const nora = await world.hire({ on: ['payroll'] });
    const { employeeId } = nora;
    const exitId = await open(nora, 'orchestrated');
    await world.client.workflow.getHandle(exitWorkflowId(employeeId)).terminate('by mistake');
    const [exit] = await listed('the end', nora, ([found]) => found?.phase === 'terminated');
    assert.deepEqual([exit!.exitId, exit!.needsAttention], [exitId, true]);
    assert.ok(await needsAttention(nora));
    const inPhase = async (phase: 'terminated' | 'awaiting-decision') =>
      (await world.application.list({ employeeId, phase })).exits.length;
    assert.deepEqual([await inPhase('terminated'), await inPhase('awaiting-decision')], [1, 0]);

    const { facts } = await refused('ended-from-outside', world.application.status(nora));
    assert.deepEqual(
      [facts['phase'], facts['exitId'], facts['reason'], facts['systems']],
      ['terminated', exitId, 'by mistake', ['payroll']],
    );
    assert.ok(facts['by'] && facts['endedAt']);
    const told = await refusal(world.env, 'status', employeeId);
    assert.match(told.sentence, new RegExp(`by mistake.*payroll.*: ems resign ${employeeId}$`));
    await refused('orphaned-hold', world.application.open({ employeeId }, 'choreographed'));

    await open(nora, 'orchestrated');
    await eventually('no attention', async () => !(await needsAttention(nora)) || undefined);
    await retain(nora);
    assert.equal((await world.account(nora, 'payroll')).active, true);
    await open(nora, 'choreographed');
    const all = await listed('three exits', nora, arePhases('awaiting-decision', 'closed', 'terminated'));
    assert.deepEqual(
      all.map(({ form, phase, needsAttention }) => [form, phase, needsAttention]),
      [
        ['choreographed', 'awaiting-decision', false],
        ['orchestrated', 'closed', false],
        ['orchestrated', 'terminated', false],
      ],
    );
  });

  it('asks a system once, for the rows of all tables, what it can do', async () => {
    const people = [await world.hire({ on: ['payroll'] }), await world.hire({ on: ['payroll'] })];
    const asked = (): number =>
      world.proxies.payroll.seen.filter(({ path }) => path.endsWith('/ServiceProviderConfig')).length;
    await world.application.preview({ employeeId: people[0]!.employeeId }, 'orchestrated');
    const before = asked();
    const { systems } = await world.application.preview(
      { employeeId: people[1]!.employeeId },
      'choreographed',
    );
    assert.equal(systems[0]!.capture!.accounts.length, 1);
    assert.equal(asked(), before);
  });

  it('serves many calls over one connection to each form, and names the form that is missing', async () => {
    const nora = await world.hire({ on: ['payroll'] });
    const address = world.server.address;
    const nats = natsConfigOf(world.broker.url);
    const temporal = { connectionOptions: { address } };
    const application = openApplication(() => world.config, { temporal, nats });
    // The server numbers its connections.
    const numbered = async (): Promise<number> => {
      const bus = await connectBus(nats, 'a test');
      const { client_id: number } = bus.connection.info!;
      await bus.close();
      return number;
    };
    const first = await numbered();
    await application.open({ employeeId: nora.employeeId }, 'choreographed');
    await Promise.all(Array.from({ length: 20 }, () => application.status(nora)));
    assert.equal((await numbered()) - first - 1, 1);
    await application.close();

    const nowhere = `127.0.0.1:${await freePort()}`;
    const alone = openApplication(() => world.config, { nats: natsConfigOf(`nats://${nowhere}`) });
    const { facts } = await refused('unreachable', alone.status(nora));
    assert.deepEqual(facts, { form: 'choreographed', address: nowhere });
    await refused('not-configured', alone.open(nora, 'orchestrated'));
    await alone.close();
  });
});

it('a preview of a resolution asks for the evidence of a task', async () => {
  const employeeId = 'E-1002';
  const laptop = { name: 'collect-laptop', state: 'needs-attention' };
  const exits = {
    find: () => Promise.resolve({ exitId: 'an-exit', isOpen: true, since: '', phase: 'revoking' }),
    status: () => Promise.resolve({ steps: [laptop] }),
  };
  const task = { to: { name: 'Ida', email: IT }, ask: 'Collect it', remindEvery: 1, within: 1 };
  const steps = [{ name: laptop.name, begins: 'leaving' as const, gates: true, task }];
  const application = applicationOf(
    { choreographed: () => Promise.resolve(exits as unknown as ExitsOfForm) },
    () => ({ ...sampleConfig, steps }),
  );
  const confirm = { step: laptop.name, action: 'done-by-hand', by: IT } as const;
  await assert.rejects(application.previewResolution({ employeeId }, confirm), /evidence: is needed/);
  const found = await application.previewResolution({ employeeId }, { ...confirm, evidence: 'receipt 12' });
  assert.equal(found, laptop);
});
