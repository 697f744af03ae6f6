import assert from 'node:assert/strict';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { firstMessage, startChild, type Child } from '../../src/local/child.js';
import { gate } from '../support/gate.js';
import { scratchFolder } from '../support/temporal.js';
import { stateOf } from '../support/world.js';
import { inBothForms, type Company } from './both-forms.js';
import { ended, hasAccess, opened, untilStep } from './on-the-way.js';

const REQUESTS_PER_SECOND = 48;
const EXITS = 3;

/** What starts a process of each form. */
const programs = {
  orchestrated: { file: '../../src/worker.js', args: (names: string[]) => ['--services', names.join()] },
  choreographed: { file: '../../src/cli/main.js', args: (names: string[]) => ['service', ...names] },
};

const config: [string, string][] = [
  ['taskQueues: ${EMS_TASK_QUEUES:-shared}', 'taskQueues: per-service'],
  [
    'tokenEnv: CODE_SCIM_TOKEN',
    `tokenEnv: CODE_SCIM_TOKEN\n    rateLimit: { requestsPerSecond: ${REQUESTS_PER_SECOND} }`,
  ],
];

inBothForms('@long services as processes of their own', { config }, (company) => {
  let world: Company;
  let folder: string;
  const running = new Set<Child>();
  before(async () => {
    world = company();
    folder = await scratchFolder();
    await world.stopServing();
  });
  afterEach(async () => {
    await Promise.all([...running].map((child) => child.stop()));
    running.clear();
  });

  async function start(...names: string[]): Promise<Child> {
    const { file, args } = programs[world.form];
    const child = await startChild(
      {
        name: names.join(),
        module: fileURLToPath(new URL(file, import.meta.url)),
        args: args(names),
        env: world.env,
        logFile: path.join(folder, `${names.join()}.log`),
      },
      (process) => firstMessage(process),
    );
    running.add(child);
    return child;
  }
  /** Only the orchestrated form has a process that knows the whole exit. */
  const ofExit = () => (world.form === 'orchestrated' ? ['exit'] : []);

  it('do not wait for one another: a block needs no mail, and goes on exactly where a killed process left it', async () => {
    const [access] = await Promise.all([start('access'), ...ofExit().map((name) => start(name))]);
    const { production } = world.proxies;
    const { passed: until, open: land } = gate();
    let writes = 0;
    const second = gate();
    production.fault(({ method }) => {
      if (method !== 'PATCH') return undefined;
      writes += 1;
      if (writes !== 2) return undefined;
      second.open();
      return { kind: 'held', until };
    });
    const nora = await opened(world);
    await second.passed;
    await access.kill();
    running.delete(access);
    assert.equal((await world.account(nora, 'production')).groups.length, 2, 'one group is taken');
    land();
    await start('access');
    const blocked = await world.until(nora, 'blocked', ({ blockedAt }) => blockedAt !== undefined);
    assert.deepEqual((await world.account(nora, 'production')).groups, ['readers']);
    assert.equal(stateOf(blocked, 'notify-manager'), 'running');

    await start('notification', 'hr');
    await world.untilPhase(nora, 'awaiting-decision');
    await ended(world, nora, 'retained');
    await hasAccess(world, nora);
  });

  it('keep to a rate limit together, and delay no other system', async () => {
    const all = [...ofExit(), 'notification', 'hr', 'access'];
    await Promise.all([start(...all), start(...all)]);
    const { code, payroll } = world.proxies;
    const before = code.seen.length;
    const leavers = [];
    for (let n = 0; n < EXITS; n += 1) leavers.push(await world.hire());
    await Promise.all(leavers.map(({ employeeId }) => world.exits.open({ employeeId })));
    for (const nora of leavers) await untilStep(world, nora, 'block-access:code', 'done');

    const times = code.seen.slice(before).map(({ atMs }) => atMs);
    // Over all of them: a busy machine may receive together what was sent apart.
    const seconds = (times.at(-1)! - times[0]!) / 1_000;
    assert.ok(times.length <= REQUESTS_PER_SECOND * (seconds + 1), `${times.length} in ${seconds} s`);
    const busiest = Math.max(
      ...times.map((from) => times.filter((at) => at >= from && at < from + 1_000).length),
    );
    assert.ok(busiest <= 1.5 * REQUESTS_PER_SECOND, `${busiest} in one second`);
    assert.ok(times.length >= 4 * EXITS, 'every account was looked at and blocked');
    const written = payroll.seen.findLast(({ method }) => method === 'PATCH')!;
    assert.ok(written.atMs < times.at(-1)!, 'payroll was done before');
    // A sweep of another test would wait for the queues of this one.
    await Promise.all(leavers.map((nora) => ended(world, nora, 'leaving')));
  });
});
