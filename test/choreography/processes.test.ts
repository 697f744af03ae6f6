import assert from 'node:assert/strict';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { firstMessage, startChild, type Child } from '../../src/local/child.js';
import { ended, untilStep } from '../promises/on-the-way.js';
import { startChoreographedWorld, type ChoreographedWorld } from '../support/choreographed-world.js';
import { scratchFolder } from '../support/temporal.js';
import { CRITICAL_GROUPS } from '../support/world.js';

const REQUESTS_PER_SECOND = 24;
const EXITS = 5;

describe('ems service', () => {
  let world: ChoreographedWorld;
  const children: Child[] = [];
  before(async () => {
    world = await startChoreographedWorld({
      services: [],
      config: [
        [
          'tokenEnv: CODE_SCIM_TOKEN',
          `tokenEnv: CODE_SCIM_TOKEN\n    rateLimit: { requestsPerSecond: ${REQUESTS_PER_SECOND} }`,
        ],
      ],
    });
  });
  after(async () => {
    for (const child of children) await child.stop();
    await world.stop();
  });

  async function service(...names: string[]): Promise<Child> {
    const child = await startChild(
      {
        name: names.join(', '),
        module: fileURLToPath(new URL('../../src/cli/main.js', import.meta.url)),
        args: ['service', ...names],
        env: world.env,
        logFile: path.join(await scratchFolder(), 'service.log'),
      },
      (child) => firstMessage(child),
    );
    children.push(child);
    return child;
  }

  it('runs each service in a process of its own; one that is killed is missed by nobody for long', async () => {
    const [access] = await Promise.all([service('access'), service('notification'), service('hr')]);
    const sent = world.proxies.payroll.next(({ method }) => method === 'PATCH');
    const nora = await world.open();
    await sent;
    await access.kill();
    await service('access');
    await world.untilPhase(nora, 'awaiting-decision');
    await ended(world, nora, 'retained');
    assert.equal((await world.account(nora, 'payroll')).active, true);
    const { groups } = await world.account(nora, 'production');
    assert.deepEqual(groups, [...CRITICAL_GROUPS, 'readers'].toSorted());
  });

  it('keeps to a rate limit over all its processes, and the other systems do not wait for it', async () => {
    await service('access');
    const before = world.proxies.code.seen.length;
    const leavers = await Promise.all(Array.from({ length: EXITS }, () => world.open()));
    for (const nora of leavers) await untilStep(world, nora, 'block-access:code', 'done');
    const times = world.proxies.code.seen.slice(before).map(({ atMs }) => atMs);
    const seconds = (times.at(-1)! - times[0]!) / 1_000;
    assert.ok(times.length <= REQUESTS_PER_SECOND * (seconds + 1), `${times.length} in ${seconds} s`);
    assert.ok(times.length >= 4 * EXITS, 'every account was looked at and blocked');
    assert.ok(world.proxies.payroll.seen.at(-1)!.atMs < times.at(-1)!, 'payroll was done before');
  });
});
