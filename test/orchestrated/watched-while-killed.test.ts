import assert from 'node:assert/strict';
import { exitWorkflowId } from '../../src/exit/ids.js';
import { workerServices } from '../../src/temporal/workers.js';
import { untilStep } from '../promises/on-the-way.js';
import { eventually } from '../support/eventually.js';
import { gate } from '../support/gate.js';
import { startProcess, type ProcessUnderTest } from '../support/process-under-test.js';
import { startQueryWire } from '../support/query-wire.js';
import { replays } from '../support/replays.js';
import { HR, startWorld, type World } from '../support/world.js';

describe('an exit that is watched and decided while its worker is killed', () => {
  let world: World;
  const running: ProcessUnderTest[] = [];
  before(async () => {
    world = await startWorld({
      config: [['taskQueues: ${EMS_TASK_QUEUES:-shared}', 'taskQueues: per-service']],
      services: workerServices.filter((name) => name !== 'exit'),
    });
  });
  afterEach(async () => {
    for (const { child, ended } of running.splice(0)) {
      child.kill('SIGKILL');
      await ended;
    }
  });
  after(() => world.stop());

  async function startWorker(): Promise<ProcessUnderTest> {
    const worker = startProcess(world.env, ['dist/src/worker.js', '--services', 'exit']);
    running.push(worker);
    await worker.said(/ ready"/);
    return worker;
  }

  type Wire = Awaited<ReturnType<typeof startQueryWire>>;
  const watchers: Record<string, (wire: Wire, employeeId: string) => Promise<unknown>> = {
    ems: ({ exits }, employeeId) => exits.status(employeeId),
    // As the Web UI does: for longer than Temporal waits for the worker that is gone.
    'another program': ({ client }, employeeId) =>
      client.workflow
        .getHandle(exitWorkflowId(employeeId))
        .query('status')
        .catch(({ message }: Error) => assert.match(message, /has events that no workflow task has had/)),
  };

  for (const [who, watch] of Object.entries(watchers)) {
    it(`has a history that replays, where ${who} watches`, async () => {
      const captured = gate();
      world.proxies.production.fault(() => ({ kind: 'held', until: captured.passed }));
      const first = await startWorker();
      const nora = await world.hire();
      const { employeeId } = nora;
      await world.exits.open({ employeeId });
      for (const step of [
        'block-access:code',
        'block-access:payroll',
        'schedule-hr-interview',
        'notify-manager',
      ])
        await untilStep(world, nora, step, 'done');
      await startWorker();
      first.child.kill('SIGKILL');
      await first.ended;
      const workflowId = exitWorkflowId(employeeId);
      const exit = world.client.workflow.getHandle(workflowId);
      const captures = async () => {
        const { events } = await exit.fetchHistory();
        return events!.filter((event) => event.activityTaskCompletedEventAttributes).length;
      };
      // Temporal has the query for the worker that is gone, then a workflow task for it, then the decision.
      const wire = await startQueryWire();
      const watched = watch(wire, employeeId);
      await eventually('the query', () => (wire.asked() > 0 ? true : undefined));
      const before = await captures();
      world.proxies.production.fault(undefined);
      captured.open();
      await eventually('the capture', async () => ((await captures()) > before ? true : undefined));
      const decided = world.exits.decide(employeeId, { outcome: 'retained', decidedBy: HR });
      await Promise.all([watched, decided]);
      await world.untilPhase(nora, 'closed');
      await wire.stop();
      await replays(world.client, workflowId);
    });
  }
});
