import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { text } from 'node:stream/consumers';
import { firstMessage, startChild, type Child } from '../../src/local/child.js';
import { workerServices } from '../../src/temporal/workers.js';
import { ended, waiting } from '../promises/on-the-way.js';
import { HR, startWorld, type World } from '../support/world.js';
import { scratchFolder } from '../support/temporal.js';

const program = fileURLToPath(new URL('../../src/worker.js', import.meta.url));

describe('@long workers as processes of their own', () => {
  let world: World;
  let folder: string;
  const running = new Set<Child>();
  before(async () => {
    folder = await scratchFolder();
    world = await startWorld({
      services: [],
      config: [
        ['taskQueues: ${EMS_TASK_QUEUES:-shared}', 'taskQueues: per-service'],
        ['initialInterval: PT1S, maximumInterval: PT1M', 'initialInterval: PT0.1S, maximumInterval: PT0.5S'],
        ['requestTimeout: PT10S', 'requestTimeout: PT3S'],
      ],
    });
  });
  afterEach(async () => {
    await Promise.all([...running].map((worker) => worker.stop()));
    running.clear();
    await world.mend();
  });
  after(() => world.stop());

  async function start(services: string): Promise<Child> {
    const worker = await startChild(
      {
        name: `worker ${services}`,
        module: program,
        args: ['--services', services],
        env: world.env,
        logFile: path.join(folder, `${services}.log`),
      },
      (child) => firstMessage(child),
    );
    running.add(worker);
    return worker;
  }

  it('work together, one process per service, each with its own queue', async () => {
    await Promise.all(workerServices.map((service) => start(service)));
    const nora = await waiting(world);
    const { raw } = await world.client.workflow.getHandle(`exit-${nora.employeeId}`).describe();
    assert.equal(raw.executionConfig?.taskQueue?.name, 'ems');
    const { events } = await world.client.workflow.getHandle(`exit-${nora.employeeId}`).fetchHistory();
    const queues = events!.flatMap(({ activityTaskScheduledEventAttributes: scheduled }) =>
      scheduled ? [`${scheduled.activityType!.name} on ${scheduled.taskQueue!.name}`] : [],
    );
    for (const expected of [
      'lookUpEmployee on ems',
      'blockAccess on access',
      'notifyManager on notification',
      'scheduleHrInterview on hr',
    ])
      assert.ok(queues.includes(expected), `${expected} is not among ${queues.join(', ')}`);
    await ended(world, nora, 'leaving');
  });

  it('can be killed while an exit waits: a decision right after it is recorded by the next one', async () => {
    await start('notification,hr,access');
    const killed = await start('exit');
    const nora = await world.hire();
    await world.exits.open({ employeeId: nora.employeeId });
    await world.untilPhase(nora, 'awaiting-decision');
    await killed.kill();
    running.delete(killed);
    await start('exit');
    const { outcome } = await world.exits.decide(nora.employeeId, { outcome: 'leaving', decidedBy: HR });
    assert.equal(outcome, 'leaving');
    await world.untilPhase(nora, 'closed');
  });

  const refused: [what: string, args: string[], env: Record<string, string>, problem: RegExp][] = [
    [
      'an unknown service',
      ['--services', 'payroll'],
      {},
      /"payroll" is no service: use exit, notification, hr, access/,
    ],
    [
      'a token that is missing',
      ['--services', 'access'],
      { CODE_SCIM_TOKEN: '' },
      /systems\[1\]\.tokenEnv \(code\): the environment variable CODE_SCIM_TOKEN is not set/,
    ],
    [
      'a Temporal that does not answer',
      [],
      { TEMPORAL_ADDRESS: '127.0.0.1:1' },
      /Temporal cannot be reached at 127\.0\.0\.1:1\. Start the local stack with \\"npm start\\"/,
    ],
  ];
  for (const [what, args, env, problem] of refused) {
    it(`refuse to start with one clear sentence: ${what}`, async () => {
      const child = spawn(process.execPath, [program, ...args], {
        env: { ...process.env, ...world.env, ...env },
        stdio: ['ignore', 'ignore', 'pipe'],
      });
      const [stderr, code] = await Promise.all([
        text(child.stderr),
        new Promise((resolve) => child.once('exit', resolve)),
      ]);
      assert.match(stderr, problem);
      assert.equal(code, 1);
    });
  }
});
